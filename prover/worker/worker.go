// Package worker holds the jobs of a customer's device: open the exports of a
// meter, compile tariffs into what a claim needs, make a bill with its proof.
// It is where tariffs and proofs meet, and knows nothing of files, pages or
// browsers, so that the command line and the browser's worker run the same code.
package worker

import (
	"fmt"

	"hushwatt/meter"
)

// Open reads exports and opens them with the customer's key. Every signature is
// checked and every seal computed again; the first that does not hold ends it.
func Open(exports [][]byte, key *meter.Key) ([]*meter.Opened, error) {
	opened := make([]*meter.Opened, len(exports))
	for i, data := range exports {
		e, err := meter.ParseExport(data)
		if err != nil {
			return nil, fmt.Errorf("export %d: %w", i+1, err)
		}
		if err := e.CheckHeads(); err != nil {
			return nil, fmt.Errorf("export %d: %w", i+1, err)
		}
		if opened[i], err = e.Open(key); err != nil {
			return nil, fmt.Errorf("export %d, meter %s: %w", i+1, e.Certificate().Meter, err)
		}
	}
	return opened, nil
}
