package prover

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
)

// claimSpec is a claim as plain data: what test vectors hold. A name f0, f1, …
// in an expression is a functional, s0, s1, … what the steps returned, in order;
// "1" is the constant. All integers are decimal strings.
type claimSpec struct {
	TZ          string           `json:"tz"`
	Rows        []rowSpec        `json:"rows"`
	Functionals []functionalSpec `json:"functionals"`
	Steps       []stepSpec       `json:"steps"`
}

type rowSpec struct {
	N    int    `json:"n"`
	Cap  uint32 `json:"cap"`
	Skip []bool `json:"skip,omitempty"`
}

type functionalSpec struct {
	Weights [][]int64 `json:"weights"`
	Const   string    `json:"const"`
}

type exprSpec map[string]string

// stepSpec is one call on a claim; which fields it has depends on Op.
type stepSpec struct {
	Op    string     `json:"op"`
	Name  string     `json:"name,omitempty"`
	Lo    string     `json:"lo,omitempty"`
	Hi    string     `json:"hi,omitempty"`
	Pays  string     `json:"pays,omitempty"`
	L     exprSpec   `json:"l,omitempty"`
	X     exprSpec   `json:"x,omitempty"`
	Y     exprSpec   `json:"y,omitempty"`
	Lines []exprSpec `json:"lines,omitempty"`
	Units []string   `json:"units,omitempty"`
	Mode  string     `json:"mode,omitempty"`
	Value string     `json:"value,omitempty"`

	Entries int       `json:"entries,omitempty"`
	Vector  int       `json:"vector,omitempty"`
	Weights []int64   `json:"weights,omitempty"`
	Sums    []sumSpec `json:"sums,omitempty"`
}

type sumSpec struct {
	Cells [][3]int64 `json:"cells,omitempty"`
	Items [][3]int64 `json:"items,omitempty"`
	Const int64      `json:"const,omitempty"`
}

// claim builds the claim that the data describe, through the exported methods.
func (s *claimSpec) claim() (*Claim, error) {
	rows := make([]Row, len(s.Rows))
	for i, r := range s.Rows {
		rows[i] = Row(r)
	}
	b := &specBuilder{c: NewClaim(rows, s.TZ), names: map[string]Linear{"1": Constant(one)}}
	for j, f := range s.Functionals {
		b.names["f"+strconv.Itoa(j)] = b.c.Functional(f.Weights, b.num(f.Const))
	}
	for i, st := range s.Steps {
		if err := b.step(st); err != nil {
			return nil, fmt.Errorf("step %d: %w", i, err)
		}
	}
	if b.err != nil {
		return nil, b.err
	}
	return b.c, b.c.Check()
}

type specBuilder struct {
	c     *Claim
	names map[string]Linear
	n     int // steps that returned something
	err   error

	vectors []Vector
}

func (b *specBuilder) num(s string) *big.Int {
	v, ok := new(big.Int).SetString(s, 10)
	if !ok {
		b.err = fmt.Errorf("%q is no integer", s)
		return zero
	}
	return v
}

func (b *specBuilder) expr(e exprSpec) (l Linear) {
	for name, k := range e {
		m, ok := b.names[name]
		if !ok {
			b.err = fmt.Errorf("no %s in this claim", name)
		}
		l = l.Add(m.Scale(b.num(k)))
	}
	return l
}

func (b *specBuilder) returns(l Linear) {
	b.names["s"+strconv.Itoa(b.n)] = l
	b.n++
}

func (b *specBuilder) step(s stepSpec) error {
	switch s.Op {
	case "secret":
		pays := map[string]Pays{"": 0, "up": PaysUp, "down": PaysDown}[s.Pays]
		b.returns(b.c.Secret(s.Name, b.num(s.Lo), b.num(s.Hi), pays))
	case "range":
		b.c.RequireRange(b.expr(s.L), b.num(s.Value))
	case "zero":
		b.c.RequireZero(b.expr(s.L))
	case "product":
		b.c.Product(b.expr(s.L), b.expr(s.X), b.expr(s.Y))
	case "zeroProduct":
		b.c.ZeroProduct(b.expr(s.X), b.expr(s.Y))
	case "reveal":
		b.c.Reveal(b.expr(s.L), b.num(s.Value))
	case "rounded":
		b.c.Rounded(b.expr(s.L), b.num(s.Units[0]), Mode(s.Mode), b.num(s.Value))
	case "roundedSecret":
		b.returns(b.c.RoundedSecret(s.Name, b.expr(s.L), b.num(s.Units[0]), Mode(s.Mode)))
	case "lines":
		var lines []Linear
		var units []*big.Int
		for i := range s.Lines {
			lines, units = append(lines, b.expr(s.Lines[i])), append(units, b.num(s.Units[i]))
		}
		b.c.RoundedLines(lines, units, Mode(s.Mode), b.num(s.Value))
	case "vector":
		pays := map[string]Pays{"": 0, "up": PaysUp, "down": PaysDown}[s.Pays]
		b.vectors = append(b.vectors, b.c.Vector(s.Name, s.Entries, b.num(s.Hi), pays))
	case "total":
		b.returns(b.c.Total(b.vectors[s.Vector], s.Weights))
	case "each":
		sums := make([]Sum, len(s.Sums))
		for i, v := range s.Sums {
			sums[i].Const = v.Const
			for _, a := range v.Cells {
				sums[i].Cells = append(sums[i].Cells, Cell{int(a[0]), int(a[1]), a[2]})
			}
			for _, a := range v.Items {
				sums[i].Items = append(sums[i].Items, Item{b.vectors[a[0]], int(a[1]), a[2]})
			}
		}
		b.c.RequireEach(b.expr(s.L), sums, b.num(s.Value))
	default:
		return fmt.Errorf("unknown step %q", s.Op)
	}
	return nil
}

// parseClaimSpec reads a claim from JSON.
func parseClaimSpec(data []byte) (*claimSpec, error) {
	s := new(claimSpec)
	return s, json.Unmarshal(data, s)
}
