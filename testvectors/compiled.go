package testvectors

import (
	"slices"
	"strconv"

	"hushwatt/tariffs"
)

// Compile is kind "compile": documents, in any order, with their addenda, and
// what they compile to for the local days [start, end) and n slots a day. A
// refused one has no plan.
type Compile struct {
	Documents []string  `json:"documents"`
	Addenda   []string  `json:"addenda,omitempty"`
	Start     string    `json:"start"`
	End       string    `json:"end"`
	N         int       `json:"n"`
	Plan      *Compiled `json:"plan,omitempty"`
}

// Compiled is a plan: its rows are one per UTC day from first_day on and
// channel.
type Compiled struct {
	FirstDay    int        `json:"first_day"`
	Days        int        `json:"days"`
	Channels    []int      `json:"channels"`
	Functionals []Compare  `json:"functionals"`
	Rules       []Compared `json:"rules,omitempty"`
}

// Compare is a form worth 1/unit each. Weights are runs, "weight×slots" from row
// first_row on, row by row; hidden are "coefficient×rule".
type Compare struct {
	Name     string   `json:"name,omitempty"`
	FirstRow int      `json:"first_row,omitempty"`
	Weights  []string `json:"weights"`
	Const    string   `json:"const"`
	Hidden   []string `json:"hidden,omitempty"`
	Unit     string   `json:"unit,omitempty"`
}

// Compared is a rule. Groups are "day: row/slot row/slot …".
type Compared struct {
	Kind     string   `json:"kind"`
	Of       *Compare `json:"of,omitempty"`
	Groups   []string `json:"groups,omitempty"`
	N        int      `json:"n,omitempty"`
	FirstDay int      `json:"first_day,omitempty"` // of prices, counted from the plan's
	Price    []string `json:"price,omitempty"`     // runs
	Unit     string   `json:"unit,omitempty"`
	Mode     string   `json:"mode,omitempty"`
}

// CompileDocuments does what the vector says.
func CompileDocuments(in *Compile) (*Compiled, error) {
	var addenda []*tariffs.Addendum
	for _, text := range in.Addenda {
		a, err := tariffs.ParseAddendum([]byte(text))
		if err != nil {
			return nil, err
		}
		addenda = append(addenda, a)
	}
	var ts []*tariffs.Tariff
	for _, text := range in.Documents {
		t, err := tariffs.Parse([]byte(text))
		if err == nil && addenda != nil {
			t, err = t.With(addenda...)
		}
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	start, err := tariffs.ParseDate(in.Start)
	if err != nil {
		return nil, err
	}
	end, err := tariffs.ParseDate(in.End)
	if err != nil {
		return nil, err
	}
	p, err := tariffs.Compile(ts, start, end, in.N)
	if err != nil {
		return nil, err
	}
	fs, err := p.Functionals()
	if err != nil {
		return nil, err
	}
	return CompiledOf(p, fs), nil
}

// CompiledOf writes down a plan, its functionals being fs.
func CompiledOf(p *tariffs.Plan, fs []tariffs.Functional) *Compiled {
	c := &Compiled{FirstDay: p.FirstDay, Days: p.Days, Channels: p.Channels}
	for _, f := range fs {
		form := compareOf(&f.Form)
		form.Name, form.Unit = f.Name, f.U.String()
		c.Functionals = append(c.Functionals, *form)
	}
	for i := range p.Rules {
		c.Rules = append(c.Rules, comparedOf(&p.Rules[i]))
	}
	return c
}

func compareOf(f *tariffs.Form) *Compare {
	c := &Compare{FirstRow: f.FirstRow, Weights: runs(f.Weights), Const: f.Const.String()}
	for _, t := range f.Hidden {
		c.Hidden = append(c.Hidden, t.Coef.String()+"×"+strconv.Itoa(t.Rule))
	}
	return c
}

func comparedOf(r *tariffs.Rule) Compared {
	c := Compared{Kind: string(r.Kind), N: r.N, FirstDay: r.FirstDay, Price: runs(r.Price), Mode: string(r.Mode)}
	if r.Of.Const != nil {
		c.Of = compareOf(&r.Of)
	}
	if r.U != nil {
		c.Unit = r.U.String()
	}
	for _, g := range r.Groups {
		text := strconv.Itoa(g.Day) + ":"
		for _, cell := range g.Cells {
			text += " " + strconv.Itoa(cell.Row) + "/" + strconv.Itoa(cell.Slot)
		}
		c.Groups = append(c.Groups, text)
	}
	return c
}

func runs(rows [][]int64) (out []string) {
	flat := slices.Concat(rows...)
	for i := 0; i < len(flat); {
		n := 1
		for i+n < len(flat) && flat[i+n] == flat[i] {
			n++
		}
		out = append(out, strconv.FormatInt(flat[i], 10)+"×"+strconv.Itoa(n))
		i += n
	}
	return out
}
