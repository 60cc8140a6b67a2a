package worker

import (
	"context"
	"errors"

	"hushwatt/prover/messages"
)

// next says what to do, where the job that fails does not know better.
var next = map[messages.Code]string{
	messages.WrongKey:             "Restore your key from its recovery file, and this file will open. If you have a new meter or a new key, ask your supplier to pair your meter again.",
	messages.NoKey:                "Make a key first, or restore yours from its recovery file. The file is kept until then.",
	messages.OtherMeter:           "Open the file of the meter that the request names, or tell your supplier that this is not your meter.",
	messages.PeriodNotCovered:     "Get a newer file from your meter and open it here. The request stays open.",
	messages.DaysMissing:          "Get a newer file from your meter, which may have the missing half-hours. If they stay missing, tell your supplier.",
	messages.WeightsDiffer:        "Nothing was sent. Tell your supplier that its request does not fit its published tariff.",
	messages.TariffRefusedPrivacy: "Nothing was sent. You can decline the request and say that it looks wrong.",
	messages.TariffNotFound:       "Try again when you are online. If this stays, tell your supplier.",
	messages.TariffNotProvable:    "You can see this bill here, but not send a proof of it. Tell your supplier.",
	messages.SupplierOffline:      "Your bill is stored on this device and will be sent when the supplier can be reached. It will count once, however often it is sent.",
	messages.BillRefused:          "Tell your supplier the reference. What you sent is kept in your history.",
	messages.ReceiptWrong:         "Your bill is kept and will be sent again. It counts once. If this stays, tell your supplier.",
	messages.NotAHushwattFile:     "Look for a file that ends in .hushwatt or .request, or for the link in your supplier’s letter.",
	messages.NotAMeterFile:        "Look for a file that ends in .hushwatt, or for a download of readings from your supplier or portal.",
	messages.NotCertified:         "It is for you alone and cannot be sent. Your supplier’s bill counts.",
	messages.DamagedFile:          "Get the file again and open the new copy.",
	messages.RequestExpired:       "Ask your supplier for a new request.",
	messages.AlreadyAnswered:      "You find it in your history. Nothing more is needed.",
	messages.PeriodOverlaps:       "Nothing was sent. Tell your supplier: a day must not be billed twice.",
	messages.PeriodGap:            "Nothing was sent. Ask your supplier for the days between first.",
	messages.UnknownSupplier:      "If this is your supplier, compare the characters with your contract or letter and say so. If not, do nothing: nothing is sent.",
	messages.NothingAsked:         "You can save it as a file and hand it over yourself.",
	messages.NoWayToSend:          "Save the bill as a file and hand it to your supplier, or open your supplier’s own page.",
	messages.NeedsPassphrase:      "Type the passphrase that you chose, or were given, with the recovery file.",
	messages.WrongPassphrase:      "Check the passphrase letter by letter. If it is right, the file is damaged: use another copy.",
	messages.WeakPassphrase:       "Take at least 12 characters, or leave it empty to be given one.",
	messages.NoDemo:               "Open your own meter’s file instead.",
	messages.NotFound:             "Go back and try again.",
	messages.StorageDamaged:       "Restore your key from its recovery file and open your meter’s file again. If that does not help, forget everything on this device first.",
	messages.StorageFull:          "Free some space on this device and try again. Nothing was sent.",
	messages.StorageUnavailable:   "Open this page in an ordinary window, over https, and allow it to store data.",
	messages.Stopped:              "Nothing was sent.",
	messages.BadCall:              "Reload the page.",
	messages.Internal:             "Reload the page and try again. Nothing you had is lost.",
}

// fail makes an error for people; an empty advice is the usual one of its code.
func fail(code messages.Code, sentence, advice string) *messages.Error {
	if advice == "" {
		advice = next[code]
	}
	return &messages.Error{Code: code, Sentence: sentence, Next: advice}
}

func stopped() *messages.Error { return fail(messages.Stopped, "Stopped, as you asked.", "") }

// withDetail adds what the curious may read.
func withDetail(e *messages.Error, err error) *messages.Error {
	e.Detail = err.Error()
	return e
}

// tell makes an error for people of any.
func tell(err error) *messages.Error {
	var e *messages.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled):
		return stopped()
	case errors.Is(err, ErrDamaged), errors.Is(err, errRecord):
		return withDetail(fail(messages.StorageDamaged, "Something that was stored on this device cannot be read any more.", ""), err)
	case errors.Is(err, ErrFull):
		return withDetail(fail(messages.StorageFull, "There is no room left to store this on your device.", ""), err)
	case errors.Is(err, ErrUnavailable):
		return withDetail(fail(messages.StorageUnavailable, "This browser does not let the page store anything.", ""), err)
	}
	return withDetail(fail(messages.Internal, "Something went wrong in this app.", ""), err)
}
