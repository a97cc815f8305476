package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"

	"github.com/boardprobe/boardprobe/probe/decode/modalias"
)

// encode writes the file that the package desk embeds: a line that names the
// format, one with the kernel, the package and its date, one for each driver
// with its option and where it was found, and the index of modules, in which
// the drivers stand in the same order.
func (t table) encode(version, date string) ([]byte, error) {
	index := modalias.Index{Release: upstream(version)}
	for _, object := range t.sorted() {
		d := t[object]
		index.Modules = append(index.Modules, modalias.Module{
			Name:     object,
			Path:     object + ".ko",
			Depends:  d.depends,
			Aliases:  d.aliases,
			Firmware: d.firmware,
		})
	}
	encoded, err := modalias.Encode(index)
	if err != nil {
		return nil, err
	}
	if index, err = modalias.Decode(encoded); err != nil {
		return nil, err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "boardprobe-drivers 1\n%s linux %s %s\n", upstream(version), version, date)
	for _, m := range index.Modules {
		d := t[m.Name]
		option := d.option
		if option == "" {
			option = "-"
		}
		switch {
		case d.kernel != "":
			option += " " + d.kernel
		case !d.loadable:
			option += " source"
		}
		text.WriteString(option + "\n")
	}
	text.Write(encoded)
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write([]byte(text.String())); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
