package kmsg

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Outcome says what a failure came to.
type Outcome string

const (
	Lacking  Outcome = "lacking"  // nothing in the log took the place of the file
	Replaced Outcome = "replaced" // later another file of its kind was loaded, or the device reported running firmware
	Optional Outcome = "optional" // the driver works without it
)

// Failure is a file, or all of them, that a device asked for and did not get.
type Failure struct {
	Event
	Outcome Outcome
	By      string // with Replaced: the file, or the version that runs
}

// Failures picks the final failures from the events of one boot, in the order
// of the log, each file of a device once, and says which of them are part of
// the usual search: a driver asks for the file of this very board and then for
// that of the chip, or for the newest interface and then for older ones.
//
// Without the loader's debug messages a file that was found leaves no line, so
// the running version that a driver reports later counts too. Whether a device
// works is not said.
func Failures(events []Event) []Failure {
	var found []Failure
	seen := map[string]bool{}      // of found
	running := map[string]string{} // device or driver to version, later in the log
	loaded := map[string]string{}  // kind of file to file, later in the log
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		names := [...]string{e.Device, "driver " + e.Driver}
		switch {
		case e.Class == Running:
			// A line that names no device speaks for all of its driver.
			name := names[0]
			if name == "" {
				name = names[1]
			}
			running[name] = e.Version
		case e.Class == Loaded && e.File != "":
			loaded[e.Device+" "+kind(e.File)] = e.File
		case (e.Class == LoadFailed || e.Class == Missing) && e.Final:
			if id := names[0] + " " + e.Driver + " " + e.File; !seen[id] {
				seen[id] = true
				f := Failure{Event: e, Outcome: Lacking}
				if file, ok := loaded[e.Device+" "+kind(e.File)]; ok && e.File != "" {
					f.Outcome, f.By = Replaced, file
				}
				for _, name := range names {
					if version, ok := running[name]; ok && name != "" && f.Outcome == Lacking {
						f.Outcome, f.By = Replaced, version
					}
				}
				if optional(e.File) {
					f.Outcome, f.By = Optional, ""
				}
				for _, file := range slices.Backward(tried(events[i+1:], e)) {
					f.File = file
					if optional(file) {
						f.Outcome, f.By = Optional, ""
					}
					found = append(found, f)
				}
				if f.File == "" || e.File != "" {
					found = append(found, f)
				}
			}
		}
	}
	slices.Reverse(found)
	found = oneSearch(found)
	// A driver that gives up says so once more, without a name.
	return slices.DeleteFunc(found, func(f Failure) bool {
		return f.File == "" && f.Device != "" && slices.ContainsFunc(found, func(other Failure) bool { return other.Device == f.Device && other.File != "" })
	})
}

// oneSearch makes one failure of a search for the newest of several files of a kind,
// none of which was there: the first that was asked for stands for all.
func oneSearch(found []Failure) []Failure {
	first := map[string]int{} // by device and kind, where it stands in the result
	last := map[string]string{}
	count := map[string]int{}
	var result []Failure
	for _, f := range found {
		id := f.Device + " " + f.Driver + " " + kind(f.File)
		if f.Outcome != Lacking || f.File == "" || kind(f.File) == f.File {
			result = append(result, f)
			continue
		}
		count[id]++
		last[id] = f.File
		if count[id] == 1 {
			first[id] = len(result)
			result = append(result, f)
		}
	}
	for id, n := range count {
		if n > 1 {
			f := &result[first[id]]
			f.Reason = fmt.Sprintf("one of %d that do was looked for, down to %s", n, last[id])
		}
	}
	return result
}

// tried returns the files that are named one a line behind a failure, as btbcm
// names them.
func tried(behind []Event, failure Event) (files []string) {
	if failure.File != "" || failure.Device == "" {
		return nil
	}
	for _, e := range behind {
		switch {
		case e.Device != failure.Device:
		case e.Class != LoadAttempt || e.Driver != failure.Driver || e.HasErrno || e.File == "":
			return files
		default:
			files = append(files, e.File)
		}
	}
	return files
}

// kind reduces the name of a file to what all files have in common that can
// take each other's place.
func kind(file string) string {
	dir, base := path.Split(file)
	extension := path.Ext(base)
	stem := strings.TrimSuffix(base, extension)
	switch {
	case extension == ".hcd":
		return dir + "*.hcd"
	case strings.HasPrefix(base, "brcmfmac"):
		// brcmfmac43455-sdio.raspberrypi,3-model-b-plus.bin, brcmfmac43455-sdio.bin
		stem, _, _ = strings.Cut(stem, ".")
	default:
		// iwlwifi-QuZ-a0-hr-b0-77.ucode, firmware-6.bin, rtw8852b_fw-1.bin
		if i := strings.LastIndexByte(stem, '-'); i > 0 && strings.Trim(stem[i:], "-0123456789") == "" {
			stem = stem[:i]
		}
	}
	return dir + stem + extension
}

// spare is a file without which a driver goes on.
type spare struct {
	file string // pattern of path.Match
	from string // where the driver says so, of Linux 6.18
}

// spares are the files without which drivers go on; demanded are exceptions from them.
var (
	spares = []spare{
		{"*.clm_blob", "brcmfmac/pcie.c, sdio.c: BRCMF_FW_REQF_OPTIONAL"},
		{"*.txcap_blob", "brcmfmac/pcie.c: BRCMF_FW_REQF_OPTIONAL"},
		{"brcm/*-pcie*.txt", "brcmfmac/pcie.c: BRCMF_FW_REQF_OPTIONAL; on SDIO it is demanded"},
		{"*.hcd", "btbcm.c: the chip runs what is in its ROM"},
		{"qca/*", "hci_qca.c, qca_setup: on -ENOENT the chip runs what is in its ROM"},
		{"rtl_bt/*_config*.bin", "btrtl.c: config_needed is false for most chips"},
		{"*.ddc", "btintel.c: optional parameters"},
		{"*.bseq", "btintel.c: the default patch, or none"},
		{"ath10k/cal-*", "ath10k/core.c, ath10k_core_fetch_firmware_files"},
		{"ath10k/pre-cal-*", "ath10k/core.c, ath10k_core_fetch_firmware_files"},
		{"ath11k/*/regdb.bin", "ath11k/core.c: the result is not used"},
		{"*/bdata.bin", "ath6kl/init.c: the default board file is taken"},
		{"*.pnvm", "iwlwifi/fw/pnvm.c: from the firmware of the platform, or none"},
		{"iwl-debug-yoyo*", "iwlwifi/iwl-dbg-tlv.c: debugging"},
		{"iwl-dbg-tlv*", "iwlwifi/iwl-dbg-tlv.c: debugging"},
		{"ti-connectivity/wl18xx-conf.bin", "wl18xx/main.c: falls back to its own"},
		{"ti-connectivity/wl1271-nvs.bin", "wlcore/sdio.c: asked for on WiLink 8, too, where nothing needs it"},
		{"regulatory.db", "net/wireless/reg.c: the rules of the world domain hold"},
	}
	demanded = []spare{
		{"qca/*usb*", "btusb.c, btusb_setup_qca"},
		{"rtl_bt/rtl8723bs_config*", "btrtl.c, ic_id_table: config_needed"},
		{"rtl_bt/rtl8723cs_*_config*", "btrtl.c, ic_id_table: config_needed"},
		{"rtl_bt/rtl8723d_config*", "btrtl.c, ic_id_table: config_needed"},
		{"rtl_bt/rtl8723ds_config*", "btrtl.c, ic_id_table: config_needed"},
		{"rtl_bt/rtl8821cs_config*", "btrtl.c, ic_id_table: config_needed"},
		{"rtl_bt/rtl8822b_config*", "btrtl.c, ic_id_table: config_needed"},
		{"rtl_bt/rtl8822cs_config*", "btrtl.c, ic_id_table: config_needed"},
		{"rtl_bt/rtl8852bs_config*", "btrtl.c, ic_id_table: config_needed"},
	}
)

func optional(file string) bool {
	fits := func(list []spare) bool {
		return slices.ContainsFunc(list, func(s spare) bool {
			if ok, _ := path.Match(s.file, file); ok {
				return true
			}
			ok, _ := path.Match(s.file, path.Base(file))
			return ok
		})
	}
	return file != "" && fits(spares) && !fits(demanded)
}

// Deferred is a device whose probing waits.
type Deferred struct {
	Device string
	Reason string // in the kernel's words, "" if it gives none
}

// maxDeferred bounds the list; a board has a few hundred devices in all.
const maxDeferred = 4096

// ParseDeferred reads /sys/kernel/debug/devices_deferred (deferred_devs_show of
// drivers/base/dd.c): one device a line and, in newer kernels, a tab and the
// reason.
func ParseDeferred(data []byte) []Deferred {
	var list []Deferred
	for line := range strings.Lines(string(data)) {
		device, reason, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		if device != "" && len(list) < maxDeferred {
			list = append(list, Deferred{device, strings.TrimSpace(reason)})
		}
	}
	return list
}
