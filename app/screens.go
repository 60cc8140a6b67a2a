package app

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// A screen is one page of the app.
type screen struct {
	path  string
	title string // of the window; the product's name is added
	nav   string // its word in the navigation; empty: not there
	about string // one sentence for those who find it from outside
	page  func() app.Composer
}

const sentence = "Your supplier needs your bill. It does not need to know when you sleep."

// screens are all pages, the first being the one where people start.
var screens = []screen{
	{"/", "Your bill, not your readings", "Bills", sentence, func() app.Composer { return &startPage{} }},
	{"/read", "What we read", "", "What is in your meter’s file.", func() app.Composer { return &readPage{} }},
	{"/days", "Your days", "", "Your half-hours as a picture.", func() app.Composer { return &daysPage{} }},
	{"/bill", "Your bill", "", "Your bill, line by line.", func() app.Composer { return &billPage{} }},
	{"/compare", "On another tariff", "", "The same days on each tariff of your supplier.", func() app.Composer { return &comparePage{} }},
	{"/send", "What leaves this device", "", "What your supplier gets, and what stays here.", func() app.Composer { return &sendPage{} }},
	{"/receipt", "Receipt", "", "Your supplier’s receipt.", func() app.Composer { return &receiptPage{} }},
	{"/history", "History", "History", "Everything sent, declined or waiting.", func() app.Composer { return &historyPage{} }},
	{"/key", "Your key", "Key", "Make, save or restore the key that opens your meter’s file.", func() app.Composer { return &keyPage{} }},
	{"/about", "How it works", "", "How it works, and how to check that this app is what it says.", func() app.Composer { return &aboutPage{} }},
}

// lost is shown at addresses that are no screen.
var lost = screen{"/404", "No such page", "", "There is no such page.", func() app.Composer { return &lostPage{} }}

func screenAt(path string) screen {
	for _, s := range screens {
		if s.path == path {
			return s
		}
	}
	return lost
}
