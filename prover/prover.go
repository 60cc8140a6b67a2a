// Package prover holds what a customer proves and how a supplier checks it.
// A Claim states linear facts about sealed meter readings in whole numbers;
// both sides build it from public inputs, the customer proves it, the supplier
// verifies it, one at a time or many in one Batch. The bill exchange (request,
// submission, receipt) carries claims. See docs/protocol.md, sections 4 and 5.
package prover
