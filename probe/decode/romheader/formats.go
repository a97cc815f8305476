package romheader

import (
	"bytes"
	"crypto/rc4"
	"encoding/binary"
	"fmt"
	"slices"
)

// stamp stands in the place of the checksum while Allwinner's is computed
// (U-Boot, tools/sunxi_egon.c, tools/sunxi_toc0.c).
const stamp = 0x5F0A6C39

// maxFirstStage is more than any ROM loads.
const maxFirstStage = 16 << 20

// checkEGON: boot_file_head of U-Boot, include/sunxi_image.h. U-Boot's own SPL
// may name its device tree.
func checkEGON(h []byte, found *Header) bool {
	const checksum, length, signature, nameOffset, headerBytes = 0x0C, 0x10, 0x14, 0x20, 0x60
	if len(h) < headerBytes {
		return false
	}
	size := int64(le32(h, length))
	if size < headerBytes || size%4 != 0 || size > maxFirstStage {
		return false
	}
	found.size(size)
	found.signed(false)
	if size <= int64(len(h)) {
		sum := le32(h, checksum)
		found.sum(sum32(h[:size])-sum+stamp == sum)
	}
	if at := le32(h, nameOffset); bytes.Equal(h[signature:signature+3], []byte("SPL")) && h[signature+3] >= 2 && at >= 0x2C && at < headerBytes {
		if name := word(h[at:headerBytes], 64); name != "" {
			found.detail(name)
		}
	}
	return true
}

// checkTOC0: toc0_main_info of U-Boot, include/sunxi_image.h.
func checkTOC0(h []byte, found *Header) bool {
	const magic, checksum, items, length, end, headerBytes = 8, 12, 24, 28, 44, 48
	if len(h) < headerBytes || le32(h, magic) != 0x89119800 || string(h[end:headerBytes]) != "MIE;" {
		return false
	}
	size := int64(le32(h, length))
	if size < headerBytes || size%4 != 0 || size > maxFirstStage || le32(h, items) == 0 {
		return false
	}
	found.size(size)
	found.signed(true) // a certificate is one of its items
	if size <= int64(len(h)) {
		sum := le32(h, checksum)
		found.sum(sum32(h[:size])-sum+stamp == sum)
	}
	return true
}

// checkCH: the configuration header of TI's OMAP and AM33xx (U-Boot,
// tools/omapimage.h). What is loaded follows in the next sector.
func checkCH(h []byte, found *Header) bool {
	const key, sector = 0xC0C0C0C1, 512
	section := le32(h, 0)
	if section > sector-4 || int(section)+4 > len(h) || le32(h, int(section)) != key {
		return false
	}
	if len(h) >= sector+8 {
		found.size(int64(le32(h, sector)))
	}
	return true
}

// checkMTK: gen_boot_header and brom_layout_header of U-Boot,
// tools/mtk_image.h.
func checkMTK(h []byte, found *Header) bool {
	const version, size, layout, layoutMagic = 12, 16, 0x200, 0x14
	if len(h) < size+4 || le32(h, version) != 1 || le32(h, size) != layout {
		return false
	}
	switch found.Format {
	case "EMMC_BOOT":
		found.media("emmc")
	case "SDMMC_BOOT":
		found.media("sd")
	default:
		found.media("spi")
	}
	if len(h) < layout+layoutMagic+4 {
		return true
	}
	b := h[layout:]
	if !bytes.HasPrefix(b, []byte("BRLYT\x00")) || le32(b, layoutMagic) != 0x42424242 {
		return false
	}
	found.size(int64(le32(b, 16)))
	return true
}

func checkMTKNAND(_ []byte, found *Header) bool {
	found.media("nand")
	return true
}

// checkGFH: gfh_file_info of U-Boot, tools/mtk_image.h.
func checkGFH(h []byte, found *Header) bool {
	const total = 32
	if len(h) < total+4 {
		return false
	}
	found.size(int64(le32(h, total)))
	return true
}

// checkXilinx: the boot header of Zynq-7000 and ZynqMP (U-Boot,
// tools/zynqimage.c, tools/zynqmpimage.c). The checksum is of the words from
// the magic number on.
func checkXilinx(h []byte, found *Header) bool {
	const first, stored, checksum = 0x20, 0x40, 0x48
	if len(h) < checksum+4 {
		return false
	}
	found.sum(^sum32(h[first:checksum]) == le32(h, checksum))
	found.size(int64(le32(h, stored)))
	return true
}

// checkRKNS: header0_info_v2 of U-Boot, tools/rkcommon.c.
func checkRKNS(h []byte, found *Header) bool {
	const images, flags, first, entryBytes, sector, maxImages = 8, 12, 120, 88, 512, 4
	if len(h) < sector {
		return false
	}
	n := int(le16(h, images+2))
	hash := le32(h, flags) & 0xF
	if n < 1 || n > maxImages || hash > 2 {
		return false
	}
	// Sectors of the images; the offsets are of the header.
	end := int64(0)
	for i := range n {
		at := first + i*entryBytes
		if at+4 > len(h) {
			break
		}
		end = max(end, int64(le16(h, at))+int64(le16(h, at+2)))
	}
	found.size(end * sector)
	found.detail([...]string{"no hash", "SHA-256", "SHA-512"}[hash])
	return true
}

// checkIDBlock: header0_info of U-Boot, tools/rkcommon.c. It is always encoded,
// with a key that everybody knows.
func checkIDBlock(h []byte, found *Header) bool {
	const sector, plain, initOffset, initSize = 512, 8, 12, 506
	if len(h) < sector {
		return false
	}
	cipher, err := rc4.NewCipher([]byte{124, 78, 3, 4, 85, 5, 9, 7, 45, 44, 123, 56, 23, 13, 23, 17})
	if err != nil {
		return false
	}
	b := make([]byte, sector)
	cipher.XORKeyStream(b, h[:sector])
	if le32(b, 0) != 0x0FF0AA55 || le32(b, plain) > 1 || le16(b, initOffset) == 0 {
		return false
	}
	found.size(int64(le16(b, initSize)) * sector)
	// In front of the code is the name of the chip, as RK33; at twice the offset in
	// SPI flash, of which only every other 2 KiB are used.
	at := int(le16(b, initOffset)) * sector
	for _, place := range [...]struct {
		at    int
		media string
	}{{at, ""}, {at&^0x7FF<<1 + at&0x7FF, "spi"}} {
		if place.at+4 > len(h) || le32(b, plain) == 0 {
			continue
		}
		name := word(h[place.at:], 4)
		if slices.Contains([]string{"RK30", "RK31", "RK32", "RK33", "RK11", "110B"}, name) {
			found.detail(name)
			if place.media != "" {
				found.media(place.media)
			}
			break
		}
	}
	return true
}

// checkSTM32: stm32_header of U-Boot, tools/stm32image.c, whose version is 1. The
// STM32MP13 and MP2 have a version 2, of which only the fields in front of its
// flags are the same (TF-A, tools/stm32image).
func checkSTM32(h []byte, found *Header) bool {
	const checksum, minor, major, length, reserved, options, headerBytes = 68, 73, 74, 76, 84, 100, 256
	if len(h) < headerBytes || h[major] < 1 || h[major] > 2 || le32(h, reserved) != 0 {
		return false
	}
	size := int64(le32(h, length))
	if size == 0 || size > maxFirstStage {
		return false
	}
	found.size(size)
	found.detail(fmt.Sprintf("V%d.%d", h[major], h[minor]))
	if h[major] == 1 {
		found.signed(le32(h, options)&1 == 0)
		if size <= int64(len(h)-headerBytes) {
			found.sum(sum8(h[headerBytes:headerBytes+size]) == le32(h, checksum))
		}
	}
	return true
}

// checkAmlogic: AmlogicHeader of afaerber/meson-tools, meson.h. In front are 16
// bytes of noise.
func checkAmlogic(h []byte, found *Header) bool {
	const at, size, headerSize, headerBytes = 0x10, 4, 8, 64
	if len(h) < at+headerBytes {
		return false
	}
	b := h[at:]
	total := int64(le32(b, size))
	if le16(b, headerSize) != headerBytes || total < headerBytes || total > maxFirstStage {
		return false
	}
	found.size(total)
	return true
}

// checkSoCFPGA: socfpga_header_v0 (Cyclone V, Arria V) and _v1 (Arria 10) of
// U-Boot, tools/socfpgaimage.c. The checksum of version 0 leaves out the byte in
// front of it, which is zero.
func checkSoCFPGA(h []byte, found *Header) bool {
	const at, version, short, long, shortSum, longSum = 0x40, 4, 6, 8, 10, 18
	if len(h) < at+longSum+2 {
		return false
	}
	b := h[at:]
	switch b[version] {
	case 0:
		found.size(int64(le16(b, short)) * 4)
		found.sum(sum8(b[:shortSum])&0xFFFF == uint32(le16(b, shortSum)))
	case 1:
		found.size(int64(le32(b, long)))
		found.sum(sum8(b[:longSum])&0xFFFF == uint32(le16(b, longSum)))
	default:
		return false
	}
	found.detail(fmt.Sprintf("version %d", b[version]))
	return true
}

// checkIVT: flash_header_v2_t of U-Boot, include/imximage.h, from i.MX53 to
// i.MX8M. The pointers are of the memory that it is loaded to.
func checkIVT(h []byte, found *Header) bool {
	const version, entry, reserved1, bootData, self, csf, reserved2, headerBytes = 3, 4, 8, 16, 20, 24, 28, 32
	const bootDataBytes = 12
	if len(h) < headerBytes || h[version]&0xF0 != 0x40 || le32(h, reserved1) != 0 || le32(h, reserved2) != 0 || le32(h, entry) == 0 || le32(h, self) == 0 {
		return false
	}
	found.detail(fmt.Sprintf("HAB %d.%d", h[version]>>4, h[version]&0xF))
	found.signed(le32(h, csf) != 0)
	if at := int64(le32(h, bootData)) - int64(le32(h, self)); at >= headerBytes && at+bootDataBytes <= int64(len(h)) {
		found.size(int64(le32(h, int(at)+4)))
	}
	return true
}

// checkContainer: container_hdr and boot_img_t of U-Boot,
// include/imx_container.h, of i.MX8, 8ULP and 9. Its magic number is two bytes,
// so all that follows must make sense.
func checkContainer(h []byte, found *Header) bool {
	const length, tag, images, signature, reserved, headerBytes = 1, 3, 11, 12, 14, 16
	const entryBytes, entrySize, maxImages = 128, 4, 16
	if len(h) < headerBytes || h[tag] != 0x87 || le16(h, reserved) != 0 {
		return false
	}
	n, size := int(h[images]), int(le16(h, length))
	block := int(le16(h, signature))
	if n < 1 || n > maxImages || size < headerBytes+n*entryBytes || size > 0x4000 || block != 0 && (block < headerBytes+n*entryBytes || block >= size) {
		return false
	}
	end := int64(0)
	for i := range n {
		at := headerBytes + i*entryBytes
		if at+entryBytes > len(h) {
			return false
		}
		offset, bytes := int64(le32(h, at)), int64(le32(h, at+entrySize))
		if bytes > 0 && offset < int64(size) || offset+bytes > maxFirstStage {
			return false
		}
		end = max(end, offset+bytes)
	}
	found.size(end)
	return true
}

// checkK3: the certificate around the first stage of TI's K3 (U-Boot,
// tools/binman/btool/openssl.py): X.509 version 3 with the extension
// 1.3.6.1.4.1.294.1.1. Devices that do not check it have one, too.
func checkK3(h []byte, found *Header) bool {
	const maxCertificate = 16 << 10
	oid := []byte{0x06, 0x09, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x26, 0x01, 0x01}
	if len(h) < 16 || !bytes.HasPrefix(h[4:], []byte{0x30, 0x82}) || !bytes.HasPrefix(h[8:], []byte{0xA0, 0x03, 0x02, 0x01, 0x02}) {
		return false
	}
	end := 4 + int(binary.BigEndian.Uint16(h[2:]))
	return end <= maxCertificate && bytes.Contains(h[:min(end, len(h))], oid)
}

// kwbMedia are the first bytes of Marvell's header (U-Boot, tools/kwbimage.h).
func kwbMedia(id byte) (string, bool) {
	switch id {
	case 0x4D:
		return "i2c", true
	case 0x5A:
		return "spi", true
	case 0x69:
		return "uart", true
	case 0x78:
		return "sata", true
	case 0x8B:
		return "nand", true
	case 0x9C:
		return "pcie", true
	case 0xAE:
		return "sd", true
	}
	return "", false
}

// checkArmada8K: header_t of TF-A, tools/marvell/doimage/doimage.c. The prolog is
// the header, its extensions and what they load; its sum is that of its words
// with the field of the sum as 0.
func checkArmada8K(h []byte, found *Header) bool {
	const prologBytes, prologSum, imageBytes, headerBytes = 4, 8, 12, 64
	if len(h) < headerBytes {
		return false
	}
	covered, image := int64(le32(h, prologBytes)), int64(le32(h, imageBytes))
	if covered < headerBytes || covered%4 != 0 || covered > maxFirstStage || image == 0 || image > maxFirstStage {
		return false
	}
	found.size(covered + image)
	if covered <= int64(len(h)) {
		sum := le32(h, prologSum)
		found.sum(sum32(h[:covered])-sum == sum)
	}
	return true
}

// checkKWB: main_hdr_v0 and _v1 of U-Boot, tools/kwbimage.h. The first byte and a
// sum of one byte are no proof, so both must be right and the rest make sense.
func checkKWB(h []byte, found *Header) bool {
	const block, version, sizeHigh, sizeLow, source, ext, checksum, headerBytes = 4, 8, 9, 10, 12, 0x1E, 0x1F, 0x20
	if len(h) < headerBytes || h[version] > 1 || h[ext] > 1 {
		return false
	}
	media, ok := kwbMedia(h[0])
	size := int64(le32(h, block))
	if !ok || size == 0 || size > maxFirstStage || le32(h, source) > maxFirstStage {
		return false
	}
	covered := headerBytes
	if h[version] == 1 {
		covered = int(h[sizeHigh])<<16 | int(le16(h, sizeLow))
	}
	if covered < headerBytes || covered > min(len(h), UsefulBytes) || byte(sum8(h[:covered])-uint32(h[checksum])) != h[checksum] {
		return false
	}
	found.sum(true)
	found.media(media)
	found.size(size)
	found.detail(fmt.Sprintf("v%d", h[version]))
	return true
}
