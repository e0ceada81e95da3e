#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# kubernetes.sh - runs the pods of examples/kubernetes as a node would; ends with "N passed, N failed"
#
#   tests/cluster/kubernetes.sh [--program build/patina]
#
# Without a cluster: each pod is the manifest's command with its environment and completion index. Status 77 if
# Python cannot read YAML.
# shellcheck disable=SC2317 # check calls functions by name
# shellcheck source=tests/cluster/cluster_helpers.sh
. "$(dirname "$0")/cluster_helpers.sh"
helpers_init "$@"
python3 -c 'import yaml' 2>/dev/null || helpers_skip "Python has no yaml module (Debian: python3-yaml)"

shards=$EXAMPLES/kubernetes/shards.yaml
export KUBE_CORPUS=$CORPUS KUBE_MODEL=$MODEL KUBE_COMMAND=$PATINA PYTHONDONTWRITEBYTECODE=1
export KUBE_OPTIONS="--chunk=1 --variants=40 --threads=1"

container() {
    python3 "$REPO_ROOT/tests/cluster/k8s_job.py" "$@"
}

# The manifest for three shards, edited as a user would.
sed -e 's/completions: 8/completions: 3/' -e 's/value: "8"/value: "3"/' "$shards" >"$WORK/shards.yaml"

# pod OUT INDEX: runs a pod; its output is in OUT.INDEX.log.
pod() {
    KUBE_OUT=$1 container script "$WORK/shards.yaml" patina-shards patina "$2" >"$1.$2.sh" || return 1
    timeout 300 sh "$1.$2.sh" >>"$1.$2.log" 2>&1 </dev/null
}

# Runs all pods of the job concurrently.
run_all_pods() {
    local index pods=() failed=0
    for index in 0 1 2; do
        pod "$1" "$index" &
        pods+=($!)
    done
    for index in 0 1 2; do
        wait "${pods[index]}" || { failed=1; cat "$1.$index.log"; }
    done
    return "$failed"
}

finish_dataset() {
    local step
    for step in finish verify; do
        KUBE_OUT=$1 container script "$EXAMPLES/kubernetes/finish.yaml:$WORK/shards.yaml" \
            patina-finish "$step" >"$1.$step.sh" || return 1
        sh "$1.$step.sh" || return 1
    done
}

# Pod 1 receives SIGTERM during its work and starts again; the others have finished their 9 of the 14 chunks.
drain_and_resume() {
    local out=$WORK/drained pid status=0
    pod "$out" 0 && pod "$out" 2 || return 1
    pod "$out" 1 &
    wait_until 60 has_more_chunks_than "$out" 9 || { echo "at most 9 chunks"; return 1; }
    pid=$(find_process "$out" JOB_COMPLETION_INDEX=1)
    [ -n "$pid" ] || { echo "pod 1 had ended already"; return 1; }
    kill -TERM "$pid"
    wait $! || status=$?
    [ "$status" -eq 75 ] || { echo "status $status, expected 75"; cat "$out.1.log"; return 1; }
    if finish_dataset "$out"; then echo "an unfinished set was finished"; return 1; fi
    pod "$out" 1 && finish_dataset "$out" && expect_same_dataset "$WORK/reference" "$out"
}

has_more_chunks_than() {
    [ "$(count_chunks "$1")" -gt "$2" ]
}

without_completion_count() {
    local status=0
    env -u PATINA_SHARDS JOB_COMPLETION_INDEX=0 "$PATINA" generate --corpus "$CORPUS" \
        --model "$MODEL" --out "$WORK/none" --shard auto >"$WORK/none.log" 2>&1 || status=$?
    [ "$status" -eq 2 ] || { echo "status $status, expected 2"; cat "$WORK/none.log"; return 1; }
    says "$WORK/none.log" "set PATINA_SHARDS to the number of shards"
}

check "the manifest is consistent" container check "$shards" patina-shards patina
# shellcheck disable=SC2086 # one word an option
check "one process makes the set" reference $KUBE_OPTIONS
check "three pods make it" run_all_pods "$WORK/pods"
for index in 0 1 2; do
    check "pod $index has its share" says "$WORK/pods.$index.log" \
        "shard $index of 3, from JOB_COMPLETION_INDEX=$index and PATINA_SHARDS=3"
done
check "the finishing job finishes the set" finish_dataset "$WORK/pods"
check "the bytes are the same" expect_same_dataset "$WORK/reference" "$WORK/pods"
check "a drained pod is replaced and the run continues" drain_and_resume
check "a missing PATINA_SHARDS is an error" without_completion_count
helpers_finish
