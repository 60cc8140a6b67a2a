package worker

import (
	"crypto/cipher"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/scrypt"

	"hushwatt/meter"
	"hushwatt/prover"
	"hushwatt/prover/messages"
)

// A recovery file is, in this order (docs/design/recovery.md):
//
//	magic      22 bytes   "hushwatt-recovery-v1\n" and a byte 0x00
//	cost        1 byte    log₂ N of scrypt; r = 8, p = 1
//	salt       16 bytes   random
//	sealed      rest      ChaCha20-Poly1305, key scrypt(passphrase, salt), nonce 0,
//	                      associated data all that is before it, of
//	                      u32be length ‖ body ‖ zeros up to a multiple of 4,096
//
// The key is used once, so the nonce may be 0. The padding hides how long the
// history is.
const (
	recoveryMagic = "hushwatt-recovery-v1\n\x00"
	recoveryCost  = 16 // 64 MiB
	leastCost     = 14
	mostCost      = 18
	saltSize      = 16
	recoveryHead  = len(recoveryMagic) + 1 + saltSize
	padTo         = 4096
	maxRecovery   = 64 << 20
	leastLetters  = 12
)

var (
	errPassphrase = errors.New("passphrase does not open the recovery file")
	errRecovery   = errors.New("recovery file is malformed")
)

// recoveryBody is what a recovery file brings back: keys, every number ever
// released with the history's summaries, and whom the customer trusts. Readings
// and bills are not in it: the meter's file has the ones, the supplier the others.
type recoveryBody struct {
	_         struct{} `cbor:",toarray"`
	Keys      [][]byte
	Entries   []savedEntry
	Suppliers []supplierRecord
}

type savedEntry struct {
	_     struct{} `cbor:",toarray"`
	Name  string
	Entry entryRecord
}

func recoveryCipher(passphrase string, salt []byte, cost byte) (cipher.AEAD, error) {
	key, err := scrypt.Key([]byte(strings.TrimSpace(passphrase)), salt, 1<<cost, 8, 1, chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	return chacha20poly1305.New(key)
}

// sealRecovery writes a recovery file.
func sealRecovery(body *recoveryBody, passphrase string, cost byte, random io.Reader) ([]byte, error) {
	file := append([]byte(recoveryMagic), cost)
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return nil, fmt.Errorf("random bytes: %w", err)
	}
	file = append(file, salt...)
	aead, err := recoveryCipher(passphrase, salt, cost)
	if err != nil {
		return nil, err
	}
	plain := pack(body)
	plain = append([]byte{byte(len(plain) >> 24), byte(len(plain) >> 16), byte(len(plain) >> 8), byte(len(plain))}, plain...)
	plain = append(plain, make([]byte, -len(plain)&(padTo-1))...)
	return aead.Seal(file, make([]byte, chacha20poly1305.NonceSize), plain, file), nil
}

// openRecovery reads exactly what sealRecovery writes: errPassphrase, which a
// damaged file gives too, or errRecovery.
func openRecovery(file []byte, passphrase string) (*recoveryBody, error) {
	if len(file) < recoveryHead || string(file[:len(recoveryMagic)]) != recoveryMagic || len(file) > maxRecovery {
		return nil, errRecovery
	}
	head, cost := file[:recoveryHead], file[len(recoveryMagic)]
	if cost < leastCost || cost > mostCost || (len(file)-recoveryHead-chacha20poly1305.Overhead)%padTo != 0 {
		return nil, errRecovery
	}
	aead, err := recoveryCipher(passphrase, head[len(recoveryMagic)+1:], cost)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, make([]byte, chacha20poly1305.NonceSize), file[recoveryHead:], head)
	if err != nil || len(plain) < 4 {
		return nil, errPassphrase
	}
	size := int(plain[0])<<24 | int(plain[1])<<16 | int(plain[2])<<8 | int(plain[3])
	plain = plain[4:]
	if size > len(plain) || len(plain)-size >= padTo || slices.ContainsFunc(plain[size:], func(b byte) bool { return b != 0 }) {
		return nil, errRecovery
	}
	body := new(recoveryBody)
	if err := unpack(plain[:size], body); err != nil {
		return nil, fmt.Errorf("%w: %w", errRecovery, err)
	}
	return body, body.check()
}

func (b *recoveryBody) check() error {
	for _, file := range b.Keys {
		if _, err := meter.ParseKey(file); err != nil {
			return fmt.Errorf("%w: %w", errRecovery, err)
		}
	}
	for _, e := range b.Entries {
		sum, err := e.Entry.summary()
		if err != nil || e.Name != entryName(sum) || len(e.Entry.Bill) != 0 || sum.Whole {
			return fmt.Errorf("%w: history", errRecovery)
		}
		for _, r := range e.Entry.Released {
			if _, err := r.row(); err != nil {
				return fmt.Errorf("%w: history", errRecovery)
			}
		}
	}
	for _, s := range b.Suppliers {
		if _, err := prover.ParseSupplier(s.Key); err != nil {
			return fmt.Errorf("%w: %w", errRecovery, err)
		}
	}
	return nil
}

// suggest makes a passphrase of 100 bits: five groups of four letters.
func suggest(random io.Reader) (string, error) {
	b := make([]byte, 15)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("random bytes: %w", err)
	}
	letters := base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").EncodeToString(b)[:20]
	var groups []string
	for i := 0; i < len(letters); i += 4 {
		groups = append(groups, letters[i:i+4])
	}
	return strings.Join(groups, "-"), nil
}

func (d *Desk) makeRecovery(j *job, m *messages.MakeRecovery) (any, error) {
	answer := new(messages.Recovery)
	if m.Passphrase == "" {
		p, err := suggest(d.host.Random)
		if err != nil {
			return nil, err
		}
		m.Passphrase, answer.Passphrase = p, p
	}
	if utf8.RuneCountInString(strings.TrimSpace(m.Passphrase)) < leastLetters {
		return nil, fail(messages.WeakPassphrase, fmt.Sprintf("That passphrase is too short: take at least %d characters.", leastLetters), "")
	}
	body, err := d.recoverable()
	if err != nil {
		return nil, err
	}
	if len(body.Keys) == 0 {
		return nil, fail(messages.NoKey, "There is no key on this device yet.", "Make a key first.")
	}
	if err := j.phase("storing", "Locking the file with your passphrase"); err != nil {
		return nil, err
	}
	if answer.File, err = sealRecovery(body, m.Passphrase, recoveryCost, d.host.Random); err != nil {
		return nil, err
	}
	saved, err := d.backedUp()
	if err != nil {
		return nil, err
	}
	if err := d.host.Vault.Write(map[string][]byte{savedName: saved}, nil); err != nil {
		return nil, err
	}
	answer.Name = "hushwatt-" + d.host.Now().UTC().Format(time.DateOnly) + ".recovery"
	answer.Holds = "The file holds your key, the list of what you have sent, and the suppliers you know. It does not hold your readings: those are in your meter’s file."
	_, err = d.changed()
	return answer, err
}

// recoverable collects what a recovery file holds. Made-up homes are left out.
func (d *Desk) recoverable() (*recoveryBody, error) {
	body := new(recoveryBody)
	keys, err := d.heldKeys()
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if !k.Demo {
			body.Keys = append(body.Keys, k.File)
		}
	}
	err = d.each(entryPrefix, func(name string, data []byte) error {
		var r entryRecord
		if err := unpack(data, &r); err != nil {
			return err
		}
		sum, err := r.summary()
		if err != nil {
			return err
		}
		sum.Whole, r.Bill = false, nil
		body.Entries = append(body.Entries, savedEntry{Name: name, Entry: r.with(sum)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = d.each(supplierPrefix, func(_ string, data []byte) error {
		var s supplierRecord
		err := unpack(data, &s)
		body.Suppliers = append(body.Suppliers, s)
		return err
	})
	return body, err
}

// restore adds what a recovery file holds to what is here; nothing here is
// written over.
func (d *Desk) restore(j *job, m *messages.Restore) (any, error) {
	if err := j.phase("opening", "Unlocking the file with your passphrase"); err != nil {
		return nil, err
	}
	body, err := openRecovery(m.File, m.Passphrase)
	switch {
	case errors.Is(err, errPassphrase):
		return nil, fail(messages.WrongPassphrase, "This passphrase does not open the recovery file.", "")
	case errors.Is(err, errRecovery):
		return nil, withDetail(fail(messages.DamagedFile, "This recovery file is damaged or not a recovery file.", "Use another copy of it."), err)
	case err != nil:
		return nil, err
	}
	answer := &messages.Restored{Opened: []messages.Opened{}}
	err = d.host.Vault.Exclusive(func() error { return d.bringBack(body, answer) })
	if err != nil {
		return nil, err
	}
	if answer.Opened, err = d.openPending(j); err != nil {
		return nil, err
	}
	answer.Sentence = fmt.Sprintf("Your key is back, with %s of your history.", counted(answer.Entries, "entry", "entries"))
	_, err = d.changed()
	return answer, err
}

func (d *Desk) bringBack(body *recoveryBody, answer *messages.Restored) error {
	put := map[string][]byte{}
	add := func(name string, v any) (bool, error) {
		if _, err := d.host.Vault.Get(name); !errors.Is(err, ErrNoRecord) && !errors.Is(err, ErrDamaged) {
			return false, err
		}
		put[name] = pack(v)
		return true, nil
	}
	for i, file := range body.Keys {
		key, err := meter.ParseKey(file)
		if err != nil {
			return err
		}
		hash := key.Recipient().Hash()
		// The newest key came first in the file.
		if _, err := add(keyPrefix+short(hash[:]), &keyRecord{File: file, Made: d.host.Now().Unix() - int64(i)}); err != nil {
			return err
		}
		answer.Keys++
	}
	for i := range body.Entries {
		e := &body.Entries[i]
		isNew, err := add(e.Name, &e.Entry)
		if err != nil {
			return err
		}
		if isNew {
			answer.Entries++
		}
	}
	for i := range body.Suppliers {
		s, err := prover.ParseSupplier(body.Suppliers[i].Key)
		if err != nil {
			return err
		}
		if _, err := add(supplierName(s), &body.Suppliers[i]); err != nil {
			return err
		}
	}
	return d.host.Vault.Write(put, nil)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(int64(n)) + " " + many
}
