package cmdline

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/pattern"
)

// public is a parameter whose value may be in a report, where it has this form.
type public struct {
	key  string
	form func() *regexp.Regexp
}

// publicRows lists what Public lets through beside the parameters that Hints
// reads.
func publicRows() []public {
	return []public{
		{"boardprobe.out", plainForm}, {"boardprobe.end", plainForm}, {"boardprobe.timeout", plainForm}, {"boardprobe.modules", plainForm},
		{"boardprobe.blacklist", plainForm}, {"boardprobe.load", plainForm}, {"boardprobe.mmio", plainForm}, {"boardprobe.active", plainForm},
		{"boardprobe.label", plainForm}, {"boardprobe.ticket", plainForm},
		{"console", consoleForm},
		{"earlycon", earlyForm},
		{"mem", sizeForm},
		{"cma", sizeForm},
		{"isolcpus", listForm},
	}
}

var (
	// A name, a number, a device, a list of these.
	plainForm = pattern.New(`^[A-Za-z0-9_.,:@/()+-]{1,80}$`)
	// Documentation/admin-guide/kernel-parameters.txt.
	consoleForm = pattern.New(`^(tty[A-Za-z]{0,6}\d{0,3}|hvc\d{1,2}|null|uart[0-9a-z]*)(,[0-9a-z]{1,16})?(,(mmio|mmio16|mmio32|mmio32be|io),0x[0-9A-Fa-f]+(,[0-9a-z]{1,12})?)?$`)
	earlyForm   = pattern.New(`^[a-z][a-z0-9_]{1,23}(,(mmio|mmio16|mmio32|mmio32be|mmio32native|io))?(,0x[0-9A-Fa-f]{1,16})?(,[0-9a-z]{1,12})?$`)
	sizeForm    = pattern.New(`^[0-9]{1,10}[KMGTkmgt%]?([@$#!][0-9A-Fa-fx]{1,16}[KMGTkmgt]?(-[0-9A-Fa-fx]{1,16}[KMGTkmgt]?)?)?$`)
	listForm    = pattern.New(`^[0-9a-z,:/_-]{1,64}$`)
	kernelForm  = pattern.New(`^(\([a-z0-9,]+\))?/?([A-Za-z0-9._-]+/){0,4}[A-Za-z0-9._-]*(vmlinu|[Ii]mage|linux|kernel|bzImage)[A-Za-z0-9._+~-]*$`)
	// The root file system by a name that the kernel gives, or by the identity of a
	// partition, which is replaced by its form.
	rootForm = pattern.New(`^(/dev/[a-z0-9]+|/dev/disk/by-(partuuid|uuid)/[0-9A-Fa-f-]+|(PART)?UUID=[0-9A-Fa-f-]+(/PARTNROFF=\d+)?|ubi\d+:[a-z0-9_]+|mtd:?[a-z0-9]+|\d+:\d+|[0-9a-f]{3,4})$`)
	// A switch, a count, a small mask: module parameters.
	numberForm = pattern.New(`^(\d{1,5}|0x[0-9A-Fa-f]{1,4}|[yYnN])$`)
	// Partitions of raw flash: sizes and names.
	partitionForm = pattern.New(`^[A-Za-z0-9_.-]{1,40}:[0-9-][A-Za-z0-9_.,:;@()+-]{1,900}$`)
	// PARTUUID of an MBR and UUID of a FAT volume; those of other forms are known as
	// such to whoever replaces identities.
	shortForm = pattern.New(`=([0-9A-Fa-f]{8}-[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4})\b`)
	// The identity of a machine, or of a build: folders of kernels are named after it.
	longForm = pattern.New(`[0-9A-Fa-f]{16,}`)
)

// flags are the words that stand without a value.
func flags() []string {
	return []string{"ro", "rw", "quiet", "splash", "rootwait", "debug", "nomodeset", "noinitrd", "single", "nosmp", "nokaslr", "ignore_loglevel",
		"earlycon", "earlyprintk", "keep_bootcon", "noreboot", "skip_initramfs", "initcall_debug", "nowatchdog", "nohz_full", "noexec", "rootdelay", "clk_ignore_unused", "pd_ignore_unused"}
}

// Public returns the command line with what may be in a report. Of all other
// parameters the name stays, and of the value its length, as in user=[5 bytes]:
// a value can name a person, a network or a secret, and only some are known not
// to. Words that are no flag known here keep their length only, and so does what
// stands behind "--" for init.
func Public(line string) string {
	text := strings.TrimRight(line, "\n\x00 ")
	var out []string
	for _, word := range words(text) {
		if n := len(out); n > 0 && out[n-1] == "--" {
			out = append(out, length(word))
			break
		}
		out = append(out, publicWord(word))
	}
	end := ""
	if strings.HasSuffix(line, "\n") {
		end = "\n"
	}
	return strings.Join(out, " ") + end
}

// words cuts the line where the kernel does, with the quotes kept (split has them
// off). What stands behind "--", or behind too many words, is one word.
func words(line string) (list []string) {
	if len(line) > maxBytes {
		line = line[:maxBytes]
	}
	for {
		line = strings.TrimLeft(line, " \t\r\n\x00")
		if line == "" {
			return list
		}
		if len(list) >= maxParameters {
			return append(list, line)
		}
		if rest, ok := strings.CutPrefix(line, "-- "); ok {
			return append(list, "--", rest)
		}
		end, quoted := 0, false
		for ; end < len(line) && (quoted || strings.IndexByte(" \t\r\n\x00", line[end]) < 0); end++ {
			if line[end] == '"' {
				quoted = !quoted
			}
		}
		list, line = append(list, line[:end]), line[end:]
	}
}

func publicWord(word string) string {
	bare := strings.Trim(word, `"`)
	key, value, ok := strings.Cut(bare, "=")
	value = strings.Trim(value, `"`)
	name := key
	if !plainForm().MatchString(key) || longForm().MatchString(key) {
		name = length(key)
	}
	switch {
	case word == "--":
		return word
	case !ok && (slices.Contains(flags(), bare) || slices.ContainsFunc(rows(), func(r row) bool { return r.key == bare })):
		return bare
	case !ok:
		return length(bare)
	case value == "":
		return name + "="
	case allowed(key, value):
		value = shortForm().ReplaceAllStringFunc(value, func(id string) string { return "=" + length(id[1:]) })
		return name + "=" + longForm().ReplaceAllStringFunc(value, length)
	}
	return name + "=" + length(value)
}

func allowed(key, value string) bool {
	for _, r := range rows() {
		if r.key == key {
			return !r.hidden && r.form().MatchString(value)
		}
	}
	for _, p := range publicRows() {
		if p.key == key {
			return p.form().MatchString(value)
		}
	}
	return strings.Contains(key, ".") && numberForm().MatchString(value)
}

// form is what the value of a parameter that Hints reads looks like.
func (r row) form() *regexp.Regexp {
	switch {
	case r.key == "root":
		return rootForm()
	case r.key == "BOOT_IMAGE":
		return kernelForm()
	case r.kind == Partitions:
		return partitionForm()
	}
	return plainForm()
}

func length(text string) string { return fmt.Sprintf("[%d bytes]", len(text)) }
