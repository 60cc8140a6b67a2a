package main

import (
	"bytes"
	"math/big"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/worker"
	"hushwatt/tariffs"
	"time"
)

// A forgery is a bill that must be refused, and the checks that refuse it.
type forgery struct {
	name string
	make func(*story) ([]byte, prover.Checks, error)
}

// forgeries are a few of the many that the tests try.
var forgeries = []forgery{
	altered("one penny less", func(s *prover.Submission) {
		v := new(big.Int).Sub(s.Outputs[0].Int(), big.NewInt(1))
		v.FillBytes(s.Outputs[0][:])
	}),
	altered("a day left out", func(s *prover.Submission) {
		seg := &s.Segments[0]
		seg.First++
		seg.Seals, seg.Statuses = seg.Seals[32:], seg.Statuses[seg.N/2:]
	}),
	altered("a seal swapped for a cheaper day's", func(s *prover.Submission) {
		seals := s.Segments[0].Seals
		copy(seals[:32], seals[32:64])
	}),
	altered("a reading called missing", func(s *prover.Submission) {
		s.Segments[0].Statuses[0] ^= byte(meter.Missing)
	}),
	{"a proof for a cheaper tariff", cheaperTariff},
	{"a meter that nobody certified", unknownAuthority},
}

// altered is the honest bill with a change in the submission.
func altered(name string, change func(*prover.Submission)) forgery {
	return forgery{name, func(s *story) ([]byte, prover.Checks, error) {
		b, err := prover.ParseBill(s.made.Bill)
		if err != nil {
			return nil, prover.Checks{}, err
		}
		change(b.Submission)
		return b.Bytes(), s.checks(), nil
	}}
}

func cheaperTariff(s *story) ([]byte, prover.Checks, error) {
	t, err := tariffs.Parse(bytes.Replace(demoTariff, []byte(`"0.3125"`), []byte(`"0.1531"`), 1))
	if err != nil {
		return nil, prover.Checks{}, err
	}
	made, err := worker.Make(s.job(t), time.Now())
	if err != nil {
		return nil, prover.Checks{}, err
	}
	return made.Bill, s.checks(), nil
}

func unknownAuthority(s *story) ([]byte, prover.Checks, error) {
	ca, err := meter.NewAuthorityKey()
	c := s.checks()
	if err == nil {
		c.Authorities = []meter.Authority{ca.Authority()}
	}
	return s.made.Bill, c, err
}
