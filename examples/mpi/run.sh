#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh - makes a data set with mpirun: edit the settings, then run it
#
# The program does not use MPI; mpirun (of Open MPI, MPICH or Intel) only starts the processes. Status 75: not
# finished, run it again. If one process fails, mpirun ends the others; finished chunks are kept.
set -eu

# ---- settings; environment variables override them -------------------------------------------

PATINA=${PATINA:-$HOME/patina/build/patina}    # the program; all paths are those of the hosts
CORPUS=${CORPUS:-/data/audiocaps/train.csv}    # see patina generate --help
MODEL=${MODEL:-/data/clap-htsat-unfused}
OUT=${OUT:-/scratch/audiocaps-train}           # on a file system that all hosts share
OPTIONS=${OPTIONS-"--audio-root /data/audiocaps/clips --variants 4 --seed 1"} # separated by spaces

PROCESSES=${PROCESSES:-4}                      # shards; preferably one per host, with many threads
THREADS=${THREADS:-8}                          # of each process
MPIRUN=${MPIRUN-"mpirun --bind-to none"}       # add --hostfile FILE and others; without --bind-to none the
                                               # threads of a process share one core

# ---- no edits needed below --------------------------------------------------------------------

# shellcheck disable=SC2086 # one word an option
$MPIRUN -n "$PROCESSES" "$PATINA" generate --corpus "$CORPUS" --model "$MODEL" --out "$OUT" \
    --shard auto --threads "$THREADS" $OPTIONS

"$PATINA" finish "$OUT"
"$PATINA" verify "$OUT"
