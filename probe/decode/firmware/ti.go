package firmware

import (
	"bytes"
	"strings"
)

// ti reads the revision in images for TI's chips: "FRev 8.9.0.0.83", "Rev
// 6.5.7.0.50" where several roles are supported at once, "FPLT 6.3.10.0.142"
// for production tests. It is the first in the file; that of the radio follows.
// What runs reports the same text (wlcore/boot.c).
func ti(f file) (Info, bool) {
	if !f.in("ti-connectivity") || strings.Contains(f.base, "nvs") {
		return Info{}, false
	}
	best, info := len(f.data), Info{Format: TI}
	for _, mark := range [...]string{"Rev ", "FPLT ", "cc33xx_rev_"} {
		for from := 0; ; {
			i := bytes.Index(f.data[from:best], []byte(mark))
			if i < 0 {
				break
			}
			from += i + len(mark)
			number := text(f.data[from:])
			if n := dotted(number); n > 0 && strings.Count(number[:n], ".") >= 3 {
				best, info.Version = from-len(mark), number[:n]
				break
			}
		}
	}
	return info, info.Version != ""
}
