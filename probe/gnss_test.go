package probe

import "testing"

func TestGNSS(t *testing.T) {
	const place = "sys/devices/platform/soc/serial0/serial0-0/"
	files := board()
	files["sys/class/gnss/gnss0@"] = "/" + place + "gnss/gnss0"
	files[place+"gnss/gnss0/type"] = "UBX\n"
	files[place+"gnss/gnss0/device@"] = "../.."
	files[place+"driver@"] = "/sys/bus/serial/drivers/gnss-ubx"
	r, _ := probeRoot(t, files)
	if len(r.Peripherals.GNSS) != 1 || r.Peripherals.GNSS[0].Name.Value != "UBX" || r.Peripherals.GNSS[0].Driver.Value != "gnss-ubx" {
		t.Errorf("GNSS = %+v; want one UBX receiver", r.Peripherals.GNSS)
	}
	if s := r.Section("peripherals"); s.Outcome != "ok" {
		t.Errorf("section peripherals: %s %s", s.Outcome, s.Reason)
	}
	r, _ = probeRoot(t, board())
	if s := r.Section("peripherals"); s.Outcome != "ok" || len(r.Peripherals.GNSS) > 0 {
		t.Errorf("without one: %s %s, %+v", s.Outcome, s.Reason, r.Peripherals.GNSS)
	}
}
