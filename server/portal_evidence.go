package server

import (
	"net/http"

	"hushwatt/meter"
)

// evidenceLine is two heads of one meter that cannot both be true. Whoever holds
// both can show that the meter, or somebody with its key, has lied.
type evidenceLine struct {
	Meter string
	Epoch uint32
	At    int64
	Heads [2]headLine
}

type headLine struct {
	Day         string // the last that is sealed
	Corrections uint32
	DayTip      []byte
	Correction  []byte
	Whole       []byte // the signed head
}

func headLineOf(h *meter.Head, whole []byte) headLine {
	return headLine{day(meter.DayText(h.Day)), h.Corrections, h.DayTip, h.Correction, whole}
}

// evidence lists what must never happen, and happened.
func (p *portal) evidence(w http.ResponseWriter, r *http.Request) error {
	list, err := p.Store.Evidence(r.Context())
	if err != nil {
		return err
	}
	var lines []evidenceLine
	for _, e := range list {
		a, err := meter.ParseHead(e.A)
		if err != nil {
			return err
		}
		b, err := meter.ParseHead(e.B)
		if err != nil {
			return err
		}
		lines = append(lines, evidenceLine{a.Meter, a.Epoch, e.At, [2]headLine{headLineOf(a, e.A), headLineOf(b, e.B)}})
	}
	return p.show(w, r, http.StatusOK, "evidence", page{Title: "Contradictions", Section: "meters", Body: lines})
}
