package require

import (
	"strings"
	"testing"

	"github.com/boardprobe/boardprobe/report"
)

// Runs that see differently.
func live(r *report.Report)  { r.Sight.World, r.Sight.Modules = text(report.WorldLive), text("all") }
func image(r *report.Report) {} // as imx8mp: all modules, settled
func blind(r *report.Report) { r.Sight.Modules = text("none") }
func busy(r *report.Report)  { r.Sight.Settled = no() }
func deferred(r *report.Report) {
	r.Sight.DeferredProbes = number(2)
}
func ofModules(word string) func(*report.Report) {
	return func(r *report.Report) { r.Sight.Modules = text(word) }
}

// undrivenBy has a device without a driver.
func undrivenBy(alias string, compatible ...string) func(*report.Report) {
	return func(r *report.Report) {
		f := report.Fault{Path: "pci0000:00/00:1c.0", Kind: text("unbound"), Attached: text(report.Soldered), ID: text(alias)}
		if len(compatible) > 0 {
			f.Compatible = list(compatible...)
		}
		r.Faults = append(r.Faults, f)
	}
}

func folder(r *report.Report) {
	r.Sight.World, r.Sight.Modules, r.Sight.Settled = text(report.WorldRoot), gap[string](report.NotProbed), gap[bool](report.NotProbed)
}

// liveFrom is the board's own Linux, started from a disk that takes the report.
func liveFrom(disk string) func(*report.Report) {
	return func(r *report.Report) {
		live(r)
		r.Sight.StartedFrom, r.Sight.ReportVolume = text(disk), text(disk+"p2")
	}
}

func started(disk string) func(*report.Report) {
	return func(r *report.Report) { r.Sight.StartedFrom = text(disk) }
}

func reportTo(partition string) func(*report.Report) {
	return func(r *report.Report) { r.Sight.ReportVolume = text(partition) }
}

func TestStorage(t *testing.T) {
	slot := report.MMCHost{Path: "h1", Name: text("mmc1"), TakesSD: yes(), Card: text("absent")}
	fixed := report.MMCHost{Path: "h2", Name: text("mmc2"), TakesSD: no(), Card: text("absent")}
	radio := report.MMCHost{Path: "h3", Name: text("mmc3"), Card: text("SDIO")}
	stick := part(report.KindUSB, report.External, "sda", 32_000_000_000)
	flash := part(report.KindMTD, report.Soldered, "mtd0", 256<<20)
	without := func(d report.Disk, change func(*report.Disk)) report.Disk {
		change(&d)
		return d
	}
	for name, c := range map[string]struct {
		disks       []report.Disk
		hosts       []report.MMCHost
		run         func(*report.Report)
		size, kind  Verdict
		found, asks string // parts of the storage finding
	}{
		"eMMC":                   {[]report.Disk{eMMC("mmcblk2", 8_600_000_000), stick}, nil, image, Pass, Pass, "eMMC mmcblk2 8.0 GiB", ""},
		"eMMC, blind run":        {[]report.Disk{eMMC("mmcblk2", 8_600_000_000)}, nil, blind, Pass, Pass, "", ""},
		"a 4 GB part":            {[]report.Disk{eMMC("mmcblk0", 3_600_000_000)}, nil, image, Pass, Pass, "3.3 GiB", ""},
		"a 4 GB part, short":     {[]report.Disk{eMMC("mmcblk0", 3_599_999_999)}, nil, image, Fail, Pass, "", ""},
		"2 GB eMMC":              {[]report.Disk{eMMC("mmcblk0", 2_000_000_000), stick}, []report.MMCHost{fixed, radio}, live, Fail, Pass, "eMMC mmcblk0", ""},
		"2 GB eMMC, blind":       {[]report.Disk{eMMC("mmcblk0", 2_000_000_000)}, nil, blind, Unknown, Pass, "", ""},
		"2 GB eMMC, SD slot":     {[]report.Disk{eMMC("mmcblk0", 2_000_000_000)}, []report.MMCHost{slot}, live, Unknown, Pass, "", "Which medium holds the system in production: eMMC mmcblk0 1.8 GiB or SD slot?"},
		"Linux runs from eMMC":   {[]report.Disk{eMMC("mmcblk0", 8_000_000_000)}, nil, liveFrom("mmcblk0"), Pass, Pass, "", ""},
		"SD card of theirs":      {[]report.Disk{card("mmcblk0", 16_000_000_000), stick}, []report.MMCHost{slot}, image, Pass, Pass, "SD slot, with a card of 4 GB or more", ""},
		"SD card too small":      {[]report.Disk{card("mmcblk0", 2_000_000_000)}, []report.MMCHost{slot}, image, Pass, Pass, "SD slot, with a card of 4 GB or more", ""},
		"started from the card":  {[]report.Disk{card("mmcblk0", 16_000_000_000)}, nil, started("mmcblk0"), Pass, Pass, "SD slot, with a card", ""},
		"report on the card":     {[]report.Disk{card("mmcblk0", 16_000_000_000)}, nil, reportTo("mmcblk0p1"), Pass, Pass, "", ""},
		"Linux runs from card":   {[]report.Disk{card("mmcblk0", 16_000_000_000)}, nil, liveFrom("mmcblk0"), Pass, Pass, "", ""},
		"start not known":        {[]report.Disk{card("mmcblk0", 16_000_000_000)}, nil, func(r *report.Report) { r.Sight.StartedFrom = gap[string](report.Failed) }, Pass, Pass, "", ""},
		"volume not asked":       {[]report.Disk{card("mmcblk0", 16_000_000_000)}, nil, func(r *report.Report) { r.Sight.ReportVolume = report.Fact[string]{} }, Pass, Pass, "", ""},
		"empty SD slot":          {nil, []report.MMCHost{slot}, image, Pass, Pass, "SD slot, with a card of 4 GB or more", ""},
		"another card takes it":  {[]report.Disk{card("mmcblk1", 16_000_000_000)}, nil, reportTo("mmcblk10p1"), Pass, Pass, "", ""},
		"stick only":             {[]report.Disk{stick}, []report.MMCHost{fixed}, live, Fail, Fail, "no storage of the board's own", ""},
		"stick only, blind":      {[]report.Disk{stick}, nil, blind, Unknown, Unknown, "", ""},
		"stick only, busy":       {[]report.Disk{stick}, nil, busy, Unknown, Unknown, "", ""},
		"stick only, deferred":   {[]report.Disk{stick}, nil, deferred, Unknown, Unknown, "", ""},
		"nothing, blind":         {nil, nil, blind, Unknown, Unknown, "", ""},
		"nothing, a folder":      {nil, nil, folder, Unknown, Unknown, "", ""},
		"nothing, some modules":  {nil, nil, ofModules("some"), Fail, Fail, "", ""},
		"no sight of faults":     {nil, nil, func(r *report.Report) { section(r, "faults").Outcome = report.OutcomeDeadline }, Unknown, Unknown, "", ""},
		"NVMe without a driver":  {nil, nil, undrivenBy("pci:v0000144Dd0000A808sv0000144Dsd0000A801bc01sc08i02"), Unknown, Unknown, "", ""},
		"UFS without a driver":   {nil, nil, undrivenBy("", "qcom,sm8250-ufshc", "jedec,ufs-2.0"), Unknown, Unknown, "", ""},
		"a radio without one":    {nil, nil, undrivenBy("pci:v00008086d00002723sv00008086sd00000084bc02sc80i00"), Fail, Fail, "", ""},
		"nvmem is no storage":    {nil, nil, undrivenBy("", "fsl,imx-nvmem"), Fail, Fail, "", ""},
		"nothing, live":          {nil, nil, live, Fail, Fail, "", ""},
		"external disk":          {[]report.Disk{part(report.KindSATA, report.External, "sda", 1e12)}, nil, live, Fail, Fail, "", ""},
		"USB on the board":       {[]report.Disk{part(report.KindUSB, report.Soldered, "sda", 1e12)}, nil, live, Pass, Warn, "USB sda", ""},
		"optical":                {[]report.Disk{part(report.KindOptical, report.Soldered, "sr0", 4_700_000_000)}, nil, live, Fail, Fail, "", ""},
		"NVMe":                   {[]report.Disk{part(report.KindNVMe, report.Soldered, "nvme0n1", 128e9)}, nil, live, Pass, Warn, "NVMe nvme0n1", ""},
		"NVMe in a slot":         {[]report.Disk{part(report.KindNVMe, report.Slot, "nvme0n1", 128e9)}, nil, image, Pass, Warn, "(the module's size)", ""},
		"NVMe, started from it":  {[]report.Disk{part(report.KindNVMe, report.Slot, "nvme0n1", 128e9)}, nil, liveFrom("nvme0n1"), Unknown, Unknown, "", ""},
		"UFS":                    {[]report.Disk{part(report.KindUFS, report.Soldered, "sda", 64e9)}, nil, live, Pass, Warn, "", ""},
		"virtio":                 {[]report.Disk{part(report.KindVirtio, report.Soldered, "vda", 64e9)}, nil, live, Pass, Warn, "", ""},
		"NVMe and SD slot":       {[]report.Disk{part(report.KindNVMe, report.Soldered, "nvme0n1", 64e9)}, []report.MMCHost{slot}, live, Warn, Warn, "NVMe nvme0n1 59.6 GiB, SD slot", "Which medium holds the system"},
		"NVMe, attached how":     {[]report.Disk{without(part(report.KindNVMe, report.Soldered, "nvme0n1", 128e9), func(d *report.Disk) { d.Attached = gap[string](report.NotProbed) })}, nil, live, Pass, Warn, "(the module's size)", ""},
		"small eMMC and NVMe":    {[]report.Disk{eMMC("mmcblk0", 2e9), part(report.KindNVMe, report.Slot, "nvme0n1", 64e9)}, nil, live, Warn, Warn, "eMMC mmcblk0 1.8 GiB, NVMe nvme0n1", "Which medium holds the system"},
		"large eMMC and NVMe":    {[]report.Disk{eMMC("mmcblk0", 8e9), part(report.KindNVMe, report.Slot, "nvme0n1", 64e9)}, []report.MMCHost{slot}, live, Pass, Pass, "eMMC mmcblk0", ""},
		"small eMMC, small NVMe": {[]report.Disk{eMMC("mmcblk0", 2e9), part(report.KindNVMe, report.Soldered, "nvme0n1", 1e9)}, nil, live, Fail, Pass, "", ""},
		"drives hidden by firmware": {nil, nil, func(r *report.Report) {
			r.Faults = []report.Fault{{Path: "pci0000:00/0000:00:17.0", Kind: text("remapped"), Attached: text(report.Soldered), Reason: text("1 NVMe behind it, which show once")}}
		}, Unknown, Unknown, "no storage seen", ""},
		"a disk of the network":    {[]report.Disk{without(part(report.KindSCSI, report.External, "sda", 8e9), func(d *report.Disk) { d.Kind = gap[string](report.Unsupported) })}, nil, live, Fail, Fail, "", ""},
		"the volume of the report": {[]report.Disk{part(report.KindVirtio, report.Soldered, "vda", 67e6)}, nil, func(r *report.Report) { r.Sight.ReportVolume = text("vda") }, Unknown, Unknown, "may be the probe's own medium", "Which storage module"},
		"slot, NVMe undriven":      {nil, []report.MMCHost{slot}, undrivenBy("pci:v0000144Dd0000A808sv0000144Dsd0000A801bc01sc08i02"), Unknown, Unknown, "", ""},
		"slot, SD host undriven":   {nil, []report.MMCHost{slot}, undrivenBy("pci:v00008086d00005ACCsv00008086sd00007270bc08sc05i01"), Unknown, Unknown, "", ""},
		"nothing, AMBA undriven":   {nil, nil, undrivenBy("amba:d00253180", "st,stm32-sdmmc2", "arm,pl18x", "arm,primecell"), Unknown, Unknown, "no storage", ""},
		"nothing, sd4hc undriven":  {nil, nil, undrivenBy("of:NmmcT(null)C", "microchip,mpfs-sd4hc", "cdns,sd4hc"), Unknown, Unknown, "no storage", ""},
		"nothing, mmcif undriven":  {nil, nil, undrivenBy("of:NmmcT(null)C", "renesas,sh-mmcif"), Unknown, Unknown, "no storage", ""},
		"nothing, sdio undriven":   {nil, nil, undrivenBy("of:NmmcT(null)C", "amlogic,meson8-sdio"), Unknown, Unknown, "no storage", ""},
		"nothing, camera undriven": {nil, nil, undrivenBy("of:NcameraT(null)C", "ovti,ov5640"), Fail, Fail, "no storage", ""},
		"eMMC, nand undriven":      {[]report.Disk{eMMC("mmcblk0", 8e9)}, nil, undrivenBy("of:NnandT(null)C", "fsl,imx8mp-gpmi-nand"), Pass, Pass, "eMMC", ""},
		"nothing, ACPI undriven":   {nil, nil, undrivenBy("acpi:80860F14:PNP0D40:"), Unknown, Unknown, "no storage", ""},
		"raw flash":                {[]report.Disk{flash}, nil, live, Fail, Fail, "", ""},
		"raw flash, image":         {[]report.Disk{flash, stick}, nil, image, Fail, Fail, "", ""},
		"raw flash, blind":         {[]report.Disk{flash}, nil, blind, Unknown, Unknown, "", ""},
		"raw flash, busy":          {[]report.Disk{flash}, nil, busy, Unknown, Unknown, "", ""},
		"raw flash, large":         {[]report.Disk{part(report.KindMTD, report.Soldered, "mtd0", 8e9)}, nil, live, Fail, Fail, "", ""},
		"raw flash and eMMC":       {[]report.Disk{flash, eMMC("mmcblk0", 8e9)}, nil, live, Pass, Pass, "", ""},
		"kind not known":           {[]report.Disk{without(eMMC("mmcblk0", 8e9), func(d *report.Disk) { d.Kind = gap[string](report.Failed) })}, nil, live, Unknown, Unknown, "", ""},
		"kind not in schema":       {[]report.Disk{part("floppy", report.Soldered, "fd0", 8e9)}, nil, live, Unknown, Unknown, "", ""},
		"attachment not known":     {[]report.Disk{without(eMMC("mmcblk0", 8e9), func(d *report.Disk) { d.Attached = gap[string](report.Failed) })}, nil, live, Unknown, Unknown, "", ""},
		"attachment misspelt":      {[]report.Disk{part(report.KindEMMC, "glued", "mmcblk0", 8e9)}, nil, live, Unknown, Unknown, "", ""},
		"size not known":           {[]report.Disk{without(eMMC("mmcblk0", 8e9), func(d *report.Disk) { d.SizeBytes = gap[int64](report.Failed) })}, nil, live, Unknown, Pass, "a reason", ""},
		"card without a name":      {[]report.Disk{without(card("mmcblk0", 8e9), func(d *report.Disk) { d.Name = gap[string](report.Failed) })}, nil, image, Pass, Pass, "", ""},
		"card with empty name":     {[]report.Disk{card("", 8e9)}, nil, image, Pass, Pass, "", ""},
		"slot not known":           {nil, []report.MMCHost{{Path: "h", TakesSD: gap[bool](report.Unsupported), Card: text("absent")}}, live, Unknown, Unknown, "", ""},
		"eMMC without a disk":      {nil, []report.MMCHost{{Path: "h", TakesSD: no(), Card: text("MMC")}}, live, Unknown, Unknown, "", ""},
		"radio on the host only":   {nil, []report.MMCHost{radio}, live, Fail, Fail, "", ""},
		"eMMC module in a slot":    {[]report.Disk{part(report.KindEMMC, report.Slot, "mmcblk0", 16e9)}, nil, image, Pass, Pass, "(the module's size)", ""},
	} {
		r := imx8mp()
		r.Storage, r.MMCHosts = c.disks, c.hosts
		c.run(r)
		size, kind := find(t, r, "cds.storage"), find(t, r, "cds.storage-kind")
		if size.Verdict != c.size || !strings.Contains(size.Found, c.found) || !strings.Contains(size.Question, c.asks) {
			t.Errorf("%s: cds.storage = %s, found %q, question %q (%s); want %s with %q, %q", name, size.Verdict, size.Found, size.Question, size.Detail, c.size, c.found, c.asks)
		}
		if kind.Verdict != c.kind {
			t.Errorf("%s: cds.storage-kind = %s, found %q (%s); want %s", name, kind.Verdict, kind.Found, kind.Detail, c.kind)
		}
	}
}

func TestStorageWords(t *testing.T) {
	r := imx8mp()
	r.Storage = []report.Disk{card("mmcblk1", 16_000_000_000)}
	if f := find(t, r, "cds.storage"); !strings.Contains(f.Detail, "The slot counts, whatever card is in it") {
		t.Errorf("detail of a pass by a slot = %q; want that the slot counts", f.Detail)
	}
	r.Storage = append(r.Storage, part(report.KindMTD, report.Soldered, "mtd0", 16<<20))
	if f := find(t, r, "cds.storage-kind"); f.Verdict != Pass || !strings.Contains(f.Found, "raw flash beside it: raw flash mtd0 16 MiB") {
		t.Errorf("raw flash beside a slot: %s, %q", f.Verdict, f.Found)
	}
	r.Storage = r.Storage[:1]
	undrivenBy("of:NflashT(null)C", "cfi-flash")(r)
	if f := find(t, r, "cds.storage-kind"); f.Verdict != Pass || strings.Contains(f.Found, "no raw flash") || !strings.Contains(f.Found, "raw flash without a driver beside it: cfi-flash") {
		t.Errorf("undriven flash beside a slot: %s, %q", f.Verdict, f.Found)
	}
	r.Faults = nil
	blind(r)
	if f := find(t, r, "cds.storage-kind"); strings.Contains(f.Found, "no raw flash") {
		t.Errorf("a blind run says %q", f.Found)
	}
	section(r, "mmc").Outcome = report.OutcomeError // mmc
	r.Storage, r.MMCHosts = nil, nil
	live(r)
	for _, id := range []string{"cds.storage", "cds.storage-kind"} {
		if f := find(t, r, id); f.Verdict != Unknown {
			t.Errorf("hosts not listed: %s = %s; want unknown, a slot may not have been seen", id, f.Verdict)
		}
	}
}

func TestOnDisk(t *testing.T) {
	for _, c := range []struct {
		name, disk string
		want       bool
	}{
		{"sda", "sda", true}, {"sda1", "sda", true}, {"sda12", "sda", true}, {"sdab", "sda", false}, {"sdb1", "sda", false},
		{"mmcblk0", "mmcblk0", true}, {"mmcblk0p1", "mmcblk0", true}, {"mmcblk01", "mmcblk0", false}, {"mmcblk10", "mmcblk1", false}, {"mmcblk10p1", "mmcblk1", false},
		{"mmcblk0boot0", "mmcblk0", true}, {"nvme0n1p3", "nvme0n1", true}, {"nvme0n12", "nvme0n1", false}, {"", "sda", false},
	} {
		if got := onDisk(c.name, c.disk); got != c.want {
			t.Errorf("onDisk(%s, %s) = %v; want %v", c.name, c.disk, got, c.want)
		}
	}
}
