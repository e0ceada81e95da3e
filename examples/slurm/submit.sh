#!/bin/sh
# SPDX-License-Identifier: MIT
# submit.sh - a data set by a Slurm array: edit the settings, then run this where sbatch is
#
# Run it again after a failure: shards that are done end at once, the others go on.
set -eu

# ---- settings, each of which the environment may give instead -------------------------------

PATINA=${PATINA:-$HOME/patina/build/patina}    # the program; all paths as the nodes see them
CORPUS=${CORPUS:-/data/audiocaps/train.csv}    # see patina generate --help
MODEL=${MODEL:-/data/clap-htsat-unfused}
OUT=${OUT:-/scratch/audiocaps-train}           # on a file system that all nodes share
OPTIONS=${OPTIONS-"--audio-root /data/audiocaps/clips --variants 4 --seed 1"} # blanks part words

SHARDS=${SHARDS:-8}                            # tasks of the array; another run may have another number
RESOURCES=${RESOURCES-"--cpus-per-task=8 --mem=8G --time=4:00:00"} # of each task
FINISH_RESOURCES=${FINISH_RESOURCES-"--cpus-per-task=1 --mem=2G --time=1:00:00"}

# ---- from here on nothing needs to be edited ------------------------------------------------

export PATINA CORPUS MODEL OUT OPTIONS
here=$(cd "$(dirname "$0")" && pwd)

# shellcheck disable=SC2086 # one word a resource
array=$(sbatch --parsable --export=ALL $RESOURCES --array="0-$((SHARDS - 1))" "$here/shard.sh")
array=${array%%;*} # a cluster's name may follow

# shellcheck disable=SC2086
finish=$(sbatch --parsable --export=ALL $FINISH_RESOURCES --dependency="afterok:$array" \
    --kill-on-invalid-dep=yes "$here/finish.sh")
finish=${finish%%;*}

echo "array $array makes the chunks, job $finish closes the set in $OUT"
