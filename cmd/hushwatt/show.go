package main

import (
	"fmt"
	"io"

	"hushwatt/meter"
)

var meterShowCommand = command{
	name:    "meter show",
	does:    "what an export holds; with your key also the readings, every seal checked",
	example: "hushwatt meter show --export my.hushwatt --key my.key",
	flags: func(f *flags) action {
		export := f.need("export", "FILE", "an export of a meter (*.hushwatt)")
		key := f.text("key", "FILE", "your key; the readings are then in the --json form")
		return func(*console) (answer, error) { return show(*export, *key) }
	},
}

// showAnswer has readings only if the key was given.
type showAnswer struct {
	*summary
	Readings []reading `json:"readings,omitempty"`
}

type reading struct {
	Start   string  `json:"start"`
	Channel string  `json:"channel"` // import or export
	Wh      *uint32 `json:"wh"`      // null if missing
	Status  string  `json:"status"`  // measured, missing, estimated or clock-adjusted
}

func (a showAnswer) text(w io.Writer) {
	a.summary.text(w)
	if a.Readings != nil {
		fmt.Fprintln(w, "\nEvery seal was computed again from the readings and holds.")
	}
}

func show(exportPath, keyPath string) (answer, error) {
	data, err := readFile(exportPath)
	if err != nil {
		return nil, err
	}
	e, err := meter.ParseExport(data)
	if err == nil {
		err = e.CheckHeads()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", exportPath, err)
	}
	s, err := summarise(e)
	if err != nil || keyPath == "" {
		return showAnswer{summary: s}, err
	}
	key, err := readKey(keyPath)
	if err != nil {
		return nil, err
	}
	opened, err := e.Open(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", exportPath, err)
	}
	s.add(opened)
	return showAnswer{s, readingsOf(opened)}, nil
}

// readingsOf lists the slots that belong to the meter's epoch.
func readingsOf(o *meter.Opened) []reading {
	names := [...]string{meter.ImportChannel: "import", meter.ExportChannel: "export"}
	var all []reading
	for _, day := range o.Days {
		for _, ch := range day.Channels {
			length := int64(24*60*60) / int64(len(ch.Wh))
			for s, status := range ch.Status {
				if status == meter.NotHere {
					continue
				}
				r := reading{Start: stamp(int64(day.Day)*24*60*60 + int64(s)*length), Channel: names[ch.Channel], Status: statusName(status)}
				if status != meter.Missing {
					r.Wh = &ch.Wh[s]
				}
				all = append(all, r)
			}
		}
	}
	return all
}

func statusName(s meter.Status) string {
	switch s {
	case meter.Measured:
		return "measured"
	case meter.Missing:
		return "missing"
	case meter.Estimated:
		return "estimated"
	case meter.ClockAdjusted:
		return "clock-adjusted"
	}
	return "not in this epoch"
}
