package app

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"hushwatt/prover/messages"
)

// canned is a worker that answers from a table. What is not in it is never
// answered.
type canned struct {
	answers map[messages.Type]any
	asked   []messages.Type
	bodies  [][]byte
	hear    func(heard)
}

// A cannedReader is the other worker, with the same answers.
type cannedReader struct {
	*canned
	hear func(heard)
}

func (r *cannedReader) post(id int, kind messages.Type, text []byte, parts [][]byte) {
	r.canned.tell(r.hear, id, kind, text)
}

func (c *canned) post(id int, kind messages.Type, text []byte, parts [][]byte) {
	c.tell(c.hear, id, kind, text)
}

func (c *canned) tell(hear func(heard), id int, kind messages.Type, text []byte) {
	c.asked = append(c.asked, kind)
	c.bodies = append(c.bodies, text)
	answer, ok := c.answers[kind]
	if !ok {
		return
	}
	body, files, err := messages.Encode(answer)
	if err != nil {
		panic(err)
	}
	if _, isError := answer.(*messages.Error); isError {
		hear(heard{id: id, fault: body})
		return
	}
	hear(heard{id: id, result: body, isResult: true, parts: files})
}

func (c *canned) terminate() {}

// stage gives tests a context of a component that is mounted.
type stage struct {
	app.Compo
	act func(app.Context)
}

func (s *stage) OnPreRender(ctx app.Context) { s.act(ctx) }
func (s *stage) Render() app.UI              { return app.Div() }

// play sets the state, lets act happen with a worker that knows the answers, and
// waits until all is done.
func play(t *testing.T, s shared, answers map[messages.Type]any, act func(app.Context)) *canned {
	t.Helper()
	old, oldDevice := state, device
	oldReader, oldOpen := reader, openReader
	t.Cleanup(func() { state, device, reader, openReader = old, oldDevice, oldReader, oldOpen })
	state = s
	device, reader = bridge{}, bridge{}
	w := &canned{answers: answers}
	device.start(func(hear func(heard)) worker { w.hear = hear; return w })
	openReader = func(hear func(heard)) worker { return &cannedReader{canned: w, hear: hear} }
	engine := app.NewTestEngine()
	if err := engine.Load(&stage{act: act}); err != nil {
		t.Fatal(err)
	}
	engine.ConsumeAll()
	return w
}

var tags = regexp.MustCompile(`<[^>]*>`)

// text is what a person reads of a screen.
func text(ui app.UI) string {
	s := html.UnescapeString(tags.ReplaceAllString(app.HTMLString(ui), " "))
	return strings.Join(strings.Fields(s), " ")
}

func has(t *testing.T, ui app.UI, wants ...string) {
	t.Helper()
	got := text(ui)
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the screen: %s", want, got)
		}
	}
}

func hasNot(t *testing.T, ui app.UI, wants ...string) {
	t.Helper()
	got := text(ui)
	for _, want := range wants {
		if strings.Contains(got, want) {
			t.Errorf("%q is on the screen: %s", want, got)
		}
	}
}

// kept looks for what was typed into a field.
func kept(t *testing.T, ui app.UI, typed string) {
	t.Helper()
	if got := app.HTMLString(ui); !strings.Contains(got, typed) {
		t.Errorf("%q is no longer in its field: %s", typed, got)
	}
}

func withHome() shared { return shared{known: true, device: cannedState()} }

func withBill() shared {
	s, b := withHome(), cannedBill()
	s.bill = &b
	return s
}

func TestStartSaysWhatThisIs(t *testing.T) {
	play(t, shared{}, nil, func(app.Context) {})
	has(t, &startPage{}, sentence, "Open my meter’s file", "Try it with a made-up home", "How it works", "Check that this app is what it says")
	state.failed = &messages.Error{Code: messages.StorageUnavailable, Sentence: "This window keeps nothing.", Next: "Use an ordinary window."}
	has(t, &startPage{}, "Nothing can be kept here", "This window keeps nothing.", "Use an ordinary window.")
}

func TestStartOfThoseWhoAreBack(t *testing.T) {
	s := withHome()
	s.device.Waiting, s.device.Pending = 2, []string{"march.hushwatt"}
	play(t, s, nil, func(app.Context) {})
	has(t, &startPage{}, "Your bills", "Demo Energy asks for your bill for 1–31 March 2026.", "by 14 April 2026", "See the bill for 1–31 March 2026",
		"2 bills wait to be sent", "march.hushwatt", "21M0012345", "Save your recovery file")
	hasNot(t, &startPage{}, "Put aside")
	state.device.Asks[0].State = messages.AskDeclined
	has(t, &startPage{}, "Nothing waits for your answer.", "Put aside", "Look at it again")
	state.device.Asks, state.device.Saved = nil, true
	has(t, &startPage{}, "Nothing waits for your answer.")
	hasNot(t, &startPage{}, "Save your recovery file")
}

func TestReadTellsWhatWasRead(t *testing.T) {
	play(t, withHome(), nil, func(app.Context) {})
	has(t, &readPage{}, "21M0012345", "1–31 March 2026", "1,486", "Thursday 5 March, 02:00 to 03:30", "Wednesday 11 March", "214.3 kWh",
		"All 1,486 half-hours are sealed", "Nothing has been sent", "See my days")
	state.device.Homes[0].Sealed, state.device.Homes[0].Seal = false, "The meter’s signature is missing."
	has(t, &readPage{}, "Not sealed by your meter", "The meter’s signature is missing.")
	if strings.Contains(app.HTMLString(&readPage{}), `class="seal"`) {
		t.Error("a green seal on a file that is not sealed")
	}
}

func TestScreensWithoutAHome(t *testing.T) {
	play(t, shared{known: true}, nil, func(app.Context) {})
	for _, p := range []app.UI{&readPage{}, &daysPage{}, &billPage{}, &comparePage{}} {
		has(t, p, "No meter’s file is open yet", "Open my meter’s file")
	}
	has(t, &sendPage{}, "Nothing. There is no bill to send yet.")
	has(t, &keyPage{}, "Make my key", "Restore my key")
}

// Before the program runs, and while the worker is silent, every screen says
// something and none is empty.
func TestScreensWhileWaiting(t *testing.T) {
	play(t, shared{}, nil, func(app.Context) {})
	for _, sc := range screens {
		page := sc.page()
		if got := app.HTMLString(page); strings.Count(got, "<h1") != 1 {
			t.Errorf("%s has %d headings", sc.path, strings.Count(got, "<h1"))
		}
		if len(text(page)) < 60 {
			t.Errorf("%s says only %q", sc.path, text(page))
		}
	}
}

func TestRequestBeforeItsFile(t *testing.T) {
	s := withHome()
	s.device.Homes = nil
	play(t, s, nil, func(app.Context) {})
	has(t, &billPage{}, "Your supplier asks for a bill", "21M0012345", "2026-03-0001", "Nothing is sent before you have seen it.")
}

func TestBillAddsUpOnPaper(t *testing.T) {
	bill := cannedBill()
	p := &billPage{}
	w := play(t, withHome(), map[messages.Type]any{messages.TypeBill: &bill}, p.load)
	if len(w.asked) == 0 || w.asked[0] != messages.TypeBill || !strings.Contains(string(w.bodies[0]), `"request":"ask-1"`) {
		t.Fatalf("asked %v %s", w.asked, w.bodies)
	}
	has(t, p, "Your bill for 1–31 March 2026", "£43.17", "Night", "61.204", "9.00p per kWh", "£5.50836", "Standing charge", "£2.06 is already in the prices",
		"Why this much?", "153.096 kWh × £0.2450 = £37.50852", "Rounding", "−£0.00188", "rounded once", "See what would be sent", "Print the bill", "On another tariff",
		"3 half-hours missing")
	hasNot(t, p, "Send my March bill")
}

// A bill that cannot be sent says so before its lines, and offers no look at what
// would be sent.
func TestBillThatCannotBeSent(t *testing.T) {
	bill := cannedBill()
	bill.CanSend, bill.CanSave, bill.Problem = false, false, &messages.Error{Code: messages.WeightsDiffer, Sentence: "What happened."}
	p := &billPage{}
	play(t, withHome(), map[messages.Type]any{messages.TypeBill: &bill}, p.load)
	has(t, p, "What happened.", "£43.17", "This bill cannot be sent.", "Answer without a bill", "Print the bill")
	hasNot(t, p, "See what would be sent")
}

// Every designed refusal of a bill has its heading, its sentence, its next step
// and its reference, and the way on.
func TestBillRefusals(t *testing.T) {
	for _, code := range []messages.Code{messages.OtherMeter, messages.PeriodNotCovered, messages.DaysMissing, messages.WeightsDiffer, messages.TariffRefusedPrivacy,
		messages.TariffNotFound, messages.RequestExpired, messages.AlreadyAnswered, messages.PeriodOverlaps, messages.PeriodGap, messages.NotFound, messages.Internal} {
		fault := &messages.Error{Code: code, Sentence: "What happened.", Next: "What to do.", Reference: "ref-77", Missing: threeSlots, Detail: "curious"}
		p := &billPage{}
		play(t, withHome(), map[messages.Type]any{messages.TypeBill: fault}, p.load)
		has(t, p, looks[code].heading, "What happened.", "What to do.", "ref-77", "Thursday 5 March, 02:00 to 03:30", "curious", "Put this request aside")
		if code == messages.WeightsDiffer {
			hasNot(t, p, "Try again")
		}
		if p.err == nil || state.bill != nil {
			t.Errorf("%s: not taken as a refusal", code)
		}
	}
}

// The codes that the issue designs, and all others of the messages, have a look.
func TestEveryCodeHasALook(t *testing.T) {
	for _, code := range []messages.Code{messages.WrongKey, messages.NoKey, messages.OtherMeter, messages.PeriodNotCovered, messages.DaysMissing, messages.WeightsDiffer,
		messages.TariffRefusedPrivacy, messages.TariffNotFound, messages.TariffNotProvable, messages.SupplierOffline, messages.BillRefused, messages.ReceiptWrong,
		messages.NotAHushwattFile, messages.DamagedFile, messages.RequestExpired, messages.AlreadyAnswered, messages.PeriodOverlaps, messages.PeriodGap,
		messages.UnknownSupplier, messages.NothingAsked, messages.NoWayToSend, messages.NeedsPassphrase, messages.WrongPassphrase, messages.WeakPassphrase, messages.NoDemo,
		messages.NotFound, messages.StorageDamaged, messages.StorageFull, messages.StorageUnavailable, messages.Stopped, messages.BadCall, messages.Internal} {
		l, ok := looks[code]
		if !ok || l.heading == "" || (l.href == "") != (l.step == "") {
			t.Errorf("%s has no look, or half a link", code)
		}
		ui := trouble(&messages.Error{Code: code, Sentence: "S.", Next: "N.", Entry: "e1"})
		has(t, ui, l.heading, "S.", "N.", l.step)
	}
	has(t, trouble(&messages.Error{Code: "from-the-future", Sentence: "S."}), "That did not work", "S.")
}

func TestSendShowsTwoColumnsAndOneButton(t *testing.T) {
	proof := cannedProof()
	p := &sendPage{}
	play(t, withBill(), map[messages.Type]any{messages.TypeProve: &proof}, p.load)
	has(t, p, "Leaves this device", "Stays here", "all 1,486 readings", "half-hours your meter missed: 3", "Thursday 5 March, 02:00 to 03:30", "a proof, 1,888 bytes",
		"See the exact bytes: 5,312", "At most 17 bits", "What does that mean?", "131,072 amounts", "Send my March bill to Demo Energy", "Not now", "This looks wrong",
		"The meter’s certificate", "512 of 5,312 shown", "9f86d081884c7d65")
	if n := strings.Count(app.HTMLString(p.buttons(state.bill)), "Send my March bill"); n != 1 {
		t.Errorf("%d buttons that send", n)
	}
}

func TestSendAsksOnceAndGoesToTheReceipt(t *testing.T) {
	p := &sendPage{}
	w := play(t, withBill(), nil, func(ctx app.Context) {
		p.send(ctx)
		p.send(ctx) // a second press while it is being sent
	})
	if len(w.asked) != 1 || w.asked[0] != messages.TypeSend {
		t.Errorf("asked %v", w.asked)
	}
	has(t, p, "Stop")
	hasNot(t, p, "Not now")
	p.doing = messages.Progress{Sentence: "Making the proof", Done: 3, Of: 7}
	has(t, p, "Making the proof …")
	if got := app.HTMLString(p); !strings.Contains(got, `max="7"`) || !strings.Contains(got, `value="3"`) {
		t.Error("the bar does not tell how far it is")
	}
}

func TestSendWithoutLeave(t *testing.T) {
	s := withBill()
	s.bill.CanSend = false
	s.bill.Problem = &messages.Error{Code: messages.TariffRefusedPrivacy, Sentence: "This tariff could be used to read single hours.", Next: "Ask for another tariff."}
	s.bill.CanSave = false
	p := &sendPage{}
	w := play(t, s, nil, p.load)
	if len(w.asked) != 0 {
		t.Errorf("asked %v for a bill that must not be proven", w.asked)
	}
	has(t, p, "This tariff would tell too much", "Ask for another tariff.", "Not now")
	hasNot(t, p, "Send my March bill")
	state.bill.CanSave = true
	has(t, p, "Save the bill as a file")
}

func TestSendFailures(t *testing.T) {
	for _, code := range []messages.Code{messages.StorageFull, messages.Internal, messages.Stopped, messages.NoWayToSend} {
		p := &sendPage{}
		play(t, withBill(), map[messages.Type]any{messages.TypeSend: &messages.Error{Code: code, Sentence: "What happened.", Next: "What to do."}}, p.send)
		has(t, p, looks[code].heading, "What happened.", "What to do.", "Send my March bill")
		if state.bill == nil {
			t.Errorf("%s: the bill is lost", code)
		}
	}
	for _, code := range []messages.Code{messages.SupplierOffline, messages.BillRefused, messages.ReceiptWrong, messages.AlreadyAnswered} {
		entry := messages.EntryWaiting
		if code == messages.BillRefused {
			entry = messages.EntryRefused
		}
		full := cannedFull(entry)
		fault := &messages.Error{Code: code, Sentence: "What happened.", Next: "What to do.", Reference: "req_8f3a2c", Entry: full.Entry.ID}
		p := &sendPage{}
		play(t, withBill(), map[messages.Type]any{messages.TypeSend: fault}, func(ctx app.Context) { p.sending = true; p.sent(ctx, messages.Sent{}, fault) })
		r := &receiptPage{id: full.Entry.ID, entry: &full}
		has(t, r, looks[code].heading, "What happened.", "What to do.", "req_8f3a2c", full.Entry.Sentence)
	}
}

func TestDeclineIsADesignedPath(t *testing.T) {
	for _, why := range []string{messages.NotNow, messages.LooksWrong} {
		entry := cannedEntry(messages.EntryDeclined)
		entry.Why = why
		p := &sendPage{}
		s := withBill()
		s.wrong = "We were away in March"
		w := play(t, s, map[messages.Type]any{messages.TypeDecline: &entry}, func(ctx app.Context) { p.decline(ctx, "ask-1", why) })
		if told := strings.Contains(string(w.bodies[0]), "away in March"); told != (why == messages.LooksWrong) {
			t.Errorf("%s: asked %s", why, w.bodies[0])
		}
		has(t, p, "Put aside", "Nothing was sent", "2026-03-0001", "We were away in March")
		if why == messages.LooksWrong {
			has(t, p, "Call your supplier and quote the request number")
		}
	}
}

// A note is kept when putting a request aside fails.
func TestNothingTypedIsLost(t *testing.T) {
	p := &sendPage{look: true}
	s := withBill()
	s.wrong, s.pasted = "too high", "https://bills.example/bill#r=abc"
	play(t, s, map[messages.Type]any{messages.TypeDecline: &messages.Error{Code: messages.StorageFull, Sentence: "Full."}},
		func(ctx app.Context) { p.decline(ctx, "ask-1", messages.LooksWrong) })
	has(t, p, "Full.")
	kept(t, p, "too high")
	o := &opener{}
	o.link = "r=abc"
	play(t, s, map[messages.Type]any{messages.TypeRequest: &messages.Error{Code: messages.DamagedFile, Sentence: "Half a link."}}, o.again)
	has(t, o, "Half a link.")
	kept(t, o, "https://bills.example/bill#r=abc")
	o = &opener{name: "march.hushwatt", data: []byte{1, 2, 3}}
	play(t, s, map[messages.Type]any{messages.TypeOpen: &messages.Error{Code: messages.NeedsPassphrase, Sentence: "A recovery file."}}, o.again)
	has(t, o, "A recovery file.", "Passphrase of the recovery file")
	if len(o.data) != 3 {
		t.Error("the file is gone")
	}
}

func TestOpenerRefusals(t *testing.T) {
	for _, code := range []messages.Code{messages.WrongKey, messages.NoKey, messages.DamagedFile, messages.RequestExpired, messages.StorageFull} {
		o := &opener{name: "x", data: []byte{1}}
		play(t, withHome(), map[messages.Type]any{messages.TypeOpen: &messages.Error{Code: code, Sentence: "What happened.", Next: "What to do."}}, o.again)
		has(t, o, looks[code].heading, "What happened.", "What to do.", "Open my meter’s file")
	}
	supplier := messages.Supplier{Key: "hushwatt-supplier1abc", Name: "Other Power", Short: "abcd efgh"}
	o := &opener{link: "r=abc"}
	play(t, withHome(), map[messages.Type]any{messages.TypeRequest: &messages.Error{Code: messages.UnknownSupplier, Sentence: "Who is this?", Supplier: &supplier}}, o.again)
	has(t, o, "Is this your supplier?", "Yes, this is my supplier", "No, leave it", "abcd efgh")
}

// The worker tells what is new before it answers. The screen that asked must
// still be there to hear the answer.
func TestOpeningHoldsTheScreen(t *testing.T) {
	o := &opener{}
	play(t, shared{known: true}, nil, func(ctx app.Context) { o.openDemo(ctx) })
	state.update(cannedState())
	if state.homeNow() != nil {
		t.Error("the screen changes while a file is being opened")
	}
	o.OnDismount()
	if state.homeNow() == nil {
		t.Error("what came meanwhile is lost")
	}
	o.OnDismount()
	state.update(messages.State{})
	if state.homeNow() != nil {
		t.Error("the screen is held for good")
	}
}

func TestTheHomeGoesWithTheRequest(t *testing.T) {
	s := withHome()
	other := cannedHome()
	other.ID, other.Meter = "home-2", "21M0099999"
	s.device.Homes = append(s.device.Homes, other)
	play(t, s, nil, func(app.Context) {})
	if state.homeNow().ID != "home-1" || state.askNow() == nil {
		t.Error("the home is not that of the request")
	}
	state.chooseHome("home-2")
	if state.homeNow().ID != "home-2" || state.askNow() != nil {
		t.Error("another home is shown with the request of the first")
	}
	has(t, &readPage{}, "21M0099999", "21M0012345, 1–31 March 2026 (made up)")
	state.chooseAsk(cannedAsk())
	if state.homeNow().ID != "home-1" {
		t.Error("the request does not lead to its home")
	}
}

func TestScannedCodes(t *testing.T) {
	o := &opener{scan: true}
	w := play(t, withHome(), nil, func(ctx app.Context) { o.scanned(ctx, "https://bills.example/bill#r=abc") })
	if len(w.asked) != 1 || !strings.Contains(string(w.bodies[0]), `"fragment":"r=abc"`) {
		t.Errorf("asked %v %s", w.asked, w.bodies)
	}
	has(t, o, "Scan the QR code on a letter")
	o = &opener{}
	play(t, withHome(), nil, func(ctx app.Context) { o.scanned(ctx, "") })
	has(t, o, "No request was found in the picture.")
	hasNot(t, o, "Scan the QR code")
}

func TestFragmentOf(t *testing.T) {
	for in, want := range map[string]string{"https://b.example/bill#r=abc": "r=abc", "#r=abc": "r=abc", "r=abc": "r=abc"} {
		if got, ok := fragmentOf(in); !ok || got != want {
			t.Errorf("%q gives %q", in, got)
		}
	}
	if _, ok := fragmentOf("hushwatt1abc"); ok {
		t.Error("a key is taken for a link")
	}
}

func TestReceiptOfEachKind(t *testing.T) {
	for entry, wants := range map[string][]string{
		messages.EntryAccepted: {"accepted your bill of £43.17", "R-2026-000017", "3 April 2026, 19:02", "Save receipt", "Print bill", "What was sent", "5,312"},
		messages.EntryWaiting:  {"waits to be sent", "It is sent once, however often it is tried.", "Try now", "What will be sent", "Leaves this device"},
		messages.EntryRefused:  {"refused your bill", "certificate is not one", "req_8f3a2c", "Look at the request again"},
		messages.EntryDeclined: {"aside", "Nothing was sent.", "We were away in March"},
		messages.EntrySaved:    {"as a file", "Save the bill again", "What the file holds"},
	} {
		full := cannedFull(entry)
		p := &receiptPage{id: full.Entry.ID}
		play(t, withHome(), map[messages.Type]any{messages.TypeEntry: &full}, p.again)
		has(t, p, wants...)
	}
	sent := cannedFull(messages.EntryAccepted)
	state.sent = &messages.Sent{Sentence: "That went well.", Entry: sent.Entry}
	has(t, (&receiptPage{}).screen(&sent), "That went well.")
	p := &receiptPage{id: "gone"}
	play(t, withHome(), map[messages.Type]any{messages.TypeEntry: &messages.Error{Code: messages.NotFound, Sentence: "It is not here."}}, p.again)
	has(t, p, "It is not here.", "History")
	full := cannedFull(messages.EntryAccepted)
	full.Entry.Whole, full.Bytes = false, nil
	has(t, (&receiptPage{}).screen(&full), "came from your recovery file")
}

func TestHistoryListsEverything(t *testing.T) {
	h := cannedHistory()
	p := &historyPage{}
	s := withHome()
	s.device.Waiting = 1
	play(t, s, map[messages.Type]any{messages.TypeHistory: &h}, p.load)
	has(t, p, "In all, at most 17 bits", "Waiting", "Accepted", "Refused", "Declined", "Saved as a file", "Reference req_8f3a2c", "Try to send what is waiting",
		"Forget everything on this device", "This cannot be undone", "never sent", "You have not saved a recovery file.")
	if !strings.Contains(app.HTMLString(p), `href="/receipt#entry-refused"`) {
		t.Error("entries cannot be opened")
	}
	p.history = &messages.History{}
	has(t, p, "Nothing yet")
	p.err = &messages.Error{Code: messages.StorageDamaged, Sentence: "Something does not open."}
	has(t, p, "Something does not open.")
}

func TestForgettingNeedsTheWarning(t *testing.T) {
	p := &historyPage{history: &messages.History{}}
	w := play(t, withHome(), map[messages.Type]any{messages.TypeForgetEverything: &messages.State{}}, func(ctx app.Context) {
		p.forgetAll(ctx)
		p.sure = true
		p.forgetAll(ctx)
	})
	if len(w.asked) != 1 {
		t.Errorf("asked %v", w.asked)
	}
	has(t, p, "Everything is forgotten", "Your supplier still has")
	if state.device.HasKey || state.homeNow() != nil {
		t.Error("something is still shown")
	}
}

func TestKeyIsMadeSavedRestored(t *testing.T) {
	made := cannedState()
	p := &keyPage{}
	play(t, shared{known: true}, map[messages.Type]any{messages.TypeNewKey: &made}, p.make)
	has(t, p, "Save your recovery file", "For pairing with your meter", made.Recipient, "Save my recovery file")

	recovery := messages.Recovery{Name: "r.hushwatt-recovery", Passphrase: "paper canal ember", Holds: "It holds your key.", File: []byte{1}}
	play(t, withHome(), map[messages.Type]any{messages.TypeRecoveryFile: &recovery}, p.save)
	has(t, p, "Write this passphrase down on paper", "paper canal ember", "It holds your key.")

	p = &keyPage{file: []byte{1}, name: "r.hushwatt-recovery", secret: "typed"}
	play(t, withHome(), map[messages.Type]any{messages.TypeRestore: &messages.Error{Code: messages.WrongPassphrase, Sentence: "That is not it."}}, p.restore)
	has(t, p, "That did not open it", "That is not it.", "r.hushwatt-recovery")
	if p.secret != "typed" || len(p.file) != 1 {
		t.Error("the file or the passphrase is lost")
	}
	play(t, withHome(), map[messages.Type]any{messages.TypeRestore: &messages.Restored{Sentence: "1 key is back."}}, p.restore)
	has(t, p, "1 key is back.")
	p = &keyPage{own: true}
	if w := play(t, withHome(), nil, p.save); len(w.asked) != 0 {
		t.Error("an empty passphrase is sent on")
	}
	has(t, p, "Too short")
}

func TestCompareIsSortedWithTheCaveat(t *testing.T) {
	c := cannedComparison()
	p := &comparePage{}
	w := play(t, withBill(), map[messages.Type]any{messages.TypeCompare: &c}, p.load)
	if !strings.Contains(string(w.bodies[0]), `"from":"2026-03-01","to":"2026-03-31"`) {
		t.Errorf("asked %s", w.bodies[0])
	}
	has(t, p, "If you had used the same amount at the same times.", "Your tariff", "£3.20 less than now", "£2.85 more than now", "Summer: It begins on 1 June 2026.", "Your supplier does not know that you looked.")
	got := text(p)
	if strings.Index(got, "£39.97") > strings.Index(got, "£43.17") {
		t.Error("the cheapest is not first")
	}
	p = &comparePage{}
	play(t, withHome(), map[messages.Type]any{messages.TypeCompare: &messages.Error{Code: messages.SupplierOffline, Sentence: "No tariffs are here yet."}}, p.load)
	has(t, p, "No tariffs are here yet.")
}

// What is said to people holds none of the words that only engineers know.
func TestPlainWords(t *testing.T) {
	play(t, withBill(), nil, func(app.Context) {})
	d := cannedDays()
	state.days = &d
	full, history, proof, compared := cannedFull(messages.EntryAccepted), cannedHistory(), cannedProof(), cannedComparison()
	pages := []app.UI{&startPage{}, &readPage{}, &daysPage{}, &billPage{}, &sendPage{proof: &proof}, (&receiptPage{}).screen(&full),
		&historyPage{history: &history}, &keyPage{}, comparison(&compared), &aboutPage{}}
	forbidden := regexp.MustCompile(`(?i)\b(commitment|wasm|webassembly|payload|claim|submit|ok|null|error|invalid|color|blob|json|cbor|zero-knowledge)\b`)
	for _, p := range pages {
		if found := forbidden.FindString(text(p)); found != "" {
			t.Errorf("%q on %T", found, p)
		}
	}
}
