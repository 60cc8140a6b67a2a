package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hushwatt/prover"
)

// A supplier's folder holds its signing key, supplier.key (mode 0600), the
// public side, supplier.pub, and a copy of every request, requests/N.request:
// the copies give each request a serial of its own.
const (
	supplierKeyFile = "supplier.key"
	supplierPubFile = "supplier.pub"
	requestsFolder  = "requests"
)

// supplierKey reads the key of a supplier's folder, or makes folder and key.
func supplierKey(dir string) (*prover.SupplierKey, error) {
	path := filepath.Join(dir, supplierKeyFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newSupplier(dir)
	}
	if err != nil {
		return nil, err
	}
	key, err := prover.ParseSupplierKey(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

func newSupplier(dir string) (*prover.SupplierKey, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	key, err := prover.NewSupplierKey()
	if err != nil {
		return nil, err
	}
	// The key comes last: with it the supplier exists.
	if err := writeFile(filepath.Join(dir, supplierPubFile), []byte(key.Public().String()+"\n"), 0o644); err != nil {
		return nil, err
	}
	return key, writeFile(filepath.Join(dir, supplierKeyFile), key.File(), 0o600)
}

// record takes the next serial, has the request signed with it, and keeps a copy.
func record(dir string, sign func(serial uint64) ([]byte, error)) ([]byte, error) {
	folder := filepath.Join(dir, requestsFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	for serial := uint64(1); ; serial++ {
		path := filepath.Join(folder, fmt.Sprintf("%06d.request", serial))
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		data, err := sign(serial)
		if err == nil {
			_, err = f.Write(data)
		}
		// If we crash before this the serial is spent and its file is empty.
		return data, errors.Join(err, f.Sync(), f.Close())
	}
}
