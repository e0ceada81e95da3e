#!/bin/sh
# SPDX-License-Identifier: MIT
# shard.sh - one task of the array that submit.sh starts
#
#SBATCH --job-name=patina
#SBATCH --output=patina-%A_%a.log --open-mode=append
#SBATCH --requeue
#SBATCH --signal=TERM@60
#
# A minute before its time is up the program gets SIGTERM, drops the chunk that it is at, and ends
# with 75; then this task puts itself into the queue again. The same happens when --time-limit is
# among the options. srun is what makes --signal reach the program instead of this shell. With
# --ntasks=K each task of the array is K shards.
set -u

MAX_RESTARTS=20 # a task that gets nowhere must not do so for ever

# since 22.05 srun does not take this from sbatch by itself
export SRUN_CPUS_PER_TASK="${SLURM_CPUS_PER_TASK:-1}"

status=0
# shellcheck disable=SC2086 # one word an option
srun "$PATINA" generate --corpus "$CORPUS" --model "$MODEL" --out "$OUT" --shard auto \
    ${OPTIONS-} || status=$?

if [ "$status" -eq 75 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "$MAX_RESTARTS" ]; then
    echo "task $SLURM_ARRAY_TASK_ID goes back into the queue"
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && sleep 60 # which ends this script
fi
exit "$status"
