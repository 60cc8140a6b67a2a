// Package source reads tariffs as suppliers, regulators and other programs
// publish them, leniently, and writes them as the strict documents of package
// tariffs: one file a format. What a document has no place for is listed, with
// its path and the reason, never silently dropped; what a source does not say
// and a bill needs (rounding, clock, taxes …) is an option, never made up.
package source

import (
	"fmt"
	"slices"
	"strings"

	"hushwatt/tariffs"
)

// A Tax is a share of the net amount, Rate in units of 10⁻⁹, and of other taxes.
type Tax struct {
	Name string
	Rate int64
	On   []string // names of taxes before it
}

// ParseTax reads "VAT=0.05" or "IVA=0.21 on IEE,other".
func ParseTax(text string) (Tax, error) {
	name, share, ok := strings.Cut(text, "=")
	share, on, more := strings.Cut(share, " on ")
	rate, valid := decimal(share)
	if !ok || !valid || strings.TrimSpace(name) == "" {
		return Tax{}, fmt.Errorf("%q is not a tax like VAT=0.05", text)
	}
	scaled := times(rate, rat(1e9, 1))
	if !scaled.IsInt() || scaled.Sign() < 0 || scaled.Cmp(rat(1e9, 1)) > 0 {
		return Tax{}, fmt.Errorf("%q: a tax is a share between 0 and 1 of at most nine decimals", text)
	}
	t := Tax{Name: strings.TrimSpace(name), Rate: scaled.Num().Int64()}
	if more {
		for _, other := range strings.Split(on, ",") {
			t.On = append(t.On, strings.TrimSpace(other))
		}
	}
	return t, nil
}

// A File is one file of a source; several (pages, days) may make one tariff.
type File struct {
	Name string // for messages
	Data []byte // at most MaxFile bytes
}

// MaxFile bounds the files that are read, in bytes.
const MaxFile = 16 << 20

// Options say what a source does not. Which are needed depends on the format;
// an error names the one that is missing as the flag of `tariff import`.
type Options struct {
	PlanID, Name, Brand string // of the document, where the source has none
	Currency, Clock     string
	From, To            string // YYYY-MM-DD, To exclusive: effectiveFrom and effectiveTo

	// Rounding is how a bill is rounded; nil is refused.
	Rounding *tariffs.Rounding

	// Taxes on the prices; NoTax says that there are none. PricesIncludeTax is
	// "yes" or "no".
	Taxes            []Tax
	NoTax            bool
	PricesIncludeTax string

	// Holidays are days YYYY-MM-DD that count as the weekday HolidaysAs (MON …
	// SUN); NoHolidays says that a source's rules for holidays are to be left out.
	Holidays   []string
	HolidaysAs string
	NoHolidays bool

	// Plan chooses one of several in a file; Choices choose among the variants
	// that one plan has, such as a territory, by the name the error gives.
	Plan    string
	Choices map[string]string

	// Decimals, if not nil, rounds prices to so many decimals (half to even).
	// Without it a price of more than nine is refused.
	Decimals *int

	// Standing are the files of Octopus standing charges.
	Standing []File

	// DemandMinutes is the interval over which a demand charge takes the mean.
	DemandMinutes int

	// SlotMinutes is the length of the metering slots that windows must fit, 30
	// if zero.
	SlotMinutes int
}

// An Imported is one strict document and what it does not carry.
type Imported struct {
	Format  string
	Tariff  *tariffs.Tariff
	Dropped []Dropped
}

// A Dropped is a value of the source that is not in the document. Where many
// of one kind were left out for one reason it stands for all Count of them.
type Dropped struct {
	Path  string `json:"path"`
	Value string `json:"value"`
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// A format reads one form of source.
type format struct {
	name  string
	says  string // one line on what it is
	reads func(g glance) bool
	load  func(s *sheet) *draft
}

// formats are asked in this order what a file is.
var formats = []format{
	{"cdr", "Australian Consumer Data Right, energy plan detail", isCDR, readCDR},
	{"urdb", "US Utility Rate Database, versions 3 to 8", isURDB, readURDB},
	{"octopus", "Octopus Energy unit rates (REST)", isOctopus, readOctopus},
	{"pvpc", "Spanish regulated hourly price (PVPC of ESIOS)", isPVPC, readPVPC},
	{"arcadia", "Arcadia (Genability) tariff", isArcadia, readArcadia},
	{"unsw", "UNSW bill calculator, Australian retail and network tariffs", isUNSW, readUNSW},
	{"taipower", "Taiwan Power Company's plans", isTaipower, readTaipower},
	{"irish", "Irish day, peak and night plans", isIrish, readIrish},
	{"rate-engine", "rate elements of a US rate engine", isRateEngine, readRateEngine},
	{"tariffkit", "US tariff book as TOML (tariffkit)", isTariffkit, readTariffkit},
	{"price-csv", "table of prices by time", isPriceTable, readPriceTable},
}

// Formats returns the names that Import knows.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// Says describes a format in a line.
func Says(name string) string {
	for _, f := range formats {
		if f.name == name {
			return f.says
		}
	}
	return ""
}

// Detect returns the name of the format that a file is in, by its content.
func Detect(f File) (string, error) {
	if len(f.Data) > MaxFile {
		return "", fmt.Errorf("%s: %d bytes, at most %d are read", f.Name, len(f.Data), MaxFile)
	}
	g := look(f)
	for _, known := range formats {
		if known.reads(g) {
			return known.name, nil
		}
	}
	return "", fmt.Errorf("%s: %s", f.Name, g.otherwise())
}

// Import reads the files of one tariff. An empty format is detected. Errors
// name the file and the path in it, or the option that is missing.
func Import(name string, files []File, o Options) (*Imported, error) {
	if len(files) == 0 {
		return nil, fmt.Errorf("import: no file")
	}
	f, err := chosen(name, files)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	if len(o.Standing) > 0 && f.name != "octopus" {
		return nil, fmt.Errorf("import %s: --standing is for octopus alone", f.name)
	}
	s := &sheet{files: files, options: o, used: map[string]bool{}}
	d := f.load(s)
	t := s.finish(d)
	if s.err != nil {
		return nil, fmt.Errorf("import %s: %w", f.name, s.err)
	}
	return &Imported{f.name, t, s.left()}, nil
}

func chosen(name string, files []File) (*format, error) {
	for _, file := range files {
		found, err := Detect(file)
		if err != nil && name == "" {
			return nil, err
		}
		if err == nil && name != "" && found != name {
			return nil, fmt.Errorf("%s: is in the format %s, not %s", file.Name, found, name)
		}
		if name == "" {
			name = found
		}
	}
	i := slices.IndexFunc(formats, func(f format) bool { return f.name == name })
	if i < 0 {
		return nil, fmt.Errorf("unknown format %q, must be one of %s", name, strings.Join(Formats(), ", "))
	}
	return &formats[i], nil
}
