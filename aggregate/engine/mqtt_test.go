package engine

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"hushwatt/meter"
	"hushwatt/server/store"

	"github.com/nats-io/nats.go/jetstream"
)

// publishMQTT sends messages as a small meter does: MQTT 3.1.1, QoS 1, and waits
// until each was taken. The packets are those of the OASIS standard, sections 3.1 to
// 3.4.
func publishMQTT(t *testing.T, address, topic string, messages [][]byte) {
	t.Helper()
	c := must(net.Dial("tcp", address))
	defer c.Close()
	c.SetDeadline(time.Now().Add(longest))
	text := func(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }
	packet := func(kind byte, body []byte) {
		head := []byte{kind}
		for n := len(body); ; n >>= 7 {
			if n < 0x80 {
				head = append(head, byte(n))
				break
			}
			head = append(head, byte(n)|0x80)
		}
		if _, err := c.Write(append(head, body...)); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(size int, kind byte) []byte {
		answer := make([]byte, size)
		if _, err := io.ReadFull(c, answer); err != nil || answer[0] != kind {
			t.Fatalf("answer %x, %v", answer, err)
		}
		return answer
	}
	packet(0x10, append(append(text("MQTT"), 4, 2, 0, 60), text("meter")...)) // CONNECT
	if a := expect(4, 0x20); a[3] != 0 {
		t.Fatalf("refused: %x", a)
	}
	for i, m := range messages {
		id := binary.BigEndian.AppendUint16(nil, uint16(i+1))
		packet(0x32, append(append(text(topic), id...), m...)) // PUBLISH, QoS 1
		if a := expect(4, 0x40); a[2] != id[0] || a[3] != id[1] {
			t.Fatalf("PUBACK %x", a)
		}
	}
}

// arrived waits until a stream has a number of messages.
func (g *grid) arrived(s jetstream.Stream, n int) {
	g.t.Helper()
	g.until(fmt.Sprintf("%d messages come", n), func() bool { return int(must(s.Info(context.Background())).State.Msgs) >= n })
}

// Meters may speak MQTT, which knows no message ids: what they send twice counts
// once all the same.
func TestRecordsOverMQTT(t *testing.T) {
	g := newGrid(t)
	g.start(g.authority(0).Run)
	g.start(g.authority(1).Run)
	c := g.collector()
	g.start(c.Run)
	b := g.bus()
	g.clock.set(moment{firstDay, 1}.start(48))
	var messages [][]byte
	for place, l := range g.live {
		for _, r := range must(l.Slot(0, []meter.Reading{{Wh: g.readings[place][0]}})) {
			messages = append(messages, r.Bytes())
		}
	}
	topic := strings.ReplaceAll(b.RecordSubject(firstDay, 0), ".", "/")
	messages = append(messages, messages[:3]...)
	publishMQTT(t, g.mqtt, topic, messages)
	g.arrived(b.records, len(messages)) // MQTT says that it was taken, not yet that it is on the stream
	g.clock.set(moment{firstDay, 1}.start(48).Add(cutOff))
	g.expect(g.await(c.Store.(*store.Party), 0), 0, everyone)
}
