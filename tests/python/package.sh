#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# package.sh - makes the wheel from the committed tree and tests the package as pip installs it
#
#   tests/python/package.sh
#
# Works below build/package. PyTorch is that of run_with_torch.sh --install, where it is there. The last line is
# "N passed, N failed, N skipped".
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
    ! "$work/venv/bin/pip" install --quiet --disable-pip-version-check numpy pyarrow mypy; then
    skip "NumPy and pyarrow could not be installed (is there a network?)"
fi

# PyTorch is too large to be there twice: what this environment lacks, Python looks for in the other.
if [ -x build/torch/bin/python ]; then
    path_of() {
        "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
    }
    path_of build/torch >"$(path_of "$work/venv")/torch.pth" || fail "PyTorch"
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
