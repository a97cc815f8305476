package ubootenv

import (
	"strconv"
	"strings"
)

// Boot is what an environment says of the order in which U-Boot tries media.
type Boot struct {
	// The targets count only if the script of distro boot or standard boot is run.
	Distro   bool     // bootcmd runs distro_bootcmd
	Flow     bool     // bootcmd runs "bootflow scan", standard boot
	Targets  []Target // of boot_targets, at most 32
	Methods  []string // of bootmeths, at most 32
	Commands []Command
}

// Target is a word of boot_targets: mmc1, nvme0, usb, pxe, dhcp.
type Target struct {
	Word     string
	Kind     string // Word without its number
	Index    int    // in U-Boot's numbering, which need not be that of Linux
	HasIndex bool   // without one all devices of the kind are meant
}

// Command is a command that names a medium, in the order in which the text of
// bootcmd and of what it runs has them. Branches are not decided.
type Command struct {
	Kind     string // mmc, usb, nvme, scsi, sata, ufs, virtio, spi-flash, nand, ubi, mtd, network
	Text     string // the words of the command, without file and server names
	Variable string // whose text it stands in
	Index    int    // of the device in U-Boot's numbering
	HasIndex bool
}

const (
	maxTargets  = 32
	maxCommands = 64
	maxDepth    = 8 // of "run" within "run"
	maxRuns     = 256
	maxScript   = 1 << 20 // bytes of all runs
	maxWord     = 32
)

// Boot interprets bootcmd, boot_targets and bootmeths (U-Boot,
// doc/develop/bootstd/overview.rst, doc/develop/distro.rst).
func (e Environment) Boot() Boot {
	var b Boot
	targets, _ := e.Value("boot_targets")
	for _, word := range boundedFields(targets) {
		b.Targets = append(b.Targets, parseTarget(word))
	}
	methods, _ := e.Value("bootmeths")
	b.Methods = boundedFields(methods)
	w := walker{environment: e, set: map[string]string{}}
	w.run("bootcmd", 0)
	b.Distro, b.Flow, b.Commands = w.distro, w.flow, w.commands
	return b
}

func boundedFields(text string) []string {
	var words []string
	for _, word := range strings.Fields(text) {
		if len(words) == maxTargets {
			break
		}
		words = append(words, printable(word, maxWord))
	}
	return words
}

func parseTarget(word string) Target {
	kind := strings.TrimRight(word, "0123456789")
	t := Target{Word: word, Kind: kind}
	if n, err := strconv.ParseUint(word[len(kind):], 10, 16); err == nil && kind != "" {
		t.Index, t.HasIndex = int(n), true
	} else {
		t.Kind = word
	}
	return t
}

// walker goes through the text of a script and of those that it runs.
type walker struct {
	environment  Environment
	set          map[string]string // variables that the scripts themselves set
	runs, bytes  int
	distro, flow bool
	commands     []Command
}

func (w *walker) run(name string, depth int) {
	script, ok := w.environment.Value(name)
	if !ok || depth > maxDepth || w.runs == maxRuns || w.bytes+len(script) > maxScript {
		return
	}
	w.runs++
	w.bytes += len(script)
	// What ends a command in the shells of U-Boot (common/cli_hush.c), and
	// the words in front of one.
	for part := range strings.FieldsFuncSeq(script, func(r rune) bool { return strings.ContainsRune(";&|\n", r) }) {
		words := strings.Fields(part)
	keywords:
		for len(words) > 0 {
			switch words[0] {
			case "if", "then", "elif", "else", "while", "until", "do", "!":
				words = words[1:]
			default:
				break keywords
			}
		}
		if len(words) > 0 {
			w.command(name, words, depth)
		}
	}
}

func (w *walker) command(script string, words []string, depth int) {
	name, value, assigns := strings.Cut(words[0], "=")
	switch {
	case assigns:
		w.set[name] = value
		return
	case words[0] == "setenv" && len(words) == 3:
		w.set[words[1]] = words[2]
		return
	case words[0] == "run":
		for _, name := range words[1:] {
			if name == "distro_bootcmd" {
				// It goes over the targets, and so do the scripts that it runs.
				w.distro = true
				continue
			}
			w.run(strings.Trim(name, `"'`), depth+1)
		}
		return
	case words[0] == "bootflow":
		w.flow = w.flow || len(words) > 1 && words[1] == "scan"
		return
	}
	row, ok := findCommand(words)
	if !ok || len(w.commands) == maxCommands {
		return
	}
	c := Command{Kind: row.kind, Variable: printable(script, maxWord)}
	if c.Kind == "" {
		c.Kind = w.deviceKind(words[1])
	}
	if at := row.device; at > 0 && at < len(words) {
		number, _, _ := strings.Cut(words[at], ":") // a partition follows
		// Devices are numbered in hexadecimal (U-Boot, disk/part.c).
		if n, err := strconv.ParseUint(w.expand(number), 16, 16); err == nil {
			c.Index, c.HasIndex = int(n), true
		}
	}
	for i, word := range words[:min(row.shown, len(words))] {
		if i > 0 {
			c.Text += " "
		}
		c.Text += printable(word, maxWord)
	}
	w.commands = append(w.commands, c)
}

// expand replaces a word that is one variable by its value, if it has one.
func (w *walker) expand(word string) string {
	name, ok := strings.CutPrefix(word, "$")
	if !ok {
		return word
	}
	name = strings.Trim(name, "{}()")
	if value, ok := w.set[name]; ok {
		return value
	}
	if value, ok := w.environment.Value(name); ok {
		return value
	}
	return word
}

// deviceKind returns the kind of an interface as "load" names it. What a
// variable says is believed if it looks like an interface.
func (w *walker) deviceKind(word string) string {
	kind := w.expand(word)
	switch kind {
	case "ubifs":
		return "ubi"
	case "mmc", "usb", "nvme", "scsi", "sata", "ide", "ufs", "virtio", "ubi", "host", "efi":
		return kind
	}
	return printable(word, maxWord)
}

// commandKind is a command that touches a medium.
type commandKind struct {
	word, sub string // sub is "" if the second word does not matter
	kind      string // "" takes it from the interface, the second word
	shown     int    // words that say nothing of files and servers
	device    int    // which word is the number of the device; 0 if there is none
}

func findCommand(words []string) (commandKind, bool) {
	// cmd/*.c of U-Boot.
	for _, row := range [...]commandKind{
		{"mmc", "dev", "mmc", 4, 2},
		{"mmc", "rescan", "mmc", 2, 0},
		{"mmc", "read", "mmc", 2, 0},
		{"usb", "start", "usb", 2, 0},
		{"usb", "reset", "usb", 2, 0},
		{"usb", "dev", "usb", 3, 2},
		{"nvme", "scan", "nvme", 2, 0},
		{"nvme", "dev", "nvme", 3, 2},
		{"scsi", "scan", "scsi", 2, 0},
		{"scsi", "reset", "scsi", 2, 0},
		{"scsi", "dev", "scsi", 3, 2},
		{"sata", "init", "sata", 2, 0},
		{"sata", "dev", "sata", 3, 2},
		{"ufs", "init", "ufs", 3, 2},
		{"virtio", "scan", "virtio", 2, 0},
		{"virtio", "dev", "virtio", 3, 2},
		{"sf", "probe", "spi-flash", 3, 0}, // bus and chip select, not the number of a device
		{"sf", "read", "spi-flash", 2, 0},
		{"nand", "read", "nand", 2, 0},
		{"nand", "device", "nand", 3, 2},
		{"nboot", "", "nand", 1, 0},
		{"mtd", "read", "mtd", 2, 0},
		{"ubi", "part", "ubi", 2, 0},
		{"ubi", "read", "ubi", 2, 0},
		{"ubifsmount", "", "ubi", 1, 0},
		{"ubifsload", "", "ubi", 1, 0},
		{"dhcp", "", "network", 1, 0},
		{"dhcp6", "", "network", 1, 0},
		{"tftp", "", "network", 1, 0},
		{"tftpboot", "", "network", 1, 0},
		{"tftp6", "", "network", 1, 0},
		{"bootp", "", "network", 1, 0},
		{"nfs", "", "network", 1, 0},
		{"wget", "", "network", 1, 0},
		{"pxe", "", "network", 2, 0},
		{"load", "", "", 3, 2},
		{"fatload", "", "", 3, 2},
		{"ext2load", "", "", 3, 2},
		{"ext4load", "", "", 3, 2},
		{"sysboot", "", "", 3, 2},
	} {
		if words[0] == row.word && (row.sub == "" || len(words) > 1 && words[1] == row.sub) && (row.kind != "" || len(words) > 2) {
			return row, true
		}
	}
	return commandKind{}, false
}
