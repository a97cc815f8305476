package probe

import (
	"fmt"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/edid"
	"github.com/boardprobe/boardprobe/report"
)

// displays lists the connectors of /sys/class/drm and what their screens say of
// themselves. The serial numbers of an EDID are replaced before it is seen here.
func displays(h *Host, p *report.Peripherals) error {
	devices, err := devicesOf(h, "sys/class/drm")
	for _, d := range devices {
		card, connector, ok := strings.Cut(d.name, "-")
		if !ok || !strings.HasPrefix(card, "card") {
			continue
		}
		status := h.Text(d.dir + "/status")
		if status.Gap == report.Absent {
			continue // a render node and the like
		}
		place, _, _ := strings.Cut(d.place, "/drm/")
		c := report.Display{Path: h.path(place) + "/" + connector, Name: report.Known(connector, d.at.From...), Status: status}
		raw := h.Read(d.dir + "/edid")
		screen, err := edid.Parse(raw.Data)
		switch {
		case raw.Gap != "":
			c.Monitor = report.Missing[string](raw.Gap, raw.Note, raw.ID)
		case len(raw.Data) == 0:
			c.Monitor = report.Missing[string](report.Absent, "", raw.ID)
		case err != nil:
			c.Monitor = report.Missing[string](report.Invalid, oneLine(err.Error()), raw.ID)
		default:
			c.Monitor = report.Known(strings.TrimSpace(fmt.Sprintf("%s %04x %s", screen.Manufacturer, screen.Product, oneLine(screen.Name))), raw.ID)
			if t := screen.Preferred; screen.HasPreferred {
				c.Mode = report.Known(fmt.Sprintf("%dx%d@%d.%03d", t.Width, t.Height, t.RefreshMilliHz/1000, t.RefreshMilliHz%1000), raw.ID)
			}
		}
		p.Displays = append(p.Displays, c)
	}
	return err
}
