package worker

import (
	"encoding/hex"
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

// A knownTariff is a published tariff of this device.
type knownTariff struct {
	*tariffs.Tariff
	supplier prover.Supplier
}

// tariffs are those kept here, in order of their ids.
func (d *Desk) tariffs() ([]knownTariff, error) {
	var list []knownTariff
	err := d.each(tariffPrefix, func(_ string, data []byte) error {
		var r tariffRecord
		if err := unpack(data, &r); err != nil {
			return err
		}
		t, err := parseTariff(r.Document)
		if err != nil {
			return errors.Join(errRecord, err)
		}
		list = append(list, *t)
		return nil
	})
	return list, err
}

// parseTariff reads a tariff, which must be signed.
func parseTariff(document []byte) (*knownTariff, error) {
	t, err := tariffs.Parse(document)
	if err != nil {
		return nil, err
	}
	key, err := prover.NewSupplier(t.Supplier())
	if err != nil {
		return nil, fmt.Errorf("tariff is not signed: %w", err)
	}
	return &knownTariff{t, key}, nil
}

// published returns a supplier's tariff, from here or from the network.
func (d *Desk) published(j *job, id string, by prover.Supplier) (*knownTariff, error) {
	var document []byte
	data, err := d.host.Vault.Get(tariffPrefix + id)
	switch {
	case err == nil:
		var r tariffRecord
		if err := unpack(data, &r); err != nil {
			return nil, err
		}
		document = r.Document
	case !errors.Is(err, ErrNoRecord):
		return nil, err
	default:
		if err := j.phase("pricing", "Fetching the tariff"); err != nil {
			return nil, err
		}
		r, err := d.get(j.ctx, "/api/v1/tariffs/"+id)
		if err != nil {
			return nil, offline(j, err, "The tariff of this request is not on this device yet, and the supplier cannot be reached.", "Try again when you are online.")
		}
		if r.Status != 200 {
			return nil, fail(messages.TariffNotFound, "The supplier does not publish the tariff that its request names.", "")
		}
		document = r.Body
	}
	t, err := parseTariff(document)
	if err != nil {
		return nil, withDetail(fail(messages.TariffNotFound, "The supplier’s tariff cannot be read.", ""), err)
	}
	if t.ID() != id || t.supplier != by {
		return nil, fail(messages.TariffNotFound, "The supplier’s tariff is not the one that its request names, or is not signed by it.", "")
	}
	return t, d.keepTariff(t, document)
}

func (d *Desk) keepTariff(t *knownTariff, document []byte) error {
	name := tariffPrefix + t.ID()
	if _, err := d.host.Vault.Get(name); !errors.Is(err, ErrNoRecord) {
		return err
	}
	return d.put(name, &tariffRecord{Document: document, Supplier: t.supplier.String()})
}

// maxTariffs bounds what is fetched of a list.
const maxTariffs = 200

// refresh fetches the own supplier's tariffs that are not here yet; false if it
// cannot be reached.
func (d *Desk) refresh(j *job) (bool, error) {
	key, err := d.own(j)
	if err != nil || key == nil {
		return false, err
	}
	r, err := d.get(j.ctx, "/api/v1/tariffs")
	if err != nil || r.Status != 200 {
		return false, nil
	}
	var told struct{ Tariffs []struct{ ID string } }
	if json.Unmarshal(r.Body, &told) != nil {
		return false, nil
	}
	for i, t := range told.Tariffs {
		if i < maxTariffs {
			if err := d.noteListed(t.ID); err != nil {
				return false, err
			}
		}
		if hash, err := hex.DecodeString(t.ID); err != nil || len(hash) != 32 || i >= maxTariffs {
			continue
		}
		if _, err := d.published(j, t.ID, *key); err != nil {
			var e *messages.Error
			if errors.As(err, &e) && e.Code == messages.TariffNotFound {
				continue // not one that can be used; the others may be
			}
			if errors.As(err, &e) && e.Code == messages.SupplierOffline {
				return false, nil
			}
			return false, err
		}
	}
	return true, nil
}

// everybodys refuses a tariff of the page's own supplier that is not on its public
// list: one that is made for a single customer can be made to read single hours.
func (d *Desk) everybodys(j *job, t *knownTariff) error {
	s, err := d.supplier(t.supplier)
	if err != nil || !s.Own {
		return err
	}
	if known, err := d.isListed(t.ID()); known || err != nil {
		return err
	}
	r, err := d.get(j.ctx, "/api/v1/tariffs")
	if err != nil || r.Status != 200 {
		return fail(messages.SupplierOffline, "Whether everybody can have this tariff cannot be checked without a network.", "Try again when you are online. Nothing was sent.")
	}
	var told struct{ Tariffs []struct{ ID string } }
	if json.Unmarshal(r.Body, &told) == nil {
		for _, listed := range told.Tariffs {
			if listed.ID == t.ID() {
				return d.noteListed(t.ID())
			}
		}
	}
	return fail(messages.TariffRefusedPrivacy, "This tariff is not among those that "+s.Name+" publishes to everybody. A tariff for you alone could be made so that its bill tells single hours.", "")
}

func (d *Desk) isListed(id string) (bool, error) {
	_, err := d.host.Vault.Get(listedPrefix + id)
	if errors.Is(err, ErrNoRecord) {
		return false, nil
	}
	return err == nil, err
}

func (d *Desk) noteListed(id string) error {
	if known, err := d.isListed(id); known || err != nil {
		return err
	}
	return d.host.Vault.Write(map[string][]byte{listedPrefix + id: {1}}, nil)
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
