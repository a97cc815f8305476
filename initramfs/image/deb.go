package image

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// packageData returns the tar file in a package of Debian (deb(5): an ar archive with
// a member data.tar), and any other file as it is.
func packageData(r io.Reader) (io.Reader, error) {
	const magic, headerBytes, nameBytes, sizeAt, sizeBytes = "!<arch>\n", 60, 16, 48, 10
	data := bufio.NewReader(r)
	if start, _ := data.Peek(len(magic)); string(start) != magic { // a shorter file is none
		return data, nil
	}
	if _, err := data.Discard(len(magic)); err != nil {
		return nil, err
	}
	for {
		header := make([]byte, headerBytes)
		if _, err := io.ReadFull(data, header); err != nil {
			return nil, errors.New("a package without data.tar, or no package of Debian")
		}
		name := strings.TrimRight(string(header[:nameBytes]), " /")
		size, err := strconv.ParseInt(strings.TrimSpace(string(header[sizeAt:][:sizeBytes])), 10, 64)
		if err != nil || size < 0 || string(header[headerBytes-2:]) != "`\n" {
			return nil, fmt.Errorf("a package with a damaged header (%.20q)", name)
		}
		if strings.HasPrefix(name, "data.tar") {
			return io.LimitReader(data, size), nil
		}
		if _, err := io.CopyN(io.Discard, data, size+size%2); err != nil { // members begin at even offsets
			return nil, fmt.Errorf("a package that is cut off in %.20q", name)
		}
	}
}
