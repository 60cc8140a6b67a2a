// Package meter is what a meter does and what others check of it. A meter seals
// each UTC day of readings in one group element per channel, chains the day
// records, signs a head at the end of every day and encrypts the readings for
// one customer; it sends each slot to those who sum many meters. The customer opens
// an export and recomputes every seal; a supplier checks a segment, which holds no
// secret. See docs/protocol.md, sections 1 to 3 and 7, and docs/design/seals.md,
// keys.md and aggregate.md.
package meter
