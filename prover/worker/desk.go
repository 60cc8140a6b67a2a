package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"hushwatt/meter"
	"hushwatt/prover/messages"
)

// A Desk does the jobs of one page. It keeps nothing that is not also in the
// vault, but for what was opened (readings, bills not yet sent).
type Desk struct {
	host Host

	mu      sync.Mutex // held by the job that runs; put down while it waits for the network
	origin  string
	clock   string // the device's own
	keys    map[string]*meter.Key
	opened  map[string]*meter.Opened // by export record
	drafts  map[string]*draft        // by Bill.ID
	pending []pendingFile            // for which no key has come yet
	judged  map[[32]byte]error       // verdicts of the privacy rules
}

type pendingFile struct {
	name string
	data []byte
}

// NewDesk returns the desk of a host.
func NewDesk(h Host) *Desk {
	d := &Desk{host: h}
	d.reset()
	return d
}

func (d *Desk) reset() {
	d.keys, d.opened, d.drafts = map[string]*meter.Key{}, map[string]*meter.Opened{}, map[string]*draft{}
	d.pending, d.judged = nil, map[[32]byte]error{}
}

// A job is one call: its context, and where to report progress.
type job struct {
	ctx    context.Context
	report func(messages.Progress)
	host   *Host
	last   messages.Progress // what is being done
	done   int
	of     int
}

// phase reports what is done next, lets others run and ends a cancelled job.
func (j *job) phase(name, sentence string) error {
	j.last = messages.Progress{Phase: name, Sentence: sentence, Done: j.done, Of: max(j.of, j.done+1)}
	j.done++
	return j.pause()
}

// pause says again what is being done, lets others run and ends a cancelled job.
func (j *job) pause() error {
	j.report(j.last)
	j.host.Yield()
	if j.ctx.Err() != nil {
		return stopped()
	}
	return nil
}

// Call does one job. Body and binary parts are those of the call's type, text
// and answer those of its result (package messages). The error, if any, is a
// *messages.Error. Calls may come from several goroutines; they run one at a
// time, but one that waits for the network lets others pass.
func (d *Desk) Call(ctx context.Context, kind messages.Type, body []byte, parts [][]byte, report func(messages.Progress)) (text []byte, answer [][]byte, err error) {
	if report == nil {
		report = func(messages.Progress) {}
	}
	do, known := jobs[kind]
	if !known {
		return nil, nil, fail(messages.BadCall, fmt.Sprintf("The page asked for %.40q, which this version does not know.", string(kind)), "")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	j := &job{ctx: ctx, report: report, host: &d.host}
	if ctx.Err() != nil {
		return nil, nil, stopped()
	}
	result, err := do(d, j, body, parts)
	if err != nil {
		return nil, nil, tell(err)
	}
	if text, answer, err = messages.Encode(result); err != nil {
		return nil, nil, tell(err)
	}
	return text, answer, nil
}

type doer func(d *Desk, j *job, body []byte, parts [][]byte) (any, error)

// of makes a doer of a job that takes a body.
func of[T any](do func(*Desk, *job, *T) (any, error)) doer {
	return func(d *Desk, j *job, body []byte, parts [][]byte) (any, error) {
		v := new(T)
		if err := messages.Decode(body, parts, v); err != nil {
			return nil, withDetail(fail(messages.BadCall, "The page and its worker did not understand each other.", ""), err)
		}
		return do(d, j, v)
	}
}

var jobs map[messages.Type]doer

func init() {
	jobs = map[messages.Type]doer{
		messages.TypeHello:            of((*Desk).hello),
		messages.TypeNewKey:           of((*Desk).newKey),
		messages.TypeRecoveryFile:     of((*Desk).makeRecovery),
		messages.TypeRestore:          of((*Desk).restore),
		messages.TypeOpen:             of((*Desk).openFile),
		messages.TypeOpenDemo:         of((*Desk).openDemo),
		messages.TypeTakeReadings:     of((*Desk).takeReadings),
		messages.TypeZone:             of((*Desk).zone),
		messages.TypeTariff:           of((*Desk).tariff),
		messages.TypeForgetHome:       of((*Desk).forgetHome),
		messages.TypeDays:             of((*Desk).days),
		messages.TypeRequest:          of((*Desk).takeRequest),
		messages.TypeTrustSupplier:    of((*Desk).trustSupplier),
		messages.TypeTariffs:          of((*Desk).listTariffs),
		messages.TypeBill:             of((*Desk).bill),
		messages.TypeProve:            of((*Desk).prove),
		messages.TypeSend:             of((*Desk).send),
		messages.TypeSave:             of((*Desk).save),
		messages.TypeRetry:            of((*Desk).retry),
		messages.TypeDecline:          of((*Desk).decline),
		messages.TypeHistory:          of((*Desk).history),
		messages.TypeEntry:            of((*Desk).entry),
		messages.TypeCompare:          of((*Desk).compare),
		messages.TypeForgetEverything: of((*Desk).forgetEverything),
	}
}

type nothing struct{}

func (d *Desk) hello(_ *job, h *messages.Hello) (any, error) {
	d.origin, d.clock = h.Origin, h.Clock
	return d.state()
}

func (d *Desk) forgetEverything(*job, *nothing) (any, error) {
	if err := d.host.Vault.Clear(); err != nil {
		return nil, err
	}
	d.reset()
	return d.changed()
}

// changed tells all pages of this device and returns the state.
func (d *Desk) changed() (*messages.State, error) {
	s, err := d.state()
	if err == nil && d.host.Changed != nil {
		d.host.Changed(*s)
	}
	return s, err
}

// get and post put the lock down while they wait.
func (d *Desk) get(ctx context.Context, path string) (*Response, error) {
	d.mu.Unlock()
	defer d.mu.Lock()
	return d.host.Net.Get(ctx, d.origin+path)
}

func (d *Desk) post(ctx context.Context, url, contentType string, body []byte) (*Response, error) {
	d.mu.Unlock()
	defer d.mu.Lock()
	return d.host.Net.Post(ctx, url, contentType, body)
}

// each calls do with every record whose name begins with prefix, in order of
// names. A damaged one ends it.
func (d *Desk) each(prefix string, do func(name string, data []byte) error) error {
	names, err := d.host.Vault.Names(prefix)
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := d.host.Vault.Get(name)
		if errors.Is(err, ErrNoRecord) {
			continue // another page has just removed it
		}
		if err != nil {
			return err
		}
		if err := do(name, data); err != nil {
			return err
		}
	}
	return nil
}
