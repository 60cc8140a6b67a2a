package source

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	files, _ := filepath.Glob(os.Getenv("CORPUS") + "/*")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		_, q, _ := strings.Cut(string(b), "\n")
		q = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(q), "[]byte("), ")")
		s, err := strconv.Unquote(q)
		if err != nil {
			continue
		}
		o := options()
		named(&o)
		o.NoTax, o.NoHolidays, o.DemandMinutes, o.PricesIncludeTax = true, true, 30, "no"
		o.Clock, o.Currency, o.From, o.To, o.Decimals = "Europe/London", "GBP", "2024-01-01", "2025-01-01", new(6)
		at := time.Now()
		_, err = Import("", []File{{"fuzz", []byte(s)}}, o)
		if d := time.Since(at); d > 30*time.Millisecond {
			t.Log(d, len(s), err, filepath.Base(f))
		}
	}
	t.Log(len(files))
}
