package seal

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
)

// A package as lines of text, for a serial console that somebody logs:
//
//	BEGIN board-package-1/run-7Q2K-M3XD/50-bytes/2-lines a4b673eb
//	name imx8mp-evk-b7f2-7q2km3xd 1ce14ac1
//	hash a0e7c2124649116c30744c12fcf5747568dca50af247b3bc0cd38419b9399472 b0f09f14
//	0001 Ym9hcmRib2FyZGJvYXJkYm9hcmRib2FyZGJvYXJkYm9hcmRib2FyZGJvYXJkYm9h e3046bab
//	0002 cmQ= 5f564979
//	name imx8mp-evk-b7f2-7q2km3xd 1ce14ac1
//	hash a0e7c2124649116c30744c12fcf5747568dca50af247b3bc0cd38419b9399472 b0f09f14
//	END board-package-1/run-7Q2K-M3XD/50-bytes/2-lines 8a7bfdfb
//
// Every line is a key, a token and a sum, between single spaces: at most 79
// columns, so that no terminal wraps it. The sum is the CRC-32 (IEEE 802.3) of
// key, space and token, exclusive-or the first four bytes of the SHA-256 of
// the package. So an undamaged line tells which package it belongs to, however
// lines of several runs and consoles are mixed and whatever else was lost.
const (
	armourFormat = 1
	keyBegin     = "BEGIN"
	keyEnd       = "END"
	keyName      = "name"
	keyHash      = "hash"

	maxTokenChars  = 64
	minNumberChars = 4
	maxNumberChars = 7
	sumChars       = 8
	maxRunChars    = 15 // what keeps the BEGIN line below 80 columns

	// packageSuffix ends the name of every package; the block leaves it out.
	packageSuffix = ".board.tar.gz"
)

// MaxLogBytes bounds the log that DecodeArmour reads.
const MaxLogBytes = 64 << 20

// maxBlocks and maxHeaders bound what a hostile log can make us keep.
const (
	maxBlocks  = 64
	maxHeaders = 4096
)

// lineBytes is how much of a package of that size stands on a line: less in
// one so large that the numbers of its lines have more than five digits.
func lineBytes(size int) int {
	const most, fewer = 48, 45
	if size > 99999*most {
		return fewer
	}
	return most
}

// armourSize is what BEGIN and END say.
type armourSize struct {
	run          string
	bytes, lines int
}

func sizeOf(run string, n int) armourSize {
	per := lineBytes(n)
	return armourSize{run, n, (n + per - 1) / per}
}

func (a armourSize) token() string {
	return fmt.Sprintf("board-package-%d/run-%s/%d-bytes/%d-lines", armourFormat, a.run, a.bytes, a.lines)
}

// EncodeArmour writes a package, as Pack returns it, as a block of lines for a
// console: printable ASCII, LF, at most 79 columns. The run is an id of at
// most 15 letters, digits and hyphens; what else is in it becomes a hyphen. A
// name that DecodeArmour would not give back is left out.
func EncodeArmour(name, run string, data []byte) []byte {
	sum := sha256.Sum256(data)
	size := sizeOf(plainRun(run), len(data))
	per := lineBytes(len(data))
	out := make([]byte, 0, (size.lines+6)*80)
	line := func(key, token string) {
		start := len(out)
		out = append(append(append(out, key...), ' '), token...)
		out = fmt.Appendf(out, " %0*x\n", sumChars, crc32.ChecksumIEEE(out[start:])^tagOf(sum))
	}
	named := func() {
		if stem, ok := strings.CutSuffix(name, packageSuffix); ok && isStem(stem) {
			line(keyName, stem)
		}
		line(keyHash, hex.EncodeToString(sum[:]))
	}
	line(keyBegin, size.token())
	named()
	for n := 1; n <= size.lines; n++ {
		part := data[(n-1)*per : min(n*per, len(data))]
		line(numberText(n), base64.StdEncoding.EncodeToString(part))
	}
	named()
	line(keyEnd, size.token())
	return out
}

// tagOf is the part of the digest that is in the sum of every line.
func tagOf(sum [sha256.Size]byte) uint32 { return binary.BigEndian.Uint32(sum[:]) }

func numberText(n int) string { return fmt.Sprintf("%0*d", minNumberChars, n) }

func plainRun(run string) string {
	plain := strings.Map(func(c rune) rune {
		if c < 0x80 && isAlnum(byte(c)) {
			return c
		}
		return '-'
	}, run)
	if plain == "" {
		return "-"
	}
	return plain[:min(len(plain), maxRunChars)]
}

// isStem tells whether the name of a package may begin like this: such a name
// is no path, no option and no hidden file.
func isStem(stem string) bool {
	return stem != "" && len(stem) <= maxTokenChars && stem[0] != '-' &&
		strings.Trim(stem, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// LineRange is a run of lines of a block, from the first to the last.
type LineRange struct{ First, Last int }

// LineRanges prints as in "12-14, 80".
type LineRanges []LineRange

func (l LineRanges) String() string {
	var b strings.Builder
	for i, r := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(r.First))
		if r.Last > r.First {
			b.WriteString("-" + strconv.Itoa(r.Last))
		}
	}
	return b.String()
}

// Block is a package that was found in a log.
type Block struct {
	Run    string // the id of the run; empty if it is lost
	Name   string // [a-z0-9-]+.board.tar.gz; empty if it is lost
	SHA256 string // of the package, hexadecimal
	Offset int    // in the log, of the line on which the block first begins
	Lines  int    // of the whole block; 0 if that is lost

	Data    []byte     // the package, if it is whole
	Missing LineRanges // the lines that no repeat of the block has undamaged
	Err     error      // why Data is nil
}

// ErrNoBlock says that a log holds no block of a package.
var ErrNoBlock = errors.New("the log holds no package: no BEGIN board-package and no END line")

// DecodeArmour finds the packages in a log of one or more consoles, in the
// order in which they begin. Around, in front of and behind its lines anything
// may stand; of a block that is in the log more than once, every line is taken
// from where it is undamaged. It is an error if there is no block.
func DecodeArmour(log []byte) ([]Block, error) {
	if len(log) > MaxLogBytes {
		return nil, fmt.Errorf("the log has more than %d bytes; cut out the part from BEGIN to END", MaxLogBytes)
	}
	h, err := findHeaders(log)
	if err != nil {
		return nil, err
	}
	if len(h.blocks) == 0 {
		return nil, h.explain(log)
	}
	scanArmour(log, true, func(l armourLine) {
		if b := h.blocks[l.tag]; b != nil {
			b.offset = min(b.offset, l.offset)
			b.addLine(l)
		}
	})
	var list []Block
	for _, b := range h.blocks {
		list = append(list, b.result())
	}
	slices.SortFunc(list, func(a, b Block) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), strings.Compare(a.SHA256, b.SHA256))
	})
	return list, nil
}

// headers is what the lines of a log other than the data say.
type headers struct {
	blocks map[uint32]*foundBlock // by tag
	format int                    // of a block that is not of ours
}

// foundBlock is a block of which at least one hash line is undamaged.
type foundBlock struct {
	sum    [sha256.Size]byte
	size   armourSize // zero if no BEGIN and no END is undamaged
	name   string
	offset int
	lines  map[int]string // decoded, by number
}

func findHeaders(log []byte) (*headers, error) {
	h := &headers{blocks: map[uint32]*foundBlock{}}
	sizes := map[uint32]armourSize{}
	names := map[uint32]string{}
	first := map[uint32]int{}
	tooMany := false
	scanArmour(log, false, func(l armourLine) {
		token := string(l.token)
		switch l.key {
		case keyHash:
			// The hash names its own tag, so this line needs no other.
			sum, err := hex.DecodeString(token)
			if err != nil || len(sum) != sha256.Size || token != hex.EncodeToString(sum) || tagOf([sha256.Size]byte(sum)) != l.tag {
				return
			}
			if h.blocks[l.tag] == nil {
				if tooMany = len(h.blocks) == maxBlocks; tooMany {
					return
				}
				h.blocks[l.tag] = &foundBlock{sum: [sha256.Size]byte(sum), offset: l.offset, lines: map[int]string{}}
			}
		case keyName:
			if _, ok := names[l.tag]; ok || len(names) == maxHeaders || !isStem(token) {
				return
			}
			names[l.tag] = token + packageSuffix
		default:
			size, ok := parseSize(token)
			if format := otherFormat(token); !ok && format != 0 {
				h.format = format
			}
			if _, known := sizes[l.tag]; !ok || known || len(sizes) == maxHeaders {
				return
			}
			sizes[l.tag] = size
		}
		if _, ok := first[l.tag]; !ok && len(first) < 2*maxHeaders+maxBlocks {
			first[l.tag] = l.offset
		}
	})
	if tooMany {
		return nil, fmt.Errorf("the log holds more than %d packages; cut out the part from BEGIN to END", maxBlocks)
	}
	for tag, b := range h.blocks {
		b.size, b.name = sizes[tag], names[tag]
		if at, ok := first[tag]; ok {
			b.offset = min(b.offset, at)
		}
	}
	return h, nil
}

// parseSize reads the token of a BEGIN or END line, which has one form only.
func parseSize(token string) (armourSize, bool) {
	parts := strings.Split(token, "/")
	if len(parts) != 4 {
		return armourSize{}, false
	}
	run, _ := strings.CutPrefix(parts[1], "run-")
	text, _ := strings.CutSuffix(parts[2], "-bytes")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > MaxPackedBytes || run != plainRun(run) {
		return armourSize{}, false
	}
	size := sizeOf(run, n)
	return size, size.token() == token
}

// otherFormat returns the number of a format that is not ours.
func otherFormat(token string) int {
	text, ok := strings.CutPrefix(token, "board-package-")
	text, _, _ = strings.Cut(text, "/")
	if n, err := strconv.Atoi(text); ok && err == nil && n > armourFormat {
		return n
	}
	return 0
}

// explain says why a log holds no block that could be named.
func (h *headers) explain(log []byte) error {
	if h.format != 0 {
		return fmt.Errorf("the log holds a package in format %d of the block, this version reads format %d", h.format, armourFormat)
	}
	count := 0
	scanArmour(log, true, func(l armourLine) {
		if len(l.token) == maxTokenChars {
			count++
		}
	})
	if count > 0 {
		return fmt.Errorf("the log holds %d lines of a package, but no undamaged hash line, neither before nor after them", count)
	}
	return ErrNoBlock
}

// addLine keeps a line of data, unless it is none of this block.
func (b *foundBlock) addLine(l armourLine) {
	per := lineBytes(b.size.bytes)
	if _, known := b.lines[l.number]; known || l.number < 1 || l.number > b.size.lines {
		return
	}
	data, err := base64.StdEncoding.Strict().DecodeString(string(l.token))
	if err != nil || len(data) != min(per, b.size.bytes-(l.number-1)*per) {
		return
	}
	b.lines[l.number] = string(data)
}

func (b *foundBlock) result() Block {
	r := Block{Run: b.size.run, Name: b.name, SHA256: hex.EncodeToString(b.sum[:]), Offset: b.offset, Lines: b.size.lines}
	if b.size.lines == 0 {
		r.Err = errors.New("neither a BEGIN nor an END line is undamaged")
		return r
	}
	for n := 1; n <= b.size.lines; n++ {
		if _, ok := b.lines[n]; ok {
			continue
		}
		if last := len(r.Missing) - 1; last >= 0 && r.Missing[last].Last == n-1 {
			r.Missing[last].Last = n
		} else {
			r.Missing = append(r.Missing, LineRange{n, n})
		}
	}
	if len(r.Missing) > 0 {
		r.Err = fmt.Errorf("of %d lines, missing or damaged: %d", b.size.lines, b.size.lines-len(b.lines))
		return r
	}
	var data bytes.Buffer
	for n := 1; n <= b.size.lines; n++ {
		data.WriteString(b.lines[n])
	}
	if sha256.Sum256(data.Bytes()) != b.sum {
		r.Err = errors.New("all lines are there, but together they do not have the sha256 of the block")
		return r
	}
	r.Data = data.Bytes()
	return r
}
