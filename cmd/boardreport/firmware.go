package main

import (
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/boards"
	"github.com/boardprobe/boardprobe/boards/desk"
	"github.com/boardprobe/boardprobe/report"
)

// printFirmware says of every firmware file that the kernel asked for where its
// contents are known from, whether it may be passed on, and whether balenaOS
// has it.
func (s streams) printFirmware(r *report.Report) {
	if len(r.Firmware) == 0 {
		return
	}
	s.out.Printf("\nfirmware files, and where they are known from\n")
	for _, f := range r.Firmware {
		state := f.State.Value
		if v, ok := f.FileVersion.Get(); ok {
			state += ", version " + v
		}
		if match, ok := f.Match.Get(); ok && !match {
			state += ", but " + f.Version.Value + " runs"
		}
		s.out.Printf("%s: %s\n", f.File, state)
		for _, line := range append(origin(f), inBalenaOS(f.File)...) {
			s.out.Printf("           %s\n", line)
		}
	}
}

// origin says which packages of Debian have the contents, or else the name.
func origin(f report.FirmwareFile) (lines []string) {
	if digest, ok := f.SHA256.Get(); ok {
		blobs := desk.FirmwareByDigest(digest)
		for _, b := range blobs {
			if b.Name == f.File || !slices.ContainsFunc(blobs, func(b desk.Blob) bool { return b.Name == f.File }) {
				lines = append(lines, "the contents are those of "+b.Name+" in "+packagesText(b.Packages))
			}
		}
		if len(lines) > 0 {
			return lines
		}
		lines = []string{"contents not known: of another release, or of a vendor"}
	}
	if b, ok := desk.FirmwareByName(f.File); ok {
		return append(lines, "a file of this name is in "+packagesText(b.Packages))
	}
	if f.File == "regulatory.db" {
		return append(lines, "the rules of wireless-regdb, which may be passed on (ISC licence, https://git.kernel.org/pub/scm/linux/kernel/git/wens/wireless-regdb.git)")
	}
	if _, usual := boards.DefaultFirmware(f.File); usual {
		return lines // it is passed on already
	}
	return append(lines, "no file of this name in the packages of Debian that were looked at: its licence is to be asked for")
}

// packagesText joins packages of Debian, whose contents may be passed on.
func packagesText(list []desk.BlobPackage) string {
	var words []string
	for _, p := range list {
		word := p.Name + " of " + p.Release
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ") + " (Debian " + list[0].Area + ": may be passed on)"
}

// inBalenaOS says whether an image has a radio's file without an addition.
func inBalenaOS(file string) []string {
	if name, ok := boards.DefaultFirmware(file); ok {
		return []string{"in every image of balenaOS, by " + name}
	}
	if boards.IsRadioFirmware(file) {
		return []string{"not in the default packages of balenaOS: an addition for the device type"}
	}
	return nil
}
