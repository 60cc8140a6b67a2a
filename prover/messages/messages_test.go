package messages

import (
	"bytes"
	"reflect"
	"testing"
)

func TestPartsTravelBesideTheText(t *testing.T) {
	sent := &FullEntry{Entry: Entry{ID: "e"}, Bytes: []byte{1}, Receipt: []byte{}, RequestData: []byte{2, 3}}
	text, parts, err := Encode(sent)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != 3 || bytes.Contains(text, []byte("AQ==")) {
		t.Errorf("%d parts, text %s", len(parts), text)
	}
	got := new(FullEntry)
	if err := Decode(text, parts, got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, sent) {
		t.Errorf("got %+v, sent %+v", got, sent)
	}
}

func TestDecodeRefuses(t *testing.T) {
	if err := Decode([]byte(`{"id":`), nil, &Cancel{}); err == nil {
		t.Error("half a text is accepted")
	}
	if err := Decode(nil, [][]byte{{1}, {2}}, &Open{}); err == nil {
		t.Error("two parts are accepted where one is expected")
	}
	if err := Decode(nil, nil, &Cancel{}); err != nil {
		t.Errorf("empty body: %v", err)
	}
}

func TestDaysAreReadSlotBySlot(t *testing.T) {
	d := &Days{SlotMinutes: 30, Start: 1000,
		Wh: []byte{1, 0, 0, 0, 0, 1, 0, 0}, Status: []byte{0, 1},
		Price: []byte{5, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}
	if d.Count() != 2 || d.WhAt(0) != 1 || d.WhAt(1) != 256 || d.StatusAt(1) != Missing || d.TimeAt(1) != 2800 {
		t.Error("slots are read wrongly")
	}
	if p, ok := d.PriceAt(1); !ok || p != -1 {
		t.Errorf("price is %d, %v", p, ok)
	}
	d.Price = nil
	if _, ok := d.PriceAt(0); ok {
		t.Error("a price without prices")
	}
}
