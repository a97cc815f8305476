package scope

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/page"
)

// Draft is a file for a device repository or a contract, as far as a report can fill
// it.
type Draft struct {
	Name    string
	Content []byte
	Guesses []string // what in it a person has to confirm or put in
}

// contract is a hw.device-type of balena-io/contracts. Its truth values are always
// written: where wifi and led are not there, the test suites skip what they would test.
type contract struct {
	Slug    string   `json:"slug"`
	Version string   `json:"version"`
	Type    string   `json:"type"`
	Aliases []string `json:"aliases"`
	Name    string   `json:"name"`
	Assets  struct {
		Logo struct {
			URL  string `json:"url"`
			Name string `json:"name"`
		} `json:"logo"`
	} `json:"assets"`
	Data struct {
		Arch         string `json:"arch"`
		HDMI         bool   `json:"hdmi"`
		LED          bool   `json:"led"`
		Connectivity struct {
			Bluetooth bool `json:"bluetooth"`
			WiFi      bool `json:"wifi"`
		} `json:"connectivity"`
		Storage struct {
			Internal bool `json:"internal"`
		} `json:"storage"`
		Media struct {
			DefaultBoot string   `json:"defaultBoot"`
			AltBoot     []string `json:"altBoot"`
		} `json:"media"`
		Private bool `json:"is_private"`
	} `json:"data"`
	Partials map[string][]string `json:"partials"`
}

// drafting gathers what drafts have in common.
type drafting struct {
	r       *report.Report
	s       Summary
	slug    string
	name    string
	flasher bool
	media   []Medium
	near    *Candidate // whose repository and Yocto are proposed
}

// Drafts makes the files. Each names what in it is a guess.
func Drafts(r *report.Report, s Summary) []Draft {
	d := drafting{r: r, s: s, name: page.Clean(s.Board), media: s.Media, flasher: len(s.Media) > 0}
	if d.name == "" {
		d.name = "Board"
	}
	d.slug = slugOf(r, d.name)
	for i := range s.Nearest {
		if s.Nearest[i].Repository != "" {
			d.near = &s.Nearest[i]
			break
		}
	}
	return []Draft{d.contract(), d.manifest(), d.machine(), d.firmware(), d.flashing(), d.workflow()}
}

// slugOf makes balena's identifier of the first compatible, or of the name.
func slugOf(r *report.Report, name string) string {
	if list := r.Identity.Compatible.Value; len(list) > 0 {
		if _, board, ok := strings.Cut(list[0], ","); ok {
			name = board
		}
	}
	slug := strings.Trim(notSlug().ReplaceAllString(strings.ToLower(name), "-"), "-")
	if slug == "" {
		return "board"
	}
	return slug
}

var notSlug = pattern.New(`[^a-z0-9]+`)

func (d *drafting) contract() Draft {
	out := Draft{Name: "contracts/hw.device-type/" + d.slug + "/contract.json"}
	guess := func(path, why string) { out.Guesses = append(out.Guesses, path+": "+why) }
	var c contract
	c.Slug, c.Version, c.Type, c.Aliases, c.Name = d.slug, "1", "hw.device-type", []string{}, d.name
	c.Assets.Logo.URL, c.Assets.Logo.Name = "./"+d.slug+".svg", "logo"
	guess("slug, name", "made of the board's own words")
	guess("assets.logo", "the file has to be put beside it")
	c.Data.Arch = d.r.CPU.BalenaArchitecture.Value
	if c.Data.Arch == "" {
		guess("data.arch", "not known: "+d.r.CPU.BalenaArchitecture.Why())
	}
	c.Data.HDMI = slices.ContainsFunc(d.r.Peripherals.Displays, func(x report.Display) bool { return strings.Contains(strings.ToUpper(x.Name.Value), "HDMI") })
	guess("data.hdmi", "by the connectors that a driver shows")
	c.Data.LED = d.led() != ""
	guess("data.led", "true needs LED_FILE, a light that nothing else uses")
	station := slices.ContainsFunc(d.r.WiFi, func(w report.WiFi) bool { return slices.Contains(w.Modes.Value, "station") })
	proven := !slices.ContainsFunc(d.r.Firmware, func(f report.FirmwareFile) bool {
		return slices.Contains([]string{"lacking", "failed", "refused"}, f.State.Value)
	})
	c.Data.Connectivity.WiFi = station && proven && len(d.r.WiFi) > 0
	if !c.Data.Connectivity.WiFi {
		guess("data.connectivity.wifi", "false as long as station mode and firmware are not proven: true takes the wired path out of the tests")
	} else {
		guess("data.connectivity.wifi", "true takes the wired path out of the tests: leave it false if the rig tests by Ethernet")
	}
	c.Data.Connectivity.Bluetooth = len(d.r.Bluetooth) > 0
	c.Data.Storage.Internal = d.flasher
	c.Data.Media.DefaultBoot, c.Data.Media.AltBoot = "sdcard", []string{}
	if d.flasher {
		c.Data.Media.DefaultBoot, c.Data.Media.AltBoot = "internal", []string{"sdcard"}
		if !hasSD(d.r) {
			c.Data.Media.AltBoot = []string{"usb_mass_storage"}
		}
	}
	guess("data.media", "from which media the board starts has to be confirmed ([boot.options])")
	guess("data.is_private", "is the customer's to say ([info.device-type-visibility])")
	c.Partials = map[string][]string{"bootDevice": {"Take the power of the {{name}} away and give it again"}}
	if d.flasher {
		switches := d.r.Boot.Switches.Value
		from, to := "Set the board to boot from the installation medium.", "Set the board to boot from its internal storage."
		if len(switches) > 0 {
			from = "Set " + page.Clean(page.List(switches)) + " to boot from the installation medium."
			to = "Set " + page.Clean(page.List(switches)) + " to boot from the internal storage."
		}
		c.Partials["bootDeviceExternal"], c.Partials["bootDeviceInternal"], c.Partials["flashIndicator"] = []string{from}, []string{to}, []string{"the board powers off"}
		guess("partials", "positions of switches, and what shows the end of flashing, have to be put in")
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return out // of strings and truth values
	}
	out.Content = append(text, '\n')
	return out
}

// hasSD reports whether a slot for SD cards was seen.
func hasSD(r *report.Report) bool {
	return slices.ContainsFunc(r.MMCHosts, func(h report.MMCHost) bool { return h.TakesSD.Value }) ||
		slices.ContainsFunc(r.Storage, func(d report.Disk) bool { return d.Kind.Value == report.KindSD })
}

// led is a light that the kernel drives and nothing uses, by its folder in sysfs.
func (d *drafting) led() string {
	for _, l := range d.r.Peripherals.LEDs {
		if l.Trigger.Value == "none" && l.Name.OK() {
			return "/sys/class/leds/" + l.Name.Value + "/brightness"
		}
	}
	return ""
}

// image is the kind of image, and the release of Yocto that is proposed.
func (d *drafting) image() (kind, yocto string) {
	kind = "balena-image"
	if d.flasher {
		kind = "balena-image-flasher"
	}
	for _, ride := range d.s.Yocto {
		if ride.Starts && ride.Supported && yocto == "" {
			yocto = ride.Release
		}
	}
	if d.near != nil && yocto == "" {
		yocto = d.near.Yocto
	}
	if yocto == "" {
		yocto = "scarthgap"
	}
	return kind, yocto
}

func (d *drafting) manifest() Draft {
	kind, yocto := d.image()
	out := Draft{Name: d.slug + ".coffee", Guesses: []string{
		"yocto.machine: the name of the machine has to be that of the BSP's layer or of a new one",
		"yocto.version: the oldest supported release that this run's kernel rides, " + yocto,
		"stateInstructions: positions of switches have to be put in",
	}}
	before, steps, after := "instructions.ETCHER_SD\n    instructions.EJECT_SD", "", "[ instructions.BOARD_REPOWER ]"
	if d.flasher {
		steps = "\n    instructions.FLASHER_WARNING"
		after = "[\n  instructions.BOARD_SHUTDOWN\n  instructions.REMOVE_INSTALL_MEDIA\n  instructions.BOARD_REPOWER\n]"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `deviceTypesCommon = require '@resin.io/device-types/common'
{ networkOptions, commonImg, instructions } = deviceTypesCommon

postProvisioningInstructions = %s

module.exports =
  version: 1
  slug: %s
  name: %s
  arch: %s
  state: 'new'

  stateInstructions:
    postProvisioning: postProvisioningInstructions

  instructions: [
    %s%s
  ].concat(postProvisioningInstructions)

  supportsBlink: %v

  yocto:
    machine: %s
    image: '%s'
    fstype: 'balenaos-img'
    version: 'yocto-%s'
    deployArtifact: '%s-%s.balenaos-img'
    compressed: true

  options: [ networkOptions.group ]

  configuration:
    config:
      partition:
        primary: 1
      path: '/config.json'

  initialization: commonImg.initialization
`, after, coffee(d.slug), coffee(d.name), coffee(d.r.CPU.BalenaArchitecture.Value), before, steps, d.led() != "", coffee(d.slug), kind, yocto, kind, d.slug)
	out.Content = []byte(b.String())
	return out
}

// coffee quotes text for CoffeeScript: between single quotation marks nothing is
// evaluated.
func coffee(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(page.Clean(text)) + "'"
}

func (d *drafting) machine() Draft {
	out := Draft{Name: "layers/meta-balena-" + d.slug + "/conf/machine/" + d.slug + ".balena.inc"}
	guess := func(path, why string) { out.Guesses = append(out.Guesses, path+": "+why) }
	var b strings.Builder
	set := func(name, value string) {
		fmt.Fprintf(&b, "%s = %q\n", name, page.Clean(value))
	}
	if d.flasher {
		var names []string
		for _, m := range d.media {
			if m.Layout.Fits && m.Name != "" {
				names = append(names, m.Name)
			}
		}
		set("INTERNAL_DEVICE_KERNEL", strings.Join(names, " "))
		guess("INTERNAL_DEVICE_KERNEL", "the names of this run's kernel: another numbers media otherwise")
	}
	var consoles []string
	for _, p := range d.r.Peripherals.Serial {
		if p.Console.Value && p.Name.OK() {
			consoles = append(consoles, "115200;"+p.Name.Value)
		}
	}
	if len(consoles) > 0 {
		set("SERIAL_CONSOLES", strings.Join(consoles, " "))
		guess("SERIAL_CONSOLES", "the speed, and the names of this run's kernel")
	}
	if led := d.led(); led != "" {
		set("LED_FILE", led)
		guess("LED_FILE", "a light without a trigger: whether nothing else uses it, a person has to say")
	}
	if v, ok := ParseVersion(d.r.Kernel.Release.Value); ok && v.Less(Version{5, 3}) {
		set("FIRMWARE_COMPRESSION", "0")
		guess("FIRMWARE_COMPRESSION", "kernels before 5.3 do not load compressed firmware")
	}
	set("BALENA_BOOT_SIZE", fmt.Sprint(bootMiB<<10))
	set("IMAGE_ROOTFS_SIZE", fmt.Sprint(rootMiB<<10))
	set("BALENA_STATE_SIZE", fmt.Sprint(stateMiB<<10))
	set("DEVICE_SPECIFIC_SPACE", fmt.Sprint(gapMiB<<10))
	guess("sizes", "those of a new board ("+layoutVersion+"), in KiB; DEVICE_SPECIFIC_SPACE has to hold the boot loader")
	out.Content = []byte(b.String())
	return out
}

func (d *drafting) firmware() Draft {
	out := Draft{Name: "layers/meta-balena-" + d.slug + "/recipes-core/packagegroups/packagegroup-balena-connectivity.bbappend"}
	packages := map[string]bool{}
	for _, f := range d.s.Firmware {
		switch {
		case f.Known && !f.Default && f.Package != "":
			packages[f.Package] = true
		case !f.Known:
			out.Guesses = append(out.Guesses, f.File+": not in linux-firmware; it needs a recipe, and the right to pass it on")
		}
	}
	var b strings.Builder
	for _, name := range sorted(maps.Clone(packages)) {
		fmt.Fprintf(&b, "CONNECTIVITY_FIRMWARES:append:%s = \" %s\"\n", d.slug, name)
	}
	if b.Len() == 0 {
		b.WriteString("# no addition is known\n")
	}
	if len(d.s.Firmware) == 0 {
		out.Guesses = append(out.Guesses, "all: no radio asked for a file in this run")
	}
	out.Content = []byte(b.String())
	return out
}

// flashing is how the rig writes the board, in the form of autokit's devices.
func (d *drafting) flashing() Draft {
	out := Draft{Name: "rig/" + d.slug + ".json"}
	kind := map[string]any{"type": "sd"}
	if d.flasher {
		kind["type"] = "flasher"
		if len(d.r.Boot.Switches.Value) > 0 {
			kind["jumper"] = true
			out.Guesses = append(out.Guesses, "jumper: the boot switch "+page.Clean(page.List(d.r.Boot.Switches.Value))+" has to be wired to the rig's relay")
		}
	}
	out.Guesses = append(out.Guesses, "type: the board has to start from the medium that the rig writes, and to power itself off at the end")
	text, err := json.Marshal(kind)
	if err != nil {
		return out // of a word and a truth value
	}
	out.Content = append(text, '\n')
	return out
}

func (d *drafting) workflow() Draft {
	return Draft{
		Name: ".github/workflows/" + d.slug + ".test_matrix.json",
		Content: []byte(`{
  "test_suite": ["os", "cloud", "hup"],
  "environment": ["balena-cloud.com"],
  "runs_on": [["ubuntu-latest"]]
}
`),
		Guesses: []string{"it is the test_matrix of the job in the workflow of a machine; hup is skipped as long as there is no release"},
	}
}
