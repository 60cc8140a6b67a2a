package worker

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"hushwatt/prover"
	"hushwatt/prover/messages"
)

// What leaves the device and what stays.

// likely is the highest reading that the count of bits supposes, Wh in half an
// hour: the same as `hushwatt tariff check`.
const likely = 1<<16 - 1

func (b *draft) sayBits() {
	perSlot := int64(likely) * b.use.step / 1800
	if cap := int64(b.use.most); cap > 0 && cap < perSlot {
		perSlot = cap
	}
	t := b.told
	t.Bits = b.compiled.Bits(perSlot)
	month := "these days"
	if monthWords(b.compiled.Start, b.compiled.End) != "" {
		month = "your month"
	}
	t.BitsText = fmt.Sprintf("At most %s about %s can be in this bill.", counted(t.Bits, "bit", "bits"), month)
	t.BitsMeaning = fmt.Sprintf("The amount is one of at most 2 to the power of %d. Whatever you did in %s, your supplier is told which of these it is, and nothing more: "+
		"about as much as %s answered with yes or no. This supposes that no reading is above %s kWh.",
		t.Bits, slotsWords(t.Slots, int(b.use.longest/60)), counted(t.Bits, "question", "questions"), kWh(perSlot))
}

// leaves lists what a bill tells. Sizes are exact once the proof is made; they
// depend on the period and the tariff and never on the readings.
func (b *draft) leaves() []messages.Fact {
	t := b.told
	minutes := int(b.use.longest / 60)
	facts := []messages.Fact{
		{Code: "total", Text: fmt.Sprintf("%s for %s", t.Total.Text, t.Period)},
		{Code: "tariff", Text: "which tariff: " + t.Tariffs[0].Name},
		{Code: "meter", Text: "your meter’s number and its seals", More: "Meter " + list(t.Meters) + ". A seal proves what was measured and tells nothing about it."},
	}
	if t.Missing > 0 {
		facts = append(facts, messages.Fact{Code: "missing", Text: slotsWords(t.Missing, minutes) + " that your meter missed, and which", Slots: t.MissingSlots})
	} else {
		facts = append(facts, messages.Fact{Code: "missing", Text: "that your meter missed nothing"})
	}
	if t.Estimated > 0 {
		facts = append(facts, messages.Fact{Code: "estimated", Text: slotsWords(t.Estimated, minutes) + " that your meter estimated, and which", Slots: t.EstimatedSlots})
	}
	if n := b.corrected(); n > 0 {
		facts = append(facts, messages.Fact{Code: "corrected", Text: counted(n, "correction", "corrections") + " by your meter, and of which days"})
	}
	proof := messages.Fact{Code: "proof", Text: "a proof that the amount is right", More: "Its size depends on the tariff and the period, never on what you used."}
	if t.Proof != nil {
		proof.Text = fmt.Sprintf("a proof, %s bytes; all together %s bytes", count(int64(t.Proof.ProofSize)), count(int64(t.Proof.Size)))
	}
	return append(facts, proof, messages.Fact{Code: "when", Text: "when you send it, and your network address", More: "As with every page on the internet."})
}

// corrected counts the meter's corrections, all of which a bill carries.
func (b *draft) corrected() int {
	n := 0
	for _, f := range b.files {
		n += f.export.Export.Corrections()
	}
	return n
}

func (b *draft) stays() []messages.Fact {
	t := b.told
	return []messages.Fact{
		{Code: "readings", Text: "all " + slotsWords(t.Slots, int(b.use.longest/60)) + " of readings", More: "Not one of them, and no sum of some of them, is in what is sent."},
		{Code: "hours", Text: "which hours you use power"},
		{Code: "lines", Text: "each line of the bill"},
		{Code: "looking", Text: "everything you looked at"},
		{Code: "key", Text: "your key"},
	}
}

// piecesOf says what the bytes of a bill are.
func piecesOf(b *prover.Bill, size int) []messages.Piece {
	request := len(b.Request.Bytes())
	outputs, records := 0, 0
	for _, o := range b.Submission.Outputs {
		outputs += len(o)
	}
	for i := range b.Submission.Segments {
		records += len(b.Submission.Segments[i].Bytes())
	}
	proof := len(b.Submission.Proof)
	return []messages.Piece{
		{Name: "The request, sent back as it came", Size: request},
		{Name: "The amount", Size: outputs},
		{Name: "Your meter’s seals and signatures", Size: records},
		{Name: "The proof", Size: proof},
		{Name: "A random number that makes it count once, and wrapping", Size: size - request - outputs - records - proof},
	}
}

func hashText(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
