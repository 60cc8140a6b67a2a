package worker

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"hushwatt/internal/wire"
	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/messages"
)

// maxFile bounds what is looked at: an export of ten years is 10 MB.
const maxFile = 64 << 20

// openFile finds out what a file is and takes it in.
func (d *Desk) openFile(j *job, m *messages.Open) (any, error) {
	if err := j.phase("reading", "Reading "+quoted(m.Name)); err != nil {
		return nil, err
	}
	data := m.Data
	head := data[:min(len(data), 128)]
	switch {
	case len(data) > maxFile:
		return nil, fail(messages.NotAHushwattFile, "This file is far too large to be a meter’s file.", "")
	case bytes.HasPrefix(data, []byte(recoveryMagic)):
		return nil, fail(messages.NeedsPassphrase, "This is a recovery file. It is locked with a passphrase.", "")
	case bytes.Contains(head, []byte(wire.LabelExport)):
		return d.openExport(j, m.Name, data)
	case bytes.Contains(data[:min(len(data), 256)], []byte("hushwatt")) && bytes.Contains(data, []byte("hushwatt-key1")):
		return d.openKey(j, data)
	case bytes.Contains(head, []byte("r=")) && isText(data):
		_, fragment, _ := strings.Cut(string(data), "r=")
		return d.openAsk(j, &messages.TakeRequest{Fragment: "r=" + strings.TrimSpace(fragment)})
	}
	if _, err := prover.ParseReceipt(data); err == nil {
		return d.openReceipt(data)
	}
	if !bytes.Contains(head, []byte(prover.Suite)) {
		return nil, fail(messages.NotAHushwattFile, quoted(m.Name)+" is not a file that this app knows.", "")
	}
	if _, err := prover.ParseBill(data); err == nil {
		return nil, fail(messages.NotAHushwattFile, "This is a finished bill, which is for your supplier. There is nothing to open in it.", "To see your bills, open the history.")
	}
	return d.openAsk(j, &messages.TakeRequest{Data: data})
}

func quoted(name string) string {
	if name == "" {
		return "This"
	}
	return "“" + name + "”"
}

func isText(data []byte) bool {
	return len(data) < 64<<10 && !bytes.ContainsFunc(data, func(r rune) bool { return r > 126 || r < 32 && r != '\n' && r != '\r' && r != '\t' })
}

func (d *Desk) openAsk(j *job, m *messages.TakeRequest) (any, error) {
	a, err := d.takeAsk(j, m)
	if err != nil {
		return nil, err
	}
	return &messages.Opened{Kind: messages.KindRequest, Sentence: a.Sentence, Ask: a}, nil
}

func (d *Desk) openKey(j *job, data []byte) (any, error) {
	key, err := meter.ParseKey(data)
	if err != nil {
		return nil, withDetail(fail(messages.DamagedFile, "This key file is damaged.", "Use another copy of it."), err)
	}
	if _, err := d.keepKey(key, false); err != nil {
		return nil, err
	}
	answer := &messages.Opened{Kind: messages.KindKey, Sentence: "Your key is on this device now."}
	opened, err := d.openPending(j)
	if err != nil {
		return nil, err
	}
	if len(opened) > 0 {
		answer.Home = opened[0].Home
	}
	_, err = d.changed()
	return answer, err
}

// openDemo fetches the made-up home of this page's supplier: its key, which is
// no secret, its meter's file and a request for its bill.
func (d *Desk) openDemo(j *job, _ *nothing) (any, error) {
	if err := j.phase("reading", "Fetching the made-up home"); err != nil {
		return nil, err
	}
	var files [3][]byte
	for i, name := range []string{"home.key", "home.hushwatt", "home.request"} {
		r, err := d.get(j.ctx, "/demo/"+name)
		if err != nil {
			return nil, offline(j, err, "The made-up home is fetched from the network, which cannot be reached now.", "Try again when you are online.")
		}
		if r.Status != 200 {
			return nil, fail(messages.NoDemo, "There is no made-up home to try here.", "")
		}
		files[i] = r.Body
	}
	key, err := meter.ParseKey(files[0])
	if err != nil {
		return nil, withDetail(fail(messages.NoDemo, "The made-up home cannot be read.", ""), err)
	}
	if _, err := d.keepKey(key, true); err != nil {
		return nil, err
	}
	opened, err := d.openExport(j, "home.hushwatt", files[1])
	if err != nil {
		return nil, err
	}
	opened.Sentence = "This is a made-up home. Nothing about it is real, and you can do with it all that you could with your own."
	ask, err := d.takeAsk(j, &messages.TakeRequest{Data: files[2]})
	if err != nil {
		return nil, err
	}
	opened.Ask = ask
	return opened, nil
}

// offline is the error of a fetch that got no answer.
func offline(j *job, err error, sentence, advice string) error {
	if j.ctx.Err() != nil {
		return stopped()
	}
	return withDetail(fail(messages.SupplierOffline, sentence, advice), err)
}

// requestBytes are those of a request handed over as bytes or in a link.
func requestBytes(m *messages.TakeRequest) ([]byte, error) {
	if m.Fragment == "" {
		return m.Data, nil
	}
	_, text, found := strings.Cut(m.Fragment, "r=")
	if !found {
		return nil, errors.New("there is no request in the link")
	}
	text, _, _ = strings.Cut(text, "&")
	return base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
}
