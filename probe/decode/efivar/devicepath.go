package efivar

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Media says over what a device path leads to what is loaded.
type Media string

// The media. MediaPartition is a path that names a partition and not the disk
// it is on; the firmware looks for it on all disks, and only the partition's
// identifier says which one it means.
const (
	MediaATA       Media = "ata"
	MediaSCSI      Media = "scsi"
	MediaSATA      Media = "sata"
	MediaNVMe      Media = "nvme"
	MediaEMMC      Media = "emmc"
	MediaSD        Media = "sd"
	MediaUFS       Media = "ufs"
	MediaUSB       Media = "usb"
	MediaNetwork   Media = "network"
	MediaPartition Media = "disk-partition"
	MediaFirmware  Media = "firmware" // a file in a firmware volume
	MediaVendor    Media = "vendor"   // only the vendor knows
	MediaBBS       Media = "bbs"      // a class of devices of the BIOS boot specification
)

// Node is one step of a device path.
type Node struct {
	Type, SubType byte
	Text          string // in the form of UEFI 2.10, 10.6.1, at most 1 KiB
	Identity      bool   // Text holds an address, a serial number or a name of one unit or network
	Firmware      bool   // Text is the name of a firmware volume or of a file in one, which all units share
	Instance      bool   // it begins another instance: a second console, not a further step
}

// Partition is what a node HD says of a partition.
type Partition struct {
	Number      uint32 // from 1; 0 is the whole disk
	StartBlocks uint64 // in logical blocks of the disk
	SizeBlocks  uint64 // in logical blocks of the disk
	UUID        string // as the kernel writes PARTUUID
	HasUUID     bool   // the node names the partition by a signature
	HasGUID     bool   // which is a GUID, and not made of the signature of an MBR
}

// Path is one device path (UEFI 2.10, 10).
type Path struct {
	Nodes        []Node // without those that end it and its instances
	Partition    Partition
	HasPartition bool
	media        Media
}

// Media says over what the first instance of the path leads, as far as its nodes
// tell: a virtio disk is only a PCI device there.
func (p Path) Media() (Media, bool) { return p.media, p.media != "" }

// String returns the path as firmware shows it.
func (p Path) String() string {
	return p.join(func(n Node) string { return n.Text })
}

// Public returns the path without the values of nodes that identify a unit or
// a network: NVMe(...) and the like.
func (p Path) Public() string {
	return p.join(func(n Node) string {
		if name, _, ok := strings.Cut(n.Text, "("); ok && n.Identity {
			return name + "(...)"
		}
		return n.Text
	})
}

func (p Path) join(text func(Node) string) string {
	var all strings.Builder
	for i, n := range p.Nodes {
		switch {
		case n.Instance:
			all.WriteByte(',')
		case i > 0:
			all.WriteByte('/')
		}
		all.WriteString(text(n))
	}
	return all.String()
}

// Types of nodes (UEFI 2.10, 10.3).
const (
	typeHardware  = 0x01
	typeACPI      = 0x02
	typeMessaging = 0x03
	typeMedia     = 0x04
	typeBBS       = 0x05
	typeEnd       = 0x7F

	subTypeEndInstance = 0x01
	subTypeEndAll      = 0xFF

	nodeHeaderBytes = 4 // type, subtype, length of the whole node
)

// Bounds that no sane firmware comes near.
const (
	maxPaths = 16
	maxNodes = 64
)

// ParsePaths reads device paths that follow each other. With an error come the
// paths in front of the damage, the last of them perhaps in part.
func ParsePaths(data []byte) ([]Path, error) {
	var paths []Path
	for len(data) > 0 {
		if len(paths) == maxPaths {
			return paths, fmt.Errorf("device paths: more than %d", maxPaths)
		}
		p, rest, err := parsePath(data)
		if len(p.Nodes) > 0 || err == nil {
			paths = append(paths, p)
		}
		if err != nil {
			return paths, err
		}
		data = rest
	}
	return paths, nil
}

func parsePath(data []byte) (p Path, rest []byte, err error) {
	instance := false // the next node begins one
	for len(p.Nodes) <= maxNodes {
		if len(data) < nodeHeaderBytes {
			return p, nil, fmt.Errorf("device path: ends after %d nodes without an end node", len(p.Nodes))
		}
		kind, sub, size := data[0], data[1], int(binary.LittleEndian.Uint16(data[2:]))
		if size < nodeHeaderBytes || size > len(data) {
			return p, nil, fmt.Errorf("device path: node %d has %d bytes of %d", len(p.Nodes), size, len(data))
		}
		body := data[nodeHeaderBytes:size]
		data = data[size:]
		if kind == typeEnd {
			if sub == subTypeEndAll {
				return p, data, nil
			}
			if sub == subTypeEndInstance {
				instance = len(p.Nodes) > 0
				continue
			}
		}
		p.add(Node{Type: kind, SubType: sub, Instance: instance}, body)
		instance = false
	}
	return p, nil, fmt.Errorf("device path: more than %d nodes", maxNodes)
}

// add takes one node and what it says of the medium.
func (p *Path) add(n Node, body []byte) {
	row, ok := findNode(n.Type, n.SubType, len(body))
	if ok {
		n.Text, n.Identity, n.Firmware = printable(row.text(body)), row.identity, row.media == MediaFirmware
		if row.media == MediaVendor && len(body) > guidBytes {
			n.Identity = true // what follows the GUID can be anything
		}
		if n.Type == typeMessaging && n.SubType == subTypeURI {
			n.Identity = strings.ContainsAny(n.Text, "@?") // a password, or whatever a query says
		}
	} else {
		n.Text, n.Identity = otherText(n.Type, n.SubType, body), len(body) > 0 // it can hold anything
	}
	first := len(p.Nodes) == 0
	p.Nodes = append(p.Nodes, n)
	switch {
	case !ok || slices.ContainsFunc(p.Nodes, func(n Node) bool { return n.Instance }):
	case row.media == MediaPartition:
		p.Partition, p.HasPartition = parsePartition(body), true
		if first {
			p.media = MediaPartition
		}
	case row.media == MediaVendor || row.media == MediaFirmware || row.media == MediaBBS:
		// It says less than a node of a bus in front of it does.
		if p.media == "" || p.media == MediaVendor {
			p.media = row.media
		}
	case row.media != "":
		p.media = row.media // the last one: USB(0x1,0x0)/MAC(...) is a network
	}
}

// nodeKind is one kind of node.
type nodeKind struct {
	kind, sub byte
	minBytes  int   // of the body, without the header of 4 bytes
	media     Media // "" if the node does not tell
	identity  bool  // see Node
	text      func(body []byte) string
}

func findNode(kind, sub byte, bodyBytes int) (nodeKind, bool) {
	kinds := nodeKinds()
	at := slices.IndexFunc(kinds, func(k nodeKind) bool { return k.kind == kind && k.sub == sub && k.minBytes <= bodyBytes })
	if at < 0 {
		return nodeKind{}, false
	}
	return kinds[at], true
}

// Fields of the body of a node HD (UEFI 2.10, 10.3.5.1).
const (
	hdStart         = 4
	hdSize          = 12
	hdSignature     = 20
	hdSignatureType = 37
	hdBytes         = 38

	hdSignatureMBR  = 1
	hdSignatureGUID = 2
)

func parsePartition(body []byte) Partition {
	p := Partition{
		Number:      binary.LittleEndian.Uint32(body),
		StartBlocks: binary.LittleEndian.Uint64(body[hdStart:]),
		SizeBlocks:  binary.LittleEndian.Uint64(body[hdSize:]),
	}
	switch body[hdSignatureType] {
	case hdSignatureMBR:
		p.UUID, p.HasUUID = fmt.Sprintf("%08x-%02x", binary.LittleEndian.Uint32(body[hdSignature:]), p.Number), true
	case hdSignatureGUID:
		p.UUID, p.HasUUID, p.HasGUID = guidText(body[hdSignature:]), true, true
	}
	return p
}
