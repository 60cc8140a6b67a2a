package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hushwatt/prover"
)

// Media types of the API's binary messages.
const (
	RequestType = "application/vnd.hushwatt.request+cbor"
	ReceiptType = "application/vnd.hushwatt.receipt+cbor"
	BillType    = prover.MediaType
)

const (
	apiPath     = "/api/v1"
	maxJSONBody = 1 << 20
)

// api is everything under /api/v1/ and /healthz, with its description at
// /api/v1/openapi.json, which is made from this code.
func (s *Server) api() *http.ServeMux {
	mux := http.NewServeMux()
	c := huma.DefaultConfig("Hushwatt, "+s.Name, "1")
	c.DocsPath, c.SchemasPath = "", "" // its page would load scripts from elsewhere
	c.CreateHooks = nil                // no links to schemas in answers
	c.OpenAPIPath = apiPath + "/openapi"
	c.Info.Description = "A supplier's server: it takes proven bills and never sees a reading."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "the staff's token"},
		"session": {Type: "apiKey", In: "cookie", Name: s.cookieName(), Description: "made by logging in at /portal/"},
	}
	c.Transformers = append(c.Transformers, func(ctx huma.Context, _ string, v any) (any, error) {
		if p, ok := v.(*Problem); ok {
			p.RequestID = requestID(ctx.Context())
		}
		return v, nil
	})
	a := humago.New(mux, c)
	s.billAPI(a)
	s.requestAPI(a)
	s.registerAPI(a)
	s.tariffAPI(a)
	add(s, a, open("supplier", http.MethodGet, apiPath+"/supplier", "Who this supplier is"), s.getSupplier)
	add(s, a, open("health", http.MethodGet, "/healthz", "Whether the server and its database answer"), s.getHealth)
	return mux
}

// open describes an operation that needs no login, closed one for staff.
func open(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary,
		MaxBodyBytes: maxJSONBody, BodyReadTimeout: 10 * time.Second,
		Errors: []int{http.StatusNotFound, http.StatusTooManyRequests, http.StatusInternalServerError}}
}

func closed(id, method, path, summary string) huma.Operation {
	op := open(id, method, path, summary)
	op.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	op.Errors = append(op.Errors, http.StatusUnauthorized)
	if method == http.MethodPost {
		op.Errors = append(op.Errors, http.StatusConflict, http.StatusUnprocessableEntity)
	}
	return op
}

// add registers an operation: its middleware, and what becomes of its errors.
func add[I, O any](s *Server, a huma.API, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	if op.Path != "/healthz" {
		op.Middlewares = append(op.Middlewares, s.guard(len(op.Security) > 0))
	}
	huma.Register(a, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err == nil {
			return out, nil
		}
		return nil, s.problemFor(ctx, err)
	})
}

// guard asks for the token, for staff's operations.
func (s *Server) guard(staff bool) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(c)
		switch {
		case s.isStaff(r):
			next(huma.WithValue(c, staffKey, true))
		case staff:
			s.unauthorised(w, r)
		default:
			next(c)
		}
	}
}

// staffFrom reports whether the request that ctx belongs to comes from staff.
func staffFrom(ctx context.Context) bool { return ctx.Value(staffKey) != nil }

// unauthorised answers a request without a valid token. Guesses are limited.
func (s *Server) unauthorised(w http.ResponseWriter, r *http.Request) {
	if _, tried := bearer(r); tried && !s.logins.allow(r.RemoteAddr) {
		writeProblem(w, r, problem(http.StatusTooManyRequests, "too many attempts; wait a minute").with("Retry-After", "60"))
		return
	}
	writeProblem(w, r, problem(http.StatusUnauthorized, "this needs the staff's token").with("WWW-Authenticate", `Bearer realm="hushwatt"`))
}

// problemFor turns an error into what is told, and what is only logged.
func (s *Server) problemFor(ctx context.Context, err error) error {
	e := entryOf(ctx)
	if r := new(prover.Refusal); errors.As(err, &r) {
		e.reason = string(r.Reason)
		return refusalProblem(r)
	}
	if err = storeProblem(err); !errors.As(err, new(*internalError)) {
		return err
	}
	if ctx.Err() == nil {
		e.err = err
	}
	return problem(http.StatusServiceUnavailable, "nothing was decided; send it again").with("Retry-After", "5")
}

type supplierOut struct {
	Body struct {
		Supplier string `json:"supplier" doc:"Its public key, hushwatt-supplier1…"`
		Name     string `json:"name"`
		Suite    string `json:"suite" doc:"The protocol it speaks."`
		Version  int    `json:"version"`
	}
}

func (s *Server) getSupplier(context.Context, *struct{}) (*supplierOut, error) {
	out := new(supplierOut)
	out.Body.Supplier, out.Body.Name = s.Key.Public().String(), s.Name
	out.Body.Suite, out.Body.Version = prover.Suite, prover.Version
	return out, nil
}

type healthOut struct {
	Body struct {
		Status string `json:"status" enum:"ok"`
	}
}

func (s *Server) getHealth(ctx context.Context, _ *struct{}) (*healthOut, error) {
	if err := s.Store.Ping(ctx); err != nil {
		return nil, err
	}
	out := new(healthOut)
	out.Body.Status = "ok"
	return out, nil
}

// bytesOut answers with bytes as they are stored.
type bytesOut struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// answers describes an answer of one media type in an operation.
func answers(op huma.Operation, media string) huma.Operation {
	op.Responses = map[string]*huma.Response{"200": {
		Description: "OK",
		Content:     map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	return op
}
