#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# reproduce_wheel.sh - builds the wheel again in another folder, with all its libraries, and compares the bytes
#
#   tests/python/reproduce_wheel.sh [DIST]
#
# DIST has what script/wheel built from the same files (default: build/package/dist of package.sh). Works in
# build/reproduce, and uses only downloaded source packages of an earlier build. The last line is
# "N passed, N failed, N skipped".
set -eu
cd "$(dirname "$0")/../.."

dist=$(realpath "${1:-build/package/dist}") source=$PWD/build/reproduce/in-another-folder
rm -rf build/reproduce
mkdir -p "$source/build/wheel-work/apt/archives"
tree=$(git stash create)
git archive "${tree:-HEAD}" | tar -x -C "$source"
cp build/wheel-work/apt/archives/*.* "$source/build/wheel-work/apt/archives" 2>/dev/null || true
(cd "$source" && script/wheel --out "$source/dist")

passed=0 failed=0
for file in "$source"/dist/*; do
    if cmp "$file" "$dist/$(basename "$file")"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -eq 2 ]
