# boardprobe: run `make help` for the targets.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.6.2
BUILD = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=auto -ldflags '-s -w'
ARCHITECTURES = amd64 arm64 arm riscv64 386

.PHONY: help report desk probe tools test test-all fuzz boot golden numbers drivers firmware u-root bench cross release lint
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' Makefile

report: ## probe this machine: package, verification and verdict (needs Go only)
	@mkdir -p build
	@echo "building boardprobe and boardreport (the first time takes two minutes)"
	@$(BUILD) -o build/ ./cmd/boardprobe
	@$(BUILD) -o build/ ./cmd/boardreport
	@package=$$(build/boardprobe -exit written -o build) && build/boardreport verify $$package

DRIVERS = boards/desk/drivers.gz
drivers: tools ## make the table of drivers anew from the kernels of Debian
	$(GO) run ./boards/desk/generate $(DRIVERS) \
		$$(.ci/unpack trixie linux-source-6.12) $$(.ci/kernel trixie arm64) $$(.ci/kernel trixie amd64) \
		$$(.ci/unpack bookworm linux-source-6.1) $$(.ci/kernel bookworm armhf) $$(.ci/kernel bookworm arm64) $$(.ci/kernel bookworm amd64)

RADIOS = firmware-brcm80211 firmware-realtek firmware-iwlwifi firmware-atheros firmware-libertas firmware-ti-connectivity bluez-firmware
firmware: tools ## make the table of known firmware files anew from the packages of Debian
	$(GO) run ./boards/desk/generate/blobs boards/desk/firmware.gz $$(.ci/unpack trixie $(RADIOS) firmware-mediatek) $$(.ci/unpack bookworm $(RADIOS) firmware-misc-nonfree)

ARCH ?= arm64
OUT ?= build/boardprobe-linux-$(ARCH)
probe: ## the probe for one architecture (ARCH, OUT=file)
	@mkdir -p $(dir $(OUT))
	@GOOS=linux GOARCH=$(ARCH) GOARM=5 $(BUILD) -o $(OUT) ./cmd/boardprobe

tools: ## install what the tests need, or print the line that does
	@.ci/tools

test: tools ## all tests with the race detector, emulated boards, seconds of fuzzing
	$(GO) test -race -timeout 25m ./...
	@$(MAKE) --no-print-directory bench fuzz FUZZTIME=3s

test-all: tools ## the long matrix of emulated boards, and minutes of fuzzing
	$(GO) test -race -count=1 -timeout 120m ./initramfs/emulator -args -long
	@$(MAKE) --no-print-directory fuzz FUZZTIME=2m

FUZZTIME ?= 10m
# The end of the time can find a worker of go test at work, which is called a
# failure then, without an input that fails (go.dev/issue/75804, mended in Go
# 1.27). That target is run once more.
OVERTIME = grep -q 'context deadline exceeded' build/fuzz.log && ! grep -qE 'Failing input|panic:' build/fuzz.log
fuzz: ## every fuzz target for FUZZTIME (10m)
	@mkdir -p build
	@set -e; grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r f; do \
		for t in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/p' $$f); do \
			echo "fuzz $$(dirname $$f) $$t"; \
			once() { $(GO) test -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$f) >build/fuzz.log 2>&1; }; \
			once || { $(OVERTIME) && once; } || { cat build/fuzz.log; exit 1; }; \
		done; \
	done

BOARD ?= virt
boot: tools ## start the emulated BOARD (virt): console, package, verification
	$(GO) test -count=1 -v ./initramfs/emulator -run '^TestBoards$$/^start$$/^$(or $(BOARD),virt)$$' -args -show -long -only '$(or $(BOARD),virt)'

golden: ## write the expected replays of the corpus anew, to be read as a diff
	$(GO) test ./cmd/boardreport -run '^(TestCorpus|TestPages)$$' -args -update

numbers: ## raise the numbers of collectors and rules whose sources have changed
	$(GO) test ./cmd -run '^TestNumbers$$' -args -update

u-root: ## an image of u-root that starts the probe (ARCH, MODULES=folder or tar)
	@mkdir -p build
	@$(BUILD) -o build/ ./cmd/boardimage
	@$(MAKE) --no-print-directory probe
	@rm -f build/probe-$(ARCH).img
	build/boardimage initramfs -arch $(ARCH) -probe build/boardprobe-linux-$(ARCH) $(if $(MODULES),-modules $(MODULES)) -o build/probe-$(ARCH).img
	.ci/u-root $(ARCH) build/boardprobe-linux-$(ARCH) build/probe-$(ARCH).img build/u-root-$(ARCH).img

bench: tools ## sizes, times and memory against the budget, beside lshw, hwinfo and inxi
	$(GO) test -count=1 -v ./initramfs/emulator -run '^$$' -bench '^BenchmarkBudget$$' -benchtime 1x

cross: ## a probe for every architecture
	@mkdir -p build
	@for arch in $(ARCHITECTURES); do $(MAKE) --no-print-directory probe ARCH=$$arch || exit 1; done
	@ls -l build/boardprobe-linux-*

desk: ## boardimage and boardreport for this machine
	@mkdir -p build
	$(BUILD) -o build/ ./cmd/boardimage ./cmd/boardreport

release: cross ## probes for all boards, commands for all desks, and their checksums
	@rm -rf build/release && mkdir -p build/release
	@cp build/boardprobe-linux-* build/release/
	@for desk in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64; do \
		os=$${desk%/*} arch=$${desk#*/}; \
		GOOS=$$os GOARCH=$$arch $(BUILD) -o build/release/boardimage-$$os-$$arch$$([ $$os != windows ] || echo .exe) ./cmd/boardimage || exit 1; \
		[ $$os != linux ] || GOOS=$$os GOARCH=$$arch $(BUILD) -o build/release/boardreport-$$os-$$arch ./cmd/boardreport || exit 1; \
	done
	@cd build/release && sha256sum * >SHA256SUMS && cat SHA256SUMS

lint: ## formatting, vet, staticcheck and golangci-lint
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "lint: run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(GOLANGCI) run ./...
