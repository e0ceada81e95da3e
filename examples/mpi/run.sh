#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh - a data set by mpirun: edit the settings, then run this
#
# The program knows no MPI; mpirun (of Open MPI, MPICH or Intel) is only what starts it everywhere.
# Status 75: not done yet, run this again. When one process fails mpirun ends the others, which
# keep what they have finished.
set -eu

# ---- settings, each of which the environment may give instead -------------------------------

PATINA=${PATINA:-$HOME/patina/build/patina}    # the program; all paths as all hosts see them
CORPUS=${CORPUS:-/data/audiocaps/train.csv}    # see patina generate --help
MODEL=${MODEL:-/data/clap-htsat-unfused}
OUT=${OUT:-/scratch/audiocaps-train}           # on a file system that all hosts share
OPTIONS=${OPTIONS-"--audio-root /data/audiocaps/clips --variants 4 --seed 1"} # blanks part words

PROCESSES=${PROCESSES:-4}                      # shards; best one a host, with many threads
THREADS=${THREADS:-8}                          # of each process
MPIRUN=${MPIRUN-"mpirun --bind-to none"}       # add --hostfile FILE and the like; bound to a core
                                               # a process's threads would share it

# ---- from here on nothing needs to be edited ------------------------------------------------

# shellcheck disable=SC2086 # one word an option
$MPIRUN -n "$PROCESSES" "$PATINA" generate --corpus "$CORPUS" --model "$MODEL" --out "$OUT" \
    --shard auto --threads "$THREADS" $OPTIONS

"$PATINA" finish "$OUT"
"$PATINA" verify "$OUT"
