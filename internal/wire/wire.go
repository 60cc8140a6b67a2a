// Package wire holds the two things that every room of Hushwatt must spell in
// the same way: the canonical encoding of messages and the labels that keep
// hashes, keys and signatures of different purposes apart. Messages are CBOR,
// core deterministic encoding (RFC 8949 section 4.2.1); a decoder accepts
// exactly the bytes that an encoder would have written and nothing else.
package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// ErrNotCanonical is returned for bytes that decode to a value but are not the
// one encoding of it: over-long integers, unsorted keys, missing fields, null
// in place of a value.
var ErrNotCanonical = errors.New("encoding is not canonical")

var (
	encoder = must(encoderOptions().EncMode())
	decoder = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxArrayElements:  1 << 20,
		MaxNestedLevels:   16,
	}.DecMode())
)

// encoderOptions writes an absent byte string or array as an empty one, so
// that null never stands for it: one value, one encoding.
func encoderOptions() cbor.EncOptions {
	o := cbor.CoreDetEncOptions()
	o.NilContainers = cbor.NilContainerAsEmpty
	return o
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Marshal returns the canonical encoding of v. Message types are structs with
// the tag `cbor:",toarray"`, so that a message is an array of its fields.
func Marshal(v any) ([]byte, error) {
	b, err := encoder.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return b, nil
}

// Unmarshal decodes data, the whole of it, into v (a pointer), and refuses any
// bytes that Marshal(v) would not give back. Strictness of the decoder alone
// is not enough: it still accepts over-long integers, unsorted keys, missing
// fields and null.
func Unmarshal(data []byte, v any) error {
	if err := decoder.Unmarshal(data, v); err != nil {
		return fmt.Errorf("decode: %w", plain(err))
	}
	again, err := encoder.Marshal(v)
	if err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if !bytes.Equal(again, data) {
		return ErrNotCanonical
	}
	return nil
}

// plain says what the decoder found without the names of our types, which whoever
// reads the message does not know.
func plain(err error) error {
	if e := new(cbor.UnmarshalTypeError); errors.As(err, &e) {
		return fmt.Errorf("found a %s where another kind of value belongs", e.CBORType)
	}
	return err
}
