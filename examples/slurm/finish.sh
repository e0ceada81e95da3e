#!/bin/sh
# SPDX-License-Identifier: MIT
# finish.sh - finishes the set after all tasks of the array have succeeded; submit.sh starts it
#
#SBATCH --job-name=patina-finish
#SBATCH --output=patina-finish-%j.log
set -eu

"$PATINA" finish "$OUT"
"$PATINA" verify "$OUT"
