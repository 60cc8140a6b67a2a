package engine

import (
	"bytes"
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

// mqttMeter speaks as a small meter does: MQTT 3.1.1. The packets are those of the OASIS
// standard, sections 3.1 to 3.4, 3.8 and 3.9.
type mqttMeter struct {
	t    *testing.T
	conn net.Conn
	sent uint16
}

func dialMQTT(t *testing.T, address, name string) *mqttMeter {
	t.Helper()
	m := &mqttMeter{t: t, conn: must(net.Dial("tcp", address))}
	t.Cleanup(func() { m.conn.Close() })
	m.conn.SetDeadline(time.Now().Add(longest))
	m.packet(0x10, append(append(mqttText("MQTT"), 4, 2, 0, 0), mqttText(name)...)) // CONNECT
	if a := m.expect(0x20); a[1] != 0 {
		t.Fatalf("refused: %x", a)
	}
	return m
}

func mqttText(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}

func (m *mqttMeter) packet(kind byte, body []byte) {
	m.t.Helper()
	if _, err := m.conn.Write(append(append([]byte{kind}, binary.AppendUvarint(nil, uint64(len(body)))...), body...)); err != nil {
		m.t.Fatal(err)
	}
}

// expect returns the body of the next packet of a kind.
func (m *mqttMeter) expect(kind byte) []byte {
	m.t.Helper()
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(m.conn, head); err != nil {
			m.t.Fatalf("no answer: %v", err)
		}
		size, shift := int(head[1]&0x7f), 0
		for last := head[1:]; last[0] >= 0x80; {
			must(io.ReadFull(m.conn, last))
			shift += 7
			size |= int(last[0]&0x7f) << shift
		}
		body := make([]byte, size)
		must(io.ReadFull(m.conn, body))
		if head[0] == kind {
			return body
		}
	}
}

// publish sends messages with QoS 1, and waits until each was taken.
func (m *mqttMeter) publish(topic string, messages ...[]byte) {
	m.t.Helper()
	for _, data := range messages {
		m.sent++
		id := binary.BigEndian.AppendUint16(nil, m.sent)
		m.packet(0x32, append(append(mqttText(topic), id...), data...)) // PUBLISH
		if a := m.expect(0x40); !bytes.Equal(a, id) {
			m.t.Fatalf("PUBACK %x", a)
		}
	}
}

// subscribe asks for a topic with QoS 0.
func (m *mqttMeter) subscribe(topic string) {
	m.t.Helper()
	m.packet(0x82, append(append([]byte{0, 9}, mqttText(topic)...), 0)) // SUBSCRIBE
	if a := m.expect(0x90); !bytes.Equal(a, []byte{0, 9, 0}) {
		m.t.Fatalf("SUBACK %x", a)
	}
}

// hear returns the next message that comes.
func (m *mqttMeter) hear() []byte {
	m.t.Helper()
	body := m.expect(0x30) // PUBLISH, QoS 0
	return body[2+binary.BigEndian.Uint16(body):]
}

func mqttTopic(subject string) string {
	return strings.NewReplacer(".", "/", "*", "+", ">", "#").Replace(subject)
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
	messages = append(messages, messages[:3]...)
	dialMQTT(t, g.mqtt, "meter").publish(mqttTopic(b.RecordSubject(firstDay, 0)), messages...)
	g.arrived(b.records, len(messages)) // MQTT says that it was taken, not yet that it is on the stream
	g.clock.set(moment{firstDay, 1}.start(48).Add(cutOff))
	g.expect(g.await(c.Store.(*store.Party), 0), 0, everyone)
}

// A meter of a masking registry may speak MQTT: it hears who is present while it listens,
// and if it did not listen then, when it is said again.
func TestMaskedOverMQTT(t *testing.T) {
	g := gridOf(t, true)
	a := g.aggregator()
	g.start(a.Run)
	b := g.bus()
	s := newSpeakers(g)
	s.listen(g.bus(), func(_, place int) bool { return place > 0 })
	for slot := range 2 {
		end := moment{firstDay, uint16(slot)}.start(48).Add(30 * time.Minute)
		g.clock.set(end)
		m := dialMQTT(t, g.mqtt, "meter-0")
		if slot == 0 {
			m.subscribe(mqttTopic(b.PresenceSubject()))
		}
		for _, r := range must(g.live[0].Slot(slot, []meter.Reading{{Wh: g.readings[0][slot]}})) {
			m.publish(mqttTopic(b.RecordSubject(firstDay, uint16(slot))), r.Bytes())
		}
		g.send(b, slot, func(place int) bool { return place > 0 })
		g.arrived(b.records, (slot+1)*homes)
		g.clock.set(end.Add(cutOff))
		if slot == 1 { // it was away when the others heard it
			g.arrived(b.answers, homes+1+homes-1)
			m.subscribe(mqttTopic(b.PresenceSubject()))
			g.clock.set(end.Add(cutOff + answering/timesSaid))
		}
		p := must(meter.ParsePresence(m.hear(), g.registry))
		if p.Slot != uint16(slot) {
			t.Fatalf("heard of slot %d in slot %d", p.Slot, slot)
		}
		answer := must(g.live[0].Answer(p, meter.ImportChannel)).Bytes()
		m.publish(mqttTopic(b.AnswerSubject(p.Day, p.Slot)), answer, answer)
		g.expect(g.await(a.Store.(*store.Party), slot), slot, everyone)
		m.conn.Close()
	}
}
