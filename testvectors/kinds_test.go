package testvectors_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/prover/rangeproof"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
	"hushwatt/testvectors"
)

// run returns the reason for which a vector's input is refused, "" if it is
// accepted and "refused" if the protocol has no name for the reason. An error
// says that the vector is none.
func run(v *testvectors.Vector) (reason string, err error) {
	raw := v.Input.(json.RawMessage)
	switch v.Kind {
	case "claim":
		return with(raw, runClaim)
	case "batch":
		return with(raw, runBatch)
	case "range":
		return with(raw, runRange)
	case "bill":
		return with(raw, runBill)
	case "exchange":
		return with(raw, runExchange)
	case "receipt":
		return with(raw, runReceipt)
	case "tariff":
		return with(raw, runTariff)
	case "compile":
		return with(raw, runCompile)
	case "release":
		return with(raw, runRelease)
	case "export":
		return with(raw, runExport)
	case "delegation":
		return with(raw, runDelegation)
	case "segments":
		return with(raw, runSegments)
	case "certificate":
		return with(raw, func(in *testvectors.Bytes) (string, error) {
			_, err := meter.ParseCertificate(in.Bytes)
			return refusal(err), nil
		})
	case "authority":
		return with(raw, func(in *testvectors.Text) (string, error) {
			_, err := meter.ParseAuthority(in.Text)
			return refusal(err), nil
		})
	case "recipient":
		return with(raw, func(in *testvectors.Text) (string, error) {
			_, err := meter.ParseRecipient(in.Text)
			return refusal(err), nil
		})
	case "party":
		return with(raw, func(in *testvectors.Text) (string, error) {
			_, err := meter.ParseParty(in.Text)
			return refusal(err), nil
		})
	case "draft":
		return with(raw, func(in *testvectors.Bytes) (string, error) {
			_, err := meter.ParseDraft(in.Bytes)
			return refusal(err), nil
		})
	case "key-file":
		return with(raw, func(in *testvectors.Text) (string, error) {
			_, err := meter.ParseKey([]byte(in.Text))
			return refusal(err), nil
		})
	case "slot":
		return with(raw, runSlot)
	case "day-end":
		return with(raw, runDayEnd)
	case "intake":
		return with(raw, runIntake)
	case "answer":
		return with(raw, runAnswer)
	case "masked":
		return with(raw, runMasked)
	}
	return "", fmt.Errorf("unknown kind %q", v.Kind)
}

func with[T any](raw json.RawMessage, f func(*T) (string, error)) (string, error) {
	in := new(T)
	if err := testvectors.Strict(raw, in); err != nil {
		return "", err
	}
	return f(in)
}

func refusal(err error) string {
	if err != nil {
		return testvectors.Refused
	}
	return ""
}

func runRange(in *testvectors.Range) (string, error) {
	var segments []rangeproof.Segment
	for _, s := range in.Segments {
		bound, ok := new(big.Int).SetString(s.Bound, 10)
		if !ok {
			return "", fmt.Errorf("%q is no integer", s.Bound)
		}
		segments = append(segments, rangeproof.Segment{Width: s.Width, Bound: bound})
	}
	statement, err := rangeproof.New(segments)
	if err != nil {
		return "", err
	}
	sp := sigma.NewSponge(sigma.DeriveSessionID([]byte(testvectors.RangeTag)))
	var commitments []*ristretto.Element
	for _, b := range in.Commitments {
		c := ristretto.NewElement()
		if err := c.Decode(b); err != nil {
			return "", err
		}
		commitments = append(commitments, c)
		sp.Absorb(b)
	}
	v, err := readRange(statement, sp, in.Proof)
	if err != nil {
		return "proof", nil
	}
	var weights [2]ristretto.Scalar
	for i := range weights {
		if weights[i], err = sigma.RandomScalar(rand.Reader); err != nil {
			return "", err
		}
	}
	var sum ristretto.Sum
	v.AddTo(&sum, &weights[0], &weights[1], func(j int, k *ristretto.Scalar) { sum.AddElement(commitments[j], k) })
	if !sum.IsIdentity() {
		return "proof", nil
	}
	return "", nil
}

func readRange(s *rangeproof.Statement, sp *sigma.Sponge, proof []byte) (*rangeproof.Verifier, error) {
	if len(proof) != s.Size() {
		return nil, rangeproof.ErrLength
	}
	next := func(message []byte) ristretto.Scalar {
		sp.Absorb(message)
		return sp.Challenge()
	}
	v := s.NewVerifier()
	as, rest := proof[:rangeproof.ASSize], proof[rangeproof.ASSize:]
	if err := v.AS(as); err != nil {
		return nil, err
	}
	sp.Absorb(as)
	y, z := sp.Challenge(), sp.Challenge()
	ts, rest := rest[:rangeproof.TSize], rest[rangeproof.TSize:]
	if err := v.T(&y, &z, ts); err != nil {
		return nil, err
	}
	x := next(ts)
	return v, v.Finish(&x, rest, next)
}

func runExport(in *testvectors.Export) (string, error) {
	key, err := meter.ParseKey([]byte(in.Key))
	if err != nil {
		return "", err
	}
	var exports []*meter.Export
	for _, b := range in.Exports {
		e, err := meter.ParseExport(b)
		if err == nil {
			err = e.CheckHeads()
		}
		if err == nil {
			_, err = e.Open(key)
		}
		if err != nil {
			return testvectors.Refused, nil
		}
		exports = append(exports, e)
	}
	return refusal(meter.CheckEpochs(exports...)), nil
}

func runDelegation(in *testvectors.Delegation) (string, error) {
	e, err := meter.ParseExport(in.Export)
	if err != nil {
		return "", err
	}
	d, err := meter.ParseDelegation(in.Delegation)
	if err == nil {
		_, err = e.OpenDelegated(d)
	}
	return refusal(err), nil
}

func runSegments(in *testvectors.Segments) (string, error) {
	trusted, err := authorities(in.Authorities)
	if err != nil {
		return "", err
	}
	var accepted *meter.Accepted
	if in.Accepted != nil {
		accepted = new(meter.Accepted)
		if accepted.Head, err = meter.ParseHead(in.Accepted.Head); err != nil {
			return "", err
		}
		if err := wire.Unmarshal(in.Accepted.Corrections, &accepted.Corrections); err != nil {
			return "", err
		}
	}
	var list []*meter.Checked
	var rows []meter.Row
	for _, b := range in.Segments {
		s, err := meter.ParseSegment(b)
		if err != nil {
			return segmentReason(err)
		}
		c, err := s.Check(trusted, accepted)
		if err != nil {
			return segmentReason(err)
		}
		list, rows, accepted = append(list, c), append(rows, c.Rows...), nil
	}
	if err := meter.CheckOrder(list); err != nil {
		return segmentReason(err)
	}
	return segmentReason(meter.CheckCoverage(rows, meter.ImportChannel, in.Start, in.End))
}

func authorities(texts []string) (list []meter.Authority, err error) {
	for _, s := range texts {
		a, err := meter.ParseAuthority(s)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

func segmentReason(err error) (string, error) {
	switch {
	case err == nil:
		return "", nil
	case errors.Is(err, meter.ErrMalformed):
		return "malformed", nil
	case errors.Is(err, meter.ErrCertificate):
		return "certificate", nil
	case errors.Is(err, meter.ErrChain):
		return "chain", nil
	case errors.Is(err, meter.ErrCoverage):
		return "coverage", nil
	}
	return "", err
}
