package testvectors_test

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"hushwatt/prover"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
	"hushwatt/testvectors"
)

// builder makes a claim from plain data, through the exported methods only.
type builder struct {
	claim *prover.Claim
	names map[string]prover.Linear
	n     int // steps that declared something
	err   error

	vectors []prover.Vector
}

func newClaim(in *testvectors.Claim) (*prover.Claim, error) {
	rows := make([]prover.Row, len(in.Rows))
	for i, r := range in.Rows {
		rows[i] = prover.Row{N: r.N, Cap: r.Cap, Skip: r.Skip}
	}
	b := &builder{claim: prover.NewClaim(rows, in.TZ), names: map[string]prover.Linear{"1": prover.Constant(big.NewInt(1))}}
	for j, f := range in.Functionals {
		b.names["f"+strconv.Itoa(j)] = b.claim.Functional(f.Weights, b.num(f.Const))
	}
	for _, s := range in.Steps {
		b.step(&s)
	}
	return b.claim, b.err
}

func (b *builder) fail(format string, args ...any) {
	b.err = errors.Join(b.err, fmt.Errorf(format, args...))
}

func (b *builder) num(s string) *big.Int {
	v, ok := new(big.Int).SetString(s, 10)
	if !ok {
		b.fail("%q is no integer", s)
		return new(big.Int)
	}
	return v
}

func (b *builder) expr(e testvectors.Expr) (l prover.Linear) {
	for name, k := range e {
		m, ok := b.names[name]
		if !ok {
			b.fail("no %s in this claim", name)
		}
		l = l.Add(m.Scale(b.num(k)))
	}
	return l
}

func (b *builder) declare(l prover.Linear) {
	b.names["s"+strconv.Itoa(b.n)] = l
	b.n++
}

func (b *builder) unit(s *testvectors.Step) *big.Int {
	if len(s.Units) != 1 {
		b.fail("%s: %d units", s.Op, len(s.Units))
		return big.NewInt(1)
	}
	return b.num(s.Units[0])
}

var pays = map[string][]prover.Pays{"": nil, "up": {prover.PaysUp}, "down": {prover.PaysDown}}

func (b *builder) step(s *testvectors.Step) {
	c := b.claim
	switch s.Op {
	case "secret":
		b.declare(c.Secret(s.Name, b.num(s.Lo), b.num(s.Hi), pays[s.Pays]...))
	case "range":
		c.RequireRange(b.expr(s.L), b.num(s.Value))
	case "zero":
		c.RequireZero(b.expr(s.L))
	case "product":
		c.Product(b.expr(s.L), b.expr(s.X), b.expr(s.Y))
	case "zeroProduct":
		c.ZeroProduct(b.expr(s.X), b.expr(s.Y))
	case "reveal":
		c.Reveal(b.expr(s.L), b.num(s.Value))
	case "rounded":
		c.Rounded(b.expr(s.L), b.unit(s), prover.Mode(s.Mode), b.num(s.Value))
	case "roundedSecret":
		b.declare(c.RoundedSecret(s.Name, b.expr(s.L), b.unit(s), prover.Mode(s.Mode)))
	case "lines":
		var lines []prover.Linear
		var units []*big.Int
		for i := range s.Lines {
			lines, units = append(lines, b.expr(s.Lines[i])), append(units, b.num(s.Units[i]))
		}
		c.RoundedLines(lines, units, prover.Mode(s.Mode), b.num(s.Value))
	case "vector":
		b.vectors = append(b.vectors, c.Vector(s.Name, s.Entries, b.num(s.Hi), pays[s.Pays]...))
	case "total":
		b.declare(c.Total(b.vector(int64(s.Vector)), s.Weights))
	case "each":
		sums := make([]prover.Sum, len(s.Sums))
		for i, v := range s.Sums {
			sums[i].Const = v.Const
			for _, a := range v.Cells {
				sums[i].Cells = append(sums[i].Cells, prover.Cell{Row: int(a[0]), Slot: int(a[1]), K: a[2]})
			}
			for _, a := range v.Items {
				sums[i].Items = append(sums[i].Items, prover.Item{Of: b.vector(a[0]), At: int(a[1]), K: a[2]})
			}
		}
		c.RequireEach(b.expr(s.L), sums, b.num(s.Value))
	default:
		b.fail("unknown step %q", s.Op)
	}
}

func (b *builder) vector(i int64) prover.Vector {
	if i < 0 || i >= int64(len(b.vectors)) {
		b.fail("no vector %d in this claim", i)
		return prover.Vector{}
	}
	return b.vectors[i]
}

// prepared is a claim ready to be verified.
type prepared struct {
	claim *prover.Claim
	seals []sigma.Point
}

// prepare builds a claim and decodes its seals. reason is that of a refusal
// which needs no proof; an error is a vector that is no vector.
func prepare(in *testvectors.Claim) (p prepared, reason string, err error) {
	if p.claim, err = newClaim(in); err != nil {
		return p, "", err
	}
	if p.claim.Check() != nil {
		return p, "not-provable", nil
	}
	for _, b := range in.Seals {
		if len(b) != ristretto.ElementSize {
			return p, "malformed", nil
		}
		v, err := sigma.DecodePoint(b)
		if err != nil {
			return p, "malformed", nil
		}
		p.seals = append(p.seals, v)
	}
	return p, "", nil
}

func runClaim(in *testvectors.Claim) (string, error) {
	p, reason, err := prepare(in)
	if err != nil || reason != "" {
		return reason, err
	}
	return proofReason(p.claim.Verify(in.Header, p.seals, in.Proof))
}

func proofReason(err error) (string, error) {
	switch {
	case err == nil:
		return "", nil
	case errors.Is(err, prover.ErrProof):
		return "proof", nil
	}
	return "", err
}

// runBatch verifies everything in one batch and compares each verdict.
func runBatch(in *testvectors.Batch) (string, error) {
	b := prover.NewBatch(nil)
	var want []string
	for i := range in.Items {
		item := &in.Items[i]
		p, reason, err := prepare(&item.Claim)
		if err != nil || reason != "" {
			return reason, err
		}
		for range item.Repeat {
			b.Add(p.claim, item.Claim.Header, p.seals, item.Claim.Proof)
			want = append(want, item.Verdict)
		}
	}
	worst := ""
	for i, err := range b.Verify() {
		reason, err := proofReason(err)
		if err != nil {
			return "", err
		}
		if (reason == "") != (want[i] == testvectors.Accepted) {
			return "", fmt.Errorf("proof %d: not %s", i, want[i])
		}
		worst = max(worst, reason)
	}
	return worst, nil
}
