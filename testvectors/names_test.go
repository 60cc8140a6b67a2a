package testvectors_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hushwatt/internal/testdata"
	"hushwatt/testvectors"
)

// rejects are the names of docs/protocol.md that must be refused, by section.
// A name that ends in an asterisk stands for several files.
var rejects = map[string]string{
	"2": `slot-signature-as-head receipt-signature-as-request pairing-record-unsigned recipient-hash-other
		epoch-reused cover-not-minimal cover-outside-range leaf-of-other-epoch ciphertext-of-other-day
		ciphertext-does-not-match-seal`,
	"3": `correction-omitted old-version-used head-older-than-accepted two-heads-one-day chain-one-record-short
		h0-altered record-order-swapped head-of-next-day epoch-gap epoch-overlap-slot-twice
		export-seal-as-import certificate-expired-mid-period n-other-than-certificate`,
	"4": `secret-rational-two-lines secret-rational-priced-kwh secret-out-of-bounds-high
		secret-out-of-bounds-negative claim-without-secret-range falling-block-skipped product-wrong-index
		range-value-equals-bound-plus-one range-minus-one range-segment-swapped range-bound-changed
		range-padding-bit-two amount-plus-one amount-minus-one tie-rounded-down tie-odd
		negative-tie-wrong-way block-cheaper-split-per-line peak-hidden allowance-used-twice
		falling-prices-without-product event-slot-left-out class-not-nearest class-tie-higher-index
		flag-at-threshold-zero`,
	"4.1": `weight-plus-one* weights-rows-swapped weights-slots-swapped weights-functional-swapped weight-sign
		seal-swapped seal-missing seal-repeated seal-identity-appended seal-plus-G
		seal-plus-other-slot-base X-plus-G X-swapped round-dropped round-added A-swapped-0-2
		rounds-swapped A-identity A-noncanonical T-swapped z-plus-q* z-plus-one* all-zero omits-session
		omits-sizes omits-weights omits-seal omits-X omits-last-A omega-before-X r-before-A2
		low-bit-first late-X cancel-E1-E2 cancel-across-bills`,
	"4.1, more": `X-identity X-of-other-omega session-other-period session-other-meter session-other-tariff
		session-other-output session-other-kind z-plus-one-first-slot z-plus-one-last-slot z-plus-one-rho
		z-plus-one-zeta compact-form-as-batchable omits-T1 omits-T2 columns-first challenge-32-bytes
		late-T2 wrong-A1 wrap*`,
	"4.1.1": `digit-4 digit-minus-1 digit-fraction digit-of-other-row digit-of-range digit-rows-swapped
		digit-row-identity digit-row-plus-G masked-slot-skipped peak-hidden-in-a-window
		event-slot-left-out-of-window each-bound-changed tau-before-rows lambda-before-rows
		last-alpha-after-its-challenge digits-low-bit-first omits-digit-row omits-last-digit-row
		omits-last-alpha omits-entries omits-vector-sizes omits-Q omits-W omits-Z alphas-swapped
		alpha-rounds-swapped alpha-identity Q-plus-G W-plus-G Z-plus-G Q-W-swapped
		vector-entry-negative vector-z-plus-one* vector-narg-truncated vector-narg-trailing
		rounded-by-slot-plus-one rounded-by-slot-minus-one net-by-slot-over-the-window
		highest-day-of-window-too-low peak-of-intervals-by-slot peak-slot-excluded-counted
		highest-days-in-a-credit secret-third-with-digits`,
	"4.2": `compact-flavour-offered narg-trailing narg-truncated A-S-swapped header-field-dropped*
		prover-commitment-not-in-instance seal-sum-as-one-element batch-one-bad-of-1000
		batch-two-errors-cancel identity-X identity-A tau-plus-q`,
	"5": `same-id-other-body replay-to-other-supplier replay-other-request second-answer-to-request
		period-overlaps period-gap edge-day-missing* edge-slot-outside-priced receipt-other-submission`,
	"7": `second-release-same-slot draft-signature-of-other-party
		draft-changed-after-signing parent-with-late-meter complement-below-minimum variance-other-set
		uncertified-meter-counted share-replayed mixed-n day-end-other-set day-end-second-opening
		seal-not-sum-of-slots answered-twice bitmap-below-minimum two-bitmaps-one-slot few-neighbours
		present-in-two-parts present-tied-by-one enrolment-exchanged answer-tag-altered answer-to-another-presence
		answer-of-another-meter answer-of-absent-meter answer-of-another-day answer-of-another-slot
		answer-squares-dropped answer-scalar-plus-q announcement-of-far-day aggregator-without-recipient
		release-while-one-is-silent`,
	"6": `tariff-one-hot tariff-super-increasing tariff-marker-digits tariff-one-slot-spike
		rebill-differs-one-slot tariff-block-in-one-hour tariff-demand-of-four-half-hours
		tariff-minimum-of-rounded-lines tariff-names-customer addendum-of-other-tariff
		addendum-events-overlap addendum-too-many-events compile-windows-inside-a-slot
		compile-gap-between-versions compile-two-replace-one compile-rounding-differs`,
}

// accepts are the names, or shapes, that docs/protocol.md says are accepted.
var accepts = map[string]string{
	"4": "bill-zero credit-negative",
	"4.1.1": `peak-of-window peak-of-window-too-high peak-of-intervals highest-day-of-window net-by-slot
		rounded-by-slot peak-slot-excluded`,
	"4.1": `torsion days-1 days-2 three-days days-31 days-32 days-33 days-365 one-day functionals-6
		weights-zero readings-zero readings-at-the-cap weights-negative`,
}

// later are names of what is not built yet: the ledger of released flags.
var later = `flag-threshold-walk`

func TestEveryNameHasItsFile(t *testing.T) {
	all := testvectors.Load(t)
	check := func(lists map[string]string, expected string) {
		for section, names := range lists {
			for _, name := range strings.Fields(names) {
				files := named(all, name)
				if len(files) == 0 {
					t.Errorf("section %s: no vector %s", section, name)
				}
				for _, v := range files {
					if v.Expected != expected {
						t.Errorf("%s is %s, should be %s", v.Name, v.Expected, expected)
					}
				}
			}
		}
	}
	check(rejects, testvectors.Refused)
	check(accepts, testvectors.Accepted)
	for _, name := range strings.Fields(later) {
		if len(named(all, name)) > 0 {
			t.Errorf("%s has a file: it belongs to the lists of what there is", name)
		}
	}
}

// named returns the files of a name, or of a family of names.
func named(all map[string]*testvectors.Vector, name string) (files []*testvectors.Vector) {
	family, many := strings.CutSuffix(name, "*")
	for _, v := range all {
		if v.Name == name || many && (v.Name == family || strings.HasPrefix(v.Name, family+"-")) {
			files = append(files, v)
		}
	}
	return files
}

// The header's fields are bound one by one: 11 of its own, 8 of a segment.
func TestEveryHeaderFieldHasItsFile(t *testing.T) {
	if n := len(named(testvectors.Load(t), "header-field-dropped*")); n != 19 {
		t.Errorf("%d vectors header-field-dropped-…, the header has 19 fields", n)
	}
}

// rejectsList is what follows **Rejects** in the document: names in backticks,
// with commas and remarks in parentheses between them.
var rejectsList = regexp.MustCompile("\\*\\*Rejects\\*\\*((?:[\\s,]*(?:and\\s+)?(?:\\([^)`]*\\)\\s*)?`[^`\\s]+`)+)")

// TestTheDocumentHasNoOtherNames: what the document says is refused, is here or
// is listed as later.
func TestTheDocumentHasNoOtherNames(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata.Root(t), "docs", "protocol*.md"))
	if err != nil {
		t.Fatal(err)
	}
	all, seen := testvectors.Load(t), 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range rejectsList.FindAllStringSubmatch(string(text), -1) {
			for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(list[1], -1) {
				seen++
				if len(named(all, name[1]+"*")) == 0 && !strings.Contains(later, name[1]) {
					t.Errorf("%s: no vector %s", filepath.Base(path), name[1])
				}
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d names found in the document", seen)
	}
	t.Logf("%d names in the document", seen)
}
