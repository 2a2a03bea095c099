package wal_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/everspan/everspan/internal/wal"
	"github.com/everspan/everspan/internal/wal/waltest"
)

// format1 is a segment as format 1 has it. It must be readable for ever.
const (
	format1Name = "d/0000000000000007-0123456789abcdef.wal"
	format1     = `
		45565350 4e57414c  magic
		01000000 00000000  format, zero
		07000000 00000000  number
		efcdab89 67452301  salt
		ef0c5797 3d02b5be  checksum
		05000000 6ca8c085  length, check of the place
		ab28bb93 dd64624d  checksum
		68656c6c 6f  payload
		00000000 66cf1399  length, check of the place
		34c253f1 9ad6f544  checksum
	`
)

func TestFormat1(t *testing.T) {
	var data []byte
	for line := range strings.Lines(format1) {
		digits, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
		b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, b...)
	}
	fs := waltest.New(1)
	fs.WriteFile(format1Name, data)
	got, rep := replay(t, open(t, "d", wal.Options{FS: fs}), 7)
	if !slices.Equal(got, []string{"hello", ""}) || rep.Damaged != 0 {
		t.Errorf("replay %q, %v", got, rep.Damage)
	}
}
