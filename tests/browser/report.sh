#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# report.sh - the report in a real browser
#
#   tests/browser/report.sh [--program build/patina] [--shots FOLDER]
#
# Makes a small data set, writes its report, and checks it with report.py. Skipped without Chromium. The
# last line is "N passed, N failed, N skipped".
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=$root/build/patina shots=
while [ $# -gt 0 ]; do
    case $1 in
    --program) program=$2 ;;
    --shots) shots=$2 ;;
    *)
        echo "report: unknown option '$1' (known: --program, --shots)" >&2
        exit 2
        ;;
    esac
    shift 2
done

work=$(mktemp -d "${TMPDIR:-/tmp}/patina-report-XXXXXX")
trap 'rm -rf "$work"' EXIT
"$program" generate --corpus "$root/examples/demo/manifest.jsonl" --out "$work/demo" --quiet \
    --model "$root/tests/golden/clap/mini" --variants 8
"$program" inspect "$work/demo" --report "$work/report.html" --audio-root "$root/examples/demo"
PYTHONDONTWRITEBYTECODE=1 python3 "$here/report.py" "$work/report.html" ${shots:+"$shots"}
