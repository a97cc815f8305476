# boardprobe: run `make help` for the targets.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help report tools test boot u-root bench lint cross fuzz
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' Makefile

BUILD = CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w'

report: ## probe this machine: package, verification and verdict
	@mkdir -p build
	@$(BUILD) -o build/ ./cmd/boardprobe ./cmd/boardreport
	@package=$$(build/boardprobe -exit written) && build/boardreport verify $$package

cross: ## a probe for every architecture
	@mkdir -p build
	@for arch in amd64 arm64 arm riscv64 386; do \
		GOOS=linux GOARCH=$$arch GOARM=5 $(BUILD) -o build/boardprobe-linux-$$arch ./cmd/boardprobe || exit 1; \
	done
	@ls -l build/boardprobe-linux-*

tools: ## install what the tests need, or print the line that does
	@.ci/tools

test: tools ## all tests, with the race detector
	$(GO) test -race ./...

BOARD ?= virt
boot: tools ## start the emulated BOARD (virt): console, package, verification
	$(GO) test -count=1 -v ./initramfs/emulator -run '^TestBoards$$/^start$$/^$(BOARD)$$' -args -show

ARCH ?= arm64
u-root: ## an image of u-root that starts the probe (ARCH, MODULES=folder or tar)
	@mkdir -p build
	@$(BUILD) -o build/ ./cmd/boardimage
	@GOOS=linux GOARCH=$(ARCH) GOARM=5 $(BUILD) -o build/boardprobe-linux-$(ARCH) ./cmd/boardprobe
	@rm -f build/probe-$(ARCH).img
	build/boardimage initramfs -arch $(ARCH) -probe build/boardprobe-linux-$(ARCH) $(if $(MODULES),-modules $(MODULES)) -o build/probe-$(ARCH).img
	.ci/u-root $(ARCH) build/boardprobe-linux-$(ARCH) build/probe-$(ARCH).img build/u-root-$(ARCH).img

bench: tools ## sizes, times and memory against the budget, beside lshw, hwinfo and inxi
	$(GO) test -count=1 -v ./initramfs/emulator -run '^TestBudget$$'

lint: ## formatting, vet and staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "lint: run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

FUZZTIME ?= 10m
fuzz: ## every fuzz target for FUZZTIME (10m)
	@for f in $$(grep -rlE '^func Fuzz' --include='*_test.go' .); do \
		for t in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/p' $$f); do \
			echo "fuzz $$(dirname $$f) $$t"; \
			$(GO) test -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$f) || exit 1; \
		done; \
	done
