package source

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"hushwatt/internal/testdata"
)

// A year of five-minute readings as the Australian market writes them.
func BenchmarkReadNEM12Year(b *testing.B) {
	data := nem12Year()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		f, err := ReadNEM12(bytes.NewReader(data), Options{})
		if err != nil || f.Rows != 365*288 {
			b.Fatal(f, err)
		}
	}
}

func nem12Year() []byte {
	var file bytes.Buffer
	file.WriteString("100,NEM12,202301010000,MDA1,Ret1\n200,NMI0000001,E1,E1,E1,N1,S1,kWh,5,\n")
	for d := range 365 {
		file.WriteString("300," + time.Date(2022, 1, 1+d, 0, 0, 0, 0, time.UTC).Format("20060102"))
		for s := range 288 {
			fmt.Fprintf(&file, ",%d.%03d", d%3, (s*7+d)%1000)
		}
		file.WriteString(",A,,,20230101000000,\n")
	}
	file.WriteString("900\n")
	return file.Bytes()
}

func BenchmarkReadYear(b *testing.B) {
	for _, c := range []struct{ name, file string }{
		{"lcl", "data/lcl-london-2013/homes/MAC000002.csv.gz"},
		{"octopus-json", "data/uk-ie-format-replicas/octopus-rest-consumption-autumn.json"},
	} {
		data, err := os.ReadFile(testdata.Shared(b, c.file))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Read(bytes.NewReader(data), Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
