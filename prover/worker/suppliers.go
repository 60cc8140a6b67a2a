package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hushwatt/prover"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// Whom the customer deals with, and their tariffs. The supplier of the page's
// own origin is trusted when it is first met, and its key is kept from then on;
// any other is asked about.

// suppliers lists the known ones.
func (d *Desk) suppliers() ([]messages.Supplier, error) {
	list := []messages.Supplier{}
	err := d.each(supplierPrefix, func(_ string, data []byte) error {
		var r supplierRecord
		if err := unpack(data, &r); err != nil {
			return err
		}
		list = append(list, d.describeSupplier(&r))
		return nil
	})
	return list, err
}

func (d *Desk) describeSupplier(r *supplierRecord) messages.Supplier {
	return messages.Supplier{Key: r.Key, Name: r.Name, Short: abbreviate(r.Key), Known: true, Own: r.Origin != "" && r.Origin == d.origin}
}

// supplier describes a key, known or not.
func (d *Desk) supplier(key prover.Supplier) (messages.Supplier, error) {
	if key == (prover.Supplier{}) {
		return messages.Supplier{Name: "nobody"}, nil
	}
	data, err := d.host.Vault.Get(supplierName(key))
	if errors.Is(err, ErrNoRecord) {
		text := key.String()
		return messages.Supplier{Key: text, Name: "an unknown supplier", Short: abbreviate(text)}, nil
	}
	if err != nil {
		return messages.Supplier{}, err
	}
	var r supplierRecord
	if err := unpack(data, &r); err != nil {
		return messages.Supplier{}, err
	}
	return d.describeSupplier(&r), nil
}

// own returns the supplier of the page's origin, meeting it if that has not
// happened yet; nil if it cannot be reached.
func (d *Desk) own(j *job) (*prover.Supplier, error) {
	find := func() (*prover.Supplier, error) {
		known, err := d.suppliers()
		if err != nil {
			return nil, err
		}
		for _, s := range known {
			if s.Own {
				key, err := prover.ParseSupplier(s.Key)
				return &key, err
			}
		}
		return nil, nil
	}
	if key, err := find(); key != nil || err != nil {
		return key, err
	}
	r, err := d.get(j.ctx, "/api/v1/supplier")
	if err != nil || r.Status != 200 {
		return nil, nil
	}
	var told struct{ Supplier, Name string }
	if json.Unmarshal(r.Body, &told) != nil {
		return nil, nil
	}
	key, err := prover.ParseSupplier(told.Supplier)
	if err != nil {
		return nil, nil
	}
	err = d.host.Vault.Exclusive(func() error {
		if known, err := find(); known != nil || err != nil { // met meanwhile by another page
			if known != nil {
				key = *known
			}
			return err
		}
		name := cleanName(told.Name)
		if name == "" {
			name = "your supplier"
		}
		return d.put(supplierName(key), &supplierRecord{Key: told.Supplier, Name: name, Origin: d.origin, Since: d.host.Now().Unix()})
	})
	return &key, err
}

// cleanName keeps a name to one short line of print.
func cleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x200b && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
	if letters := []rune(s); len(letters) > 60 {
		s = string(letters[:60])
	}
	return s
}

// known refuses a request by a supplier whom the customer has not accepted.
func (d *Desk) known(j *job, key prover.Supplier) error {
	if _, err := d.own(j); err != nil {
		return err
	}
	s, err := d.supplier(key)
	if err != nil || s.Known {
		return err
	}
	e := fail(messages.UnknownSupplier, fmt.Sprintf("This request is not from a supplier you know. Its mark ends in %s.", s.Short), "")
	e.Supplier = &s
	return e
}

func (d *Desk) trustSupplier(_ *job, m *messages.TrustSupplier) (any, error) {
	key, err := prover.ParseSupplier(m.Key)
	if err != nil {
		return nil, withDetail(fail(messages.BadCall, "That is not a supplier’s key.", ""), err)
	}
	name := cleanName(m.Name)
	if name == "" {
		name = "Supplier " + abbreviate(m.Key)
	}
	s, err := d.supplier(key)
	if err != nil {
		return nil, err
	}
	if !s.Known {
		if err := d.put(supplierName(key), &supplierRecord{Key: m.Key, Name: name, Since: d.host.Now().Unix()}); err != nil {
			return nil, err
		}
	}
	return d.changed()
}

// catalogue returns the tariffs known here, asking the supplier if told to or if
// none is known.
func (d *Desk) catalogue(j *job, refresh bool) (list []knownTariff, online bool, err error) {
	if list, err = d.tariffs(); err != nil {
		return nil, false, err
	}
	if len(list) > 0 && !refresh {
		return list, true, nil
	}
	if online, err = d.refresh(j); err != nil {
		return nil, false, err
	}
	list, err = d.tariffs()
	slices.SortStableFunc(list, func(a, b knownTariff) int {
		if c := strings.Compare(a.DisplayName, b.DisplayName); c != 0 {
			return c
		}
		return int(a.From) - int(b.From)
	})
	return list, online, err
}

func (d *Desk) listTariffs(j *job, m *messages.AskTariffs) (any, error) {
	known, online, err := d.catalogue(j, m.Refresh)
	if err != nil {
		return nil, err
	}
	answer := &messages.Tariffs{List: []messages.Tariff{}, Offline: !online}
	for _, t := range known {
		told, err := d.describeTariff(&t)
		if err != nil {
			return nil, err
		}
		answer.List = append(answer.List, told)
	}
	return answer, nil
}

func (d *Desk) describeTariff(t *knownTariff) (messages.Tariff, error) {
	s, err := d.supplier(t.supplier)
	m := messages.Tariff{ID: t.ID(), Name: t.DisplayName, Brand: t.BrandName, From: t.From.String(), Supplier: s, Clock: t.Clock, Currency: t.Currency}
	if t.To != tariffs.OpenEnded {
		m.To = (t.To - 1).String()
	}
	return m, err
}

// homeClock is the clock by which days are cut: that of the tariffs if all have
// one, else the device's own.
func (d *Desk) homeClock() (string, error) {
	known, err := d.tariffs()
	if err != nil {
		return "", err
	}
	clock := d.clock
	for i, t := range known {
		if i > 0 && t.Clock != clock {
			clock = d.clock
			break
		}
		clock = t.Clock
	}
	if _, err := tariffs.Zone(clock); err != nil {
		return "Europe/London", nil
	}
	return clock, nil
}
