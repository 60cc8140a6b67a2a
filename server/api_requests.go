package server

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hushwatt/server/store"
	"hushwatt/tariffs"
)

func (s *Server) requestAPI(a huma.API) {
	add(s, a, closed("list-requests", http.MethodGet, apiPath+"/requests", "The same list as bills"), s.listBills)
	post := closed("ask", http.MethodPost, apiPath+"/requests", "Ask for a bill")
	post.DefaultStatus = http.StatusCreated
	add(s, a, post, s.postRequest)
	add(s, a, answers(open("get-request", http.MethodGet, apiPath+"/requests/{request}", "A signed request, by its hash; for staff also by its serial"), RequestType), s.getRequest)
	add(s, a, closed("withdraw-request", http.MethodPost, apiPath+"/requests/{serial}/withdrawal", "Take a request back"), s.postWithdrawal)
}

type requestBody struct {
	Meters   []string  `json:"meters" minItems:"1" maxItems:"16"`
	Tariffs  []string  `json:"tariffs" minItems:"1" maxItems:"64" doc:"Ids of published tariffs; those not in force in the period are left out."`
	Start    string    `json:"start" format:"date" doc:"First day, of the tariff's clock."`
	End      string    `json:"end" format:"date" doc:"The day after the last."`
	AnswerBy time.Time `json:"answer_by,omitempty" doc:"90 days from now if left out."`
	Replaces uint64    `json:"replaces,omitempty" doc:"Serial of the request whose bill is to be replaced."`
}

type requestIn struct{ Body requestBody }

type requestOut struct {
	Location string `header:"Location"`
	Body     struct {
		Serial   uint64 `json:"serial"`
		Request  string `json:"request" doc:"Hash, in hexadecimal."`
		AnswerBy string `json:"answer_by"`
		Link     string `json:"link" doc:"What the customer opens; the request stands behind the # and reaches no server."`
	}
}

func (s *Server) postRequest(ctx context.Context, in *requestIn) (*requestOut, error) {
	q, err := in.Body.question()
	if err != nil {
		return nil, err
	}
	r, err := s.Desk().Ask(ctx, q)
	if err != nil {
		return nil, err
	}
	hash := r.Hash()
	out := new(requestOut)
	out.Body.Serial, out.Body.Request, out.Body.AnswerBy = r.Serial, hex.EncodeToString(hash[:]), stamp(r.NotAfter)
	out.Body.Link = s.Desk().Link(r.Bytes())
	out.Location = apiPath + "/requests/" + out.Body.Request
	return out, nil
}

func (b *requestBody) question() (q Question, err error) {
	q = Question{Meters: b.Meters, AnswerBy: b.AnswerBy, Replaces: b.Replaces}
	for _, text := range b.Tariffs {
		id, err := hashOf(text)
		if err != nil {
			return q, problemOf(problemInvalid, http.StatusUnprocessableEntity, "a tariff's id is 64 hexadecimal digits")
		}
		q.Tariffs = append(q.Tariffs, id)
	}
	if q.Start, err = tariffs.ParseDate(b.Start); err == nil {
		q.End, err = tariffs.ParseDate(b.End)
	}
	if err != nil {
		return q, problemOf(problemInvalid, http.StatusUnprocessableEntity, "%v", err)
	}
	return q, nil
}

func hashOf(text string) (hash [32]byte, err error) {
	if len(text) != hex.EncodedLen(len(hash)) {
		return hash, hex.ErrLength
	}
	_, err = hex.Decode(hash[:], []byte(text))
	return hash, err
}

type getRequestIn struct {
	Request string `path:"request" maxLength:"64" doc:"Hash in hexadecimal, or serial."`
}

// getRequest gives a request to whoever knows its hash; serials are easily
// guessed and requests name meters, so those are for staff.
func (s *Server) getRequest(ctx context.Context, in *getRequestIn) (*bytesOut, error) {
	hash, err := hashOf(in.Request)
	if err != nil {
		serial, err := strconv.ParseUint(in.Request, 10, 63)
		if err != nil || !staffFrom(ctx) {
			return nil, store.ErrNotFound
		}
		it, err := s.Store.Item(ctx, serial, s.Now().Unix())
		if err != nil {
			return nil, err
		}
		hash = it.Request
	}
	data, err := s.Store.RequestBytes(ctx, hash)
	if err != nil {
		return nil, err
	}
	return &bytesOut{RequestType, data}, nil
}

func (s *Server) postWithdrawal(ctx context.Context, in *serialIn) (*struct{}, error) {
	return nil, s.Store.Withdraw(ctx, in.Serial, s.Now().Unix())
}
