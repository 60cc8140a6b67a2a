// Package aggregate adds up the readings of many meters without seeing one, for
// network operators and settlement: authorities that each hold a share, or one
// aggregator and masks between meters; presence decided once a slot; sums, means and
// variances that anyone can check against the meters' certified commitments. It is
// pure: no clock, no network, storage behind an interface. See docs/protocol.md,
// section 7, and docs/design/aggregate.md.
package aggregate
