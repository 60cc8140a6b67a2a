package testvectors_test

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"

	"hushwatt/tariffs"
	"hushwatt/testvectors"
)

// runTariff does what `hushwatt tariff check` does.
func runTariff(in *testvectors.Tariff) (string, error) {
	t, err := tariffs.Parse([]byte(in.Document))
	if err != nil {
		return "malformed", nil
	}
	report, err := tariffs.Check(t)
	switch {
	case err != nil:
		return "malformed", nil
	case report.Provable != "yes":
		return "not-provable", nil
	case report.Accepted:
		return "", nil
	case strings.Contains(report.Refused[0], "privacy rule A"):
		return "rule-a", nil
	case strings.Contains(report.Refused[0], "privacy rule B"):
		return "rule-b", nil
	}
	return "", errors.New(report.Refused[0])
}

// runCompile compares a plan with what the vector says.
func runCompile(in *testvectors.Compile) (string, error) {
	plan, err := testvectors.CompileDocuments(in)
	if err != nil {
		return "malformed", nil
	}
	if !reflect.DeepEqual(plan, in.Plan) {
		return "tariff", nil
	}
	return "", nil
}

func runRelease(in *testvectors.Release) (string, error) {
	var rows []tariffs.Row
	for _, r := range in.Rows {
		unit, ok := new(big.Int).SetString(r.Unit, 10)
		if !ok {
			return "", fmt.Errorf("unit %q", r.Unit)
		}
		rows = append(rows, tariffs.Row{FirstDay: r.FirstDay, Weights: r.Weights, U: unit})
	}
	_, err := tariffs.Privacy(in.N, in.Clock, rows)
	var refused *tariffs.Refusal
	if errors.As(err, &refused) {
		return "rule-" + strings.ToLower(refused.Rule), nil
	}
	return "", err
}
