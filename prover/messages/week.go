package messages

// TypeTariff asks for a tariff as a picture.
const TypeTariff Type = "tariff" // AskTariff → TariffPicture

// AskTariff names a tariff that is known on this device.
type AskTariff struct {
	ID string `json:"id"`
}

// TariffPicture is the prices of a tariff through a week, and in words what a week
// does not show: blocks, power, charges, taxes.
type TariffPicture struct {
	Tariff Tariff   `json:"tariff"`
	Weeks  []Week   `json:"weeks"`
	Words  []string `json:"words"`
}

// Week is one component's prices in one season.
type Week struct {
	Title string    `json:"title"` // "Energy, Winter (11-01 to 03-31)"
	Days  []WeekDay `json:"days"`
	Low   int64     `json:"low"` // the cheapest and the dearest price, 10⁻¹² of the currency per Wh
	High  int64     `json:"high"`
}

// WeekDay is one day, Monday first; holidays and dates of dynamic prices have
// names of their own.
type WeekDay struct {
	Name      string    `json:"name"` // "Mon"
	Minutes   int       `json:"minutes"`
	Stretches []Stretch `json:"stretches"`
}

// Stretch is one price from a minute of the day to another.
type Stretch struct {
	From  int    `json:"from"`
	To    int    `json:"to"`
	Name  string `json:"name"`  // "Night"
	Price string `json:"price"` // "9.00p per kWh"
	Pico  int64  `json:"pico"`
}
