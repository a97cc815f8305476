module github.com/boardprobe/boardprobe

go 1.26.0

require (
	github.com/google/go-tpm v0.9.8 // commands to a TPM, for what it says of itself
	github.com/jaypipes/ghw v0.27.0 // second source for product, PCI, USB and network, beside our own reading
	github.com/jaypipes/pcidb v1.1.1 // names of PCI devices for ghw, which are never asked for
	github.com/klauspost/compress v1.20.3 // gzip of images in a fifth of the time, and zstd of modules
	github.com/rogpeppe/go-internal v1.14.1 // scripts that test the commands
	github.com/u-root/u-root v0.16.0 // cpio writer of images, SMBIOS decoder
	github.com/ulikunitz/xz v0.5.17 // modules and firmware that come compressed with xz
	github.com/vishvananda/netlink v1.3.1 // links of the kernel, with their permanent addresses
	golang.org/x/sys v0.49.0 // system calls of Linux
)

require (
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/go-ole/go-ole v1.2.6 // indirect
	github.com/pierrec/lz4/v4 v4.1.22 // indirect
	github.com/u-root/uio v0.0.0-20240224005618-d2acac8f3701 // indirect
	github.com/vishvananda/netns v0.0.5 // indirect
	github.com/yusufpapurcu/wmi v1.2.4 // indirect
	golang.org/x/exp v0.0.0-20250305212735-054e65f0b394 // indirect
	golang.org/x/tools v0.38.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
	howett.net/plist v1.0.2-0.20250314012144-ee69052608d9 // indirect
)

// ghw's database of names brings an HTTP client along, a fifth of the probe.
replace github.com/jaypipes/pcidb => ./probe/pcidb
