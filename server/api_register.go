package server

import (
	"context"
	"encoding/hex"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hushwatt/meter"
	"hushwatt/server/store"
	"hushwatt/tariffs"
)

func (s *Server) registerAPI(a huma.API) {
	add(s, a, closed("list-authorities", http.MethodGet, apiPath+"/authorities", "Meter authorities whose certificates are taken"), s.listAuthorities)
	add(s, a, closed("put-authority", http.MethodPost, apiPath+"/authorities", "Add an authority, or change its name, validity or revocation"), s.postAuthority)
	add(s, a, closed("list-meters", http.MethodGet, apiPath+"/meters", "Meters that are billed, by number"), s.listMeters)
	add(s, a, closed("put-meter", http.MethodPost, apiPath+"/meters", "Register a meter, or change its authority, slots, validity or revocation"), s.postMeter)
}

// Dates are a store.Validity as dates of UTC days.
type Dates struct {
	From    string `json:"from,omitempty" format:"date" doc:"First UTC day that counts; none if left out."`
	Until   string `json:"until,omitempty" format:"date" doc:"Last UTC day that counts; none if left out."`
	Revoked string `json:"revoked,omitempty" format:"date" doc:"From this UTC day on nothing counts."`
}

func (b *Dates) validity() (store.Validity, error) {
	v := store.Always
	for _, f := range []struct {
		text string
		day  *uint16
	}{{b.From, &v.First}, {b.Until, &v.Last}, {b.Revoked, &v.Revoked}} {
		if f.text == "" {
			continue
		}
		d, err := tariffs.ParseDate(f.text)
		if err != nil || d <= 0 || d >= 1<<16 {
			return v, problemOf(problemInvalid, http.StatusUnprocessableEntity, "%.20q is not a day", f.text)
		}
		*f.day = uint16(d)
	}
	if v.Last < v.First {
		return v, problemOf(problemInvalid, http.StatusUnprocessableEntity, "the last day is before the first")
	}
	return v, nil
}

func validityOf(v store.Validity) (b Dates) {
	if v.First != store.Always.First {
		b.From = meter.DayText(v.First)
	}
	if v.Last != store.Always.Last {
		b.Until = meter.DayText(v.Last)
	}
	if v.Revoked != 0 {
		b.Revoked = meter.DayText(v.Revoked)
	}
	return b
}

type authorityBody struct {
	Authority string `json:"authority" maxLength:"128" doc:"hushwatt-authority1…"`
	Name      string `json:"name" maxLength:"100"`
	Dates
}

type authoritiesOut struct {
	Body struct {
		Authorities []authorityBody `json:"authorities"`
	}
}

func (s *Server) listAuthorities(ctx context.Context, _ *struct{}) (*authoritiesOut, error) {
	list, err := s.Store.Authorities(ctx)
	if err != nil {
		return nil, err
	}
	out := new(authoritiesOut)
	out.Body.Authorities = []authorityBody{}
	for _, a := range list {
		out.Body.Authorities = append(out.Body.Authorities, authorityBody{a.String(), a.Name, validityOf(a.Validity)})
	}
	return out, nil
}

type authorityIn struct{ Body authorityBody }

func (s *Server) postAuthority(ctx context.Context, in *authorityIn) (*struct{}, error) {
	a, err := meter.ParseAuthority(in.Body.Authority)
	if err != nil {
		return nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "%v", err)
	}
	v, err := in.Body.validity()
	if err != nil {
		return nil, err
	}
	return nil, s.Desk().Authorise(ctx, a, in.Body.Name, v)
}

type meterBody struct {
	Meter     string `json:"meter" minLength:"1" maxLength:"64" pattern:"^[!-~]+$" doc:"Its number."`
	Authority string `json:"authority" maxLength:"128" doc:"hushwatt-authority1…, one that is registered."`
	Slots     int    `json:"slots" enum:"24,48,96,144,288" doc:"In a UTC day."`
	Dates
}

type metersIn struct {
	Search string `query:"q" maxLength:"64" doc:"Part of a number."`
	After  string `query:"after" maxLength:"64" doc:"Only numbers behind this one: the next page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type metersOut struct {
	Body struct {
		Meters []meterBody `json:"meters"`
		Next   string      `json:"next,omitempty" doc:"Give it as after to get the next page."`
	}
}

func (s *Server) listMeters(ctx context.Context, in *metersIn) (*metersOut, error) {
	list, err := s.Store.Meters(ctx, in.Search, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	authorities, err := s.Store.Authorities(ctx)
	if err != nil {
		return nil, err
	}
	names := map[[32]byte]string{}
	for _, a := range authorities {
		names[a.Hash()] = a.String()
	}
	out := new(metersOut)
	out.Body.Meters = []meterBody{}
	for _, m := range list {
		out.Body.Meters = append(out.Body.Meters, meterBody{m.Number, names[m.Authority], m.Slots, validityOf(m.Validity)})
	}
	if len(list) == in.Limit {
		out.Body.Next = list[len(list)-1].Number
	}
	return out, nil
}

type meterIn struct{ Body meterBody }

func (s *Server) postMeter(ctx context.Context, in *meterIn) (*struct{}, error) {
	a, err := meter.ParseAuthority(in.Body.Authority)
	if err != nil {
		return nil, problemOf(problemInvalid, http.StatusUnprocessableEntity, "%v", err)
	}
	v, err := in.Body.validity()
	if err != nil {
		return nil, err
	}
	return nil, s.Desk().Register(ctx, in.Body.Meter, a, in.Body.Slots, v)
}

func (s *Server) tariffAPI(a huma.API) {
	add(s, a, open("list-tariffs", http.MethodGet, apiPath+"/tariffs", "Published tariffs, newest first, and their addenda"), s.listTariffs)
	add(s, a, answers(open("get-tariff", http.MethodGet, apiPath+"/tariffs/{id}", "A tariff or an addendum, signed"), "application/json"), s.getTariff)
	post := closed("publish-tariff", http.MethodPost, apiPath+"/tariffs", "Check, sign and publish a tariff, or an addendum of one")
	post.MaxBodyBytes = maxForm // as the portal's form
	post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: "object", Description: "A tariff, or an addendum of a published one, bare or signed by this supplier."}}}}
	add(s, a, post, s.postTariff)
}

type tariffBody struct {
	ID          string `json:"id"`
	PlanID      string `json:"planId"`
	DisplayName string `json:"displayName"`
	BrandName   string `json:"brandName"`
	From        string `json:"effectiveFrom"`
	To          string `json:"effectiveTo,omitempty" doc:"Exclusive; left out if open."`
	Currency    string `json:"currency"`
	Clock       string `json:"clock"`
	Published   string `json:"published"`

	Addenda []addendumBody `json:"addenda" doc:"In order of publication."`
}

type addendumBody struct {
	ID        string      `json:"id"`
	Published string      `json:"published"`
	Events    []eventBody `json:"events"`
}

type eventBody struct {
	DisplayName string `json:"displayName"`
	From        string `json:"from"`
	To          string `json:"to"`
}

type tariffsOut struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Tariffs []tariffBody `json:"tariffs"`
	}
}

func (s *Server) listTariffs(ctx context.Context, _ *struct{}) (*tariffsOut, error) {
	list, err := s.Store.Tariffs(ctx)
	if err != nil {
		return nil, err
	}
	addenda, err := s.addendaByTariff(ctx)
	if err != nil {
		return nil, err
	}
	out := &tariffsOut{CacheControl: "no-cache"}
	out.Body.Tariffs = []tariffBody{}
	for _, stored := range list {
		t, err := s.register.tariff(ctx, stored.ID)
		if err != nil {
			return nil, err
		}
		as, err := s.register.addenda(addenda[stored.ID])
		if err != nil {
			return nil, err
		}
		b := tariffBody{ID: t.ID(), PlanID: t.PlanID, DisplayName: t.DisplayName, BrandName: t.BrandName,
			From: t.From.String(), Currency: t.Currency, Clock: t.Clock, Published: stamp(stored.Published)}
		if t.To != tariffs.OpenEnded {
			b.To = t.To.String()
		}
		b.Addenda = []addendumBody{}
		for i, a := range as {
			b.Addenda = append(b.Addenda, addendumOf(a, addenda[stored.ID][i].Published))
		}
		out.Body.Tariffs = append(out.Body.Tariffs, b)
	}
	return out, nil
}

// addendaByTariff sorts what was published by the tariffs' ids.
func (s *Server) addendaByTariff(ctx context.Context) (map[[32]byte][]store.Addendum, error) {
	list, err := s.Store.Addenda(ctx)
	of := map[[32]byte][]store.Addendum{}
	for _, a := range list {
		of[a.Tariff] = append(of[a.Tariff], a)
	}
	return of, err
}

func addendumOf(a *tariffs.Addendum, published int64) addendumBody {
	hash := a.Hash()
	b := addendumBody{ID: hex.EncodeToString(hash[:]), Published: stamp(published)}
	for _, e := range a.Events() {
		b.Events = append(b.Events, eventBody{e.Name, stamp(e.From), stamp(e.To)})
	}
	return b
}

type tariffIn struct {
	ID string `path:"id" pattern:"^[0-9a-f]{64}$"`
}

type tariffOut struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

func (s *Server) getTariff(ctx context.Context, in *tariffIn) (*tariffOut, error) {
	id, err := hashOf(in.ID)
	if err != nil {
		return nil, store.ErrNotFound
	}
	text, err := s.register.text(ctx, id)
	if err != nil {
		return nil, err
	}
	return &tariffOut{"application/json", "public, max-age=31536000, immutable", text}, nil
}

type publishIn struct {
	RawBody []byte
}

type publishOut struct {
	Status int
	Body   published
}

// published is a report of a tariff, of all its addenda if one of these was sent.
type published struct {
	tariffs.Report
	Addendum string `json:"addendum,omitempty" doc:"Its id, if an addendum was sent; id is its tariff's."`
}

func (s *Server) postTariff(ctx context.Context, in *publishIn) (*publishOut, error) {
	if _, a, err := tariffs.Read(in.RawBody); a != nil && err == nil {
		a, report, err := s.Desk().PublishAddendum(ctx, in.RawBody)
		if err != nil {
			return nil, err
		}
		hash := a.Hash()
		return &publishOut{http.StatusCreated, published{*report, hex.EncodeToString(hash[:])}}, nil
	}
	_, report, err := s.Desk().Publish(ctx, in.RawBody)
	if err != nil {
		return nil, err
	}
	return &publishOut{http.StatusCreated, published{Report: *report}}, nil
}
