# Hushwatt. Every verb is one line; `make help` lists them.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
CORE        = ./internal/wire/... ./meter/... ./tariffs/... ./prover/... ./testvectors/...

.PHONY: help run story web release build test modules lint unit postgres wasm-test fuzz-short fuzz vectors adversity feeder-study exact soak screens bench e2e bench-browser lighthouse

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: web ## the app and a demo supplier on http://localhost:8080, kept in ./hushwatt-data
	go run ./cmd/hushwatt demo

story: ## the whole story on a made-up home, told in the terminal
	go run ./cmd/hushwatt demo --cli

web: ## both browser programs and their compressed copies, as far as they changed
	go run ./internal/webbuild

build: web ## the program with the app in it, as ./bin/hushwatt
	go build -trimpath -o bin/hushwatt ./cmd/hushwatt

release: ## the same, compressed as well as it goes (takes a minute)
	go run ./internal/webbuild -quality 11
	go build -trimpath -o bin/hushwatt ./cmd/hushwatt

test: modules lint unit postgres wasm-test e2e fuzz-short ## everything that must pass before a change lands

modules: ## all Go modules; a proxy that does not answer is asked again
	for pause in 5 20 60 0; do go mod download && go run $(STATICCHECK) -version && break; sleep $$pause; done

lint: ## format, vet (native and wasm), staticcheck, and the rules of the house
	go vet ./...
	GOOS=js GOARCH=wasm go vet $(CORE) ./app ./wasm/...
	go run $(STATICCHECK) ./...
	go test ./internal/lint

unit: ## all Go tests; some run what they compile under Node.js
	internal/pgtest/install.sh
	command -v node >/dev/null || internal/debian.sh nodejs npm || true
	go test -timeout 20m ./...

postgres: ## the tests of what stores, and the kills, again over a real PostgreSQL
	internal/pgtest/install.sh
	HUSHWATT_TEST_DATABASE=postgres go test -count=1 -timeout 20m ./server ./aggregate/engine
	HUSHWATT_TEST_DATABASE=postgres HUSHWATT_KILLS=15 go test -count=1 -timeout 20m -run TestKill ./cmd/hushwatt

wasm-test: ## the core's tests again, compiled to WebAssembly, under Node
	go run ./internal/wasmtest $(CORE)

e2e: ## the whole path in a real browser; gets npm packages and Chromium if they lack
	playwright-tests/run.sh

fuzz-short: ## every fuzz target for 10 seconds, 3 minutes together at most
	go run ./internal/fuzzall -each 10s -together 3m

fuzz: ## every fuzz target for 5 minutes
	go run ./internal/fuzzall -each 5m

vectors: ## make the test vectors and worked bytes anew
	HUSHWATT_REGENERATE=1 go test -count=1 -run 'Vector|Worked' ./meter ./tariffs ./aggregate ./prover/...

adversity: ## 1,000 slots with lost, doubled and corrupted records, crashes and liars; `make test` does 50
	HUSHWATT_RUNS=1000 go test -count=1 -timeout 60m -v -run Adversity ./aggregate

feeder-study: ## 40 made-up feeders of each trouble, and how often it is told; docs/design/feeder.md has the table
	HUSHWATT_STUDY=40 go test -count=1 -timeout 60m -v -run Study ./aggregate/feeder

exact: ## every slot of all real homes summed, in both modes, against plain arithmetic (an hour)
	HUSHWATT_EVERY_SLOT=1 go test -count=1 -timeout 24h -v -run TestExact ./aggregate

soak: ## the server killed 500 times under load; `make test` does 50
	HUSHWATT_KILLS=500 go test -count=1 -timeout 30m -v -run TestKill ./cmd/hushwatt

screens: ## the pictures in docs/screens, taken anew
	playwright-tests/run.sh --screens

bench: ## what bills and sums cost, with the ratios that must hold; writes docs/benchmarks.md
	go run ./internal/bench/report

bench-browser: ## how fast it is in Chromium; writes docs/benchmarks-browser.md
	playwright-tests/run.sh --bench

lighthouse: ## Lighthouse on a phone's profile; adds its table to docs/benchmarks-browser.md
	playwright-tests/run.sh --lighthouse
