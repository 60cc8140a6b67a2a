package server

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"hushwatt/tariffs"
)

// addendumView is what is shown of an addendum, published or not.
type addendumView struct {
	ID        string
	TariffID  string
	Tariff    string   // its name
	Events    []string // in words, hours of the tariff's clock
	Published int64
	Report    *tariffs.Report // of the tariff with all its addenda
}

func addendumViewOf(t *tariffs.Tariff, a *tariffs.Addendum, published int64) addendumView {
	hash := a.Hash()
	v := addendumView{ID: hex.EncodeToString(hash[:]), TariffID: t.ID(), Tariff: t.DisplayName, Published: published}
	loc, err := tariffs.Zone(t.Clock)
	if err != nil {
		loc = time.UTC // a published tariff's clock is known
	}
	for _, e := range a.Events() {
		from, to := time.Unix(e.From, 0).In(loc), time.Unix(e.To, 0).In(loc)
		end := to.Format("15:04")
		if to.YearDay() != from.YearDay() {
			end = to.Format("2 January 15:04")
		}
		v.Events = append(v.Events, fmt.Sprintf("%s, %s to %s", e.Name, from.Format("2 January 2006 15:04"), end))
	}
	return v
}

// announced lists the published addenda of a tariff, newest first.
func (p *portal) announced(ctx context.Context, t *tariffs.Tariff) (list []addendumView, err error) {
	stored, err := p.Store.AddendaOf(ctx, t.Hash())
	if err != nil {
		return nil, err
	}
	as, err := p.register.addenda(stored)
	for i := len(as) - 1; i >= 0; i-- {
		list = append(list, addendumViewOf(t, as[i], stored[i].Published))
	}
	return list, err
}

// publishesAddendum is publishes for an addendum.
func (p *portal) publishesAddendum(w http.ResponseWriter, r *http.Request, body publishPage, do, seen string) error {
	document := []byte(body.Document)
	a, t, report, err := p.Desk().CheckAddendum(r.Context(), document)
	if t != nil {
		v := addendumViewOf(t, a, 0)
		v.Report = report
		body.Announced = &v
		_, missing := p.Store.Addendum(r.Context(), a.Hash())
		body.Known = missing == nil
	}
	if err != nil {
		t := p.trouble(r, err)
		return p.showPublish(w, r, t.Status, body, page{Trouble: t})
	}
	body.Seen = body.Announced.ID
	switch {
	case do != "publish":
		return p.showPublish(w, r, http.StatusOK, body, page{})
	case seen != body.Seen:
		return p.showPublish(w, r, http.StatusOK, body, page{Done: "The document has changed since the preview. Here is the new one; nothing was published yet."})
	}
	if _, _, err := p.Desk().PublishAddendum(r.Context(), document); err != nil {
		t := p.trouble(r, err)
		return p.showPublish(w, r, t.Status, body, page{Trouble: t})
	}
	http.Redirect(w, r, "/portal/tariffs/"+body.Announced.TariffID+"?done=announced", http.StatusSeeOther)
	return nil
}
