package probe

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/u-root/u-root/pkg/dt"

	"github.com/boardprobe/boardprobe/probe/decode/kmsg"
	"github.com/boardprobe/boardprobe/report"
)

func TestPublicConfig(t *testing.T) {
	in := `# Linux/arm64 6.6.52 Kernel Configuration
CONFIG_CC_VERSION_TEXT="aarch64-poky-linux-gcc (GCC) 13.2.0"
CONFIG_LOCALVERSION="-acme"
CONFIG_BUILD_SALT="umbrella-7"
CONFIG_DEFAULT_HOSTNAME="alice-board"
CONFIG_DEFAULT_TCP_CONG="cubic"
CONFIG_CMDLINE="console=ttymxc1 passphrase=\"correct horse\""
CONFIG_SYSTEM_TRUSTED_KEYS="/home/alice/keys/ca.pem"
CONFIG_EXTRA_FIRMWARE="imx/sdma/sdma-imx7d.bin"
CONFIG_INITRAMFS_SOURCE=""
CONFIG_MMC=y
CONFIG_USB=m
# CONFIG_SATA_AHCI is not set
CONFIG_LOG_BUF_SHIFT=14
CONFIG_PHYS_OFFSET=0x40000000
CONFIG_BROKEN="unended
CONFIG_ODD=alice was here
NOT_AN_OPTION=y
`
	want := `CONFIG_CC_VERSION_TEXT="aarch64-poky-linux-gcc (GCC) 13.2.0"
CONFIG_LOCALVERSION="-acme"
CONFIG_BUILD_SALT=[10 bytes]
CONFIG_DEFAULT_HOSTNAME=[11 bytes]
CONFIG_DEFAULT_TCP_CONG="cubic"
CONFIG_CMDLINE="console=ttymxc1 passphrase=[13 bytes]"
CONFIG_SYSTEM_TRUSTED_KEYS=[23 bytes]
CONFIG_EXTRA_FIRMWARE="imx/sdma/sdma-imx7d.bin"
CONFIG_INITRAMFS_SOURCE=""
CONFIG_MMC=y
CONFIG_USB=m
CONFIG_LOG_BUF_SHIFT=14
CONFIG_PHYS_OFFSET=0x40000000
CONFIG_BROKEN=[8 bytes]
`
	if got := string(publicConfig([]byte(in))); got != want {
		t.Errorf("publicConfig = %s\nwant %s", got, want)
	}
}

// compiledTree makes a root with the device tree of a board, compiled by dtc.
func compiledTree(t *testing.T, source string) string {
	t.Helper()
	c := exec.Command("dtc", "-q", "-I", "dts", "-O", "dtb")
	c.Stdin = strings.NewReader(source)
	blob, err := c.Output()
	if err != nil {
		t.Fatalf("dtc: %v", err)
	}
	tree, err := dt.ReadFDT(bytes.NewReader(blob))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	var write func(n *dt.Node, dir string)
	write = func(n *dt.Node, dir string) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, p := range n.Properties {
			if err := os.WriteFile(filepath.Join(dir, p.Name), p.Value, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, child := range n.Children {
			write(child, filepath.Join(dir, child.Name))
		}
	}
	write(tree.RootNode, filepath.Join(root, deviceTree))
	return root
}

const treeSource = `/dts-v1/;
/ {
	compatible = "acme,board", "acme,soc"; model = "Acme Board"; serial-number = "SN31415926X";
	#address-cells = <1>; #size-cells = <1>;
	chosen { bootargs = "secret=swordfish"; kaslr-seed = <0xdeadbeef 0xcafef00d>; };
	osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; };
	ccu: ccu@1000 { compatible = "acme,ccu"; reg = <0x1000 0x100>; #clock-cells = <1>; #reset-cells = <1>; clocks = <&osc>; };
	vcc: regulator { compatible = "regulator-fixed"; status = "okay"; };
	mmc@2000 { compatible = "acme,mmc"; reg = <0x2000 0x100>; clocks = <&ccu 3>, <&osc>, <&ccu 5>; resets = <&ccu 7>; vmmc-supply = <&vcc>; status = "disabled"; };
	ethernet@3000 { compatible = "acme,mac"; reg = <0x3000 0x100>; local-mac-address = [00 04 9f 12 34 56]; label = "eth0"; };
	codec: codec { compatible = "acme,codec"; #sound-dai-cells = <0>; };
	sound { compatible = "simple-audio-card"; cpu { sound-dai = <&codec>; }; };
};
`

// TestTreeNodes rebuilds a device tree from the evidence: the same nodes,
// compatibles, states and links, and nothing that belongs to the unit.
func TestTreeNodes(t *testing.T) {
	f, err := openFiles(compiledTree(t, treeSource))
	if err != nil {
		t.Fatal(err)
	}
	text, err := gatherTreeNodes(t.Context(), f, strings.TrimSuffix(deviceTree, "/"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"SN31415926X", "swordfish", "deadbeef", "cafef00d", "00049f", "123456"} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s is in the answer:\n%s", secret, text)
		}
	}
	nodes := map[string]publicNode{}
	for line := range bytes.Lines(text) {
		var n publicNode
		if err := json.Unmarshal(line, &n); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		nodes[n.Path] = n
	}
	mmc := nodes["/mmc@2000"]
	if len(nodes) != 10 || mmc.Status != "disabled" || mmc.Reg != "0000200000000100" || !slices.Equal(mmc.Clocks, []string{"/ccu@1000", "/osc", "/ccu@1000"}) ||
		!slices.Equal(mmc.Resets, []string{"/ccu@1000"}) || mmc.Supplies["vmmc"] != "/regulator" || !slices.Equal(nodes["/sound/cpu"].Sound, []string{"/codec"}) {
		t.Errorf("%d nodes, mmc = %+v", len(nodes), mmc)
	}
	if root := nodes["/"]; root.Model != "Acme Board" || !slices.Equal(root.Compatible, []string{"acme,board", "acme,soc"}) {
		t.Errorf("root = %+v", root)
	}
}

// TestLargeTree has a tree for which there is no room: what is left out is said.
func TestLargeTree(t *testing.T) {
	root := &treeNode{name: "/"}
	word := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	for i := range 8000 {
		root.children = append(root.children, &treeNode{name: fmt.Sprintf("n%x@%x", i*i, i*7919), properties: []treeProperty{
			{"compatible", fmt.Appendf(nil, "vendor%d,part%d\x00", i%97, i)}, {"phandle", word(uint32(i + 1))}, {"clocks", word(uint32(i*7%8000 + 1))}, {"reg", word(uint32(i * i * 77))},
		}})
	}
	f, err := openFiles(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f.tree["x"] = root
	text, err := gatherTreeNodes(t.Context(), f, "x")
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if !bytes.Contains(first, []byte("left out, for want of room")) || packedSize(text) > maxPackedTree+100 || bytes.Count(text, []byte("\n")) < 500 {
		t.Errorf("%d lines, the first %s", bytes.Count(text, []byte("\n")), first)
	}
}

func TestLogLines(t *testing.T) {
	log := logLines{names: driverNames()}
	for _, r := range []kmsg.Record{
		{Level: 5, Text: "Linux version 6.1.0 (alice@laptop) (gcc 12) #1"},
		{Level: 5, Text: "Linux version 6.1.0-50-arm64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1"},
		{Level: 5, Text: `Kernel command line: console=ttyS0 passphrase="correct horse"`},
		{Level: 6, Text: "mmc0: new HS400 MMC card at address 0001"},
		{Level: 6, Text: `brcmfmac: connected to ssid "Alice Home"`},
		{Level: 6, Text: "random: crng init done"},
		{Level: 4, Text: "foo bar: something is odd"},
		{Level: 6, Facility: 3, Text: "mmc: a program says so"},
		{Level: 6, Text: "usb 1-1: SerialNumber: 4C530001230612"},
		{Level: 6, Text: "usb 1-1: Product: Alice's stick"},
		{Level: 6, Text: "ath10k: ssid=UmbrellaNet psk=hunter22 from 10.9.8.7 at fe80::1:2"},
		{Level: 6, Text: "mmc0: upperdir=/home/alice/secret by bob@umbrella, server files.umbrella.local"},
	} {
		log.add(r)
	}
	want := "5 0.000000 Linux version 6.1.0 (not public) (gcc 12) #1\n" +
		"5 0.000000 Linux version 6.1.0-50-arm64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1\n5 0.000000 Kernel command line: console=ttyS0 passphrase=[13 bytes]\n" +
		"6 0.000000 mmc0: new HS400 MMC card at address 0001\n6 0.000000 brcmfmac: connected to ssid \"[10 bytes]\"\n4 0.000000 foo bar: [16 bytes]\n" +
		"6 0.000000 usb 1-1: SerialNumber: [14 bytes]\n6 0.000000 usb 1-1: Product: [13 bytes]\n" +
		"6 0.000000 ath10k: ssid=[11 bytes] psk=[8 bytes] from [8 bytes] at [9 bytes]\n" +
		"6 0.000000 mmc0: upperdir=/home/[12 bytes] by [12 bytes], server [20 bytes]\n"
	if got := string(log.text()); got != want {
		t.Errorf("lines:\n%swant:\n%s", got, want)
	}
	for range 3000 {
		log.add(kmsg.Record{Level: 4, Text: "foo bar: something is odd, again and again and again and again and again"})
		log.add(kmsg.Record{Level: 6, Text: "mmc0: something"})
	}
	text := string(log.text())
	if len(text) > maxLogBytes+200 || !strings.Contains(text, "mmc0: something") || !strings.Contains(text, "# left out, for want of room: 0 lines of drivers, ") || strings.Count(text, "\n")+left(text) != 6010 {
		t.Errorf("%d bytes, end %q", len(text), text[len(text)-120:])
	}
}

// left is how many lines the last line says were left out, less itself.
func left(text string) int {
	var drivers, others int
	if _, err := fmt.Sscanf(text[strings.LastIndex(text, leftOut):], leftOut+", for want of room: %d lines of drivers, %d warnings of others", &drivers, &others); err != nil {
		return 0
	}
	return drivers + others - 1
}

// TestCPUInfo keeps all of cpuinfo but the serial number and what repeats.
func TestCPUInfo(t *testing.T) {
	in := "processor\t: 0\nBogoMIPS\t: 16\nFeatures\t: fp\nCPU part\t: 0xd03\n\nprocessor\t: 1\nBogoMIPS\t: 16\nFeatures\t: fp asimd\nCPU part\t: 0xd03\n\nSerial\t\t: 10000000abcdef01\nModel\t\t: X\n"
	want := "processor: 0\nBogoMIPS: 16\nFeatures: fp\nCPU part: 0xd03\n\nprocessor: 1\nFeatures: fp asimd\nCPU part: 0xd03\n\nModel: X\n"
	if got := string(reduceCPUInfo([]byte(in))); got != want {
		t.Errorf("reduceCPUInfo = %q; want %q", got, want)
	}
}

// TestAttachments moves answers to members and back.
func TestAttachments(t *testing.T) {
	list := []report.Evidence{
		{ID: "a/1", Section: "a", Op: opKernelConfig, Subject: "x", Errno: "ENOENT"}, {ID: "a/2", Section: "a", Op: opKernelConfig, Subject: "y", Text: "CONFIG_A=y\n"},
		{ID: "a/3", Section: "a", Op: opTreeNodes, Subject: "z", Text: "{}\n"}, {ID: "a/4", Section: "a", Op: "read", Subject: "w", Text: "w"},
	}
	rest, members := report.Detach(list)
	if len(members) != 2 || rest[1].Text != "" || rest[1].Attachment == "" || string(members[rest[1].Attachment]) != "CONFIG_A=y\n" {
		t.Fatalf("Detach = %+v, %q", rest, members)
	}
	again, err := report.Attach(report.Record{Evidence: rest}, members)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(list) {
		t.Errorf("Attach = %+v, %v", again, err)
	}
	for name, bad := range map[string]func() ([]report.Evidence, map[string][]byte){
		"a member is not there": func() ([]report.Evidence, map[string][]byte) { return rest, nil },
		"a member nobody names": func() ([]report.Evidence, map[string][]byte) {
			return list, map[string][]byte{"attachments/kernel.config": []byte("x")}
		},
		"an answer in its place": func() ([]report.Evidence, map[string][]byte) { return list, nil },
		"another member": func() ([]report.Evidence, map[string][]byte) {
			other := slices.Clone(rest)
			other[3].Text, other[3].Attachment = "", "evidence.json"
			return other, map[string][]byte{"evidence.json": []byte("x"), "attachments/kernel.config": members["attachments/kernel.config"], "attachments/device-tree.jsonl": []byte("{}\n")}
		},
	} {
		evidence, members := bad()
		if _, err := report.Attach(report.Record{Minor: report.RecordMinor, Evidence: evidence}, members); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := report.Attach(report.Record{Minor: report.RecordMinor + 1, Evidence: evidence}, members); err != nil && strings.HasPrefix(name, "a member nobody") {
			t.Errorf("%s in a newer version: %v", name, err)
		}
	}
}
