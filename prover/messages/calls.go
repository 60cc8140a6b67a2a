package messages

// Hello is the first call of a page.
type Hello struct {
	Origin string `json:"origin"` // of the page, "https://bills.example": the supplier whose app this is
	Clock  string `json:"clock"`  // the device's time zone (Intl), used until a tariff says otherwise
}

// MakeRecovery asks for a recovery file.
type MakeRecovery struct {
	Passphrase string `json:"passphrase"` // 12 characters or more; empty: the worker makes one
}

// Restore brings back what a recovery file holds.
type Restore struct {
	Passphrase string `json:"passphrase"`
	File       []byte `json:"-"`
}

// Parts implements Binary.
func (r *Restore) Parts() []*[]byte { return []*[]byte{&r.File} }

// Open hands over any file of ours: a meter's file, a request, a receipt, a key;
// a recovery file is answered with NeedsPassphrase.
type Open struct {
	Name string `json:"name"` // the file's name, for sentences
	Data []byte `json:"-"`
}

// Parts implements Binary.
func (o *Open) Parts() []*[]byte { return []*[]byte{&o.Data} }

// ForgetHome forgets a home's readings. History stays.
type ForgetHome struct {
	Home string `json:"home"`
}

// AskDays asks for the picture of some local days.
type AskDays struct {
	Home   string `json:"home"`
	From   string `json:"from,omitempty"`   // first day, "2026-03-01"; empty: the last full month
	To     string `json:"to,omitempty"`     // last day, inclusive
	Tariff string `json:"tariff,omitempty"` // id; empty: that of the newest request, else the first published that fits
}

// TakeRequest hands over a bill request, either its bytes or the fragment of a
// link ("#r=…" or "r=…").
type TakeRequest struct {
	Fragment string `json:"fragment,omitempty"`
	Data     []byte `json:"-"`
}

// Parts implements Binary.
func (r *TakeRequest) Parts() []*[]byte { return []*[]byte{&r.Data} }

// TrustSupplier answers an UnknownSupplier error: this supplier is ours.
type TrustSupplier struct {
	Key  string `json:"key"`            // "hushwatt-supplier1…", from Error.Supplier
	Name string `json:"name,omitempty"` // what the customer calls it
}

// AskTariffs asks what tariffs there are to choose from.
type AskTariffs struct {
	Refresh bool `json:"refresh,omitempty"` // ask the supplier again; otherwise what is known, and the supplier only if nothing is
}

// AskBill asks for a bill, either for a request or for a tariff and a period.
type AskBill struct {
	Request string   `json:"request,omitempty"` // Ask.ID
	Homes   []string `json:"homes,omitempty"`   // empty: those that the request names, or the only one
	Tariff  string   `json:"tariff,omitempty"`
	From    string   `json:"from,omitempty"` // first day
	To      string   `json:"to,omitempty"`   // last day, inclusive
}

// Prove asks for the proof of a bill; Send and Save make it too if need be.
type Prove struct {
	Bill string `json:"bill"` // Bill.ID
}

// Send sends a bill: it is stored first, and only the stored bytes are ever sent.
type Send struct {
	Bill string `json:"bill"`
}

// Save makes the file of a bill, to be handed over in another way.
type Save struct {
	Bill string `json:"bill"`
}

// Why a request was declined.
const (
	NotNow     = "not now"
	LooksWrong = "looks wrong"
)

// Decline puts a request aside. Nothing is sent.
type Decline struct {
	Request string `json:"request"`
	Why     string `json:"why"` // NotNow or LooksWrong
	Note    string `json:"note,omitempty"`
}

// AskEntry asks for all of one history entry.
type AskEntry struct {
	ID string `json:"id"`
}

// Compare asks what the same days would have cost on each tariff.
type Compare struct {
	Home string `json:"home"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"` // inclusive
}

// Cancel stops a running or queued call, which then ends with the Stopped error.
type Cancel struct {
	ID int `json:"id"` // of the call
}

// Cancelled says whether there was a call to stop.
type Cancelled struct {
	Found bool `json:"found"`
}
