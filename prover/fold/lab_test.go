package fold

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"slices"

	"hushwatt/internal/wire"
	"hushwatt/prover/ristretto"
	"hushwatt/prover/sigma"
)

// lab is a complete little claim around a fold: seals, commitments and the two
// equations, as package prover would send them, without anything else.
type lab struct {
	Statement
	Witness
	session string // the header, CBOR
	seals   []sigma.Point
	xs      []sigma.Point
}

// stream is an endless seeded stream of bytes.
func stream(seed string) io.Reader {
	s := sha3.NewSHAKE256()
	s.Write([]byte(seed))
	return s
}

// newLab makes up rows, weights and readings. kind names how: "zero weights",
// "zero readings", "full readings", "large weights" or "" for any values.
func newLab(rows []int, functionals int, kind string) *lab {
	seed := fmt.Sprint(rows, functionals, kind)
	rng := mathrand.New(mathrand.NewChaCha8(sha256.Sum256([]byte(seed))))
	secret := stream(seed)
	l := &lab{session: "\x80", Statement: Statement{Rows: rows}}
	for _, n := range rows {
		row := make([]uint32, n)
		for s := range row {
			switch kind {
			case "zero readings":
			case "full readings":
				row[s] = 1<<20 - 1
			default:
				row[s] = rng.Uint32N(1<<20) + 1
				row[s] = min(row[s], 1<<20-1)
			}
		}
		l.Readings = append(l.Readings, row)
		l.Blindings = append(l.Blindings, mustScalar(secret))
	}
	for range functionals {
		var p [][]int64
		for _, n := range rows {
			row := make([]int64, n)
			for s := range row {
				switch kind {
				case "zero weights":
				case "large weights":
					row[s] = 1<<63 - 1
					if rng.IntN(2) == 0 {
						row[s] = -row[s]
					}
				default:
					row[s] = rng.Int64N(1<<45) - 1<<44
				}
			}
			p = append(p, row)
		}
		c := big.NewInt(rng.Int64())
		if rng.IntN(2) == 0 {
			c.Neg(c)
		}
		l.Weights = append(l.Weights, p)
		l.Consts = append(l.Consts, c)
		l.Gammas = append(l.Gammas, mustScalar(secret))
	}
	l.seal()
	return l
}

// seal computes every V_d and X_j from the witness.
func (l *lab) seal() {
	l.seals, l.xs = nil, nil
	for d, n := range l.Rows {
		v := ristretto.CombineShort(ristretto.Slots(n), l.Readings[d])
		l.seals = append(l.seals, sigma.NewPoint(v.Add(v, ristretto.H().Mul(&l.Blindings[d]))))
	}
	for j := range l.Weights {
		x := new(ristretto.Scalar).SetBig(l.value(j))
		l.xs = append(l.xs, sigma.NewPoint(ristretto.Commit(x, &l.Gammas[j])))
	}
}

// value is functional j in plain integers.
func (l *lab) value(j int) *big.Int {
	sum := new(big.Int).Set(l.Consts[j])
	for d, row := range l.Weights[j] {
		for s, w := range row {
			x := big.NewInt(w)
			sum.Add(sum, x.Mul(x, big.NewInt(int64(l.Readings[d][s]))))
		}
	}
	return sum
}

// clone copies what tests change.
func (l *lab) clone() *lab {
	c := *l
	c.Rows, c.seals, c.xs = slices.Clone(l.Rows), slices.Clone(l.seals), slices.Clone(l.xs)
	c.Consts = slices.Clone(l.Consts)
	c.Weights = nil
	for _, p := range l.Weights {
		var q [][]int64
		for _, row := range p {
			q = append(q, slices.Clone(row))
		}
		c.Weights = append(c.Weights, q)
	}
	c.Readings = slices.Clone(l.Readings)
	c.Blindings = slices.Clone(l.Blindings)
	c.Gammas = slices.Clone(l.Gammas)
	return &c
}

// timeZones stands for the version of the tariffs' time zone data.
const timeZones = "2025b"

// public is the statement of docs/protocol.md 4.3 in three parts; without
// secrets and ranges it ends in two counts of zero.
func (l *lab) public() (sizes, weights, seals []byte) {
	le, be := binary.LittleEndian, binary.BigEndian
	ns, columns, first := l.Columns(), 0, map[int]int{}
	sizes = le.AppendUint32(nil, uint32(len(ns)))
	for _, n := range ns {
		sizes = le.AppendUint32(sizes, uint32(n))
		first[n] = columns
		columns += n
	}
	sizes = le.AppendUint32(sizes, uint32(len(l.Rows)))
	sizes = le.AppendUint32(sizes, uint32(len(l.Weights)))

	hashed := append([]byte(wire.LabelWeights), timeZones...)
	for _, n := range []int{len(l.Weights), len(l.Rows), columns} {
		hashed = be.AppendUint32(hashed, uint32(n))
	}
	for j, p := range l.Weights {
		twos := new(big.Int).Mod(l.Consts[j], new(big.Int).Lsh(big.NewInt(1), 128))
		hashed = append(hashed, twos.FillBytes(make([]byte, 16))...)
		for _, row := range p {
			all := make([]byte, 8*columns)
			for s, w := range row {
				be.PutUint64(all[8*(first[len(row)]+s):], uint64(w))
			}
			hashed = append(hashed, all...)
		}
	}
	hash := sha256.Sum256(hashed)
	for _, v := range l.seals {
		seals = v.Append(seals)
	}
	return sizes, hash[:], seals
}

func sessionID(header string) []byte {
	return sigma.DeriveSessionID([]byte(wire.TagClaim + "\x00" + header))
}

func (l *lab) sponge() *sigma.Sponge {
	sp := sigma.NewSponge(sessionID(l.session))
	sizes, weights, seals := l.public()
	sp.Absorb(sizes)
	sp.Absorb(weights)
	sp.Absorb(seals)
	sp.Absorb(make([]byte, 8)) // no Y, no ranges
	return sp
}

func (l *lab) commitments() (b []byte) {
	for _, x := range l.xs {
		b = x.Append(b)
	}
	return b
}

// prove returns X_j ‖ A_i0 ‖ A_i2 … ‖ T ‖ z.
func (l *lab) prove(rng io.Reader) ([]byte, error) {
	sp, narg := l.sponge(), l.commitments()
	sp.Absorb(narg)
	msg, f, secrets, err := Prove(sp, &l.Statement, &l.Witness, rng)
	if err != nil {
		return nil, err
	}
	rel, _, err := f.Relation(l.seals, l.xs)
	if err != nil {
		return nil, err
	}
	proof, err := rel.Prove(sp, secrets, rng)
	if err != nil {
		return nil, err
	}
	return append(append(narg, msg...), proof...), nil
}

func (l *lab) size() int {
	n := 0
	for _, c := range l.Columns() {
		n += c
	}
	return 32 * (len(l.Weights) + 2*l.Rounds() + n + 4)
}

// read replays a proof up to its equations. weak leaves the X_j out of the
// transcript, the mistake that the late-X forgery needs.
func (l *lab) read(narg []byte, weak bool) (*sigma.Statement, *sigma.Proof, error) {
	if len(narg) != l.size() {
		return nil, nil, errors.New("wrong length")
	}
	sp := l.sponge()
	xs := narg[:32*len(l.Weights)]
	if !weak {
		sp.Absorb(xs)
	}
	var points []sigma.Point
	for b := range slices.Chunk(xs, 32) {
		x, err := sigma.DecodePoint(b)
		if err != nil {
			return nil, nil, err
		}
		points = append(points, x)
	}
	msg := narg[len(xs) : len(xs)+l.Size()]
	f, err := Read(sp, &l.Statement, msg)
	if err != nil {
		return nil, nil, err
	}
	rel, _, err := f.Relation(l.seals, points)
	if err != nil {
		return nil, nil, err
	}
	proof, err := rel.Read(sp, narg[len(xs)+len(msg):])
	return rel, proof, err
}

// verify checks a proof twice, in one sum with random weights and equation by
// equation, and panics if the two disagree.
func (l *lab) verify(narg []byte) error {
	rel, proof, err := l.read(narg, false)
	if err != nil {
		return err
	}
	var sum ristretto.Sum
	sigma.AddTo(&sum, rel, proof, randomWeights(rel.Equations()))
	slow := rel.Check(proof)
	if sum.IsIdentity() != (slow == nil) {
		panic("the combined check and the single checks disagree")
	}
	return slow
}

func randomWeights(n int) []ristretto.Scalar {
	ws := make([]ristretto.Scalar, n)
	for i := range ws {
		var b [48]byte
		rand.Read(b[:16])
		ws[i].SetWide(b[:])
	}
	return ws
}

func mustScalar(r io.Reader) ristretto.Scalar {
	k, err := sigma.RandomScalar(r)
	if err != nil {
		panic(err)
	}
	return k
}

// repeat returns n D times.
func repeat(n, times int) []int { return slices.Repeat([]int{n}, times) }
