package prover

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"hushwatt/internal/wire"
	"hushwatt/meter"
)

// MediaType and the extension .bill name the files that Bill.Bytes makes.
const MediaType = "application/vnd.hushwatt.bill+cbor"

// Submission is a customer's answer (docs/protocol.md, section 5.3). Its length
// is a function of the terms, the tariff, the number of days, segments and
// corrections, and never of readings or amounts.
type Submission struct {
	_        struct{} `cbor:",toarray"`
	Request  [32]byte // hash of the request
	ID       [16]byte // chosen at random by the customer
	Outputs  []Output
	Segments segmentList // ordered by meter, first day, epoch
	Proof    []byte      // NARG of the claim
}

// Limits of a submission, far above what an honest one needs.
const (
	maxSubmissionSize = 1 << 20
	maxSegments       = 32
)

// segmentList counts before it makes room: a segment in memory is five hundred
// times as long as the least item of an array.
type segmentList []meter.Segment

// UnmarshalCBOR reads an array of at most maxSegments.
func (l *segmentList) UnmarshalCBOR(b []byte) error {
	// The head of an array is 0x80 + count up to 23, then 0x98 and the count.
	if b[0] < 0x80 || b[0] > 0x98 || b[0] == 0x98 && b[1] > maxSegments {
		return fmt.Errorf("not an array of at most %d", maxSegments)
	}
	return wire.Unmarshal(b, (*[]meter.Segment)(l))
}

// Bytes returns the canonical encoding.
func (s *Submission) Bytes() []byte { return mustMarshal(s) }

// Hash returns SHA-256 over a label and the bytes of s.
func (s *Submission) Hash() [32]byte { return hashSubmission(s.Bytes()) }

func hashSubmission(b []byte) [32]byte {
	return sha256.Sum256(append([]byte(wire.LabelSubmission), b...))
}

// ParseSubmission decodes a submission and checks its form; nothing in it is
// believed yet.
func ParseSubmission(b []byte) (*Submission, error) {
	if len(b) > maxSubmissionSize {
		return nil, fmt.Errorf("submission: %d bytes are too many", len(b))
	}
	s := new(Submission)
	if err := wire.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("submission: %w", err)
	}
	if len(s.Outputs) == 0 || len(s.Outputs) > maxRegisters {
		return nil, fmt.Errorf("submission: %d outputs", len(s.Outputs))
	}
	if len(s.Segments) == 0 || len(s.Segments) > maxSegments {
		return nil, fmt.Errorf("submission: %d segments", len(s.Segments))
	}
	return s, nil
}

// heads returns the hash of the two heads of every segment, as in the header.
func (s *Submission) heads() [][32]byte {
	list := make([][32]byte, len(s.Segments))
	for i := range s.Segments {
		list[i] = headsHash(s.Segments[i].Heads())
	}
	return list
}

// Bill is what travels and what is kept: the request, and the submission that
// answers it, each as the exact bytes that were hashed.
type Bill struct {
	Request    *Request
	Submission *Submission
}

type billFile struct {
	_          struct{} `cbor:",toarray"`
	Request    []byte
	Submission []byte
}

// Bytes returns the bill file.
func (b *Bill) Bytes() []byte {
	return mustMarshal(&billFile{Request: b.Request.Bytes(), Submission: b.Submission.Bytes()})
}

// ParseBill decodes a bill file. The request's own signature has been checked
// when it returns, and nothing else. The error is a *Refusal.
func ParseBill(data []byte) (*Bill, error) {
	if len(data) > maxSubmissionSize+maxRequestSize {
		return nil, refusef(ReasonMalformed, "bill: %d bytes are too many", len(data))
	}
	var f billFile
	if err := wire.Unmarshal(data, &f); err != nil {
		return nil, refusef(ReasonMalformed, "bill: %w", err)
	}
	s, err := ParseSubmission(f.Submission)
	if err != nil {
		return nil, refuse(ReasonMalformed, err)
	}
	r, err := ParseRequest(f.Request)
	switch {
	case errors.Is(err, errSignature):
		return nil, refuse(ReasonRequest, err)
	case err != nil:
		return nil, refuse(ReasonMalformed, err)
	case s.Request != r.Hash():
		return nil, refusef(ReasonRequest, "submission answers another request than the file holds")
	}
	return &Bill{Request: r, Submission: s}, nil
}
