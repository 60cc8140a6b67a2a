package worker

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"hushwatt/prover"
	"hushwatt/prover/messages"
	"hushwatt/tariffs"
)

// A knownTariff is a published tariff of this device, with addenda.
type knownTariff struct {
	*tariffs.Tariff
	supplier prover.Supplier
}

// A published document is a tariff or an addendum; the other is nil.
type published struct {
	tariff   *tariffs.Tariff
	addendum *tariffs.Addendum
	supplier prover.Supplier
}

// parsePublished reads a tariff or an addendum, which must be signed.
func parsePublished(document []byte) (*published, error) {
	t, a, err := tariffs.Read(document)
	if err != nil {
		return nil, err
	}
	p := &published{tariff: t, addendum: a}
	key := p.signedBy()
	if p.supplier, err = prover.NewSupplier(key); err != nil {
		return nil, fmt.Errorf("document is not signed: %w", err)
	}
	return p, nil
}

func (p *published) signedBy() []byte {
	if p.addendum != nil {
		return p.addendum.Supplier()
	}
	return p.tariff.Supplier()
}

func (p *published) id() string {
	if p.addendum != nil {
		return idOfAddendum(p.addendum)
	}
	return p.tariff.ID()
}

func idOfAddendum(a *tariffs.Addendum) string {
	hash := a.Hash()
	return hex.EncodeToString(hash[:])
}

// record is the name under which the document is kept.
func (p *published) record() string {
	if p.addendum != nil {
		return addendumPrefix + p.id()
	}
	return tariffPrefix + p.id()
}

// tariffs are those kept here, in order of their ids, each with the addenda that
// everybody can have. One that its addenda do not fit is left out: its prices are
// not known.
func (d *Desk) tariffs() ([]knownTariff, error) {
	var list []knownTariff
	err := d.each(tariffPrefix, func(_ string, data []byte) error {
		p, err := unpackPublished(data)
		if err != nil {
			return err
		}
		if p.tariff == nil {
			return errRecord
		}
		as, err := d.listedAddenda(p.tariff)
		if err != nil {
			return err
		}
		if t, err := p.tariff.With(as...); err == nil {
			list = append(list, knownTariff{t, p.supplier})
		}
		return nil
	})
	return list, err
}

func unpackPublished(data []byte) (*published, error) {
	var r tariffRecord
	if err := unpack(data, &r); err != nil {
		return nil, err
	}
	p, err := parsePublished(r.Document)
	if err != nil {
		return nil, errors.Join(errRecord, err)
	}
	return p, nil
}

// listedAddenda are the addenda of a tariff that were on the public list, in its
// order, as far as they are here.
func (d *Desk) listedAddenda(t *tariffs.Tariff) (as []*tariffs.Addendum, err error) {
	order, err := d.host.Vault.Get(listedPrefix + t.ID())
	if err != nil && !errors.Is(err, ErrNoRecord) {
		return nil, err
	}
	for ; len(order) >= 32; order = order[32:] {
		data, err := d.host.Vault.Get(addendumPrefix + hex.EncodeToString(order[:32]))
		if errors.Is(err, ErrNoRecord) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p, err := unpackPublished(data)
		if err != nil {
			return nil, err
		}
		if p.addendum == nil {
			return nil, errRecord
		}
		as = append(as, p.addendum)
	}
	return as, nil
}

// named returns the tariffs that a request names, each with the addenda that it
// names: those published later are not part of it.
func (d *Desk) named(j *job, r *prover.Request) ([]knownTariff, error) {
	var ts []*tariffs.Tariff
	var as []*tariffs.Addendum
	for _, hash := range r.Terms.Tariffs {
		p, err := d.published(j, hex.EncodeToString(hash[:]), r.Supplier)
		if err != nil {
			return nil, err
		}
		if p.addendum != nil {
			as = append(as, p.addendum)
		} else {
			ts = append(ts, p.tariff)
		}
	}
	ts, err := tariffs.WithAddenda(ts, as)
	if err != nil {
		return nil, withDetail(fail(messages.TariffNotFound, "The hours that the supplier has announced do not fit its tariff.", ""), err)
	}
	var list []knownTariff
	for _, t := range ts {
		list = append(list, knownTariff{t, r.Supplier})
	}
	return list, nil
}

// published returns a supplier's tariff or addendum, from here or from the network.
func (d *Desk) published(j *job, id string, by prover.Supplier) (*published, error) {
	for _, prefix := range []string{tariffPrefix, addendumPrefix} {
		data, err := d.host.Vault.Get(prefix + id)
		if err == nil {
			p, err := unpackPublished(data)
			if err != nil {
				return nil, err
			}
			return p, p.check(id, by)
		}
		if !errors.Is(err, ErrNoRecord) {
			return nil, err
		}
	}
	if err := j.phase("pricing", "Fetching the tariff"); err != nil {
		return nil, err
	}
	r, err := d.get(j.ctx, "/api/v1/tariffs/"+id)
	if err != nil {
		return nil, offline(j, err, "The tariff of this request, or the hours announced for it, are not on this device yet, and the supplier cannot be reached.", "Try again when you are online.")
	}
	if r.Status != 200 {
		return nil, fail(messages.TariffNotFound, "The supplier does not publish the tariff, or the announced hours, that its request names.", "")
	}
	p, err := parsePublished(r.Body)
	if err != nil {
		return nil, withDetail(fail(messages.TariffNotFound, "The supplier’s tariff cannot be read.", ""), err)
	}
	if err := p.check(id, by); err != nil {
		return nil, err
	}
	return p, d.put(p.record(), &tariffRecord{Document: r.Body, Supplier: p.supplier.String()})
}

// check refuses a document that is not the one that was asked for.
func (p *published) check(id string, by prover.Supplier) error {
	if p.id() != id || p.supplier != by {
		return fail(messages.TariffNotFound, "The supplier’s tariff is not the one that its request names, or is not signed by it.", "")
	}
	return nil
}

// maxTariffs bounds what is fetched of a list, tariffs and addenda together.
const maxTariffs = 400

// A listed tariff is one of the supplier's public list.
type listed struct {
	ID      string
	Addenda []struct{ ID string }
}

// readList fetches the supplier's public list, by a request that says nothing
// about who asks, and notes what is on it; false if there is none.
func (d *Desk) readList(j *job) ([]listed, bool, error) {
	r, err := d.get(j.ctx, "/api/v1/tariffs")
	if err != nil || r.Status != 200 {
		return nil, false, nil
	}
	var told struct{ Tariffs []listed }
	if json.Unmarshal(r.Body, &told) != nil {
		return nil, false, nil
	}
	put := map[string][]byte{}
	for _, t := range told.Tariffs[:min(maxTariffs, len(told.Tariffs))] {
		order := []byte{}
		for _, a := range t.Addenda[:min(maxTariffs, len(t.Addenda))] {
			if hash, err := hex.DecodeString(a.ID); err == nil && len(hash) == 32 {
				order = append(order, hash...)
			}
		}
		if hash, err := hex.DecodeString(t.ID); err != nil || len(hash) != 32 {
			continue
		}
		have, err := d.host.Vault.Get(listedPrefix + t.ID)
		if err != nil && !errors.Is(err, ErrNoRecord) {
			return nil, false, err
		}
		if err != nil || len(have) < len(order) { // what was on the list does not leave it
			put[listedPrefix+t.ID] = order
		}
	}
	if len(put) > 0 {
		err = d.host.Vault.Write(put, nil)
	}
	return told.Tariffs, err == nil, err
}

// refresh fetches the own supplier's tariffs and addenda that are not here yet;
// false if it cannot be reached.
func (d *Desk) refresh(j *job) (bool, error) {
	key, err := d.own(j)
	if err != nil || key == nil {
		return false, err
	}
	list, online, err := d.readList(j)
	if err != nil || !online {
		return false, err
	}
	var ids []string
	for _, t := range list {
		ids = append(ids, t.ID)
		for _, a := range t.Addenda {
			ids = append(ids, a.ID)
		}
	}
	for _, id := range ids[:min(maxTariffs, len(ids))] {
		if hash, err := hex.DecodeString(id); err != nil || len(hash) != 32 {
			continue
		}
		_, err := d.published(j, id, *key)
		var e *messages.Error
		switch {
		case err == nil:
		case errors.As(err, &e) && e.Code == messages.TariffNotFound:
			// not one that can be used; the others may be
		case errors.As(err, &e) && e.Code == messages.SupplierOffline:
			return false, nil
		default:
			return false, err
		}
	}
	return true, nil
}

// everybodys refuses a tariff of the page's own supplier that is not on its public
// list, or addenda that are not: what is made for a single customer can be made to
// read single hours. Of the addenda that announce anything in the bill's period it
// must take the first so many of the list, so that nobody gets hours of their own.
func (d *Desk) everybodys(j *job, t *knownTariff, p *tariffs.Plan) error {
	s, err := d.supplier(t.supplier)
	if err != nil || !s.Own {
		return err
	}
	if known, err := d.onList(j, t, p); known || err != nil {
		return err
	}
	_, online, err := d.readList(j)
	if err != nil {
		return err
	}
	if !online {
		return fail(messages.SupplierOffline, "Whether everybody can have this tariff cannot be checked without a network.", "Try again when you are online. Nothing was sent.")
	}
	if known, err := d.onList(j, t, p); known || err != nil {
		return err
	}
	return fail(messages.TariffRefusedPrivacy, "This tariff, or hours announced for it, are not among what "+s.Name+" publishes to everybody. A tariff for you alone could be made so that its bill tells single hours.", "")
}

// onList reports whether a tariff and all its addenda were on the public list, and
// refuses a choice among those of the list.
func (d *Desk) onList(j *job, t *knownTariff, p *tariffs.Plan) (bool, error) {
	order, err := d.host.Vault.Get(listedPrefix + t.ID())
	if errors.Is(err, ErrNoRecord) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	missing := map[string]bool{} // of those that the bill takes
	for _, a := range t.Addenda() {
		missing[idOfAddendum(a)] = true
	}
	var before []string // that it does not take
	for ; len(order) >= 32 && len(missing) > 0; order = order[32:] {
		if id := hex.EncodeToString(order[:32]); missing[id] {
			delete(missing, id)
		} else {
			before = append(before, id)
		}
	}
	if len(missing) > 0 {
		return false, nil
	}
	for _, id := range before {
		left, err := d.published(j, id, t.supplier)
		if err != nil {
			return false, err
		}
		if left.addendum == nil || left.addendum.During(p.From, p.To) {
			return false, fail(messages.TariffRefusedPrivacy, "This request leaves out hours that were announced to everybody before others that it names. Hours for you alone could be chosen so that the bill tells them.", "")
		}
	}
	return true, nil
}
