package nvme

import (
	"encoding/binary"
	"fmt"
)

// HealthBytes is the length of the log page SMART / Health Information (02h).
const HealthBytes = 512

// DataUnitBytes is what one of Health.DataUnitsRead and DataUnitsWritten stands
// for: a thousand units of 512 bytes, rounded up.
const DataUnitBytes = 512000

// Health is what the log page SMART / Health Information says. Counters that do
// not fit are the largest int64.
type Health struct {
	Warnings         []string // what is critical, in words; empty if nothing is
	Celsius          int      // composite temperature
	HasTemperature   bool
	SparePercent     int // of the spare capacity, still available
	SpareThreshold   int // in percent, below which the controller warns
	UsedPercent      int // of the life that the vendor expects; can exceed 100, and 255 means that or more
	DataUnitsRead    int64
	DataUnitsWritten int64
	PowerCycles      int64
	PowerOnHours     int64
	UnsafeShutdowns  int64
	MediaErrors      int64 // unrecovered errors of data integrity
}

var warningWords = [...]string{"spare below threshold", "temperature out of range", "reliability degraded", "read-only",
	"volatile memory backup failed", "persistent memory region read-only"}

// ParseHealth reads the log page.
func ParseHealth(data []byte) (Health, error) {
	if len(data) != HealthBytes {
		return Health{}, fmt.Errorf("nvme health: %d bytes, want %d", len(data), HealthBytes)
	}
	const (
		temperature, spare, threshold, used        = 1, 3, 4, 5
		unitsRead, unitsWritten                    = 32, 48
		cycles, hours, unsafeShutdowns, mediaError = 112, 128, 144, 160
	)
	counter := func(at int) int64 { return saturated(data[at:][:16]) }
	h := Health{
		Warnings:         words(uint64(data[0]), warningWords[:]),
		SparePercent:     int(data[spare]),
		SpareThreshold:   int(data[threshold]),
		UsedPercent:      int(data[used]),
		DataUnitsRead:    counter(unitsRead),
		DataUnitsWritten: counter(unitsWritten),
		PowerCycles:      counter(cycles),
		PowerOnHours:     counter(hours),
		UnsafeShutdowns:  counter(unsafeShutdowns),
		MediaErrors:      counter(mediaError),
	}
	h.Celsius, h.HasTemperature = celsius(binary.LittleEndian.Uint16(data[temperature:]))
	return h, nil
}
