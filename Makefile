# The front door. `make demo` and `make test` do all the set-up on a fresh Debian 12 machine.
jobs ?= $(shell nproc)

.PHONY: demo test build sanitize images format clean help

help:  ## This list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo:  ## Install what is missing, build, start a server, stream real speech, show live text
	@scripts/setup.sh
	@cmake --preset release --log-level=WARNING
	@cmake --build --preset release --target rill-server rill -j $(jobs)
	@scripts/demo.sh

build:  ## Everything: server, client, trainer, tests, benchmarks
	@scripts/setup.sh all
	@cmake --preset release --log-level=WARNING -DRILL_TESTS=ON -DRILL_TRAINING=ON
	@cmake --build --preset release -j $(jobs)

test: build  ## Install what is missing, build, run the whole suite
	@ctest --preset release -j $(jobs)

sanitize:  ## The suite again under AddressSanitizer with UBSan, and under ThreadSanitizer
	@scripts/setup.sh all
	@for preset in asan-ubsan tsan; do \
	  cmake --preset $$preset --log-level=WARNING -DRILL_TESTS=ON && \
	  cmake --build --preset $$preset -j $(jobs) && \
	  ctest --preset $$preset -j $(jobs) -LE long || exit 1; \
	done

images:  ## Build the container image without Docker, and try it (as root, 5 CPU-minutes)
	@scripts/check_images.sh

format:  ## clang-format over all C++ files
	@git ls-files '*.h' '*.cc' '*.cu' '*.cuh' | xargs clang-format -i

clean:  ## Remove the builds (the wheel in build/venv stays)
	rm -rf build/release build/debug build/asan-ubsan build/tsan
