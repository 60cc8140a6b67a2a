package prover

import (
	"encoding/binary"
	"errors"
	"math/big"
)

// Output is one revealed integer of a submission: 16 bytes, two's complement,
// big-endian. The width is fixed so that the length of a submission says
// nothing about the amount.
type Output [16]byte

// Int returns the amount as an integer.
func (a Output) Int() *big.Int {
	v := new(big.Int).SetBytes(a[:])
	if a[0] >= 0x80 {
		v.Sub(v, outputModulus)
	}
	return v
}

var outputModulus = new(big.Int).Lsh(big.NewInt(1), 128)

// newOutput converts the result of a hidden sum that is about to be revealed.
func newOutput(x Int) (Output, error) {
	sign := uint64(int64(x[1]) >> 63)
	if x[2] != sign || x[3] != sign {
		return Output{}, errors.New("amount does not fit 128 bits")
	}
	var a Output
	binary.BigEndian.PutUint64(a[:8], x[1])
	binary.BigEndian.PutUint64(a[8:], x[0])
	return a, nil
}
