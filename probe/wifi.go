package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/boardprobe/boardprobe/probe/decode/nl80211"
	"github.com/boardprobe/boardprobe/report"
)

// askWireless dumps the radios or the regulatory domains of nl80211. The answer
// is the attributes of each message behind their length, as four bytes.
func askWireless(_ context.Context, subject string) ([]byte, error) {
	commands := map[string]uint8{"wiphy": nl80211.CommandGetWiphy, "regulatory": nl80211.CommandGetRegulatory}
	command, ok := commands[subject]
	if !ok {
		return nil, unix.EINVAL
	}
	family, err := netlink.GenlFamilyGet("nl80211")
	if err != nil {
		return nil, err
	}
	request := nl.NewNetlinkRequest(int(family.ID), unix.NLM_F_DUMP)
	request.AddData(&nl.Genlmsg{Command: command, Version: 1})
	request.AddData(nl.NewRtAttr(nl80211.AttributeSplitDump, nil))
	messages, err := request.Execute(unix.NETLINK_GENERIC, 0)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, m := range messages {
		if len(m) >= nl.SizeofGenlmsg {
			out = binary.LittleEndian.AppendUint32(out, uint32(len(m)-nl.SizeofGenlmsg))
			out = append(out, m[nl.SizeofGenlmsg:]...)
		}
	}
	return out, nil
}

// wirelessMessages takes an answer of askWireless apart.
func wirelessMessages(data []byte) (list [][]byte, err error) {
	for len(data) > 0 {
		if len(data) < 4 {
			return list, errors.New("cut off")
		}
		n := binary.LittleEndian.Uint32(data)
		if uint64(n) > uint64(len(data)-4) {
			return list, errors.New("cut off")
		}
		list, data = append(list, data[4:4+n]), data[4+n:]
	}
	return list, nil
}

// collectWiFi lists the radios of /sys/class/ieee80211 with what nl80211 says
// that they can do (include/uapi/linux/nl80211.h). Nothing is sent over the air.
func collectWiFi(_ context.Context, h *Host) ([]report.WiFi, error) {
	devices, err := devicesOf(h, "sys/class/ieee80211")
	if err != nil || len(devices) == 0 {
		return nil, err
	}
	a := h.ask("nl80211/1", "wiphy")
	var dump nl80211.Dump
	messages, err := wirelessMessages(a.Data)
	for _, m := range messages {
		err = errors.Join(err, dump.Add(m))
	}
	gap, note := a.Gap, a.Note
	if gap == "" && err != nil {
		gap, note = report.Invalid, oneLine(err.Error())
	}
	radios := dump.Wiphys()
	var list []report.WiFi
	for _, d := range devices {
		w := report.WiFi{
			Path: h.path(strings.TrimSuffix(d.place, "/ieee80211/"+d.name)) + "/wifi", Name: report.Known(d.name, d.at.From...),
			Driver: d.driver(h), ID: h.Text(d.dir + "/device/modalias"), MAC: h.Text(d.dir + "/macaddress"),
			Blocked: rfkill(h, d.dir), Attached: attachedBy(d.at),
		}
		i := slices.IndexFunc(radios, func(r nl80211.Wiphy) bool { return r.Name == d.name })
		if i < 0 {
			w.Bands = report.Missing[[]string](gapOr(gap, report.Absent), note, a.ID)
			list = append(list, w)
			continue
		}
		describeRadio(radios[i], a.ID, &w)
		list = append(list, w)
	}
	return list, nil
}

func describeRadio(r nl80211.Wiphy, id string, w *report.WiFi) {
	var bands []string
	for _, b := range r.Bands {
		text := b.Name
		for _, g := range []struct {
			name string
			has  bool
		}{{"n", b.HT}, {"ac", b.VHT}, {"ax", b.HE}, {"be", b.EHT}} {
			if g.has {
				text += " " + g.name
			}
		}
		usable, ap := b.Usable()
		text += fmt.Sprintf(", %d MHz wide, %d of %d channels, %d for an access point", b.WidthMHz(), usable, len(b.Frequencies), ap)
		if n, ok := b.Streams(); ok {
			text += fmt.Sprintf(", %d streams", n)
		}
		bands = append(bands, text)
	}
	var modes []string
	for _, m := range r.Modes {
		modes = append(modes, string(m))
	}
	w.Bands, w.Modes, w.Ciphers = report.Known(bands, id), report.Known(modes, id), report.Known(r.Ciphers, id)
	w.AccessPoint = report.Known(r.Can(nl80211.AP), id)
	w.ApAndStation = report.Missing[int64](report.Absent, "", id)
	if channels, ok := r.StationAndAP(); ok {
		w.ApAndStation = report.Known(int64(channels), id)
	}
}

// rfkill says whether a radio is switched off (Documentation/ABI/stable/
// sysfs-class-rfkill).
func rfkill(h *Host, dir string) report.Fact[string] {
	list := h.List(dir)
	for _, name := range list.List {
		if !strings.HasPrefix(name, "rfkill") {
			continue
		}
		hard, soft := h.Flag(dir+"/"+name+"/hard"), h.Flag(dir+"/"+name+"/soft")
		switch {
		case !hard.OK() || !soft.OK():
			return report.Missing[string](gapOr(hard.Gap, soft.Gap), "", both(hard.From, soft.From)...)
		case hard.Value:
			return report.Known("hard", hard.From...)
		case soft.Value:
			return report.Known("soft", soft.From...)
		}
		return report.Known("no", both(hard.From, soft.From)...)
	}
	return report.Missing[string](report.Absent, "no switch", list.ID)
}
