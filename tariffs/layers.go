package tariffs

import (
	"fmt"
	"sort"
	"time"
)

// A piece is a stretch of time with one price on one line.
type piece struct {
	from, to int64
	line     int32
	price    int64
}

// fill names the lines of energy and sets price and line of every slot, layer
// by layer. It works by pieces, not by slots: where the clock's offset is
// constant, local days are plain arithmetic.
func (p *Plan) fill() error {
	loc, err := Zone(p.Clock)
	if err != nil {
		return err
	}
	all := spans(loc, p.From, p.To)
	places := p.places()
	pieces := make([][]piece, len(p.layers))
	for i, g := range p.segments {
		for j := range g.t.tracks {
			k := &g.t.tracks[j]
			first := p.addLines(k)
			at := places[i][j]
			if at < 0 {
				continue
			}
			if pieces[at], err = g.trackPieces(pieces[at], k, first, all); err != nil {
				return err
			}
		}
	}
	for i := range p.layers {
		if err := p.fillLayer(&p.layers[i], pieces[i], loc); err != nil {
			return err
		}
	}
	p.price, p.line = p.layers[0].price, p.layers[0].line
	return nil
}

// places makes the layers and returns which of them each track of each segment
// goes into: the first track of a channel into the first layer of that channel
// and so on; −1 for tracks without prices of energy.
func (p *Plan) places() [][]int {
	type place struct{ segment, track, channel, rank int }
	var list []place
	out := make([][]int, len(p.segments))
	for i, g := range p.segments {
		var ranks [2]int
		for j := range g.t.tracks {
			out[i] = append(out[i], -1)
			if k := &g.t.tracks[j]; k.hasPrices() {
				list = append(list, place{i, j, k.channel(), ranks[k.channel()]})
				ranks[k.channel()]++
			}
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		return a.channel < b.channel || a.channel == b.channel && a.rank < b.rank
	})
	for i, at := range list {
		if i == 0 || at.channel != list[i-1].channel || at.rank != list[i-1].rank {
			p.layers = append(p.layers, layer{channel: at.channel})
		}
		out[at.segment][at.track] = len(p.layers) - 1
	}
	if len(p.layers) == 0 {
		p.layers = []layer{{channel: p.Channels[0]}}
	}
	return out
}

// hasPrices reports whether a track prices energy; one of demand does not.
func (k *track) hasPrices() bool {
	if k.event != nil {
		return true
	}
	for _, s := range k.seasons {
		if len(s.rates) > 0 {
			return true
		}
	}
	return false
}

// addLines names the lines of a track and returns the first one's index.
func (p *Plan) addLines(k *track) (first int) {
	first = len(p.Energy)
	add := func(period string, r *rate) {
		e := EnergyLine{Period: period, Name: r.name, Component: k.component, Kind: string(k.kind), Channel: k.channel()}
		if len(r.blocks) > 1 {
			for _, b := range r.blocks {
				e.Blocks = append(e.Blocks, b.price)
			}
		}
		p.Energy = append(p.Energy, e)
	}
	if k.event != nil {
		add("", &k.event.rate)
	}
	for i := range k.seasons {
		for j := range k.seasons[i].rates {
			add(k.seasons[i].name, &k.seasons[i].rates[j])
		}
	}
	return first
}

// trackPieces appends the prices of a track on the segment's days.
func (g segment) trackPieces(out []piece, k *track, line int, all []span) ([]piece, error) {
	var err error
	for _, s := range all {
		first, last := Date(floorDiv(s.from+s.offset, daySeconds)), Date(floorDiv(s.to+s.offset-1, daySeconds))
		for d := max(first, g.from); d <= min(last, g.to-1); d++ {
			if out, err = g.dayPieces(out, k, line, d, s); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// dayPieces appends the prices of local day d as far as it lies in span s.
func (g segment) dayPieces(out []piece, k *track, line int, d Date, s span) ([]piece, error) {
	dayStart := int64(d)*daySeconds - s.offset
	from, to := max(dayStart, s.from), min(dayStart+daySeconds, s.to)
	add := func(c piece) {
		if c.from, c.to = max(c.from, from), min(c.to, to); c.from < c.to {
			out = appendPiece(out, c)
		}
	}
	if k.event != nil {
		for _, o := range g.t.occurrences(k.event) {
			add(piece{o.From, o.To, int32(line), k.event.rate.blocks[0].price})
		}
		return out, nil
	}
	i := seasonOf(k.seasons, d)
	for _, before := range k.seasons[:i] {
		line += len(before.rates)
	}
	season := &k.seasons[i]
	if len(season.rows) > 0 {
		return season.dynamicPieces(out, from, to, int32(line))
	}
	for _, w := range season.dayWindows(g.t.countsAs(d-1), g.t.countsAs(d)) {
		add(piece{dayStart + int64(w.start)*60, dayStart + int64(w.end)*60, int32(line + w.rate), w.price})
	}
	return out, nil
}

// dynamicPieces appends the rows between two instants, which they must cover.
func (s *season) dynamicPieces(out []piece, from, to int64, line int32) ([]piece, error) {
	i := sort.Search(len(s.rows), func(i int) bool { return s.rows[i].to > from })
	for ; from < to; i++ {
		if i == len(s.rows) || s.rows[i].from > from {
			return nil, fmt.Errorf("%s.dynamicRates.rates: no price from %s", s.path, utcStamp(from))
		}
		r := s.rows[i]
		out = appendPiece(out, piece{from, min(r.to, to), line, r.price})
		from = r.to
	}
	return out, nil
}

// appendPiece joins a piece to the one before if nothing changes between them.
func appendPiece(out []piece, c piece) []piece {
	if n := len(out); n > 0 && out[n-1].to == c.from && out[n-1].line == c.line && out[n-1].price == c.price {
		out[n-1].to = c.to
		return out
	}
	return append(out, c)
}

// fillLayer writes pieces, which are in order of time, into slots.
func (p *Plan) fillLayer(l *layer, pieces []piece, loc *time.Location) error {
	l.price = make([]int64, p.Days*p.N)
	l.line = make([]int32, p.Days*p.N)
	for i := range l.line {
		l.line[i] = -1
	}
	for i, c := range pieces {
		change := fmt.Sprintf("price of %q begins or ends", p.Energy[c.line].Name)
		if i > 0 && pieces[i-1].to == c.from {
			change = fmt.Sprintf("price changes from %q to %q", p.Energy[pieces[i-1].line].Name, p.Energy[c.line].Name)
		}
		joined := i+1 < len(pieces) && pieces[i+1].from == c.to
		for _, at := range []int64{c.from, c.to} {
			if at%p.step() != 0 && !(at == c.to && joined) {
				return fmt.Errorf("%s at %s in %s, inside a metering slot of %d minutes", change, stamp(loc, at), p.Clock, p.step()/60)
			}
		}
	}
	for _, c := range pieces {
		for s := p.slotAt(c.from); s < p.slotAt(c.to); s++ {
			l.price[s], l.line[s] = c.price, c.line
		}
	}
	return nil
}

// calendar sets the local date and minute of every slot of the period.
func (p *Plan) calendar() {
	if p.dates != nil {
		return
	}
	p.dates = make([]Date, p.Days*p.N)
	p.minutes = make([]int16, p.Days*p.N)
	t := p.From
	for _, s := range spans(p.location(), p.From, p.To) {
		for ; t < s.to; t += p.step() {
			slot := p.slotAt(t)
			p.dates[slot] = Date(floorDiv(t+s.offset, daySeconds))
			p.minutes[slot] = int16((t + s.offset - int64(p.dates[slot])*daySeconds) / 60)
		}
	}
}

// dateIn returns the date that a clock shows at an instant.
func dateIn(loc *time.Location, t int64) Date {
	_, offset := time.Unix(t, 0).In(loc).Zone()
	return Date(floorDiv(t+int64(offset), daySeconds))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// location returns the clock of a plan that has been compiled.
func (p *Plan) location() *time.Location {
	loc, err := Zone(p.Clock)
	if err != nil {
		panic(err) // Compile has loaded it already
	}
	return loc
}
