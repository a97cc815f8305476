package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/report"
)

// piFirmware plays the firmware of a Raspberry Pi behind its mailbox, by the
// document of the property interface: words of 32 bits, little-endian.
type piFirmware struct {
	texts map[string]string // by command
	err   error             // of the kernel
	state uint32            // of the answer, if it is not a success
	silly func(message []byte)
	asked []string
}

func (p *piFirmware) exchange(message []byte) error {
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(message[4*i:]) }
	if word(0) != uint32(len(message)) || word(1) != 0 || word(2) != 0x30080 || int(word(3)) > len(message)-24 || word(4) != 0 {
		return unix.EINVAL
	}
	value := message[20 : 20+word(3)]
	command, _, _ := strings.Cut(string(value[4:]), "\x00")
	p.asked = append(p.asked, command)
	if p.err != nil {
		return p.err
	}
	text, ok := p.texts[command]
	if !ok {
		text = `error=1 error_msg="Command not registered"`
	}
	clear(value[4:])
	copy(value[4:], text) // without a NUL where it does not fit
	binary.LittleEndian.PutUint32(message[16:], 1<<31|uint32(4+len(text)+1))
	binary.LittleEndian.PutUint32(message[4:], max(p.state, 0x80000000))
	if p.silly != nil {
		p.silly(message)
	}
	return nil
}

const (
	piConfig  = "[all]\nBOOT_UART=1\nBOOT_ORDER=0xf461\nMAC_ADDRESS=dc:a6:32:01:36:c2\nTFTP_IP=10.0.0.1\nHTTP_HOST=fleet.example.org\nTFTP_PREFIX_STR=unit-0815/\n[0x12345678]\nBOOT_ORDER=0x1\n[all]\nCUSTOMER_KEY=00112233\n"
	piVersion = "2023/01/11 17:40:52\nversion 8ba17717fbcedd4c3b6d4bce7e50c7af4155cba9 (release)\ntimestamp 1673458852\nupdate-time 1707048097\ncapabilities 0x0000007f\n"
)

// piWorld is a folder of files with such a firmware.
type piWorld struct {
	*system
	firmware *piFirmware
}

func (w *piWorld) answer(ctx context.Context, section string, n int, q question, limit int) answer {
	if q.op != opMailbox {
		return w.system.answer(ctx, section, n, q, limit)
	}
	return w.redact(q, request{opMailbox, func(ctx context.Context, command string) ([]byte, error) {
		return askGencmd(ctx, command, w.firmware.exchange)
	}}.answer(ctx, q.subject, limit))
}

const piTree = "sys/firmware/devicetree/base/"

func pi4() map[string]string {
	return map[string]string{piTree + "compatible": "raspberrypi,4-model-b\x00brcm,bcm2711\x00"}
}

// piBoot runs the section, and what it makes of the same answers again.
func piBoot(t *testing.T, files map[string]string, firmware *piFirmware) (report.Boot, []report.Evidence) {
	t.Helper()
	f, err := openFiles(tree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	w := &piWorld{&system{files: f, replacer: replacerOf(t, f)}, firmware}
	boot := section("boot", func(r *report.Report) *report.Boot { return &r.Boot }, collectBoot)
	var evidence []report.Evidence
	var r, again report.Report
	outcome, reason, _ := runSection(t.Context(), boot, w, &budget{left: maxRun}, 0, func(e report.Evidence) { evidence = append(evidence, e) }, func(found func(*report.Report)) { found(&r) })
	if outcome != report.OutcomeOK {
		t.Fatalf("section ended: %s %s", outcome, reason)
	}
	runSection(t.Context(), boot, newRecorded(evidence), &budget{left: maxRun}, 0, func(report.Evidence) {}, func(found func(*report.Report)) { found(&again) })
	if a, b := fmt.Sprintf("%+v", r.Boot), fmt.Sprintf("%+v", again.Boot); a != b {
		t.Errorf("replayed: %s\nwas:      %s", b, a)
	}
	return r.Boot, evidence
}

func TestMailbox(t *testing.T) {
	firmware := &piFirmware{texts: map[string]string{"bootloader_config": piConfig, "bootloader_version": piVersion}}
	b, evidence := piBoot(t, pi4(), firmware)
	if got := fmt.Sprint(b.LoaderOrder.Value, " ", b.LoaderOrder.Basis); got != "[sd nvme usb restart] configured" || !strings.Contains(b.LoaderOrder.Note, "mailbox") {
		t.Errorf("order = %+v", b.LoaderOrder)
	}
	if b.Loader.Value != "raspberry-pi" || b.Loader.Basis != report.Inferred || b.LoaderVersion.Value != "8ba17717fbcedd4c3b6d4bce7e50c7af4155cba9" || b.LoaderVersion.Note != "built on 2023-01-11" {
		t.Errorf("loader = %+v, version %+v", b.Loader, b.LoaderVersion)
	}
	if fmt.Sprint(firmware.asked) != "[bootloader_config bootloader_version]" {
		t.Errorf("asked %q", firmware.asked)
	}
	withDisks := board()
	withDisks[piTree+"compatible"] = pi4()[piTree+"compatible"]
	placed, _ := piBoot(t, withDisks, firmware)
	places := map[string]string{}
	for _, p := range placed.Places {
		places[p.Place] = p.Device.Value
	}
	if places["loader 1 sd"] != "mmcblk1" {
		t.Errorf("places = %q; want the card first", places)
	}
	kept := ""
	for _, e := range evidence {
		kept += e.Op + " " + e.Subject + " " + string(e.Bytes()) + "\n"
	}
	for _, secret := range []string{"dc:a6:32", "10.0.0.1", "example", "unit-0815", "12345678", "00112233", "1707048097"} {
		if strings.Contains(kept, secret) {
			t.Errorf("the evidence has %q", secret)
		}
	}
	if !strings.Contains(kept, "BOOT_ORDER=0xf461") {
		t.Errorf("the evidence has not the order:\n%s", kept)
	}
}

// What else tells is asked first, and other machines are not asked.
func TestMailboxIsNotAsked(t *testing.T) {
	const nvmem = "sys/bus/nvmem/devices/blconfig0"
	for name, c := range map[string]struct {
		files map[string]string
		asked string
	}{
		"nvmem and device tree": {map[string]string{nvmem + "@": "/sys/devices/platform/blconfig0", "sys/devices/platform/blconfig0/nvmem": "BOOT_ORDER=0xf14\n", piTree + "chosen/bootloader/version": "c305221a6d7e\x00"}, "[]"},
		"nvmem":                 {map[string]string{nvmem + "@": "/sys/devices/platform/blconfig0", "sys/devices/platform/blconfig0/nvmem": "BOOT_ORDER=0xf14\n", piTree + "chosen/bootloader/boot-mode": "\x00\x00\x00\x01"}, "[bootloader_version]"},
		"device tree":           {map[string]string{piTree + "chosen/bootloader/version": "c305221a6d7e\x00"}, "[bootloader_config]"},
		"U-Boot":                {map[string]string{piTree + "chosen/u-boot,version": "2025.01\x00"}, "[bootloader_config]"},
		"another board":         {map[string]string{piTree + "compatible": "acme,board\x00raspberrypi,4-model-b\x00"}, "[]"},
		"a PC":                  {map[string]string{piTree + "compatible": ""}, "[]"},
	} {
		files := pi4()
		for k, v := range c.files {
			files[k] = v
		}
		firmware := &piFirmware{texts: map[string]string{"bootloader_config": piConfig, "bootloader_version": piVersion}}
		b, _ := piBoot(t, files, firmware)
		if fmt.Sprint(firmware.asked) != c.asked {
			t.Errorf("%s: asked %q; want %s", name, firmware.asked, c.asked)
		}
		if name == "nvmem" && fmt.Sprint(b.LoaderOrder.Value) != "[usb sd restart]" {
			t.Errorf("%s: order %+v", name, b.LoaderOrder)
		}
	}
}

func TestMailboxFails(t *testing.T) {
	word := func(i int, value uint32) func([]byte) {
		return func(m []byte) { binary.LittleEndian.PutUint32(m[4*i:], value) }
	}
	long := "[all]\nBOOT_ORDER=0xf14\n" + strings.Repeat("BOOT_UART=1\n", 100)
	texts := func(config string) map[string]string { return map[string]string{"bootloader_config": config} }
	for _, c := range []struct {
		name     string
		firmware piFirmware
		gap      report.Gap
		note     string
		order    string
	}{
		{"no such device", piFirmware{err: unix.ENOENT}, report.NotProbed, "log its console", ""},
		{"no permission", piFirmware{err: unix.EACCES}, report.Denied, "mailbox: EACCES", ""},
		{"the firmware is silent", piFirmware{err: unix.ETIMEDOUT}, report.Failed, "mailbox: ETIMEDOUT", ""},
		{"the kernel says that it was refused", piFirmware{err: unix.EINVAL}, report.NotProbed, "log its console", ""},
		{"refused", piFirmware{texts: texts(piConfig), state: 0x80000001}, report.Failed, "mailbox: EPROTO", ""},
		{"no EEPROM", piFirmware{}, report.NotProbed, "log its console", ""},
		{"bit 31 is not set", piFirmware{texts: texts(piConfig), silly: word(4, 8)}, report.NotProbed, "log its console", ""},
		{"another tag", piFirmware{texts: texts(piConfig), silly: word(2, 0x30081)}, report.Failed, "mailbox: EPROTO", ""},
		{"too many settings", piFirmware{texts: texts(strings.Repeat("A=\n", 339))}, "", "BOOT_ORDER=0xf41", "[sd usb restart] configured"},
		{"not an order", piFirmware{texts: texts("BOOT_ORDER=soon\n")}, report.Invalid, "boot order", ""},
		{"no order", piFirmware{texts: texts("BOOT_UART=1\n")}, "", "BOOT_ORDER=0xf41, by the firmware's mailbox", "[sd usb restart] configured"},
		{"cut behind the order", piFirmware{texts: texts(long)}, "", "what follows it", "[usb sd restart] inferred"},
		{"cut before the order", piFirmware{texts: texts(strings.Repeat("BOOT_UART=1\n", 100))}, report.Failed, "no room", ""},
		{"truncated length", piFirmware{texts: texts("BOOT_ORDER=0xf14\nBOOT_ORDER=0xf4"), silly: word(4, 1<<31|2000)}, "", "what follows it", "[usb sd restart] inferred"},
	} {
		b, _ := piBoot(t, pi4(), &c.firmware)
		order := ""
		if b.LoaderOrder.OK() {
			order = fmt.Sprint(b.LoaderOrder.Value, " ", b.LoaderOrder.Basis)
		}
		if b.LoaderOrder.Gap != c.gap || order != c.order || !strings.Contains(b.LoaderOrder.Note, c.note) || len(b.LoaderOrder.From) == 0 {
			t.Errorf("%s: %+v; want %q %q, %s", c.name, b.LoaderOrder, c.gap, c.note, c.order)
		}
	}
}

// Nothing else can be asked, whoever asks.
func TestMailboxRefuses(t *testing.T) {
	firmware := &piFirmware{}
	for _, subject := range []string{"", "otp_dump", "bootloader_config\n", "bootloader_config otp_dump", "0x00030081", "commands"} {
		data, err := askGencmd(t.Context(), subject, firmware.exchange)
		if !errors.Is(err, unix.EPERM) || data != nil {
			t.Errorf("%q: %q, %v; want EPERM", subject, data, err)
		}
	}
	if firmware.asked != nil {
		t.Errorf("the firmware was asked %q", firmware.asked)
	}
}

// A kernel that hangs costs one question.
func TestMailboxHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		_, err := askGencmd(t.Context(), "bootloader_config", func(message []byte) error {
			<-hang
			copy(message, bytes.Repeat([]byte{0xff}, len(message)))
			return nil
		})
		if !errors.Is(err, unix.ETIMEDOUT) {
			t.Errorf("error %v; want ETIMEDOUT", err)
		}
		close(hang)
		synctest.Wait()
	})
}

// This machine is no Raspberry Pi, so there is nothing to open; and a file that is
// no mailbox is none.
func TestMailboxDevice(t *testing.T) {
	if err := exchangeMailbox([]string{"/nonexistent/vcio_gencmd", "/nonexistent/vcio"}, make([]byte, 12)); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no device: %v; want ENOENT", err)
	}
	file := t.TempDir() + "/vcio"
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := exchangeMailbox([]string{"/nonexistent/vcio_gencmd", file}, make([]byte, 12)); !errors.Is(err, unix.ENOTTY) {
		t.Errorf("a file: %v; want ENOTTY", err)
	}
	// _IOWR(100, 0, char *) for the 64 or 32 bits of this test.
	want := map[uint64]uintptr{1<<64 - 1: 0xc0086400, 1<<32 - 1: 0xc0046400}[uint64(^uintptr(0))]
	if mailboxProperty != want {
		t.Errorf("request %#x; want %#x", uintptr(mailboxProperty), want)
	}
}
