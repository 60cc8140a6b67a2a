// Package worker holds the jobs of a customer's device: open the exports of a
// meter, compile tariffs into what a claim needs, make a bill with its proof.
// It is where tariffs and proofs meet, and knows nothing of files, pages or
// browsers, so that the command line and the browser's worker run the same code.
package worker

import "hushwatt/meter"

// Open reads an export and opens it with the customer's key. Every signature is
// checked and every seal computed again; the first that does not hold ends it.
func Open(export []byte, key *meter.Key) (*meter.Opened, error) {
	e, err := meter.ParseExport(export)
	if err != nil {
		return nil, err
	}
	if err := e.CheckHeads(); err != nil {
		return nil, err
	}
	return e.Open(key)
}
