package efivar

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
)

// node writes one node; the parts of its body are hexadecimal.
func node(kind, sub byte, body ...string) []byte {
	raw, err := hex.DecodeString(strings.ReplaceAll(strings.Join(body, ""), " ", ""))
	if err != nil {
		panic(err)
	}
	b := binary.LittleEndian.AppendUint16([]byte{kind, sub}, uint16(nodeHeaderBytes+len(raw)))
	return append(b, raw...)
}

func file(name string) []byte {
	return node(typeMedia, 4, hex.EncodeToString(utf16Bytes(name+"\x00")))
}

// path ends nodes.
func path(nodes ...[]byte) []byte {
	return append(bytes.Join(nodes, nil), typeEnd, subTypeEndAll, 4, 0)
}

const (
	someGUID     = "61dfe48b ca93 d211 aa0d 00e098032b8c" // 8be4df61-93ca-11d2-aa0d-00e098032b8c
	someGUIDText = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
)

var (
	endInstance = []byte{typeEnd, subTypeEndInstance, 4, 0}

	pciRoot = node(typeACPI, 1, "d041030a 00000000")
	pci     = node(typeHardware, 1, "00 1d")
	hdGPT   = node(typeMedia, 1, "01000000 0008000000000000 0000100000000000", someGUID, "02 02")
	hdMBR   = node(typeMedia, 1, "02000000 3f00000000000000 0010000000000000 fadafabe 000000000000000000000000 01 01")
)

func TestParsePathsTextAndMedia(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path   []byte
		text   string
		public string // "" if it is text
		media  Media
	}{
		{path(pciRoot, pci, node(typeMessaging, 23, "01000000 8877665544332211"), hdGPT, file(`\EFI\BOOT\BOOTAA64.EFI`)),
			`PciRoot(0x0)/Pci(0x1d,0x0)/NVMe(0x1,11-22-33-44-55-66-77-88)/HD(1,GPT,` + someGUIDText + `,0x800,0x100000)/\EFI\BOOT\BOOTAA64.EFI`,
			`PciRoot(0x0)/Pci(0x1d,0x0)/NVMe(...)/HD(...)/\EFI\BOOT\BOOTAA64.EFI`, MediaNVMe},
		// The example of uefi-rs, "Device Paths".
		{path(pciRoot, node(typeHardware, 1, "02 1f"), node(typeMessaging, 18, "0000 ffff 0000"), hdMBR),
			"PciRoot(0x0)/Pci(0x1f,0x2)/Sata(0x0,0xffff,0x0)/HD(2,MBR,0xbefadafa,0x3f,0x1000)",
			"PciRoot(0x0)/Pci(0x1f,0x2)/Sata(0x0,0xffff,0x0)/HD(...)", MediaSATA},
		{path(pciRoot, pci, node(typeMessaging, 29, "00"), node(typeHardware, 5, "00000000")), "PciRoot(0x0)/Pci(0x1d,0x0)/eMMC(0x0)/Ctrl(0x0)", "", MediaEMMC},
		// As U-Boot writes them: its root node is one of a vendor.
		{path(node(typeHardware, 4, "b9731de684a3cc4aaeab82e828f3628b"), node(typeMessaging, 26, "01"), hdGPT),
			"VenHw(e61d73b9-a384-4acc-aeab-82e828f3628b)/SD(0x1)/HD(1,GPT," + someGUIDText + ",0x800,0x100000)",
			"VenHw(e61d73b9-a384-4acc-aeab-82e828f3628b)/SD(0x1)/HD(...)", MediaSD},
		{path(node(typeMessaging, 25, "00 02")), "UFS(0x0,0x2)", "", MediaUFS},
		{path(node(typeMessaging, 2, "0100 0200")), "Scsi(0x1,0x2)", "", MediaSCSI},
		{path(node(typeMessaging, 1, "01 00 0000")), "Ata(Secondary,Master,0x0)", "", MediaATA},
		{path(node(typeMessaging, 1, "00 01 0000"), node(typeMedia, 2, "01000000 1000000000000000 ff0f000000000000")),
			"Ata(Primary,Slave,0x0)/CDROM(0x1,0x10,0xfff)", "", MediaATA},
		{path(pciRoot, pci, node(typeMessaging, 5, "03 00"), node(typeMessaging, 17, "00")), "PciRoot(0x0)/Pci(0x1d,0x0)/USB(0x3,0x0)/Unit(0x0)", "", MediaUSB},
		{path(node(typeMessaging, 15, "8107 6755 08 06 50")), "UsbMassStorage(0x781,0x5567,0x6,0x50)", "", MediaUSB},
		{path(node(typeMessaging, 15, "ffff ffff ff ff ff")), "UsbClass(0xffff,0xffff,0xff,0xff,0xff)", "", MediaUSB},
		{path(node(typeMessaging, 16, "0000 8107 6755", hex.EncodeToString(utf16Bytes("0123AB")))), `UsbWwid(0x781,0x5567,0x0,"0123AB")`, "UsbWwid(...)", MediaUSB},
		{path(pciRoot, node(typeMessaging, 5, "01 00"), node(typeMessaging, 11, "525400123456", strings.Repeat("00", 26), "01"), node(typeMessaging, 12, "c0a80105 c0a80101 0000 0000 1100 01")),
			"PciRoot(0x0)/USB(0x1,0x0)/MAC(525400123456,0x1)/IPv4(192.168.1.1,UDP,Static,192.168.1.5)",
			"PciRoot(0x0)/USB(0x1,0x0)/MAC(...)/IPv4(...)", MediaNetwork},
		{path(node(typeMessaging, 12, "00000000 00000000 0000 0000 0600 00 c0a80101 ffffff00")), "IPv4(0.0.0.0,TCP,DHCP,0.0.0.0,192.168.1.1,255.255.255.0)", "IPv4(...)", MediaNetwork},
		{path(node(typeMessaging, 13, strings.Repeat("00", 16), "20010db8", strings.Repeat("00", 11), "01", "0000 0000 3200 01")),
			"IPv6(2001:0db8:0000:0000:0000:0000:0000:0001,0x32,StatelessAutoConfigure,0000:0000:0000:0000:0000:0000:0000:0000)", "IPv6(...)", MediaNetwork},
		{path(node(typeMessaging, 13, strings.Repeat("00", 36), "0600 00 40", strings.Repeat("00", 16))),
			"IPv6(0000:0000:0000:0000:0000:0000:0000:0000,TCP,Static,0000:0000:0000:0000:0000:0000:0000:0000,0x40,0000:0000:0000:0000:0000:0000:0000:0000)", "IPv6(...)", MediaNetwork},
		{path(node(typeMessaging, 24, hex.EncodeToString([]byte("http://server/image.efi")))), "Uri(http://server/image.efi)", "", MediaNetwork},
		{path(node(typeMessaging, 24, hex.EncodeToString([]byte("http://u:secret@server/")))), "Uri(http://u:secret@server/)", "Uri(...)", MediaNetwork},
		{path(node(typeMessaging, 24)), "Uri()", "", MediaNetwork},
		{path(node(typeMessaging, 20, "0a00")), "Vlan(10)", "", MediaNetwork},
		{path(node(typeMessaging, 28, hex.EncodeToString([]byte("home")), strings.Repeat("00", 28))), "Wi-Fi(home)", "Wi-Fi(...)", MediaNetwork},
		{path(node(typeMessaging, 27, "010203040506")), "Bluetooth(010203040506)", "Bluetooth(...)", ""},
		{path(node(typeMessaging, 30, "010203040506 01")), "BluetoothLE(010203040506,0x01)", "BluetoothLE(...)", ""},
		{path(node(typeACPI, 1, "d0410105 00000000"), node(typeMessaging, 14, "00000000 00c2010000000000 08 01 01"), node(typeMessaging, 10, "5347c1e0 bef9 d211 9a0c 0090273fc14d")),
			"Serial(0x0)/Uart(115200,8,N,1)/VenMsg(e0c14753-f9be-11d2-9a0c-0090273fc14d)", "", MediaVendor},
		{path(node(typeMessaging, 14, "00000000 0000000000000000 00 00 00")), "Uart(DEFAULT,DEFAULT,D,D)", "", ""},
		{path(node(typeMessaging, 14, "00000000 0000000000000000 07 09 09")), "Uart(DEFAULT,7,x,x)", "", ""},
		// A group of devices on machines of Lenovo.
		{path(node(typeMessaging, 10, someGUID, "a9ff")), "VenMsg(" + someGUIDText + ",a9ff)", "VenMsg(...)", MediaVendor},
		{path(node(typeMedia, 3, someGUID)), "VenMedia(" + someGUIDText + ")", "", MediaVendor},
		{path(hdGPT, file(`\EFI\debian\shimaa64.efi`)), "HD(1,GPT," + someGUIDText + `,0x800,0x100000)/\EFI\debian\shimaa64.efi`, `HD(...)/\EFI\debian\shimaa64.efi`, MediaPartition},
		{path(node(typeMedia, 1, "00000000 0000000000000000 0000000000000000", strings.Repeat("00", 16), "00 00")), "HD(0,0,0,0x0,0x0)", "HD(...)", MediaPartition},
		{path(node(typeMedia, 7, someGUID), node(typeMedia, 6, someGUID)), "Fv(" + someGUIDText + ")/FvFile(" + someGUIDText + ")", "", MediaFirmware},
		{path(node(typeHardware, 3, "0b000000 0000b00700000000 ffffff0700000000"), node(typeMedia, 6, someGUID)), "MemoryMapped(0xb,0x7b00000,0x7ffffff)/FvFile(" + someGUIDText + ")", "", MediaFirmware},
		{path(node(typeBBS, 1, "0500 8100", hex.EncodeToString([]byte("USB disk\x00")))), "BBS(USB,USB disk,0x81)", "", MediaBBS},
		{path(node(typeBBS, 1, "0100 0000")), "BBS(Floppy,,0x0)", "", MediaBBS},
		{path(node(typeBBS, 1, "0600 0000 50584500")), "BBS(Network,PXE,0x0)", "", MediaBBS},
		{path(node(typeBBS, 1, "0700 0000")), "BBS(0x7,,0x0)", "", MediaBBS},
		{path(node(typeBBS, 1, "0000 0000")), "BBS(0x0,,0x0)", "", MediaBBS},
		{path(node(typeBBS, 1, "8000 0000")), "BBS(0x80,,0x0)", "", MediaBBS},
		{path(file("a\nb")), "a?b", "", ""},
		{path(node(typeACPI, 1, "d041080a 01000000")), "PcieRoot(0x1)", "", ""},
		{path(node(typeACPI, 1, "d041 1234 01000000")), "Acpi(PNP3412,0x1)", "", ""},
		{path(node(typeACPI, 1, "01020304 00000000")), "Acpi(0x04030201,0x0)", "", ""},
		{path(node(typeACPI, 2, "d041080a 00000000 d041030a", "00", hex.EncodeToString([]byte("BRIDGE0")), "00 00")), "AcpiEx(PNP0A08,PNP0A03,BRIDGE0)", "", ""},
		{path(node(typeACPI, 2, "00000000 05000000 00000000", hex.EncodeToString([]byte("ACME0001")), "00")), "AcpiEx(ACME0001,,0x5)", "", ""},
		{path(node(typeMessaging, 99, "0102")), "Msg(99,0102)", "Msg(...)", ""},
		{path(node(9, 1)), "Path(9,1)", "", ""},
		{path(node(9, 1, "07")), "Path(9,1,07)", "Path(...)", ""},
		{path(node(typeMessaging, 18, "0000")), "Msg(18,0000)", "Msg(...)", ""},
		{path(node(typeHardware, 99, strings.Repeat("ab", maxHex+1))), "HardwarePath(99," + strings.Repeat("ab", maxHex) + "...)", "HardwarePath(...)", ""},
		{path(node(typeACPI, 99)), "AcpiPath(99)", "", ""},
		{path(node(typeMedia, 99)), "MediaPath(99)", "", ""},
		{path(node(typeBBS, 99)), "BbsPath(99)", "", ""},
		{path(), "", "", ""},
		// Two consoles in one path.
		{path(pciRoot, node(typeMessaging, 5, "03 00"), endInstance, endInstance, pciRoot, node(typeMessaging, 26, "00")), "PciRoot(0x0)/USB(0x3,0x0),PciRoot(0x0)/SD(0x0)", "", MediaUSB},
		{path(endInstance, pciRoot), "PciRoot(0x0)", "", ""},
	} {
		paths, err := ParsePaths(c.path)
		if err != nil || len(paths) != 1 {
			t.Errorf("ParsePaths(%s) = %v, %v; want one path", c.text, paths, err)
			continue
		}
		p := paths[0]
		if c.public == "" {
			c.public = c.text
		}
		media, ok := p.Media()
		if p.String() != c.text || media != c.media || ok != (c.media != "") || p.Public() != c.public {
			t.Errorf("ParsePaths = %q, %q, %q, %v; want %q, %q, %q", p.String(), p.Public(), media, ok, c.text, c.public, c.media)
		}
	}
}

// TestTextUSBClass has the classes of UEFI 2.10, 10.6.1 (table of device nodes).
func TestTextUSBClass(t *testing.T) {
	t.Parallel()
	for class, want := range map[byte]string{
		1: "UsbAudio", 2: "UsbCDCControl", 3: "UsbHID", 6: "UsbImage", 7: "UsbPrinter", 8: "UsbMassStorage", 9: "UsbHub", 10: "UsbCDCData",
		11: "UsbSmartCard", 14: "UsbVideo", 220: "UsbDiagnostic", 224: "UsbWireless",
	} {
		want += "(0x1,0x2,0x4,0x5)"
		if got := textUSBClass([]byte{1, 0, 2, 0, class, 4, 5}); got != want {
			t.Errorf("textUSBClass of class %d = %q; want %q", class, got, want)
		}
	}
}

func TestParsePathsPartition(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path []byte
		want Partition
		has  bool
	}{
		"GPT":  {path(pciRoot, hdGPT), Partition{1, 0x800, 0x100000, someGUIDText, true, true}, true},
		"MBR":  {path(hdMBR), Partition{2, 63, 4096, "befadafa-02", true, false}, true},
		"none": {path(node(typeMedia, 1, "03000000 0100000000000000 0200000000000000", strings.Repeat("00", 16), "00 00")), Partition{Number: 3, StartBlocks: 1, SizeBlocks: 2}, true},
		"disk": {path(pciRoot), Partition{}, false},
	} {
		paths, err := ParsePaths(c.path)
		if err != nil || len(paths) != 1 || paths[0].Partition != c.want || paths[0].HasPartition != c.has {
			t.Errorf("%s: ParsePaths = %+v, %v; want %+v, %v", name, paths, err, c.want, c.has)
		}
	}
}

// TestFirmwareNodes has what looks like the name of a firmware volume beside
// what is one.
func TestFirmwareNodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		node []byte
		want bool
	}{
		"volume":         {node(typeMedia, 7, someGUID), true},
		"file in one":    {node(typeMedia, 6, someGUID), true},
		"half a GUID":    {node(typeMedia, 7, someGUID[:13]), false},
		"name of a file": {file("Fv(" + someGUIDText + ")"), false},
		"partition":      {hdGPT, false},
		"vendor":         {node(typeMedia, 3, someGUID), false},
		"offsets":        {node(typeMedia, 8, someGUID), false},
	} {
		paths, err := ParsePaths(path(c.node))
		if err != nil || len(paths) != 1 || paths[0].Nodes[0].Firmware != c.want {
			t.Errorf("%s: ParsePaths = %+v, %v; want Firmware %v", name, paths, err, c.want)
		}
	}
}

func TestParsePathsDamaged(t *testing.T) {
	t.Parallel()
	many := bytes.Repeat(path(), maxPaths+1)
	for name, c := range map[string]struct {
		data  []byte
		paths int
		nodes int // of the last path
	}{
		"no end":          {pciRoot, 1, 1},
		"half a header":   {append(path(pciRoot), 1, 1), 1, 1},
		"too short":       {append(bytes.Clone(pciRoot), 1, 1, 3, 0), 1, 1},
		"too long":        {append(bytes.Clone(pciRoot), 1, 1, 5, 0), 1, 1},
		"only zeros":      {make([]byte, 16), 0, 0},
		"only instances":  {bytes.Repeat(endInstance, 9), 0, 0},
		"endless":         {path(bytes.Repeat(pci, 1000)), 1, maxNodes + 1},
		"too many":        {many, maxPaths, 0},
		"second is short": {append(path(pciRoot, pci), pciRoot[:6]...), 1, 2},
	} {
		paths, err := ParsePaths(c.data)
		if err == nil || len(paths) != c.paths || c.paths > 0 && len(paths[c.paths-1].Nodes) != c.nodes {
			t.Errorf("ParsePaths(%s) = %d paths, %v; want an error, and %d paths the last of %d nodes", name, len(paths), err, c.paths, c.nodes)
		}
	}
}

// option writes a load option.
func option(attributes uint32, description string, paths, optional []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, attributes)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(paths)))
	b = append(b, utf16Bytes(description+"\x00")...)
	return append(append(b, paths...), optional...)
}

func TestParseLoadOption(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value []byte
		want  LoadOption
		text  string
	}{
		{option(1, "debian", path(hdGPT, file(`\EFI\debian\shimx64.efi`)), []byte("abc")),
			LoadOption{Active: true, Category: "boot", Description: "debian", OptionalBytes: 3}, `HD(1,GPT,` + someGUIDText + `,0x800,0x100000)/\EFI\debian\shimx64.efi`},
		{option(0x109, "EFI Internal Shell", path(node(typeMedia, 7, someGUID)), nil),
			LoadOption{Active: true, Hidden: true, Category: "app", Description: "EFI Internal Shell"}, "Fv(" + someGUIDText + ")"},
		{option(0x202, "Ā\n", path(), nil), LoadOption{ForceReconnect: true, Category: "0x200", Description: "Ā?"}, ""},
	} {
		got, err := ParseLoadOption(c.value)
		if err != nil || len(got.Paths) != 1 || got.Paths[0].String() != c.text {
			t.Errorf("ParseLoadOption(%x) = %+v, %v; want the path %q", c.value, got, err, c.text)
		}
		got.Paths = nil
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("ParseLoadOption(%x) = %+v; want %+v", c.value, got, c.want)
		}
	}
}

// TestParseLoadOptionDamaged has the files on which decoders are known to have
// failed: of 4 bytes, without an end of the description, with a length of the
// paths that is too large.
func TestParseLoadOptionDamaged(t *testing.T) {
	t.Parallel()
	good := option(1, "disk", path(pciRoot), nil)
	tooLong := bytes.Clone(good)
	binary.LittleEndian.PutUint16(tooLong[4:], 0xFFFF)
	for name, c := range map[string]struct {
		value       []byte
		description string
	}{
		"empty":                {nil, ""},
		"4 bytes":              {good[:4], ""},
		"no description":       {good[:6], ""},
		"open description":     {good[:6+8], ""},
		"half a unit":          {good[:6+8+1], ""},
		"paths too long":       {tooLong, "disk"},
		"paths without an end": {option(1, "disk", pciRoot, nil), "disk"},
	} {
		got, err := ParseLoadOption(c.value)
		if err == nil || got.Description != c.description {
			t.Errorf("ParseLoadOption(%s) = %+v, %v; want an error and the description %q", name, got, err, c.description)
		}
	}
}

func FuzzParseLoadOption(f *testing.F) {
	f.Add(option(1, "debian", path(hdGPT, file(`\EFI\debian\shimx64.efi`)), []byte("abc")))
	f.Add(option(0x109, "Network", path(pciRoot, pci, node(typeMessaging, 11, strings.Repeat("00", 33)), node(typeMessaging, 24)), nil))
	f.Add(option(9, "Ā", append(path(node(typeMessaging, 14, strings.Repeat("ff", 15)), node(typeACPI, 2, strings.Repeat("41", 12))), path(node(typeBBS, 1, "01000000"))...), nil))
	f.Fuzz(func(t *testing.T, value []byte) {
		o, err := ParseLoadOption(value)
		if len(o.Paths) > maxPaths || o.OptionalBytes < 0 || len(o.Description) > maxText {
			t.Errorf("ParseLoadOption = %+v; out of bounds", o)
		}
		for _, p := range o.Paths {
			if len(p.Nodes) > maxNodes+1 {
				t.Errorf("%d nodes", len(p.Nodes))
			}
			for _, n := range p.Nodes {
				if len(n.Text) > maxText || printable(n.Text) != n.Text {
					t.Errorf("text %q of node %d/%d", n.Text, n.Type, n.SubType)
				}
				if n.Text == "" && (n.Type != typeMedia || n.SubType != 4) {
					t.Errorf("no text for node %d/%d", n.Type, n.SubType)
				}
			}
		}
		// What was read is all that there was: a shorter file cannot mean the same.
		if err == nil && len(o.Paths) > 0 {
			if _, err := ParseLoadOption(value[:len(value)-o.OptionalBytes-1]); err == nil {
				t.Errorf("ParseLoadOption(%x) without its last byte = no error", value)
			}
		}
	})
}
