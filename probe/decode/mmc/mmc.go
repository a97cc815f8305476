// Package mmc decodes the registers in which eMMC devices and SD cards describe
// themselves, as Linux shows them: CID and CSD in sysfs, EXT_CSD in debugfs or
// as the answer to SEND_EXT_CSD.
//
// The structures are those of JESD84-B51 (eMMC 5.1) and of the SD Physical Layer
// Simplified Specification. What a register does not tell, or what its revision
// does not define, is not known. The package is given bytes: it neither reads
// files nor sends commands, and it does not judge what it finds.
package mmc

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Sizes of the registers.
const (
	RegisterBytes = 16  // CID and CSD
	ExtCSDBytes   = 512 // EXT_CSD
)

// Kind tells which specification a register follows: the same bits, and the
// same manufacturer's number, mean different things in the two.
type Kind string

// The kinds.
const (
	EMMC Kind = "emmc" // and MMC cards
	SD   Kind = "sd"
)

// Field is a value that a register may not tell. Value is the zero value if it
// is not known.
type Field[T comparable] struct {
	Value T
	Known bool
}

func known[T comparable](value T) Field[T] { return Field[T]{value, true} }

// when returns the value if the condition for it holds.
func when[T comparable](holds bool, value T) Field[T] {
	if !holds {
		return Field[T]{}
	}
	return known(value)
}

// word returns the word for a code: the words are given in the order of the
// codes, "" stands for a reserved one.
func word[T ~string](code byte, words ...T) Field[T] {
	if int(code) >= len(words) || words[code] == "" {
		return Field[T]{}
	}
	return known(words[code])
}

// ParseRegister reads a CID or CSD as sysfs shows it: 32 hexadecimal digits and
// a line feed, which may be missing (drivers/mmc/core/mmc.c and sd.c of Linux).
func ParseRegister(text string) ([RegisterBytes]byte, error) {
	var register [RegisterBytes]byte
	err := parseHex("mmc register", text, register[:])
	return register, err
}

func parseHex(name, text string, into []byte) error {
	digits := strings.TrimSuffix(text, "\n")
	if len(digits) != hex.EncodedLen(len(into)) {
		return fmt.Errorf("%s: %d characters, want %d hexadecimal digits", name, len(digits), hex.EncodedLen(len(into)))
	}
	if _, err := hex.Decode(into, []byte(digits)); err != nil {
		clear(into)
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// checkFilled refuses a register that nobody has filled: no register of a card
// is all zeros or all ones, buffers and floating lines are. The last byte of a CID
// or CSD may be the controller's and is not given.
func checkFilled(name string, register []byte) error {
	first := register[0]
	if first != 0x00 && first != 0xFF {
		return nil
	}
	for _, b := range register {
		if b != first {
			return nil
		}
	}
	return fmt.Errorf("%s: all bytes are 0x%02x", name, first)
}

// slice returns the bits [high:low] of a register, numbered as in the
// specifications: bit 127 is sent first and stands highest in the first byte.
func slice(register *[RegisterBytes]byte, high, low int) uint32 {
	var value uint32
	for bit := high; bit >= low; bit-- {
		value = value<<1 | uint32(register[RegisterBytes-1-bit/8]>>(bit%8)&1)
	}
	return value
}

// Checksum tells whether the CRC7 at the end of a register is right.
type Checksum string

// What can be said of a checksum. Absent is common: many controllers check and
// remove the last byte, for which Linux then puts 0 (sdhci_read_rsp_136 in
// drivers/mmc/host/sdhci.c) or, with the end bit of the card, 1 (rtsx_pci_sdmmc.c
// and rtsx_usb_sdmmc.c).
const (
	ChecksumRight  Checksum = "right"
	ChecksumWrong  Checksum = "wrong"
	ChecksumAbsent Checksum = "absent"
)

func checksum(register *[RegisterBytes]byte) Checksum {
	switch register[RegisterBytes-1] {
	case crc7(register[:RegisterBytes-1])<<1 | 1: // the end bit is always 1
		return ChecksumRight
	case 0, 1:
		return ChecksumAbsent
	}
	return ChecksumWrong
}

// crc7 is the checksum of commands, CID and CSD (SD Physical Layer 4.5; the
// same in JESD84-B51), with the polynomial x^7 + x^3 + 1.
func crc7(data []byte) byte {
	const polynomial = 0x09
	var crc byte
	for _, b := range data {
		for bit := 7; bit >= 0; bit-- {
			carry := crc >> 6 & 1
			crc = crc << 1 & 0x7F
			if carry != b>>bit&1 {
				crc ^= polynomial
			}
		}
	}
	return crc
}

// printable returns the text in a field of fixed length, without the zeros or
// spaces behind it. Nothing but printable ASCII is a text.
func printable(field []byte) Field[string] {
	text := strings.TrimRight(string(field), " \x00")
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return Field[string]{}
		}
	}
	return when(text != "", text)
}
