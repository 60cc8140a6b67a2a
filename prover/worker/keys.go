package worker

import (
	"crypto/sha256"
	"errors"

	"hushwatt/meter"
	"hushwatt/prover/messages"
)

// newKey makes the customer's key. A page that asks twice gets two; the newer
// one is shown, all are tried.
func (d *Desk) newKey(j *job, _ *nothing) (any, error) {
	if err := j.phase("storing", "Making your key"); err != nil {
		return nil, err
	}
	key, err := meter.NewKey(meter.XWing)
	if err != nil {
		return nil, err
	}
	if _, err := d.keepKey(key, false); err != nil {
		return nil, err
	}
	return d.changed()
}

// keepKey stores a key and returns its name.
func (d *Desk) keepKey(key *meter.Key, demo bool) (string, error) {
	file, err := key.File()
	if err != nil {
		return "", err
	}
	hash := key.Recipient().Hash()
	name := keyPrefix + short(hash[:])
	if _, err := d.host.Vault.Get(name); err == nil {
		d.keys[name] = key
		return name, nil
	} else if !errors.Is(err, ErrNoRecord) {
		return "", err
	}
	if err := d.put(name, &keyRecord{File: file, Demo: demo, Made: d.host.Now().Unix()}); err != nil {
		return "", err
	}
	d.keys[name] = key
	return name, nil
}

// A heldKey is a key of this device.
type heldKey struct {
	name string
	key  *meter.Key
	keyRecord
}

// heldKeys are all keys here, the newest own one first.
func (d *Desk) heldKeys() ([]heldKey, error) {
	var list []heldKey
	err := d.each(keyPrefix, func(name string, data []byte) error {
		h := heldKey{name: name, key: d.keys[name]}
		if err := unpack(data, &h.keyRecord); err != nil {
			return err
		}
		if h.key == nil {
			key, err := meter.ParseKey(h.File)
			if err != nil {
				return errors.Join(errRecord, err)
			}
			h.key, d.keys[name] = key, key
		}
		at := 0
		for at < len(list) && (!list[at].Demo && h.Demo || list[at].Demo == h.Demo && list[at].Made >= h.Made) {
			at++
		}
		list = append(list[:at], append([]heldKey{h}, list[at:]...)...)
		return nil
	})
	return list, err
}

// backedUp hashes what a recovery file made now would hold, but for details of
// the history that change without anything new to lose.
func (d *Desk) backedUp() ([]byte, error) {
	h := sha256.New()
	for _, prefix := range []string{keyPrefix, entryPrefix, supplierPrefix} {
		names, err := d.host.Vault.Names(prefix)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			h.Write([]byte(n + "\n"))
		}
	}
	return h.Sum(nil), nil
}

// state tells what is on this device.
func (d *Desk) state() (*messages.State, error) {
	s := &messages.State{Version: d.host.Version, Homes: []messages.Home{}, Asks: []messages.Ask{}, Suppliers: []messages.Supplier{}}
	keys, err := d.heldKeys()
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 && !keys[0].Demo {
		s.HasKey, s.Recipient = true, keys[0].key.Recipient().String()
	}
	if s.Clock, err = d.homeClock(); err != nil {
		return nil, err
	}
	if s.Homes, err = d.homes(s.Clock); err != nil {
		return nil, err
	}
	if len(keys) == 0 && len(s.Homes) == 0 { // another page may have forgotten everything
		pending := d.pending
		d.reset()
		d.pending = pending
	}
	entries, err := d.entries()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.State == messages.EntryWaiting && e.Whole {
			s.Waiting++
		}
	}
	if s.Asks, err = d.asks(s.Homes, entries); err != nil {
		return nil, err
	}
	if s.Suppliers, err = d.suppliers(); err != nil {
		return nil, err
	}
	if s.Saved, err = d.isSaved(); err != nil {
		return nil, err
	}
	for _, p := range d.pending {
		s.Pending = append(s.Pending, p.name)
	}
	return s, nil
}

func (d *Desk) isSaved() (bool, error) {
	now, err := d.backedUp()
	if err != nil {
		return false, err
	}
	saved, err := d.host.Vault.Get(savedName)
	if errors.Is(err, ErrNoRecord) {
		return false, nil
	}
	return string(saved) == string(now), err
}
