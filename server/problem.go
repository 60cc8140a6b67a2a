package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hushwatt/prover"
	"hushwatt/server/store"
)

// Problem is the body of every error, RFC 9457 (application/problem+json).
type Problem struct {
	Type      string   `json:"type" doc:"Names the kind of problem; docs/protocol.md lists them." example:"urn:hushwatt:problem:not-found"`
	Title     string   `json:"title" doc:"The kind of problem in words."`
	Status    int      `json:"status" doc:"The HTTP status code."`
	Detail    string   `json:"detail,omitempty" doc:"What is the matter this time."`
	Reason    string   `json:"reason,omitempty" doc:"Why a bill was refused, one word." enum:"malformed,request,certificate,chain,coverage,status,tariff,proof"`
	Errors    []string `json:"errors,omitempty" doc:"The places in the request that are wrong."`
	RequestID string   `json:"request_id" doc:"Names this request in the server's log; quote it to the supplier."`

	headers http.Header
}

const problemPrefix = "urn:hushwatt:problem:"

// The kinds of problem that are more than their status code says.
const (
	problemBillRefused   = "bill-refused"
	problemTariffRefused = "tariff-refused"
	problemCrossOrigin   = "cross-origin"
	problemWrongHost     = "wrong-host"
	problemInvalid       = "invalid"
)

// problem makes one of a kind that its status code describes.
func problem(status int, format string, args ...any) *Problem {
	return problemOf("", status, format, args...)
}

func problemOf(kind string, status int, format string, args ...any) *Problem {
	title := http.StatusText(status)
	if kind == "" {
		kind = strings.ReplaceAll(strings.ToLower(title), " ", "-")
	} else {
		title = strings.ToUpper(kind[:1]) + strings.ReplaceAll(kind[1:], "-", " ")
	}
	return &Problem{Type: problemPrefix + kind, Title: title, Status: status, Detail: fmt.Sprintf(format, args...)}
}

func (p *Problem) with(header, value string) *Problem {
	if p.headers == nil {
		p.headers = http.Header{}
	}
	p.headers.Set(header, value)
	return p
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// The library makes its own errors with a function of the package.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p := problem(status, "%s", message)
		if status == http.StatusUnprocessableEntity || status == http.StatusBadRequest {
			p = problemOf(problemInvalid, status, "%s", message)
		}
		for _, err := range errs {
			if err != nil {
				p.Errors = append(p.Errors, place(err))
			}
		}
		return p
	}
}

// place says where and what is wrong, without repeating the value.
func place(err error) string {
	var d huma.ErrorDetailer
	if !errors.As(err, &d) {
		return err.Error()
	}
	detail := d.ErrorDetail()
	if detail.Location == "" {
		return detail.Message
	}
	return detail.Location + ": " + detail.Message
}

// writeProblem answers with a problem.
func writeProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	p.RequestID = requestID(r.Context())
	for name, values := range p.headers {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		json.NewEncoder(w).Encode(p)
	}
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, r, problem(http.StatusNotFound, "there is nothing at this address"))
}

// storeProblem tells the errors of a store apart. What went wrong inside is for
// the log only.
func storeProblem(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*Problem)):
		return err
	case errors.Is(err, store.ErrNotFound):
		return problem(http.StatusNotFound, "there is no such entry")
	case errors.Is(err, store.ErrConflict):
		return problem(http.StatusConflict, "%s", strings.TrimPrefix(err.Error(), store.ErrConflict.Error()+": "))
	}
	return &internalError{err}
}

// internalError is logged with its cause and answered without it.
type internalError struct{ error }

func (e *internalError) Unwrap() error { return e.error }

// refusalProblem is what the sender of a refused bill is told: one word.
func refusalProblem(r *prover.Refusal) *Problem {
	status := http.StatusUnprocessableEntity
	if r.Reason == prover.ReasonMalformed {
		status = http.StatusBadRequest
	}
	p := problemOf(problemBillRefused, status, "%s", reasonSentence[r.Reason])
	p.Reason = string(r.Reason)
	return p
}

var reasonSentence = map[prover.Reason]string{
	prover.ReasonMalformed:   "These bytes are not a bill.",
	prover.ReasonRequest:     "This bill does not answer a request that is open.",
	prover.ReasonCertificate: "The meter's certificate does not count for this bill.",
	prover.ReasonChain:       "The meter's records do not fit together, or not with earlier ones.",
	prover.ReasonCoverage:    "The records do not cover the period.",
	prover.ReasonStatus:      "The period has readings that the tariff does not bill.",
	prover.ReasonTariff:      "The prices are not those of the tariff.",
	prover.ReasonProof:       "The proof does not hold.",
}
