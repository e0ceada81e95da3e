#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run_with_torch.sh - runs a Python test with an interpreter that has PyTorch
#
#   tests/python/run_with_torch.sh [--install] TEST.py [ARGUMENT...]
#
# The interpreter is $PATINA_TORCH_PYTHON, or that of build/torch, which --install creates from requirements-torch.txt:
# PyTorch is large, so only script/test --full does that, and the folder is kept. Without an interpreter the test is
# skipped. The last line is "N passed, N failed, N skipped".
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
venv=$root/build/torch wanted=$root/tests/python/requirements-torch.txt

skip() {
    echo "skip $test: $*"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

install=no
if [ "${1:-}" = --install ]; then
    install=yes
    shift
fi
if [ $# -eq 0 ]; then
    sed -n '3,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
test=$(basename "$1" .py)

python=${PATINA_TORCH_PYTHON:-$venv/bin/python}
if [ -z "${PATINA_TORCH_PYTHON:-}" ] && ! cmp -s "$wanted" "$venv/requirements.txt"; then
    [ "$install" = yes ] ||
        skip "PyTorch is not installed (PATINA_TORCH_PYTHON names a Python that has it; --install installs it)"
    rm -rf "$venv"
    if ! { python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" &&
        cp "$wanted" "$venv/requirements.txt"; }; then
        skip "PyTorch could not be installed (is there a network?)"
    fi
fi
exec "$python" "$@"
