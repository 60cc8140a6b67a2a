// Package meter is what a meter does and what others check of it. A meter seals
// each UTC day of readings in one group element per channel, chains the day
// records, signs a head at the end of every day and encrypts the readings for
// one customer; the customer opens an export and recomputes every seal; a
// supplier checks a segment, which holds no secret. See docs/protocol.md,
// sections 1 to 3, docs/design/seals.md and docs/design/keys.md.
package meter
