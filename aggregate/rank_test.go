package aggregate

import (
	"math/big"

	"hushwatt/meter"
)

// What a coalition learns about readings are linear equations: rows of coefficients,
// over readings first and other secrets (shares, masks) after them.

// rows makes one row for each sum of readings.
func rows(sums []meter.Bitmap, meters int) [][]int64 {
	var list [][]int64
	for _, s := range sums {
		row := make([]int64, meters)
		for i := range row {
			if s.Has(i) {
				row[i] = 1
			}
		}
		list = append(list, row)
	}
	return list
}

// smallestDerivable returns the size of the smallest group of fewer than least
// readings of which some combination follows from the rows, 0 if there is none.
func smallestDerivable(rows [][]int64, readings, least int) int {
	for size := 1; size < least; size++ {
		group := numbers(0, size)
		for more := true; more; more = nextGroup(group, readings) {
			if derivable(rows, group) {
				return size
			}
		}
	}
	return 0
}

// derivable reports whether some combination of the rows is not zero and has
// coefficients at the group's readings only: the rank falls when these are left out.
func derivable(rows [][]int64, group []int) bool {
	out := map[int]bool{}
	for _, i := range group {
		out[i] = true
	}
	rest := make([][]int64, len(rows))
	for i, row := range rows {
		for j, x := range row {
			if !out[j] {
				rest[i] = append(rest[i], x)
			}
		}
	}
	return rank(rest) < rank(rows)
}

// rank over the rational numbers.
func rank(rows [][]int64) int {
	m := make([][]*big.Rat, len(rows))
	for i, row := range rows {
		for _, x := range row {
			m[i] = append(m[i], big.NewRat(x, 1))
		}
	}
	r := 0
	if len(m) == 0 {
		return 0
	}
	for col := range m[0] {
		pivot := -1
		for i := r; i < len(m); i++ {
			if m[i][col].Sign() != 0 {
				pivot = i
				break
			}
		}
		if pivot < 0 {
			continue
		}
		m[r], m[pivot] = m[pivot], m[r]
		for i := r + 1; i < len(m); i++ {
			if m[i][col].Sign() == 0 {
				continue
			}
			f := new(big.Rat).Quo(m[i][col], m[r][col])
			for j := col; j < len(m[i]); j++ {
				m[i][j].Sub(m[i][j], new(big.Rat).Mul(f, m[r][j]))
			}
		}
		if r++; r == len(m) {
			break
		}
	}
	return r
}

// nextGroup moves on to the next group of the same size, in order.
func nextGroup(group []int, n int) bool {
	for i := len(group) - 1; i >= 0; i-- {
		if group[i] < n-len(group)+i {
			group[i]++
			for j := i + 1; j < len(group); j++ {
				group[j] = group[j-1] + 1
			}
			return true
		}
	}
	return false
}
