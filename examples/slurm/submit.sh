#!/bin/sh
# SPDX-License-Identifier: MIT
# submit.sh - makes a data set with a Slurm array: edit the settings, then run it on a host with sbatch
#
# Run it again after a failure: finished shards end immediately, the others continue.
set -eu

# ---- settings; environment variables override them -------------------------------------------

PATINA=${PATINA:-$HOME/patina/build/patina}    # the program; all paths are those of the nodes
CORPUS=${CORPUS:-/data/audiocaps/train.csv}    # see patina generate --help
MODEL=${MODEL:-/data/clap-htsat-unfused}
OUT=${OUT:-/scratch/audiocaps-train}           # on a file system that all nodes share
OPTIONS=${OPTIONS-"--audio-root /data/audiocaps/clips --variants 4 --seed 1"} # separated by spaces

SHARDS=${SHARDS:-8}                            # tasks of the array; may differ in the next run
RESOURCES=${RESOURCES-"--cpus-per-task=8 --mem=8G --time=4:00:00"} # of each task
FINISH_RESOURCES=${FINISH_RESOURCES-"--cpus-per-task=1 --mem=2G --time=1:00:00"}

# ---- no edits needed below --------------------------------------------------------------------

export PATINA CORPUS MODEL OUT OPTIONS
here=$(cd "$(dirname "$0")" && pwd)

# shellcheck disable=SC2086 # one word a resource
array=$(sbatch --parsable --export=ALL $RESOURCES --array="0-$((SHARDS - 1))" "$here/shard.sh")
array=${array%%;*} # the cluster's name may follow

# shellcheck disable=SC2086
finish=$(sbatch --parsable --export=ALL $FINISH_RESOURCES --dependency="afterok:$array" \
    --kill-on-invalid-dep=yes "$here/finish.sh")
finish=${finish%%;*}

echo "array $array makes the chunks, job $finish finishes the set in $OUT"
