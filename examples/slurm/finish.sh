#!/bin/sh
# SPDX-License-Identifier: MIT
# finish.sh - closes the set when all tasks of the array have ended well; submit.sh starts it
#
#SBATCH --job-name=patina-finish
#SBATCH --output=patina-finish-%j.log
set -eu

"$PATINA" finish "$OUT"
"$PATINA" verify "$OUT"
