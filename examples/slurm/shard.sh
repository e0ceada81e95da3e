#!/bin/sh
# SPDX-License-Identifier: MIT
# shard.sh - a task of the array that submit.sh starts
#
#SBATCH --job-name=patina
#SBATCH --output=patina-%A_%a.log --open-mode=append
#SBATCH --requeue
#SBATCH --signal=TERM@60
#
# A minute before its time ends the program receives SIGTERM, keeps the finished entries, and ends with 75; then
# this task requeues itself. The same happens with --time-limit among the options. srun delivers --signal to the
# program; without it only this shell would receive it. With --ntasks=K each task of the array is K shards.
set -u

MAX_RESTARTS=20 # limits tasks that make no progress

# since 22.05 srun does not inherit this from sbatch
export SRUN_CPUS_PER_TASK="${SLURM_CPUS_PER_TASK:-1}"

status=0
# shellcheck disable=SC2086 # one word an option
srun "$PATINA" generate --corpus "$CORPUS" --model "$MODEL" --out "$OUT" --shard auto \
    ${OPTIONS-} || status=$?

if [ "$status" -eq 75 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "$MAX_RESTARTS" ]; then
    echo "task $SLURM_ARRAY_TASK_ID is requeued"
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && sleep 60 # ends this script
fi
exit "$status"
