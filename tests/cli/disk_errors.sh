# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# disk_errors.sh - output to disks that are full or read-only, and to paths that are not folders

# Mounts a file system of $1 kB at ./disk for the duration of the test; needs root.
mount_small_disk() {
    mkdir disk
    [ "$(id -u)" -eq 0 ] || skip "needs root to mount a file system"
    mount -t tmpfs -o "size=$1k" none disk 2>/dev/null || skip "mounting is not allowed here"
    trap 'umount "$WORK/disk"' EXIT
}

list_final_files() {
    find "$1" -type f ! -path '*/.patina/*' ! -name '*.tmp'
}

# 102 rows of 6.4 kB and their journal do not fit into 300 kB, which is reported before any work.
test_too_small_a_disk() {
    mount_small_disk 300
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out disk/set --variants 6
    assert_status 1
    assert_stderr "disk/set': up to 102 rows need about 1.2 MB, and the disk has 0.3 MB left"
    [ ! -d disk/set/data ] || fail "something was written"
}

# The disk fills up after some chunks: these stay complete, no partial file is visible, and after space
# is freed the same command continues to the same bytes.
test_full_while_generating() {
    mount_small_disk 1100
    dd if=/dev/zero of=disk/filler bs=1k count=220 2>/dev/null
    local set=(--corpus "$DEMO/manifest.jsonl" --variants 6 --chunk 1 --threads 1)
    # There is space at the start; the second filler takes it once there are chunks.
    (
        wait_for test -d disk/set/.patina/00000002
        dd if=/dev/zero of=disk/more bs=1k 2>/dev/null
    ) &
    run generate --model "$MINI" "${set[@]}" --out disk/set
    wait
    assert_status 1
    grep -q -i "^patina: .*no space left" "$WORK/stderr" || fail "the full disk is not named"
    [ -z "$(list_final_files disk/set)" ] || fail "left: $(list_final_files disk/set)"
    [ -d disk/set/.patina/00000002 ] || fail "a finished chunk is gone"
    [ -z "$(find disk/set -name '*.tmp*')" ] || fail "left: $(find disk/set -name '*.tmp*')"
    rm disk/more disk/filler
    generate "${set[@]}" --out disk/set
    assert_stderr "chunks are already complete"
    generate "${set[@]}" --out whole
    assert_same_dirs whole disk/set
}

# The folder becomes read-only during a run: one error message, and complete chunks stay intact.
test_read_only_while_generating() {
    mount_small_disk 9000
    local set=(--corpus "$DEMO/manifest.jsonl" --variants 6 --chunk 1 --threads 1)
    (
        wait_for test -d disk/set/.patina/00000002
        # remounting fails while a file is open for writing: retry between two files
        for _ in $(seq 500); do mount -o remount,ro disk 2>/dev/null && break; done
    ) &
    run generate --model "$MINI" "${set[@]}" --out disk/set
    wait
    [ "$STATUS" -ne 0 ] || skip "the folder could not be made read-only during the run"
    assert_status 1
    grep -q -i "^patina: .*read-only" "$WORK/stderr" || fail "the reason is not named"
    mount -o remount,rw disk
    generate "${set[@]}" --out disk/set
    generate "${set[@]}" --out whole
    assert_same_dirs whole disk/set
}

test_full_for_small_files() {
    mount_small_disk 100
    dd if=/dev/zero of=disk/filler bs=1k 2>/dev/null || true
    run degrade "$DEMO/clips/perc_bell.wav" disk/out.wav
    assert_failure 1
    grep -q -i "out.wav.*no space left" "$WORK/stderr" || fail "the full disk is not named"
    run embed --model "$MINI" --out disk/e.npy --text x
    assert_failure 1
    [ "$(ls disk)" = filler ] || fail "left: $(ls -A disk)"
}

test_read_only() {
    if [ "$(id -u)" -eq 0 ]; then
        mount_small_disk 100
        mount -o remount,ro disk
    else
        mkdir disk
        chmod 555 disk
    fi
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out disk/set
    assert_failure 1
    assert_stderr disk/set
    run degrade "$DEMO/clips/perc_bell.wav" disk/out.wav
    assert_failure 1
    assert_stderr disk/out.wav
    run embed --model "$MINI" --out disk/e.npy --text x
    assert_failure 1
    assert_stderr disk/e.npy
}

test_not_a_folder() {
    echo precious >file
    for out in file file/set; do
        run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out $out
        [ "$STATUS" -eq 1 ] || [ "$STATUS" -eq 2 ] || fail "status $STATUS"
        assert_failure "$STATUS"
        assert_stderr "$out"
    done
    [ "$(cat file)" = precious ] || fail "the file was touched"
}

# The corpus may be in a folder without write permission.
test_corpus_is_only_read() {
    cp -r "$DEMO" corpus
    py <<'E'
with open("before", "w") as out:
    json.dump(hash_tree("corpus"), out)
E
    chmod -R a-w corpus
    generate --corpus corpus/manifest.jsonl --out set
    py <<'E'
with open("before") as file:
    assert {k: tuple(v) for k, v in json.load(file).items()} == hash_tree("corpus")
E
}
