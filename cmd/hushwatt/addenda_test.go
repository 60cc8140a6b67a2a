package main

import (
	"encoding/hex"
	"strings"
	"testing"

	"hushwatt/tariffs"
)

// Hours announced later cost what the tariff says of them, in the quote, in the
// bill and for its verifier, who all must know of them.
func TestEventsAnnouncedLater(t *testing.T) {
	t.Parallel()
	d := sealedMonth(t)
	d.tariff("plain.json", `"timeZone": "LOCAL"`, `"timeZone": "LOCAL", "events": [{"displayName": "Cold evening", "rates": [{"unitPrice": "0.6"}], "maximum": 2}]`)
	d.do("tariff sign --tariff plain.json --supplier-dir supplier --out tariff.json")
	calm := d.do(quoteMonth)["total"]

	tariff, err := tariffs.Parse(d.read("plain.json"))
	if err != nil {
		t.Fatal(err)
	}
	d.write("plain-hours.json", []byte(`{"tariff":"`+tariff.ID()+`","events":[{"displayName":"Cold evening","from":"2026-03-03T17:00:00Z","to":"2026-03-03T20:00:00Z"}]}`))
	d.refused(1, "addendum is not signed, and its tariff is", quoteMonth+" --addendum plain-hours.json")
	d.do("tariff sign --addendum plain-hours.json --supplier-dir supplier --out hours.json")
	addendum, err := tariffs.ParseAddendum(d.read("hours.json"))
	if err != nil {
		t.Fatal(err)
	}
	hash := addendum.Hash()

	const hours = " --addendum hours.json"
	if total := d.same(quoteMonth+hours, billMonth+hours, verifyMonth+hours); total == calm {
		t.Errorf("%s with and without the event", total)
	}
	verified := d.do(verifyMonth + hours)
	if got := verified["tariff"].(string); !strings.HasPrefix(got, tariff.ID()+" ") || !strings.HasSuffix(got, hex.EncodeToString(hash[:])) {
		t.Errorf("verified as of %s", got)
	}
	if o := d.try(strings.Fields(verifyMonth + " --json")...); o.code != 1 || !strings.Contains(o.stdout, `"reason":"tariff"`) {
		t.Errorf("without the addendum: exit %d, %s", o.code, o.stdout)
	}
	d.do("tariff check tariff.json" + hours)
	d.do("request --tariff tariff.json --meter home-1 --supplier-dir supplier --out r" + month + hours)
	d.do("bill --export my.hushwatt --key my.key --tariff tariff.json --request r --out asked.bill" + hours)
	d.do("verify --bill asked.bill --tariff tariff.json --authority meter/authority.pub --request r" + hours)

	d.tariff("other.json")
	d.refused(1, "which is not among the tariffs", strings.ReplaceAll(quoteMonth, "tariff.json", "other.json")+hours)
	d.refused(2, "--tariff is missing (or --addendum)", "tariff sign --supplier-dir supplier --out x")
	d.refused(2, "do not go together", "tariff sign --tariff plain.json --addendum hours.json --supplier-dir supplier --out x")
}
