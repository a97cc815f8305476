package kmsg

// rule is one kind of line: the message behind the names of driver and device.
type rule struct {
	class  Class
	driver string // how the name of the driver begins, "" for any
	form   string // see match
	final  bool
}

// rules are tried in this order. The messages are those of the named files of
// Linux 6.12, unless something else is said.
var rules = [...]rule{
	// drivers/base/firmware_loader/main.c and fallback.c.
	{LoadFailed, "", "Direct firmware load for {file} failed with error {error}", true},
	{LoadAttempt, "", "loading {path} failed with error {error}", false},
	{LoadAttempt, "", "loading {path} failed for no such file or directory.", false},
	{LoadFallback, "", "Falling back to sysfs fallback for: {file}", false},
	{LoadFallback, "", "Falling back to syfs fallback for: {file}", false}, // misspelt in older kernels
	{Loaded, "", "Loading firmware from {path}", false},
	{Loaded, "", "Loaded FW: {file}, sha256: {sha256}", false},
	{Loaded, "", "using built-in {file}", false},
	// The same with Debian's patches; one line for each place and suffix tried.
	{LoadAttempt, "", "firmware: failed to load {file} ({error})", false},
	{Loaded, "", "firmware: direct-loading firmware {file}", false},
	{Loaded, "", "direct-loading {file}", false},

	// brcmfmac: firmware.c, common.c; "Firmware version =" in older kernels.
	{Chosen, "brcmfmac", "brcmf_fw_alloc_request: using {file} for chip {chip}", false},
	{Running, "brcmfmac", "brcmf_c_preinit_dcmds: Firmware: {chip} wl{_} version {version} ({_}) FWID {build}", false},
	{Running, "brcmfmac", "brcmf_c_preinit_dcmds: Firmware: {chip} wl{_} version {version} FWID {build}", false},
	{Running, "brcmfmac", "brcmf_c_preinit_dcmds: Firmware version = wl{_} version {version} ({_}) FWID {build}", false},
	{Running, "brcmfmac", "brcmf_c_preinit_dcmds: Firmware version = wl{_} version {version} FWID {build}", false},
	{NoOptionalFile, "brcmfmac", "brcmf_c_process_clm_blob: no clm_blob available (err={error}){_}", false},
	{NoOptionalFile, "brcmfmac", "brcmf_c_process_txcap_blob: no txcap_blob available (err={error}){_}", false},

	// iwlwifi: iwl-drv.c.
	{Running, "iwlwifi", "loaded firmware version {version} build {build} op_mode {_}", false},
	{Running, "iwlwifi", "loaded firmware version {version} {file} op_mode {_}", false},
	{Running, "iwlwifi", "loaded firmware version {version} op_mode {_}", false},
	{Missing, "", "no suitable firmware found!", true}, // also ath9k_htc
	{Missing, "iwlwifi", "minimum version required: {file}", true},

	// ath10k: core.c, debug.c, qmi.c; ath11k and ath12k: qmi.c; others.
	{Running, "ath10k", "firmware ver {version} api {api} features {_} crc32 {build}", false},
	{Chip, "ath10k", "{chip} target {_} chip_id {_} sub {_}", false},
	{Board, "ath10k", "board_file api {api} bmi_id {_} crc32 {build}", false},
	{Running, "ath1", "qmi fw_version {build} fw_build_timestamp {_} fw_build_id {version}", false},
	{Running, "ath1", "fw_version {build} fw_build_timestamp {_} fw_build_id {version}", false},
	{Missing, "ath10k", "Failed to find firmware-N.bin ({_}) from {file}: {error}", true},
	{Missing, "ath10k", "could not fetch firmware files ({error})", true},
	{Missing, "ath6kl", "Failed to get firmware file {file}: {error}", true},
	{Missing, "usb", "{driver}: Failed to get firmware {file}", true}, // ath9k_htc
	{Missing, "", "firmware not found.", true},                        // carl9170

	// rtw88: main.c; rtw89: fw.c; rtlwifi; rtl8xxxu; rt2x00.
	{Running, "rtw", "Firmware version {release}, H2C version {_}", false},
	{Running, "rtw", "Firmware version {release} ({build}), cmd version {_}", false},
	{Loaded, "rtw", "loaded firmware {file}", false},
	{Missing, "rtw", "failed to request firmware", true},
	{Missing, "rtl", "Failed to request firmware!", true},
	{Missing, "", "Fatal - failed to load firmware", true},
	{Missing, "", "rt2x00lib_request_firmware: Error - Failed to request Firmware", true},

	// mt76: mt76_connac_mcu.c, mt7615/mcu.c, mt7996/mcu.c.
	{Running, "mt7", "HW/SW Version: {version}, Build Time: {build}", false},
	{Running, "mt7", "{_} Firmware Version: {version}, Build Time: {build}", false},
	{Missing, "mt7", "Failed to load firmware", true},

	// mwifiex: init.c; moal, NXP's own driver.
	{Running, "mwifiex", "{_}MWIFIEX VERSION: mwifiex {_} ({version})", false},
	{Running, "wlan", "version = {name}---{release}-M{_}", false},

	// Bluetooth: btbcm.c, btqca.c, btrtl.c, btintel.c, btmtk.c.
	{Loaded, bluetooth, "{name} '{file}' Patch", false},
	{Missing, bluetooth, "BCM: Patch {file} not found", true},
	{Missing, bluetooth, "BCM: firmware Patch file not found, tried:", true},
	{LoadAttempt, bluetooth, "BCM: '{file}'", false},
	{Chip, bluetooth, "{name} ({release}) build {build}", false},
	{Chosen, bluetooth, "QCA Downloading {file}", false},
	{Chip, bluetooth, "QCA controller version {version}", false},
	{Missing, bluetooth, "QCA Failed to request file: {file} ({error})", true},
	{Running, bluetooth, "RTL: fw version {version}", false},
	{Running, bluetooth, "rtl: fw version {version}", false},
	{Missing, bluetooth, "RTL: firmware file {file} not found", true},
	{Missing, bluetooth, "rtl: firmware file {file} not found", true},
	{Missing, bluetooth, "RTL: mandatory config file {file} not found", true},
	{Chosen, bluetooth, "RTL: loading {file}", false},
	{Chosen, bluetooth, "rtl: loading {file}", false},
	{Loaded, bluetooth, "Found device firmware: {file}", false},
	{Loaded, bluetooth, "Found Intel DDC parameters: {file}", false},
	{Running, bluetooth, "Firmware Version: {version}", false},
	{Missing, bluetooth, "Failed to load Intel firmware file {file} ({error})", true},
	{Running, bluetooth, "HW/SW Version: {version}, Build Time: {build}", false},
	{Missing, bluetooth, "Failed to load firmware file ({error})", true},

	// net/wireless/reg.c.
	{NoRegulatory, "cfg80211", "failed to load regulatory.db", true},
	{NoRegulatory, "cfg80211", "loaded regulatory.db is {reason}", true},

	// drivers/usb/class/cdc-wdm.c, drivers/net/usb/usbnet.c, drivers/usb/serial.
	{Node, "", "{node}: USB WDM device", false},
	{Node, "", "register '{driver}' at {_}", false},
	{Node, "", "{reason} converter now attached to {node}", false},

	// drivers/base/dd.c: now, and in older kernels.
	{ProbeFailed, "", "probe with driver {driver} failed with error {error}", true},
	{ProbeFailed, "", "probe of {device} failed with error {error}", true},
	{ProbeDeferred, "", "deferred probe pending: {reason}", false},
	{ProbeDeferred, "", "deferred probe pending", false},

	// kernel/module/main.c, version.c, signing.c.
	{Tainted, "", "loading out-of-tree module taints kernel.", false},
	{Tainted, "", "module license '{reason}' taints kernel.", false},
	{Tainted, "", "module license taints kernel.", false},
	{Tainted, "", "module verification failed: {reason}", false},
	{Tainted, "", "module is from the staging directory, {_}", false},
	{Tainted, "", "loading test module taints kernel.", false},
	{Tainted, "", "module uses symbols {_} from proprietary module {reason}, inheriting taint.", false},
	{ModuleRefused, "", "version magic {reason}", true},
	{ModuleRefused, "", "disagrees about version of symbol {reason}", true},
	{ModuleRefused, "", "Unknown symbol {reason} (err {error})", true},
	{ModuleRefused, "", "Loading of {reason} is rejected", true},
}
