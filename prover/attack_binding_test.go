package prover

import (
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
)

// leaves calls visit for every number and text in v, which may be changed there,
// with a path. What a rule of its kind does not read is left out.
func leaves(v reflect.Value, path string, visit func(path string, change func() (back func()))) {
	if b, ok := v.Interface().(*big.Int); ok {
		if b != nil {
			visit(path, func() func() {
				old := reflect.ValueOf(b)
				v.Set(reflect.ValueOf(new(big.Int).Add(b, one)))
				return func() { v.Set(old) }
			})
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if r, ok := v.Interface().(Rule); !ok || r.reads(name) {
				leaves(v.Field(i), path+"."+name, visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			leaves(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
		if v.Len() == 0 {
			return
		}
		visit(path+" shorter", func() func() {
			old := reflect.ValueOf(v.Interface())
			v.Set(v.Slice(0, v.Len()-1))
			return func() { v.Set(old) }
		})
	case reflect.Int, reflect.Int64:
		visit(path, func() func() {
			old := v.Int()
			v.SetInt(old + 1)
			return func() { v.SetInt(old) }
		})
	case reflect.String:
		visit(path, func() func() {
			old := v.String()
			v.SetString(old + "x")
			return func() { v.SetString(old) }
		})
	}
}

// reads reports whether a rule of this kind reads a field.
func (r *Rule) reads(field string) bool {
	switch field {
	case "Of":
		return r.Kind != Peak && r.Kind != Highest
	case "Groups", "Count":
		return r.Kind == Peak || r.Kind == Highest
	case "U", "Mode":
		return r.Kind == Each
	}
	return false
}

// TestAttackTwoPlansOneHash: no single change of the rules of a plan, or of what
// its lines take of them, leaves the hash that a customer is asked to sign for.
func TestAttackTwoPlansOneHash(t *testing.T) {
	changes := 0
	for seed := range uint64(20) {
		p, _, _ := newTiny(seed)
		hash := p.WeightsHash()
		try := func(path string, change func() (back func())) {
			if changes++; strings.Contains(path, ".Weights") && changes%5 != 0 { // a part will do
				return
			}
			back := change()
			defer back()
			if p.WeightsHash() == hash {
				t.Errorf("plan %d has the same hash with another %s", seed, path)
			}
		}
		leaves(reflect.ValueOf(&p.Rules).Elem(), "Rules", try)
		for i := range p.Functionals {
			leaves(reflect.ValueOf(&p.Functionals[i].Hidden).Elem(), fmt.Sprintf("Functionals[%d].Hidden", i), try)
		}
		if p.WeightsHash() != hash {
			t.Fatal("a change was not taken back")
		}
	}
	if changes < 1000 {
		t.Errorf("%d changes", changes)
	}
}
