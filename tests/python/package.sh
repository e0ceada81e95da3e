#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# package.sh - makes the wheel from the committed tree and tests the package as pip installs it
#
#   tests/python/package.sh [PACKAGE...]     with these PyPI packages beside it, such as torch
#
# Works below build/package. The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/../.." || exit 1

work=$PWD/build/package
rm -rf "$work/source" "$work/dist" "$work/venv"
mkdir -p "$work/source"

skip() {
    echo "skip package: $*"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}
fail() {
    echo "FAIL package: $*"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}

# What comes over the network comes first: without it there is nothing to test.
if ! python3 -m venv "$work/venv" ||
    ! "$work/venv/bin/pip" install --quiet --disable-pip-version-check numpy pyarrow mypy "$@"; then
    skip "NumPy and pyarrow could not be installed (is there a network?)"
fi

# What is committed, or about to be: no build folder, no file that somebody forgot to add.
tree=$(git stash create) || fail "git"
git archive "${tree:-HEAD}" | tar -x -C "$work/source" || fail "git archive"
(cd "$work/source" && script/wheel --out "$work/dist") || fail "no wheel"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$work"/dist/patina-*.whl ||
    fail "the wheel cannot be installed"

# From a folder where there is nothing that could be imported by chance.
mkdir -p "$work/empty" && cd "$work/empty" || exit 1
exec "$work/venv/bin/python" -I "$OLDPWD/tests/python/test_package.py" \
    --wheel "$(echo "$work"/dist/patina-*.whl)"
