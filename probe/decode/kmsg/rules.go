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
	{Loaded, "", "using built-in {word}", false},
	{Loaded, "", "firmware: using built-in firmware {word}", false}, // 4.0 to 4.8
	{LoadAttempt, "", "firmware, attempted to load {path}, but failed with error {error}", false},
	{LoadAttempt, "", "{_} decompression failed ({_}", false}, // it is there, and cannot be unpacked
	{LoadFailed, "", "Firmware load for '{file}' refused, path contains '..' component", true},
	{LoadFailed, "", "firmware: {file} will not be loaded", true},
	{LoadFailed, "", "firmware: {word} loading timed out", true},
	{LoadFallback, "", "Falling back to user helper", false},
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
	{Chosen, "brcmfmac", "brcmf_fw_map_chip_to_name: using {file} for chip {chip}", false}, // 4.9 to 4.14
	{Missing, "brcmfmac", "brcmf_sdio_download_firmware: dongle {_} file download failed", true},
	{Missing, "brcmfmac", "brcmf_sdio_htclk: HT Avail timeout {_}", false},
	{Missing, "ieee80211", "brcmf_c_preinit_dcmds: download CLM blob file failed, {error}", true},
	{Stopped, "ieee80211", "brcmf_attach: dongle is not responding: err={error}", true},
	{Stopped, "ieee80211", "brcmf_bus_started: failed: {error}", true},
	{Stopped, "brcmfmac", "brcmf_pcie_download_fw_nvram: FW failed to initialize", true},
	{Missing, "ieee80211", "brcmsmac: fail to load firmware {file}", true},
	{Running, "b43", "Loading firmware version {version} ({_})", false},
	{Missing, "b43", "Firmware file \"{file}\" not found", true},
	// bcmdhd, Broadcom's own driver in kernels of vendors.
	{Running, bcmdhd, "Firmware version = wl0: {_} version {version} ({_}) FWID {build}", false},
	{Chosen, bcmdhd, "Final fw_path={path}", false},
	{Chosen, bcmdhd, "Final nv_path={path}", false},
	{Loaded, bcmdhd, "dhd_os_open_image: {path} ({_} bytes) open success", false},
	{Missing, bcmdhd, "_dhdsdio_download_firmware: dongle {_} file download failed", true},
	{NoOptionalFile, "brcmfmac", "brcmf_c_process_clm_blob: no clm_blob available (err={error}){_}", false},
	{NoOptionalFile, "brcmfmac", "brcmf_c_process_txcap_blob: no txcap_blob available (err={error}){_}", false},

	// iwlwifi: iwl-drv.c.
	{Running, "iwlwifi", "loaded firmware version {version} build {build} op_mode {_}", false},
	{Running, "iwlwifi", "loaded firmware version {version} {file} op_mode {_}", false},
	{Running, "iwlwifi", "loaded firmware version {version} op_mode {_}", false},
	{Running, "iwl", "loaded firmware version {word2}", false}, // iwlegacy
	{Missing, "", "no suitable firmware found!", true},         // also ath9k_htc
	{Missing, "iwlwifi", "minimum version required: {file}", true},
	{Missing, "iwlwifi", "request for firmware file '{file}' failed.", true}, // 4.0 to 4.4
	{Missing, "iwlwifi", "Failed to run INIT ucode: {error}", true},          // it was read, and does not run
	{Missing, "iwlwifi", "Failed to start RT ucode: {error}", true},
	{Missing, "iwlwifi", "IWLMLD needs to be compiled to support this firmware", true},
	{Chip, "iwlwifi", "Detected {chip}, REV={_}", false},
	{Chip, "iwlwifi", "Detected {chip}", false},

	// ath10k: core.c, debug.c, qmi.c; ath11k and ath12k: qmi.c; others.
	{Running, "ath10k", "firmware ver {version} api {api} features {_} crc32 {build}", false},
	{Chip, "ath10k", "{chip} target {_} chip_id {_} sub {_}", false},
	{Board, "ath10k", "board_file api {api} bmi_id {_} crc32 {build}", false},
	{Running, "ath10k", "{_} fw {version} fwapi {_}", false}, // 4.0 to 4.6
	{Running, "ath1", "qmi fw_version {build} fw_build_timestamp {_} fw_build_id {name2}", false},
	{Running, "ath1", "fw_version {build} fw_build_timestamp {_} fw_build_id {name2}", false},
	{Running, "ath1", "fw_version {word2} fw_build_timestamp {_} fw_build_id", false}, // images of 2020 name no build
	// The loader keeps quiet for these (firmware_request_nowarn).
	{Missing, "ath1", "failed to fetch board data for {_} from {file}", true},
	{Missing, "ath1", "failed to fetch board-2.bin or board.bin from {file}", true},
	{Missing, "ath1", "failed to fetch board.bin from {file}", true},
	{Missing, "ath1", "qmi failed to fetch board file: {error}", true},
	{Missing, "ath1", "failed to fetch board file: {error}", true},
	{Missing, "ath1", "qmi failed to load CAL data file:{file}", true},
	{Missing, "ath1", "failed to load m3 firmware: {error}", true},
	{Missing, "ath1", "could not fetch firmware ({error})", true},
	{Missing, "ath10k", "Failed to find firmware-N.bin ({_}) from {file}: {error}", true},
	{Missing, "ath10k", "could not fetch firmware files ({error})", true},
	{Missing, "ath10k", "could not probe fw ({error})", true},
	{Missing, "ath10k", "could not init core ({error})", true},
	{Stopped, "ath1", "failed to start core: {error}", true},
	{Stopped, "ath1", "failed to connect to HTT: {error}", true},
	{Stopped, "ath1", "failed to power up mhi: {error}", true},
	{Stopped, "ath1", "failed to power up :{error}", true},
	{Missing, "ath6kl", "Failed to get firmware file {file}: {error}", true},
	{NoOptionalFile, "ath6kl", "Failed to get board file {file} ({error}), trying to find default board file.", false},
	{Missing, "ath6kl", "Failed to get default board file {file}: {error}", true},
	{Running, "ath6kl", "{_} fw {version} api {api}", false},
	{Running, "ath9k_htc", "ath9k_htc: FW Version: {version}", false},
	{Loaded, "usb", "ath9k_htc: Transferred FW: {file}, size: {_}", false},
	{Chosen, "usb", "ath9k_htc: Firmware {file} requested", false},
	{Stopped, "ath9k_htc", "ath9k_htc: Target is unresponsive", true},
	{Stopped, "ath9k_htc", "Failed to initialize the device", true},
	{Running, "usb", "firmware API: {version} {_}", false}, // carl9170
	{Missing, "usb", "no firmware found: {file}", true},    // ar5523
	{Running, "wcn36xx", "firmware WLAN version '{reason}' and CRM version '{_}'", false},
	{Missing, "wcn36xx", "ERROR Failed to load nv file {file}: {error}", true},
	{Chosen, "remoteproc", "Booting fw image {file}, size {_}", false},
	{Missing, "remoteproc", "request_firmware failed: {error}", true},
	{Stopped, "remoteproc", "Boot failed: {error}", true},
	{Missing, "usb", "{driver}: Failed to get firmware {file}", true}, // ath9k_htc
	{Missing, "", "firmware not found.", true},                        // carl9170

	// rtw88: main.c; rtw89: fw.c; rtlwifi; rtl8xxxu; rt2x00.
	{Running, "rtw", "Firmware version {release}, H2C version {_}", false},
	{Running, "rtw89", "Firmware version {release} ({build}), cmd version {_}, type 1", false}, // types 3 and 64 are WoWLAN's and the baseband's
	{Running, "rtw89", "Firmware version {release}, cmd version {_}, type 1", false},
	{Running, "rtw89", "Firmware version {release} ({build}), cmd version {_}, type 5", false}, // RTW89_FW_NORMAL_CE
	{Running, "rtw89", "Firmware version {release} ({build}), cmd version {number}", false},
	{Missing, "rtw89", "failed to early request firmware: {error}", true},
	{Missing, "rtw89", "no suitable firmware found", true},
	{Chosen, "rtl", "Loading firmware file {file}", false},
	{Chosen, "rtl", "Loading firmware {word}", false},
	{Chosen, "rtl", "Using firmware {file}", false},
	{Chosen, "rtl", "Loading alternative firmware {file}", false},
	{Missing, "rtl", "Firmware {file} not available", true},
	{Running, "usb", "Firmware revision {version} (signature {_})", false}, // rtl8xxxu
	{Missing, "usb", "request_firmware({file}) failed", true},
	{Loaded, "rtw", "loaded firmware {file}", false},
	{Missing, "rtw", "failed to request firmware", true},
	{Missing, "rtl", "Failed to request firmware!", true},
	{Missing, "", "Fatal - failed to load firmware", true},
	{Missing, "", "rt2x00lib_request_firmware: Error - Failed to request Firmware", true},
	{Chosen, "", "rt2x00lib_request_firmware: Info - Loading firmware file '{file}'", false},
	{Running, "", "rt2x00lib_request_firmware: Info - Firmware detected - version: {version}", false},

	// mt76: mt76_connac_mcu.c, mt7615/mcu.c, mt7996/mcu.c.
	{Running, "mt7", "HW/SW Version: {version}, Build Time: {build}", false},
	{Running, "mt7", "{_} Firmware Version: {version}, Build Time: {build}", false},
	{Running, "mt7", "Firmware Version: {version} Build: {build} Build time: {_}", false}, // mt7601u
	{Running, "mt7", "Firmware Version: {version}", false},
	{Missing, "mt7", "Failed to start patch", true},
	{Missing, "mt7", "hardware init failed", true},
	{Stopped, "mt7", "Firmware failed to start", true},
	{Stopped, "mt7", "Timeout for initializing firmware", true},
	{Stopped, "mt7", "Firmware is not ready for download", true},
	{Stopped, "usb", "Firmware failed to start", true}, // rtl8xxxu
	{Stopped, "usb", "Firmware checksum poll timed out", true},
	{Missing, "mt7", "failed to load {file}", true},
	{LoadAttempt, "mt7", "{file} not found, switching to {_}", false},
	{Missing, "mt7", "Failed to load firmware", true},

	{Missing, "rtw", "failed to download firmware", true}, // rtw88, mac.c, main.c
	{Missing, "rtw", "failed to setup chip efuse info", true},
	{Missing, "rtw", "failed to setup chip information", true},

	// mwifiex: init.c; moal, NXP's own driver.
	{Running, "mwifiex", "{_}MWIFIEX VERSION: mwifiex {_} ({version})", false},
	{Running, "wlan", "version = {name}---{release}-M{_}", false},
	{Running, "wlan", "version = {name}--{release}-M{_}", false},
	{Running, "wlan", "version = {name}-{release}-C{_}", false},
	{Chosen, "Request", "{word}", false}, // moal: "Request firmware: nxp/..."
	{Missing, "mwifiex", "Failed to get firmware {file}", true},
	{Missing, "mwifiex", "FW failed to be active in time", true},
	{Stopped, "mwifiex", "prog_fw failed ret={_}", true},
	{Stopped, "mwifiex", "mwifiex_prog_fw_w_helper: {_}", true},
	{Stopped, "ieee80211", "cannot download firmware image <{file}>", true}, // mwlwifi
	{Missing, "libertas", "failed to find firmware ({error})", true},
	{Running, "libertas", "{_}, fw {version}, cap {_}", false},
	{Missing, "ieee80211", "Firmware files not found", true}, // mwl8k

	// wlcore, rsi, cw1200, wfx; drivers that are not part of Linux.
	{Missing, "wlcore", "ERROR could not get firmware {file}: {error}", true},
	{NoOptionalFile, "wlcore", "ERROR could not get configuration binary {file}: {error}", false},
	{Missing, "wlcore", "ERROR NVS file is needed during boot", true},
	{Running, "wlcore", "firmware booted (Rev {version})", false},
	{Stopped, "wlcore", "ERROR firmware boot failed despite {_} retries", true},
	{Chosen, "wilc1000", "loading firmware {file}", false},
	{Running, "wilc1000", "WILC Firmware Ver = {version} Build: {build}", false},
	{Stopped, "rsi", "rsi_hal_device_init: Failed to load TA instructions", true},
	{Loaded, "rsi", "Firmware file\t: {file}", false},
	{Missing, "rsi", "{_}: Failed to open file {file}", true},
	{Missing, "", "Can't load firmware file {dotted}", true}, // cw1200
	{Running, "wfx", "started firmware {version} \"{_}\" {_}", false},
	{Chosen, aic8800, "rwnx_load_firmware :firmware path = {path}", false},
	{Loaded, aic8800, "file md5:{_}", false}, // the file of the line before
	{Missing, aic8800, "rwnx_load_firmware: {file} file failed to open", true},
	{Missing, aic8800, "rd_version_val=00000000", true}, // the chip did not start
	{Running, aic8800, "rd_version_val={version}", false},
	{Missing, aic8800, "{chip} wifi start fail", true},
	{Loaded, "coda", "Using fallback firmware {file}", false},
	{Running, "esp", "check_esp_version: ESP Firmware version: {version}", false},

	// Bluetooth: btbcm.c, btqca.c, btrtl.c, btintel.c, btmtk.c.
	{Loaded, bluetooth, "{name} '{file}' Patch", false},
	{Missing, bluetooth, "BCM: Patch {file} not found", true},
	{Missing, bluetooth, "BCM: firmware Patch file not found, tried:", true},
	{LoadAttempt, bluetooth, "BCM: '{file}'", false},
	{Chip, bluetooth, "{name} ({release}) build {build}", false},
	{Chosen, bluetooth, "QCA Downloading {file}", false},
	{Chip, bluetooth, "QCA controller version {version}", false},
	{Missing, bluetooth, "BCM: patch {file} not found", true}, // 4.0
	{Missing, "hci_bcm4377", "Unable to load firmware; tried '{file}' and {_}", true},
	{Chosen, bluetooth, "ROME Downloading {file}", false},
	{Missing, bluetooth, "Failed to request file: {file} ({error})", true},
	{Loaded, bluetooth, "using rampatch file: {file}", false},
	{Loaded, bluetooth, "using NVM file: {file}", false},
	{Running, bluetooth, "QCA: patch rome {_} build {version}, firmware rome {_}", false},
	{Running, bluetooth, "QCA FW build version: {version}", false},
	{Missing, bluetooth, "failed to request rampatch file: {file} ({error})", true},
	{Missing, bluetooth, "failed to request NVM file: {file} ({error})", true},
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
	{Missing, bluetooth, "Failed to load Intel firmware file ({error})", true},
	{Missing, bluetooth, "Failed to send firmware data ({error})", true},
	{Stopped, bluetooth, "Device boot timeout", true},
	{Stopped, bluetooth, "Device boot interrupted", true},
	{Stopped, bluetooth, "Firmware loading timeout", true},
	{Stopped, bluetooth, "Firmware loading interrupted", true},
	{Stopped, bluetooth, "Failed to send body at {_}", true}, // btusb, for Qualcomm's
	{Stopped, bluetooth, "Failed to send headers ({error})", true},
	{Stopped, bluetooth, "QCA Failed to download patch ({error})", true},
	{Stopped, bluetooth, "QCA Failed to download NVM ({error})", true},
	{Stopped, bluetooth, "BCM: Patch failed ({error})", true},
	{Stopped, bluetooth, "Failed to set up firmware ({error})", true}, // btmtk
	{Stopped, bluetooth, "Failed to send wmt func ctrl ({error})", true},
	{Stopped, bluetooth, "Failed to send wmt patch dwnld ({error})", true},
	{Loaded, bluetooth, "FW Download Complete: {_}", false}, // btnxpuart
	{Missing, bluetooth, "Failed to load Intel DDC file {file} ({error})", true},
	{LoadAttempt, bluetooth, "failed to open Intel firmware file: {file} ({error})", false},
	{Running, bluetooth, "Firmware timestamp {_} buildtype {_} build {version}", false},
	{Running, bluetooth, "Firmware revision {version} build {_}", false},
	{Missing, "Bluetooth", "Patch file not found {file}", true}, // ath3k
	{Missing, "Bluetooth", "Firmware file \"{file}\" not found", true},
	{Chosen, bluetooth, "Request Firmware: {file}", false}, // btnxpuart
	{Missing, bluetooth, "Firmware file {file} not found", true},
	{Missing, bluetooth, "FW Download Timeout. offset: {_}", true},
	{Missing, "Bluetooth", "request_firmware(firmware) failed, error code = {error}", true}, // btmrvl
	{Missing, bluetooth, "Failed to load <{file}>:({error})", true},
	{Running, bluetooth, "HW/SW Version: {version}, Build Time: {build}", false},
	{Missing, bluetooth, "Failed to load firmware file ({error})", true},
	{Missing, bluetooth, "Failed to load firmware file {file}", true},

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
