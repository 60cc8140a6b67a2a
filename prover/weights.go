package prover

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"slices"

	"hushwatt/internal/wire"
)

// columns lays the slots of every kind of day side by side, kinds ascending: a
// row fills the columns of its own kind and is 0 elsewhere.
type columns struct {
	kinds []int       // distinct numbers of slots a day, ascending
	start map[int]int // number of slots → its first column
	n     int         // columns
}

func newColumns(rows []Row) columns {
	ns := make([]int, len(rows))
	for d, r := range rows {
		ns[d] = r.N
	}
	return columnsOf(ns)
}

func columnsOf(ns []int) columns {
	c := columns{kinds: slices.Compact(slices.Sorted(slices.Values(ns))), start: map[int]int{}}
	for _, n := range c.kinds {
		c.start[n] = c.n
		c.n += n
	}
	return c
}

// WeightsHash binds the weights of a claim or request (docs/protocol.md,
// section 4.3): version of the time zone data, number of functionals, rows and
// columns, and per functional its constant and its weights row by row. Constants
// are below 2^127 in absolute value. A row of weights is as long as its day has
// slots; days of different lengths stand in different columns.
func WeightsHash(tz string, consts []*big.Int, weights [][][]int64) [32]byte {
	return weightsHash(tz, consts, weights, nil)
}

// weightsHash is WeightsHash with the encoding of a plan's rules at its end.
func weightsHash(tz string, consts []*big.Int, weights [][][]int64, rules []byte) [32]byte {
	var ns []int
	if len(weights) > 0 {
		for _, row := range weights[0] {
			ns = append(ns, len(row))
		}
	}
	cols := columnsOf(ns)
	size := len(ns) * cols.n * 8
	b := make([]byte, 0, size+64)
	h := sha256.New()
	b = append(append(b, wire.LabelWeights...), tz...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(weights)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(ns)))
	b = binary.BigEndian.AppendUint32(b, uint32(cols.n))
	for j, rows := range weights {
		b = appendInt128(b, consts[j])
		for _, row := range rows {
			b = append(b, make([]byte, 8*cols.start[len(row)])...)
			for _, w := range row {
				b = binary.BigEndian.AppendUint64(b, uint64(w))
			}
			b = append(b, make([]byte, 8*(cols.n-cols.start[len(row)]-len(row)))...)
		}
		h.Write(b)
		b = b[:0]
	}
	h.Write(b)
	h.Write(rules)
	return [32]byte(h.Sum(nil))
}

// appendInt128 appends v, |v| < 2^127, as 16 big-endian bytes in two's
// complement.
func appendInt128(b []byte, v *big.Int) []byte {
	x := publicInt(v)
	b = binary.BigEndian.AppendUint64(b, x[1])
	return binary.BigEndian.AppendUint64(b, x[0])
}

func (c *Claim) weightsHash() [32]byte {
	var consts []*big.Int
	var weights [][][]int64
	for _, f := range c.functionals {
		if f.total == nil { // those of vectors are in the hash of entries
			consts, weights = append(consts, f.konst), append(weights, f.weights)
		}
	}
	return WeightsHash(c.tz, consts, weights)
}
