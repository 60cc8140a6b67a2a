#!/bin/sh
# Runs the browser tests over the real program: builds it, gets what is missing
# (npm packages; Node.js and Chromium from Debian, if we may), and starts the tests. Each
# test has a server of its own on a free loopback port, in a temporary folder.
#
#   playwright-tests/run.sh [playwright test's arguments]     or: run.sh --bench, --screens, --lighthouse
set -eu
cd "$(dirname "$0")"

have() { command -v node >/dev/null && command -v npm >/dev/null; }
if ! have && ! { ../internal/debian.sh nodejs npm && have; }; then
	echo "e2e: Node.js 20 or later and npm are needed" >&2
	exit 1
fi

browser() { node -e 'import("./support/chromium.mjs").then((m) => m.browser()).catch(() => process.exit(1))'; }
if ! browser && ! { ../internal/debian.sh chromium fonts-liberation && browser; }; then
	echo "e2e: Chromium is needed: install it, or name it in HUSHWATT_CHROMIUM" >&2
	exit 1
fi

install() { # the npm packages of a folder, if they changed; a registry that does not answer is asked again
	cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock" && return
	for pause in 5 20 60 stop; do
		(cd "$1" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 PUPPETEER_SKIP_DOWNLOAD=1 npm ci --no-fund --no-audit) && break
		[ $pause != stop ] && sleep $pause || exit 1
	done
	cp "$1/package-lock.json" "$1/node_modules/.installed-lock"
}
install .

quality=9
if [ "${1:-}" = --lighthouse ] || [ "${1:-}" = --bench ]; then
	quality=11 # as a release, since what is downloaded counts
fi

programs=$(cd .. && mkdir -p .cache/e2e && pwd)/.cache/e2e
(cd .. && go run ./internal/webbuild -quality $quality && go build -trimpath -o "$programs" ./cmd/hushwatt ./playwright-tests/town)
export HUSHWATT_E2E_PROGRAMS="$programs"

case "${1:-}" in
--bench) exec node bench.mjs ;;
--screens) exec node screens.mjs ;;
--lighthouse)
	install lighthouse
	exec node lighthouse/lighthouse.mjs
	;;
esac
exec ./node_modules/.bin/playwright test "$@"
