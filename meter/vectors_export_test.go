package meter

import (
	"bytes"
	"testing"

	"hushwatt/internal/wire"
)

// exportVectors are what a customer opens, and what the customer must refuse even
// if the meter's own key signed it.
func exportVectors(t testing.TB) []vector {
	st := newStage(t, "exports", smallSetup(ImportAndExport))
	days := makeDays(st.meter.Certificate(), firstDay, 4, 1)
	st.seal(t, days, 0)
	plain := st.copyExport(st.meter.Export())
	other := makeDays(st.meter.Certificate(), firstDay+1, 1, 2)
	st.seal(t, other, Estimate)
	good := st.copyExport(st.meter.Export())
	list := []vector{st.exportVector("export-plain", "accepted", plain), st.exportVector("export-corrected", "accepted", good)}

	// mutate adds a reject: change alters a copy of the corrected export.
	mutate := func(name string, resign bool, change func(f *exportFile, e *Export)) {
		e := st.copyExport(good)
		change(&e.file, e)
		if resign {
			st.resign(e)
		}
		list = append(list, st.exportVector(name, "refused", e))
	}
	mutate("pairing-record-unsigned", false, func(f *exportFile, _ *Export) { f.Pairing.Signature = nil })
	mutate("pairing-record-signed-as-head", false, func(f *exportFile, _ *Export) {
		f.Pairing.Signature = signHead(st.meter.key, f.Pairing.body())
	})
	stranger := st.newCustomer(X25519)
	mutate("recipient-hash-other", true, func(f *exportFile, _ *Export) {
		h := stranger.Recipient().Hash()
		f.Pairing.Recipient = h[:]
	})
	mutate("pairing-secret-of-other-recipient", true, func(f *exportFile, _ *Export) {
		var err error
		f.Pairing.Encapsulated, f.Pairing.Ciphertext, err = stranger.Recipient().envelope(st.rand, f.Pairing.context(), st.bytes(secretSize))
		must(t, err)
	})
	mutate("pairing-secret-exchanged", true, func(f *exportFile, _ *Export) {
		var err error
		f.Pairing.Encapsulated, f.Pairing.Ciphertext, err = st.key.Recipient().envelope(st.rand, f.Pairing.context(), st.bytes(secretSize))
		must(t, err)
	})
	mutate("pairing-epoch-other", true, func(f *exportFile, e *Export) {
		f.Pairing.Epoch, e.scope.epoch = 2, 2
	})
	mutate("ciphertext-of-other-day", true, func(f *exportFile, e *Export) {
		_, _, a := e.day(0)
		_, _, b := e.day(2)
		swap(a, b)
	})
	mutate("ciphertext-of-other-channel", true, func(_ *exportFile, e *Export) {
		_, _, a := e.day(0)
		swap(a[:len(a)/2], a[len(a)/2:])
	})
	mutate("ciphertext-of-other-version", true, func(f *exportFile, e *Export) {
		_, _, a := e.day(1)
		swap(a, f.Corrections[0].Ciphertexts)
	})
	mutate("ciphertext-bit-flipped", true, func(f *exportFile, _ *Export) { f.Ciphertexts[5] ^= 1 })
	mutate("ciphertext-bit-flipped-not-signed", false, func(f *exportFile, _ *Export) { f.Ciphertexts[5] ^= 1 })
	mutate("ciphertext-does-not-match-seal", true, func(_ *exportFile, e *Export) {
		seals, _, ciphertexts := e.day(0)
		wh := bytes2wh(days[0].Channels[0].Wh)
		wh[3]++
		e.reseal(st, 0, seals[:32], ciphertexts[:ciphertextSize(24)], wh, days[0].Channels[0].Wh)
	})
	mutate("reading-above-cap", true, func(f *exportFile, e *Export) {
		seals, _, ciphertexts := e.day(0)
		wh := bytes2wh(days[0].Channels[0].Wh)
		wh[3] = MaxCap
		f.Certificate.Cap = 5000
		f.Certificate = st.certify(f.Certificate, st.meter.key)
		e.reseal(st, 0, seals[:32], ciphertexts[:ciphertextSize(24)], wh, wh)
	})
	mutate("missing-slot-holds-energy", true, func(_ *exportFile, e *Export) {
		_, statuses, _ := e.day(0)
		for i := range statuses {
			statuses[i] = byte(Missing)<<4 | byte(Missing)
		}
	})
	mutate("status-altered-not-signed", false, func(_ *exportFile, e *Export) {
		_, statuses, _ := e.day(0)
		statuses[0] ^= 0x20
	})
	mutate("status-unknown", true, func(_ *exportFile, e *Export) {
		_, statuses, _ := e.day(0)
		statuses[0] = 0x50
	})
	mutate("seal-of-other-day", true, func(_ *exportFile, e *Export) {
		a, _, _ := e.day(0)
		b, _, _ := e.day(2)
		swap(a, b)
	})
	mutate("head-between-unsigned", false, func(f *exportFile, _ *Export) { clear(f.Signatures[:64]) })
	mutate("head-signed-as-slots", false, func(f *exportFile, e *Export) {
		h := &e.heads[len(e.heads)-1]
		copy(f.Signatures[len(f.Signatures)-64:], sign(st.meter.key, wire.LabelSlots, h.body()))
	})
	mutate("heads-one-short", false, func(f *exportFile, _ *Export) {
		k := len(f.HeadDays) - 1
		f.HeadDays, f.HeadCounts, f.Signatures = f.HeadDays[:k], f.HeadCounts[:k], f.Signatures[:64*k]
	})
	mutate("correction-of-day-not-sealed", false, func(f *exportFile, _ *Export) { f.Corrections[0].Correction.Day = firstDay + 9 })
	mutate("correction-version-skipped", false, func(f *exportFile, _ *Export) { f.Corrections[0].Correction.Version = 2 })
	mutate("correction-reason-unknown", false, func(f *exportFile, _ *Export) { f.Corrections[0].Correction.Reason = 0 })
	mutate("export-format-other", false, func(f *exportFile, _ *Export) { f.Format = "hushwatt/v2/export" })
	mutate("export-certificate-of-other-key", false, func(f *exportFile, _ *Export) {
		f.Certificate = st.certify(f.Certificate, st.newKey())
	})

	trailing := st.exportVector("export-trailing-byte", "refused", good)
	var in exportInput
	must(t, wire.Unmarshal(trailing.Input, &in))
	in.Exports[0] = append(in.Exports[0], 0)
	trailing.Input = mustMarshal(&in)
	list = append(list, trailing)

	twin := st.twin()
	_, err := twin.Seal(st.key.Recipient(), days, 0)
	must(t, err)
	return append(list, st.exportVector("epoch-reused", "refused", plain, twin.Export()))
}

// reseal writes a seal of some readings and a ciphertext of others, as only the
// meter could.
func (e *Export) reseal(st *stage, channel int, seal, ciphertext []byte, sealedWh, sentWh []uint32) {
	root := st.meter.epochs[0].root
	key := descend(root, 0, treeDepth, e.file.First)
	s := sealReadings(&key, channel, 0, sealedWh, false)
	copy(seal, s.bytes())
	h := &readingsHeader{Meter: e.file.Certificate.Meter, Epoch: e.scope.epoch, Day: e.file.First,
		N: e.file.Certificate.N, Channel: uint8(channel)}
	copy(ciphertext, encryptReadings(&key, h, seal, sentWh))
}

func bytes2wh(wh []uint32) []uint32 { return append([]uint32(nil), wh...) }

// swap exchanges the contents of two slices of one length.
func swap(a, b []byte) {
	c := bytes.Clone(a)
	copy(a, b)
	copy(b, c)
}

func delegationVectors(t testing.TB) []vector {
	st := newStage(t, "delegations", smallSetup(ImportOnly))
	st.seal(t, makeDays(st.meter.Certificate(), firstDay, 12, 1), 0)
	first := st.copyExport(st.meter.Export())
	former := st.key
	st.key = st.newCustomer(XWing)
	st.seal(t, makeDays(st.meter.Certificate(), firstDay+12, 12, 2), 0)
	second := st.copyExport(st.meter.Export())

	var list []vector
	add := func(name, want string, e *Export, key *Key, from, to uint16, change func(*Delegation)) {
		d, err := e.Delegate(key, from, to)
		must(t, err)
		if change != nil {
			change(d)
		}
		b, err := d.Bytes()
		must(t, err)
		list = append(list, vector{name, "delegation", mustMarshal(&delegationInput{Delegation: b, Export: first.Bytes()}), want})
	}
	const from, to = firstDay + 1, firstDay + 9
	add("delegation", "accepted", first, former, from, to, nil)
	add("delegation-one-day", "accepted", first, former, from, from, nil)
	add("delegation-whole-tree", "accepted", first, former, 0, 1<<16-1, nil)
	add("cover-not-minimal", "refused", first, former, from, to, func(d *Delegation) {
		i := widest(d)
		n := d.Nodes[i]
		k := node(n.Key)
		var halves []DelegatedNode
		for bit := range uint16(2) {
			c := k.child(int(n.Depth)+1, bit)
			halves = append(halves, DelegatedNode{Depth: n.Depth + 1, Index: 2*n.Index + bit, Key: c[:]})
		}
		d.Nodes = append(append(append([]DelegatedNode{}, d.Nodes[:i]...), halves...), d.Nodes[i+1:]...)
	})
	add("cover-outside-range", "refused", first, former, from, to, func(d *Delegation) { d.Last -= 1 })
	add("cover-short-of-range", "refused", first, former, from, to, func(d *Delegation) { d.Last += 1 })
	add("cover-order-swapped", "refused", first, former, from, to, func(d *Delegation) { d.Nodes[0], d.Nodes[1] = d.Nodes[1], d.Nodes[0] })
	add("cover-node-beside-the-tree", "refused", first, former, 0, 1<<16-1, func(d *Delegation) { d.Nodes[0].Index = 1 })
	add("delegation-of-other-epoch", "refused", second, st.key, from, to, nil)
	add("leaf-of-other-epoch", "refused", second, st.key, from, to, func(d *Delegation) { d.Epoch = 1 })
	add("delegation-of-other-days", "refused", first, former, firstDay+40, firstDay+50, nil)
	return list
}

// widest returns the place of the node nearest to the root.
func widest(d *Delegation) int {
	best := 0
	for i, n := range d.Nodes {
		if n.Depth < d.Nodes[best].Depth {
			best = i
		}
	}
	return best
}
