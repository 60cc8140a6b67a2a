package prover

import "fmt"

// Reason is the one word that a refused submission is told.
type Reason string

// The reasons, in the order in which the checks are made (docs/protocol.md,
// section 5.4). Every proof that fails is refused with the same word.
const (
	ReasonMalformed   Reason = "malformed"
	ReasonRequest     Reason = "request"
	ReasonCertificate Reason = "certificate"
	ReasonChain       Reason = "chain"
	ReasonCoverage    Reason = "coverage"
	ReasonStatus      Reason = "status"
	ReasonTariff      Reason = "tariff"
	ReasonProof       Reason = "proof"
)

var reasons = []Reason{
	ReasonMalformed, ReasonRequest, ReasonCertificate, ReasonChain,
	ReasonCoverage, ReasonStatus, ReasonTariff, ReasonProof,
}

// Refusal is the error of a submission that is not accepted. Detail is for the
// verifier's own log; only the reason goes back to the sender.
type Refusal struct {
	Reason Reason
	Detail error
}

func (r *Refusal) Error() string { return fmt.Sprintf("refused: %s (%v)", r.Reason, r.Detail) }

func (r *Refusal) Unwrap() error { return r.Detail }

func refuse(reason Reason, detail error) error { return &Refusal{reason, detail} }

func refusef(reason Reason, format string, args ...any) error {
	return &Refusal{reason, fmt.Errorf(format, args...)}
}
