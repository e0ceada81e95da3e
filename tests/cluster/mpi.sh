#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# mpi.sh - runs examples/mpi with mpirun; ends with "N passed, N failed"; status 77 without mpirun
#
#   tests/cluster/mpi.sh [--program build/patina]
# shellcheck disable=SC2317 # check calls functions by name
# shellcheck source=tests/cluster/cluster_helpers.sh
. "$(dirname "$0")/cluster_helpers.sh"
helpers_init "$@"
command -v mpirun >/dev/null || helpers_skip "there is no mpirun (Debian: openmpi-bin)"
mpirun --version | grep -q 'Open MPI' || helpers_skip "this mpirun is not that of Open MPI"

# Open MPI searches long for a network card that is missing, and refuses to run as root by default.
export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_plm=isolated
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export MPIRUN="mpirun --oversubscribe --bind-to none" PROCESSES=3 THREADS=1
export OPTIONS="--chunk 1 --variants 40"

# run_mpirun OUT: runs the example; returns the status of mpirun.
run_mpirun() {
    OUT=$1 timeout 300 sh "$EXAMPLES/mpi/run.sh" >"$1.log" 2>&1 </dev/null
}

some_chunks() {
    [ "$(count_chunks "$1")" -ge 3 ]
}

# Rank 1 of three receives SIGTERM: mpirun ends the others too, and the same command continues the run.
stop_and_resume() {
    local out=$WORK/stopped pid status=0
    run_mpirun "$out" &
    wait_until 120 some_chunks "$out" || { echo "no chunks"; cat "$out.log"; return 1; }
    pid=$(find_process "$out" OMPI_COMM_WORLD_RANK=1)
    [ -n "$pid" ] || { echo "rank 1 had ended already"; return 1; }
    kill -TERM "$pid"
    wait $! || status=$?
    [ "$status" -eq 75 ] || { echo "status $status, expected 75"; cat "$out.log"; return 1; }
    [ ! -e "$out/dataset.json" ] || { echo "it was finished"; return 1; }
    run_mpirun "$out" || { cat "$out.log"; return 1; }
    expect_same_dataset "$WORK/reference" "$out"
}

# shellcheck disable=SC2086 # one word an option
check "one process makes the set" reference $OPTIONS
check "mpirun -n 3 makes it" run_mpirun "$WORK/mpi"
for rank in 0 1 2; do
    check "rank $rank has its share" says "$WORK/mpi.log" \
        "shard $rank of 3, from OMPI_COMM_WORLD_RANK=$rank and OMPI_COMM_WORLD_SIZE=3"
done
check "the bytes are the same" expect_same_dataset "$WORK/reference" "$WORK/mpi"
check "a stopped run continues" stop_and_resume
helpers_finish
