package ubootenv

import (
	"errors"
	"strconv"
	"strings"
)

// Location is one copy of an environment as /etc/fw_env.config names it.
type Location struct {
	Device      string
	OffsetBytes int64 // negative: from the end of the device
	SizeBytes   int64
	SectorBytes int64
	HasSector   bool
	Sectors     int64
	HasSectors  bool
}

// ParseConfig reads fw_env.config: lines of device, offset, size, size of an
// erase block and number of blocks, the last two optional, and all but the offset
// in hexadecimal (U-Boot, tools/env/fw_env.config and fw_env.c). As there, lines
// that do not fit are passed over and only the first two count: two copies.
func ParseConfig(text string) ([]Location, error) {
	var list []Location
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 3 || strings.HasPrefix(line, "#") {
			continue
		}
		offset, err := strconv.ParseInt(fields[1], 0, 64)
		size, ok := hexNumber(fields, 2)
		if err != nil || !ok {
			continue
		}
		l := Location{Device: printable(fields[0], maxName), OffsetBytes: offset, SizeBytes: size}
		l.SectorBytes, l.HasSector = hexNumber(fields, 3)
		if l.HasSector {
			l.Sectors, l.HasSectors = hexNumber(fields, 4)
		}
		if list = append(list, l); len(list) == 2 {
			break
		}
	}
	if len(list) == 0 {
		return nil, errors.New("fw_env.config: no line with device, offset and size")
	}
	return list, nil
}

func hexNumber(fields []string, i int) (int64, bool) {
	if i >= len(fields) {
		return 0, false
	}
	digits := strings.TrimPrefix(strings.ToLower(fields[i]), "0x")
	n, err := strconv.ParseInt(digits, 16, 64)
	return n, err == nil && n >= 0
}
