#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# package.sh - builds the wheel from the committed tree, installs it, and tests the package
#
#   tests/python/package.sh
#
# Works in build/package. Uses the PyTorch of run_with_torch.sh --install, if it exists. The last line is
# "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/../.." || exit 1

work=$PWD/build/package
rm -rf "$work/source" "$work/dist"
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

# Downloads come first: without the packages nothing can be tested. The environment is kept.
packages=(numpy pyarrow mypy 'pyright[nodejs]' tqdm pandas datasets audiomentations)
if [ "$(cat "$work/venv/packages.txt" 2>/dev/null)" != "${packages[*]}" ]; then
    rm -rf "$work/venv"
    if ! python3 -m venv "$work/venv" ||
        ! "$work/venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"; then
        skip "the Python packages could not be installed (is there a network?)"
    fi
    echo "${packages[*]}" >"$work/venv/packages.txt"
fi

# PyTorch is too large for two copies: a path file makes that of the other environment visible.
if [ -x build/torch/bin/python ]; then
    path_of() {
        "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
    }
    path_of build/torch >"$(path_of "$work/venv")/torch.pth" || fail "PyTorch"
fi

# The committed and modified files: no build folder, and no untracked file.
tree=$(git stash create) || fail "git"
git archive "${tree:-HEAD}" | tar -x -C "$work/source" || fail "git archive"
# The libraries of an earlier build are used again.
mkdir -p build/wheel-libs build/wheel-work "$work/source/build"
ln -s "$PWD/build/wheel-libs" "$PWD/build/wheel-work" "$work/source/build"
(cd "$work/source" && script/wheel --out "$work/dist") || fail "no wheel"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall \
    "$work"/dist/patina_audio-*.whl ||
    fail "the wheel cannot be installed"

# From an empty folder, so that nothing is imported by chance.
mkdir -p "$work/empty" && cd "$work/empty" || exit 1
exec "$work/venv/bin/python" -I "$OLDPWD/tests/python/test_package.py" \
    --wheel "$(echo "$work"/dist/patina_audio-*.whl)"
