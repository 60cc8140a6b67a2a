package worker

import (
	"hushwatt/prover"
	"hushwatt/prover/plan"
	"hushwatt/tariffs"
)

// A Plan is a bill before any reading is looked at.
type Plan = plan.Plan

// NewPlan compiles tariffs for a rounded bill of the local days [start, end).
func NewPlan(ts []*tariffs.Tariff, start, end tariffs.Date, meters []prover.MeterSlots) (*Plan, error) {
	return plan.New(ts, start, end, meters)
}

// PlanFor compiles the verifier's or customer's own tariffs for what a request asks.
func PlanFor(r *prover.Request, ts []*tariffs.Tariff) (*Plan, error) { return plan.For(r, ts) }
