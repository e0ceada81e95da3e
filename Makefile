# SPDX-License-Identifier: MIT
# Short names for common commands; meson and ninja build.

.PHONY: all setup test full-test bench format demo clean

all: build/build.ninja
	@ninja -C build

build/build.ninja:
	@./script/setup
	@meson setup build

setup:
	@./script/setup

demo:
	@./script/demo

test:
	@./script/test

full-test:
	@./script/test --full

# Measure with a full-size model; `script/test --full` makes an untrained one.
MODEL ?= $(or $(PATINA_MODEL),$(wildcard build/full-model),tests/golden/clap/mini)

bench: all
	@build/patina bench --model $(MODEL)

format:
	@git ls-files '*.c' '*.h' | xargs clang-format --style=file -i

clean:
	@rm -rf build build-asan build-clang build-aarch64 build-tsan demo-out demo-out-report.html demo-learn demo-learn-*
