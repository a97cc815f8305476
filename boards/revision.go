package boards

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/boardprobe/boardprobe/report"
)

// Revision is what a Raspberry Pi revision code says about the board. A field
// whose value the table does not name is a gap.
type Revision struct {
	MemoryBytes  report.Fact[int64] // RAM that is fitted
	Model        report.Fact[string]
	Processor    report.Fact[string]
	PCB          report.Fact[string] // revision of the board, as in 1.4
	Manufacturer report.Fact[string]
	Factory      string // the code without the bits that owners can set
}

// revisionFile is data/revision/raspberrypi.json. The lists are indexed by the
// number in the field; an empty entry is a number that the table leaves out.
type revisionFile struct {
	From          []string      `json:"from"`
	MemoryMiB     []int64       `json:"memory_mib"` // 0: not in the table
	Manufacturers []string      `json:"manufacturers"`
	Processors    []string      `json:"processors"`
	Types         []string      `json:"types"`
	Old           []oldRevision `json:"old"`
}

// oldRevision is one of the numbers given out before the fields were invented.
type oldRevision struct {
	Code         string `json:"code"`
	Model        string `json:"model"`
	PCB          string `json:"pcb"`
	MemoryMiB    int64  `json:"memory_mib"` // 0: the table names more than one size
	Manufacturer string `json:"manufacturer"`
}

func (f *revisionFile) check() error {
	if err := checkCitations(f.From); err != nil {
		return err
	}
	if len(f.MemoryMiB) == 0 || len(f.Manufacturers) == 0 || len(f.Processors) == 0 || len(f.Types) == 0 || len(f.Old) == 0 {
		return errors.New("a table is empty")
	}
	for _, o := range f.Old {
		if _, err := strconv.ParseUint(o.Code, 16, 16); err != nil || len(o.Code) != 4 {
			return fmt.Errorf("old code %q is not of four hexadecimal digits", o.Code)
		}
	}
	return nil
}

// Fields of a new-style revision code, NOQuuuWuFMMMCCCCPPPPTTTTTTTTRRRR:
// https://www.raspberrypi.com/documentation/computers/raspberry-pi.html#new-style-revision-codes
const (
	revisionNewStyle     = 1 << 23
	revisionMemory       = 20 // 3 bits
	revisionManufacturer = 16 // 4 bits
	revisionProcessor    = 12 // 4 bits
	revisionType         = 4  // 8 bits
	revisionPCB          = 0  // 4 bits
	revisionFactory      = 1<<24 - 1
)

// RevisionCode decodes the revision code of a Raspberry Pi: one to eight
// hexadecimal digits, as in /proc/cpuinfo or decoded from
// /proc/device-tree/system/linux,revision. Both styles are known; the bits for
// overvoltage, warranty and OTP access say nothing about the board as built.
func RevisionCode(code string) (Revision, bool) {
	k, err := data()
	if err != nil {
		return Revision{}, false // the tests load the same files
	}
	return k.revisions.decode(code)
}

func (f *revisionFile) decode(code string) (Revision, bool) {
	if len(code) < 1 || len(code) > 8 {
		return Revision{}, false
	}
	n, err := strconv.ParseUint(code, 16, 32)
	if err != nil {
		return Revision{}, false
	}
	factory := n & revisionFactory
	if factory&revisionNewStyle == 0 {
		return f.decodeOld(factory)
	}
	field := func(shift, bits uint) int { return int(factory>>shift) & (1<<bits - 1) }
	r := Revision{
		Model:        f.named("type", f.Types, field(revisionType, 8)),
		Processor:    f.named("processor", f.Processors, field(revisionProcessor, 4)),
		Manufacturer: f.named("manufacturer", f.Manufacturers, field(revisionManufacturer, 4)),
		PCB:          report.Known(fmt.Sprintf("1.%d", field(revisionPCB, 4)), f.From...).By(report.Documented),
		Factory:      fmt.Sprintf("%06x", factory),
	}
	if i := field(revisionMemory, 3); i < len(f.MemoryMiB) {
		r.MemoryBytes = f.memory(f.MemoryMiB[i])
	} else {
		r.MemoryBytes = f.memory(0)
	}
	return r, true
}

func (f *revisionFile) decodeOld(factory uint64) (Revision, bool) {
	code := fmt.Sprintf("%04x", factory)
	for _, o := range f.Old {
		if o.Code != code {
			continue
		}
		known := func(value string) report.Fact[string] {
			return report.Known(value, f.From...).By(report.Documented)
		}
		return Revision{
			MemoryBytes:  f.memory(o.MemoryMiB),
			Model:        known(o.Model),
			Processor:    known(f.Processors[0]), // every board of that time has the first one
			PCB:          known(o.PCB),
			Manufacturer: known(o.Manufacturer),
			Factory:      code,
		}, true
	}
	return Revision{}, false
}

func (f *revisionFile) memory(mib int64) report.Fact[int64] {
	if mib == 0 {
		return report.Missing[int64](report.Unsupported, "the table of revision codes gives no one size for this code", f.From...)
	}
	return report.Known(mib<<20, f.From...).By(report.Documented)
}

func (f *revisionFile) named(what string, table []string, i int) report.Fact[string] {
	if i >= len(table) || table[i] == "" {
		return report.Missing[string](report.Unsupported, fmt.Sprintf("%s %#x is not in the table of revision codes", what, i), f.From...)
	}
	return report.Known(table[i], f.From...).By(report.Documented)
}
