package wire

import (
	"errors"
	"fmt"
	"strings"
)

// Strings that people carry (recipients, authorities, keys) are Bech32m (BIP
// 350): a name, the digit 1, then the bytes in groups of five bits and a checksum
// of six characters. As in other uses of that encoding for long keys its limit of
// 90 characters is lifted, which leaves a 30-bit checksum against slips of the
// hand or the clipboard; what the strings carry is checked besides. Only lower
// case is read, so that every string has one form.

const (
	bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	bech32mConst   = 0x2bc830a3
	bech32Checksum = 6
)

var errBech32Checksum = errors.New("checksum does not match: mistyped or cut off")

// EncodeText writes data as NAME1….
func EncodeText(name string, data []byte) string {
	groups := toGroups(data)
	sum := polymod(append(expandName(name), append(groups, make([]byte, bech32Checksum)...)...)) ^ bech32mConst
	for i := range bech32Checksum {
		groups = append(groups, byte(sum>>(5*(bech32Checksum-1-i)))&31)
	}
	var b strings.Builder
	b.WriteString(name)
	b.WriteByte('1')
	for _, g := range groups {
		b.WriteByte(bech32Alphabet[g])
	}
	return b.String()
}

// DecodeText reads what EncodeText wrote under the same name, and nothing else.
func DecodeText(name, s string) ([]byte, error) {
	rest, ok := strings.CutPrefix(s, name+"1")
	if !ok {
		return nil, fmt.Errorf("does not begin with %s1", name)
	}
	if len(rest) < bech32Checksum {
		return nil, errBech32Checksum
	}
	groups := make([]byte, len(rest))
	for i := range len(rest) {
		g := strings.IndexByte(bech32Alphabet, rest[i])
		if g < 0 {
			return nil, fmt.Errorf("character %q does not belong in it", rest[i])
		}
		groups[i] = byte(g)
	}
	if polymod(append(expandName(name), groups...)) != bech32mConst {
		return nil, errBech32Checksum
	}
	return fromGroups(groups[:len(groups)-bech32Checksum])
}

// toGroups cuts bytes into groups of five bits, the last filled up with zeros.
func toGroups(data []byte) []byte {
	var groups []byte
	acc, bits := uint32(0), 0
	for _, b := range data {
		acc, bits = acc<<8|uint32(b), bits+8
		for bits >= 5 {
			bits -= 5
			groups = append(groups, byte(acc>>bits)&31)
		}
	}
	if bits > 0 {
		groups = append(groups, byte(acc<<(5-bits))&31)
	}
	return groups
}

func fromGroups(groups []byte) ([]byte, error) {
	data := make([]byte, 0, len(groups)*5/8)
	acc, bits := uint32(0), 0
	for _, g := range groups {
		acc, bits = acc<<5|uint32(g), bits+5
		if bits >= 8 {
			bits -= 8
			data = append(data, byte(acc>>bits))
		}
	}
	if bits >= 5 || acc&(1<<bits-1) != 0 {
		return nil, errors.New("padding is not zero")
	}
	return data, nil
}

// expandName is BIP 173's expansion of the human-readable part.
func expandName(name string) []byte {
	var out []byte
	for i := range len(name) {
		out = append(out, name[i]>>5)
	}
	out = append(out, 0)
	for i := range len(name) {
		out = append(out, name[i]&31)
	}
	return out
}

func polymod(values []byte) uint32 {
	generator := [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	chk := uint32(1)
	for _, v := range values {
		top := chk >> 25
		chk = (chk&0x1ffffff)<<5 ^ uint32(v)
		for i, g := range generator {
			if top>>i&1 == 1 {
				chk ^= g
			}
		}
	}
	return chk
}
