package meter

import (
	"testing"

	"hushwatt/internal/wire"
	"hushwatt/testvectors"
)

// TestVectorFiles keeps the files of testvectors/meter: the vectors of this
// package, with the input of each kind field by field.
func TestVectorFiles(t *testing.T) {
	var list []testvectors.Vector
	for _, v := range vectors(t) {
		about, ok := vectorComments[v.Name]
		if !ok {
			t.Errorf("%s: has no comment", v.Name)
		}
		f := testvectors.Vector{Name: v.Name, Section: "3", Comment: about.comment, Kind: v.Kind,
			Base: about.base, Expected: testvectors.Accepted, Input: v.input(t)}
		if about.section2 {
			f.Section = "2"
		}
		if v.Want != testvectors.Accepted {
			f.Expected = testvectors.Refused
			if v.Want != testvectors.Refused {
				f.Reason = v.Want
			}
		}
		list = append(list, f)
	}
	testvectors.Sync(t, "meter", list)
}

// input writes a vector's bytes as the fields of its kind.
func (v *vector) input(t *testing.T) any {
	t.Helper()
	switch v.Kind {
	case "export":
		var in exportInput
		must(t, wire.Unmarshal(v.Input, &in))
		return &testvectors.Export{Key: string(in.KeyFile), Exports: hexes(in.Exports)}
	case "delegation":
		var in delegationInput
		must(t, wire.Unmarshal(v.Input, &in))
		return &testvectors.Delegation{Delegation: in.Delegation, Export: in.Export}
	case "segments":
		var in segmentsInput
		must(t, wire.Unmarshal(v.Input, &in))
		out := &testvectors.Segments{Authorities: in.Authorities, Segments: hexes(in.Segments), Start: in.Start, End: in.End}
		for _, a := range in.Accepted {
			out.Accepted = &testvectors.State{Head: a.Head, Corrections: mustMarshal(a.Corrections)}
		}
		return out
	case "certificate":
		return &testvectors.Bytes{Bytes: v.Input}
	}
	return &testvectors.Text{Text: string(v.Input)}
}

func hexes(list [][]byte) []testvectors.Hex {
	out := []testvectors.Hex{}
	for _, b := range list {
		out = append(out, b)
	}
	return out
}

// about is what a file says of a vector beside its input.
type about struct {
	section2 bool
	base     string // "" if it is accepted
	comment  string
}

func merged(groups ...map[string]about) map[string]about {
	all := map[string]about{}
	for _, g := range groups {
		for name, a := range g {
			if _, twice := all[name]; twice {
				panic(name + " has two comments")
			}
			all[name] = a
		}
	}
	return all
}

// group gives several vectors one section and base.
func group(section2 bool, base string, comments map[string]string) map[string]about {
	g := map[string]about{}
	for name, c := range comments {
		g[name] = about{section2, base, c}
	}
	return g
}

var vectorComments = merged(
	group(false, "", map[string]string{
		"export-plain":               "Four days, import and export, never corrected.",
		"export-corrected":           "The same days, one of them corrected.",
		"segment":                    "Three days of six, nothing known before.",
		"corrections":                "Three corrections, two of them of one day.",
		"corrections-known-again":    "All corrections are sent, one of them was accepted before.",
		"corrections-after-accepted": "Only the corrections after the accepted one are sent.",
		"same-head-again":            "The state head is the one that was accepted before.",
		"two-epochs":                 "The meter was paired anew inside the period.",
		"meter-replaced-at-noon":     "A meter of 48 slots follows one of 24 in the middle of a day.",
	}),
	group(true, "", map[string]string{
		"delegation":            "Keys of nine days.",
		"delegation-one-day":    "The key of a single day, one leaf of the tree.",
		"delegation-whole-tree": "The root, which is the cover of all days.",
		"authority":             "An authority's public key.",
		"recipient-x25519":      "A customer's recipient string, X25519.",
		"recipient-x-wing":      "A customer's recipient string, X-Wing.",
		"key-file-x25519":       "A customer's key file, X25519.",
		"key-file-x-wing":       "A customer's key file, X-Wing.",
		"certificate":           "A meter's certificate.",
	}),
	group(true, "export-corrected", map[string]string{
		"pairing-record-unsigned":           "The pairing record has no signature.",
		"pairing-record-signed-as-head":     "The pairing record is signed under the label of heads.",
		"recipient-hash-other":              "The meter's key signed a pairing record that names another recipient.",
		"pairing-secret-of-other-recipient": "The meter's share of the tenancy key is sealed for another recipient.",
		"pairing-secret-exchanged":          "Another share than the one that the days were sealed under.",
		"pairing-epoch-other":               "The pairing record names another epoch.",
		"ciphertext-of-other-day":           "Two days have each other's ciphertexts, and the meter signed it.",
		"ciphertext-of-other-channel":       "Import and export have each other's ciphertexts.",
		"ciphertext-of-other-version":       "A day and its correction have each other's ciphertexts.",
		"ciphertext-bit-flipped":            "One bit of a ciphertext is wrong, and the meter signed it.",
		"ciphertext-does-not-match-seal":    "The ciphertext decrypts to other readings than the seal holds.",
	}),
	group(false, "export-corrected", map[string]string{
		"ciphertext-bit-flipped-not-signed": "One bit of a ciphertext is wrong; the signed ciphertext chain shows it.",
		"reading-above-cap":                 "A sealed reading is above the certificate's cap.",
		"missing-slot-holds-energy":         "Slots signed as missing hold energy.",
		"status-altered-not-signed":         "A status is not the one that the meter signed.",
		"status-unknown":                    "A status of 5, which has no meaning.",
		"seal-of-other-day":                 "Two days have each other's seals, and the meter signed it.",
		"head-between-unsigned":             "The signature of a head in the middle is zero.",
		"head-signed-as-slots":              "The last head is signed under the label of slot records.",
		"heads-one-short":                   "The last head is left out.",
		"correction-of-day-not-sealed":      "A correction of a day that was never sealed.",
		"correction-version-skipped":        "The first correction of a day has version 2.",
		"correction-reason-unknown":         "A correction without a reason.",
		"export-format-other":               "The file says that it is of another format.",
		"export-certificate-of-other-key":   "The certificate is of another signing key.",
		"export-trailing-byte":              "One byte follows the file.",
	}),
	group(true, "export-plain", map[string]string{
		"epoch-reused": "A meter whose memory was rolled back uses an epoch number again.",
	}),
	group(true, "delegation", map[string]string{
		"cover-not-minimal":         "Two children stand in place of their parent.",
		"cover-outside-range":       "The cover holds a day after the range.",
		"cover-short-of-range":      "The cover lacks the last day of the range.",
		"cover-order-swapped":       "Two nodes of the cover are exchanged.",
		"delegation-of-other-epoch": "Keys of another epoch, which says so.",
		"leaf-of-other-epoch":       "Keys of another epoch, which claims to be this one.",
		"delegation-of-other-days":  "None of the days is in the export.",
	}),
	group(true, "delegation-whole-tree", map[string]string{
		"cover-node-beside-the-tree": "A node with an index that its depth does not have.",
	}),
	group(true, "segment", map[string]string{
		"slot-signature-as-head":             "The period head is signed under the label of slot records.",
		"receipt-signature-as-head":          "The state head is signed under the label of receipts.",
		"head-signature-zero":                "The period head's signature is zero.",
		"head-signature-short":               "The period head has no signature.",
		"head-signature-plus-order":          "The scalar of a signature is encoded as itself plus the group's order.",
		"certificate-altered":                "The certificate's cap is not the one that was signed.",
		"certificate-signed-as-head":         "The authority signed the certificate under the label of heads.",
		"certificate-key-of-small-order":     "The authority certified a key of small order.",
		"certificate-of-self-made-authority": "The certificate is by an authority that nobody trusts.",
	}),
	group(false, "segment", map[string]string{
		"h0-altered":                             "The chain value before the first day is another one.",
		"chain-one-record-short":                 "The first day is left out.",
		"chain-last-record-short":                "The last day is left out.",
		"record-order-swapped":                   "Two days are exchanged, seals and statuses.",
		"head-of-next-day":                       "The period head is that of the day after.",
		"head-of-day-before":                     "The period head is that of the day before.",
		"export-seal-as-import":                  "Import and export of a day have each other's seals.",
		"export-statuses-as-import":              "Import and export of a day have each other's statuses.",
		"missing-as-measured":                    "Every slot is said to be measured.",
		"seal-bit-flipped":                       "One bit of a seal is wrong.",
		"day-shifted":                            "The same records, said to be a day later.",
		"epoch-other":                            "The segment names another epoch than the heads.",
		"status-unknown-in-segment":              "A status of 5, which has no meaning.",
		"columns-not-of-one-length":              "The statuses are one byte short.",
		"segment-without-days":                   "There is no day.",
		"before-not-a-hash":                      "The chain value before the first day has 31 bytes.",
		"corrections-left-out-that-nobody-knows": "A correction is said to be known that was never accepted.",
		"state-head-behind-period-head":          "The state head is older than the period head.",
		"state-head-repeats-period-head":         "The period head stands in place of the state head too, which is to be left out then.",
		"state-head-trailing-byte":               "A byte follows the state head.",
		"certificate-expired-mid-period":         "The certificate ends on the second of three days.",
		"certificate-not-yet-valid":              "The certificate begins on the second of three days.",
		"certificate-of-other-meter":             "The certificate is of another meter.",
		"certificate-of-other-key":               "The certificate is of another signing key.",
		"n-other-than-certificate":               "Records of 48 slots under a certificate for 24.",
		"n-field-other":                          "The segment says 48 slots, records and certificate have 24.",
		"seal-identity":                          "A seal is the identity, and the meter signed it.",
		"seal-not-canonical":                     "A seal is no encoding of an element, and the meter signed it.",
		"segment-trailing-byte":                  "One byte follows the segment.",
	}),
	group(false, "corrections", map[string]string{
		"correction-omitted":                "The last correction is left out.",
		"correction-in-the-middle-omitted":  "The second correction is left out.",
		"correction-added":                  "A correction is sent twice.",
		"old-version-used":                  "Two corrections of a day are exchanged, so that the older one would count.",
		"old-version-renumbered":            "The same, with their version numbers exchanged too.",
		"correction-altered":                "A status of a correction is another one.",
		"correction-of-other-day":           "A correction is said to be of the day before.",
		"correction-reason-altered":         "A correction has another reason.",
		"correction-reason-zero":            "A correction without a reason.",
		"state-head-left-out":               "The state head is left out, so that the corrections belong to no head.",
		"record-replaced-by-its-correction": "The day's record holds the seal of its correction.",
	}),
	group(false, "same-head-again", map[string]string{
		"head-older-than-accepted":    "The state head is older than the one that was accepted before.",
		"head-with-fewer-corrections": "The state head knows of fewer corrections than the one that was accepted before.",
		"accepted-of-other-chain":     "What was accepted before belongs to another chain of the same days.",
		"two-heads-one-day":           "The meter signed two different heads for one day.",
	}),
	group(false, "corrections-after-accepted", map[string]string{
		"state-head-left-out-with-corrections": "State head and corrections are left out; the period head is behind what was accepted.",
		"corrections-left-out-too-many":        "A correction is left out that was not accepted before.",
	}),
	group(false, "two-epochs", map[string]string{
		"epoch-gap":               "The second epoch begins a day late.",
		"first-day-missing":       "The first day of the period is left out.",
		"last-day-missing":        "The last day of the period is left out.",
		"segment-twice":           "One segment is sent twice, the other not.",
		"segments-share-a-day":    "A day is in two segments.",
		"segments-in-wrong-order": "The later segment comes first.",
		"no-segment":              "There is no segment.",
	}),
	group(false, "meter-replaced-at-noon", map[string]string{
		"meter-replaced-slot-lost": "The new meter begins one slot late.",
		"epoch-overlap-slot-twice": "The new meter begins one slot early: a slot is billed twice.",
	}),
	group(true, "authority", map[string]string{
		"authority-upper-case":    "Upper case, which Bech32 would allow.",
		"authority-cut-off":       "The last letter is missing.",
		"authority-newline":       "A newline follows.",
		"authority-is-recipient":  "A recipient string.",
		"authority-small-order":   "A key of small order.",
		"authority-not-canonical": "A key that is no canonical encoding of a point.",
		"authority-33-bytes":      "A key of 33 bytes.",
	}),
	group(true, "recipient-x25519", map[string]string{
		"recipient-letter-changed":          "One letter is another one.",
		"recipient-letter-outside-alphabet": "A letter that the alphabet does not have.",
		"recipient-kem-unknown":             "A KEM that does not exist.",
		"recipient-key-short":               "The key is one byte short.",
		"recipient-empty":                   "There are no data.",
	}),
	group(true, "recipient-x-wing", map[string]string{
		"recipient-ml-kem-not-reduced": "Coefficients of the ML-KEM key are above its modulus.",
	}),
	group(true, "key-file-x25519", map[string]string{
		"key-file-without-newline":   "The last newline is missing.",
		"key-file-other-recipient":   "The comment names another recipient than the secret gives.",
		"key-file-windows-line-ends": "Lines end in CR LF.",
		"key-file-trailing-line":     "An empty line follows.",
	}),
	group(true, "certificate", map[string]string{
		"certificate-signature-flipped": "One bit of the signature is wrong.",
		"certificate-trailing":          "One byte follows the certificate.",
	}),
)
