package boards

import (
	"encoding/json"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/boardprobe/boardprobe/report"
)

// load reads all data files below a root and validates them.
func load(root fs.FS) (*knowledge, error) {
	k, err := loadTables(root)
	if err != nil {
		return nil, err
	}
	k.machines, err = loadMachines(root, func([]byte) bool { return true })
	return k, err
}

func TestEmbeddedLoads(t *testing.T) {
	k := everything(t)
	if len(k.machines) < 10 {
		t.Errorf("%d machines loaded; want all files of data/machine", len(k.machines))
	}
	for _, m := range k.machines {
		b := m.board("", m.Compatible)
		for _, text := range append([]string{b.Name, b.BootMode.Value, b.SecureBoot.Value, b.Note.Value}, m.Compatible...) {
			if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
				t.Errorf("%s: %q is not printable ASCII", m.Name, text)
			}
		}
	}
}

// good is the smallest tree that loads.
func good() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"revision/raspberrypi.json": file(`{"from":["x https://x"],"memory_mib":[256],"manufacturers":["a"],"processors":["b"],"types":["c"],
			"old":[{"code":"0002","model":"B","pcb":"1.0","memory_mib":256,"manufacturer":"e"}]}`),
		"builders.json":     file(`{"date":"2026-11-30","builders":[{"is":"a@b","of":"c","from":["x https://x"]}]}`),
		"kernels.json":      file(`{"date":"2026-11-30","kernels":[{"origin":"bsp","of":"c","release":"-x$","from":["x https://x"]},{"origin":"distribution","of":"d","builder":"c"}]}`),
		"placeholder.json":  file(`{"texts":[{"reason":"r","values":["v"],"from":["x https://x"]}],"repeated":{"value":["0"],"from":["x https://x"]}}`),
		"machine/some.json": file(`{"name":"n","compatible":["a,b"],"boot_mode":{"value":"SW1","from":["x https://x"]}}`),
	}
}

func TestLoadRefuses(t *testing.T) {
	if _, err := load(good()); err != nil {
		t.Fatalf("load(good) = %v", err)
	}
	for name, c := range map[string]struct{ file, old, new, want string }{
		"no citation":         {"machine/some.json", `["x https://x"]`, `[]`, "no citation"},
		"citation no address": {"machine/some.json", `["x https://x"]`, `["trust me"]`, "no address"},
		"unknown field":       {"machine/some.json", `"name"`, `"colour":"red","name"`, "unknown field"},
		"unknown inside":      {"machine/some.json", `"value"`, `"volume":1,"value"`, "unknown field"},
		"no value":            {"machine/some.json", `"value":"SW1",`, ``, "no value"},
		"states nothing":      {"machine/some.json", `,"boot_mode":{"value":"SW1","from":["x https://x"]}`, ``, "states nothing"},
		"nothing finds it":    {"machine/some.json", `"compatible":["a,b"],`, ``, "nothing finds it"},
		"dmi without vendor":  {"machine/some.json", `"name"`, `"dmi":[{"vendor":""}],"name"`, "vendor"},
		"no name":             {"machine/some.json", `"name":"n"`, `"name":""`, "no name"},
		"compatible twice":    {"machine/some.json", `["a,b"]`, `["a,b","a,b"]`, "already"},
		"trailing":            {"machine/some.json", `{"name"`, `{}{"name"`, "states nothing"},
		"trailing after":      {"placeholder.json", `{"texts"`, `{"texts":[]}{"texts"`, "after the document"},
		"revisions no source": {"revision/raspberrypi.json", `["x https://x"]`, `[]`, "no citation"},
		"revisions bad code":  {"revision/raspberrypi.json", `"0002"`, `"2"`, "four hexadecimal"},
		"revisions no table":  {"revision/raspberrypi.json", `["c"]`, `[]`, "empty"},
		"placeholders source": {"placeholder.json", `"r","values":["v"],"from":["x https://x"]`, `"r","values":["v"],"from":[]`, "no citation"},
		"placeholder no text": {"placeholder.json", `["v"]`, `["-"]`, "no letter"},
		"builder no host":     {"builders.json", `"a@b"`, `"ab"`, "not of the form"},
		"kernel no source":    {"kernels.json", `["x https://x"]`, `[]`, "no citation"},
		"kernel of nobody":    {"kernels.json", `"of":"c",`, ``, "of nobody"},
		"kernel no words":     {"kernels.json", `"release":"-x$",`, ``, "by no words"},
		"kernel bad pattern":  {"kernels.json", `-x$`, `(`, "missing closing"},
		"kernel no builder":   {"kernels.json", `"builder":"c"`, `"builder":"z"`, "no builder"},
		"builder no source":   {"builders.json", `["x https://x"]`, `[]`, "no citation"},
		"repeated two":        {"placeholder.json", `["0"]`, `["00"]`, "not one letter"},
	} {
		tree := maps.Clone(good())
		content := string(tree[c.file].Data)
		if !strings.Contains(content, c.old) {
			t.Fatalf("%s: %s has no %q", name, c.file, c.old)
		}
		tree[c.file] = &fstest.MapFile{Data: []byte(strings.Replace(content, c.old, c.new, 1))}
		if name == "trailing" {
			c.want = "" // either complaint will do
		}
		if _, err := load(tree); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: load = %v; want an error with %q", name, err, c.want)
		}
	}
	tree := good()
	delete(tree, "placeholder.json")
	if _, err := load(tree); err == nil {
		t.Error("load without placeholder.json: no error")
	}
}

func TestLookup(t *testing.T) {
	list := Lookup([]string{"fsl,imx8mp-evk", "fsl,imx8mp"}, Machine{})
	if len(list) != 2 || list[0].Match != "fsl,imx8mp-evk" || list[1].Match != "fsl,imx8mp" {
		t.Fatalf("Lookup(imx8mp-evk) = %+v; want the board, then its family", list)
	}
	if s, ok := list[0].Switches.Get(); !ok || len(s) != 1 || s[0] != "SW4" {
		t.Errorf("switches of imx8mp-evk = %v; want SW4", s)
	}
	if mode := list[0].BootMode; mode.Basis != report.Documented || len(mode.From) == 0 || !strings.Contains(mode.From[0], "https://") {
		t.Errorf("boot mode of imx8mp-evk = %+v; want documented, with a citation", mode)
	}
	if _, err := json.Marshal(list[0].BootMode); err != nil {
		t.Errorf("a fact of the table cannot be part of a report: %v", err)
	}
	if !list[1].Switches.IsZero() {
		t.Error("the family states switches; only a board has them")
	}
	if list := Lookup([]string{"fsl,imx8mp", "fsl,imx8mp-evk"}, Machine{}); list[0].Match != "fsl,imx8mp" {
		t.Errorf("Lookup keeps the order of the compatible; got %q first", list[0].Match)
	}
	for _, c := range []struct {
		compatible []string
		dmi        Machine
		want       string
	}{
		{nil, Machine{}, ""},
		{[]string{"acme,unknown"}, Machine{Vendor: "acme"}, ""},
		{[]string{""}, Machine{Product: "QEMU"}, ""},
		{nil, Machine{Vendor: "QEMU", Product: "Standard PC"}, "QEMU virtual machine"},
		{[]string{"linux,dummy-virt"}, Machine{}, "QEMU virtual machine"},
		{[]string{"raspberrypi,3-model-b", "brcm,bcm2837"}, Machine{}, "Raspberry Pi 3"},
		{[]string{"raspberrypi,4-model-b", "brcm,bcm2711"}, Machine{}, "Raspberry Pi 4 and 400"},
		{[]string{"fsl,imx8mm-evk", "fsl,imx8mm"}, Machine{}, "NXP i.MX 8M Mini EVK"},
		{[]string{"fsl,imx6ul-14x14-evk", "fsl,imx6ul"}, Machine{}, "NXP i.MX 6UL and 6ULL EVK"},
		{[]string{"xunlong,orangepi-pc", "allwinner,sun8i-h3"}, Machine{}, "Allwinner H3"},
	} {
		got := ""
		if list := Lookup(c.compatible, c.dmi); len(list) > 0 {
			got = list[0].Name
		}
		if got != c.want {
			t.Errorf("Lookup(%q, %+v)[0] = %q; want %q", c.compatible, c.dmi, got, c.want)
		}
	}
}

func TestLookupDMIProductFirst(t *testing.T) {
	tree := good()
	add := func(name, dmi string) {
		tree["machine/"+name] = &fstest.MapFile{Data: []byte(`{"name":"` + name + `","dmi":[` + dmi + `],"boot_mode":{"value":"x","from":["x https://x"]}}`)}
	}
	add("a.json", `{"vendor":"V"}`)
	add("b.json", `{"vendor":"V","product":"P"}`)
	k, err := load(fs.FS(tree))
	if err != nil {
		t.Fatal(err)
	}
	list := k.lookup(nil, Machine{Vendor: "v", Product: "p"})
	if len(list) != 2 || list[0].Name != "b.json" {
		t.Errorf("lookup = %+v; want the product before the vendor", list)
	}
	if list := k.lookup(nil, Machine{Vendor: "v", Product: "other"}); len(list) != 1 || list[0].Name != "a.json" {
		t.Errorf("lookup of another product = %+v; want the vendor", list)
	}
}

func TestRevisionCode(t *testing.T) {
	for code, want := range map[string]struct {
		mib                            int64
		model, processor, pcb, factory string
		maker                          string
	}{
		"00a02082": {1024, "3B", "BCM2837", "1.2", "a02082", "Sony UK"},
		"a02082":   {1024, "3B", "BCM2837", "1.2", "a02082", "Sony UK"},
		"A52082":   {1024, "3B", "BCM2837", "1.2", "a52082", "Stadium"},
		"00c03114": {4096, "4B", "BCM2711", "1.4", "c03114", "Sony UK"},
		"00e04171": {16384, "5", "BCM2712", "1.1", "e04171", "Sony UK"},
		"00902120": {512, "Zero 2 W", "BCM2837", "1.0", "902120", "Sony UK"},
		"92c03111": {4096, "4B", "BCM2711", "1.1", "c03111", "Sony UK"}, // warranty and overvoltage bits
		"0000000e": {512, "B", "BCM2835", "2.0", "000e", "Sony UK"},
		"0002":     {256, "B", "BCM2835", "1.0", "0002", "Egoman"},
		"1000002":  {256, "B", "BCM2835", "1.0", "0002", "Egoman"},
	} {
		r, ok := RevisionCode(code)
		if !ok || r.MemoryBytes.Value != want.mib<<20 || r.Model.Value != want.model || r.Processor.Value != want.processor ||
			r.PCB.Value != want.pcb || r.Factory != want.factory || r.Manufacturer.Value != want.maker {
			t.Errorf("RevisionCode(%s) = %+v, %v; want %+v", code, r, ok, want)
		}
		if r.MemoryBytes.Basis != report.Documented {
			t.Errorf("RevisionCode(%s): basis of the memory %q; want documented", code, r.MemoryBytes.Basis)
		}
	}
	for _, code := range []string{"", "0", "0001", "0016", "7fffff", "123456789", "xyz", "-1", "+2", "0x2", " 2"} {
		if r, ok := RevisionCode(code); ok {
			t.Errorf("RevisionCode(%q) = %+v; want not known", code, r)
		}
	}
	r, ok := RevisionCode("f0ffff")
	if !ok || r.MemoryBytes.OK() || r.Model.OK() || r.Processor.OK() {
		t.Errorf("RevisionCode(f0ffff) = %+v; want gaps for size 7, type 0xff and processor 0xf", r)
	}
	if r, ok := RevisionCode("0015"); !ok || r.MemoryBytes.OK() {
		t.Errorf("RevisionCode(0015): memory %+v; want a gap, the table names two sizes", r.MemoryBytes)
	}
}

func TestPlaceholder(t *testing.T) {
	for _, value := range []string{
		"To be filled by O.E.M.", "TO BE FILLED BY O.E.M", "To_be_filled_by_OEM", "Default string", "0123456789", "System Serial Number", "Not Specified",
		"N/A", "00000000", "00:00:00:00:00:00", "ff-ff-ff-ff-ff-ff", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "03000200-0400-0500-0006-000700080009",
		"", " ", "---", "XXXXXXXX", "0000000000000000",
	} {
		if ok, reason := Placeholder(value); !ok || reason == "" {
			t.Errorf("Placeholder(%q) = %v, %q; want true with a reason", value, ok, reason)
		}
	}
	for _, value := range []string{
		"0", "1", "0000", "v1.0", "1.1", "FF", "000000000001", "e45f01aabbcc", "PF3ABCDE", "10000000abcdef12", "Raspberry Pi", "Noname",
		"\u5e8f\u5217\u53f7", strings.Repeat("0", 4096),
	} {
		if ok, reason := Placeholder(value); ok {
			t.Errorf("Placeholder(%.40q) = true, %q; want false", value, reason)
		}
	}
}

func FuzzDecoders(f *testing.F) {
	for _, s := range []string{"a02082", "0002", "To be filled by O.E.M.", "ffffffff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, ok := RevisionCode(s); ok && r.Factory == "" {
			t.Errorf("RevisionCode(%q) is known and has no code", s)
		}
		if ok, reason := Placeholder(s); ok != (reason != "") {
			t.Errorf("Placeholder(%q) = %v, %q", s, ok, reason)
		}
	})
}
