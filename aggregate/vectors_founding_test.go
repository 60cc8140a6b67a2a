package aggregate

import (
	"slices"
	"strings"
	"testing"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/testvectors"
)

// foundingVectors are what people hand on while a registry is put together.
func foundingVectors(t *testing.T, l *vectorList) {
	w := newTown(t, "vectors/founding", hamlet)
	p := w.charter.Parties[0]
	l.accept("party", "party", "An authority's public side.", &testvectors.Text{Text: p.String()})
	data, err := wire.DecodeText("hushwatt-party", p.String())
	must(t, err)
	text := func(name, comment, s string) {
		l.refuse("party", name, "party", comment, &testvectors.Text{Text: s})
	}
	text("party-upper-case", "Upper case, which Bech32 would allow.", strings.ToUpper(p.String()))
	text("party-trailing-byte", "A byte after the CBOR, under a checksum that is right.", wire.EncodeText("hushwatt-party", append(slices.Clone(data), 0)))
	text("party-as-authority", "The same bytes under the name of a meter authority.", wire.EncodeText("hushwatt-authority", data))
	change := func(name, comment string, change func(*meter.Party)) {
		q := p
		change(&q)
		text(name, comment, q.String())
	}
	change("party-without-recipient", "Meters could seal no key for it.", func(q *meter.Party) { q.Recipient = "" })
	change("party-small-order", "The key is a point of small order.", func(q *meter.Party) { q.Key = make([]byte, 32) })
	change("party-name-with-space", "A name of two words.", func(q *meter.Party) { q.Name += " b" })

	r := *w.registry
	draft := func(signatures ...[]byte) *testvectors.Bytes {
		d := r
		d.Signatures = signatures
		return &testvectors.Bytes{Bytes: d.Bytes()}
	}
	first, second := r.Signatures[0], r.Signatures[1]
	l.accept("draft", "draft", "A registry that one party has signed.", draft(nil, second))
	l.accept("draft-unsigned", "draft", "A registry that nobody has signed.", draft())
	no := func(name, comment string, in *testvectors.Bytes) { l.refuse("draft", name, "draft", comment, in) }
	no("draft-signature-of-other-party", "The signature stands in the place of the other party.", draft(second, nil))
	no("draft-signature-short", "The last byte of the signature is missing.", draft(nil, second[:63]))
	no("draft-one-place", "One signature for two parties.", draft(first))
	no("draft-three-places", "Three signatures for two parties.", draft(first, second, nil))
	later := r
	later.First++
	later.Signatures = [][]byte{nil, second}
	no("draft-changed-after-signing", "It begins on another day than the party has signed.", &testvectors.Bytes{Bytes: later.Bytes()})
}
