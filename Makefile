# SPDX-License-Identifier: MIT
# A thin door for daily work; meson and ninja do the building.

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

bench: all
	@meson test -C build --benchmark --verbose

format:
	@git ls-files '*.c' '*.h' | xargs clang-format --style=file -i

clean:
	@rm -rf build build-asan build-tsan demo-out
