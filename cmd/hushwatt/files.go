package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile is more than any file we read can honestly have: a year of
// five-minute readings is below 10 MB in every format.
const maxFile = 256 << 20

// readFile reads a file that the user named, unpacking gzip.
func readFile(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := readAll(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

// openFile opens a file that the user named. One that does not exist is misuse.
func openFile(path string) (*os.File, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, misusef("%s: there is no such file", path)
	}
	return f, err
}

func readAll(r *bufio.Reader) ([]byte, error) {
	var in io.Reader = r
	if magic, _ := r.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		in = unzipped
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	return data, err
}

// readFiles reads several files, in order.
func readFiles(paths []string) ([][]byte, error) {
	all := make([][]byte, len(paths))
	for i, path := range paths {
		data, err := readFile(path)
		if err != nil {
			return nil, err
		}
		all[i] = data
	}
	return all, nil
}

// writeFile writes a file so that it is there whole or not at all: under
// another name first, and to the disk before it gets its own.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	if fi, err := os.Stat(path); err == nil && !fi.Mode().IsRegular() {
		return os.WriteFile(path, data, mode) // a pipe or device has no other name
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if errors.Is(err, fs.ErrNotExist) {
		return misusef("%s: there is no such folder", filepath.Dir(path))
	}
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // after the rename there is nothing to remove
	if err := errors.Join(fill(tmp, data, mode), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(tmp.Name(), path)
}

func fill(f *os.File, data []byte, mode fs.FileMode) error {
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}
