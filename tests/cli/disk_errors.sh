# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# disk_errors.sh - disks that are full, read-only or not folders at all

# A file system of so many kilobytes in ./disk, for the length of the test; only root may do that.
mount_small_disk() {
    mkdir disk
    [ "$(id -u)" -eq 0 ] || skip "only root can mount a small file system"
    mount -t tmpfs -o "size=$1k" none disk 2>/dev/null || skip "mounting is not allowed here"
    trap 'umount "$WORK/disk"' EXIT
}

list_final_files() {
    find "$1" -type f ! -path '*/.patina/*' ! -name '*.tmp'
}

# 102 rows of 4.4 kB do not fit into 300 kB, which is said before any work is done.
test_too_small_a_disk() {
    mount_small_disk 300
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out disk/set --variants 6
    assert_status 1
    assert_stderr "disk/set': up to 102 rows need about 0.6 MB, and the disk has 0.3 MB left"
    [ ! -d disk/set/data ] || fail "something was written"
}

# The disk is full after some chunks: they stay whole, nothing half is seen, and with room the same
# command goes on to the same bytes.
test_full_while_generating() {
    mount_small_disk 900
    dd if=/dev/zero of=disk/filler bs=1k count=220 2>/dev/null
    local set=(--corpus "$DEMO/manifest.jsonl" --variants 6 --chunk 1 --threads 1)
    # Room for all when it is asked for, and then no more: the filler grows once there is a chunk.
    (
        until [ -d disk/set/.patina/00000002 ]; do sleep 0.02; done
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

# A folder that becomes read-only under a run: one sentence, and what was finished is intact.
test_read_only_while_generating() {
    mount_small_disk 9000
    local set=(--corpus "$DEMO/manifest.jsonl" --variants 6 --chunk 1 --threads 1)
    (
        until [ -d disk/set/.patina/00000002 ]; do sleep 0.02; done
        # a file that is being written makes the mount busy: try until there is a moment between
        for _ in $(seq 500); do mount -o remount,ro disk 2>/dev/null && break; done
    ) &
    run generate --model "$MINI" "${set[@]}" --out disk/set
    wait
    [ "$STATUS" -ne 0 ] || skip "no moment was found to make the folder read-only"
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

# The corpus is only read: a run from a folder that cannot be written.
test_corpus_is_only_read() {
    cp -r "$DEMO" corpus
    py <<'E'
with open("before", "w") as out:
    json.dump(tree("corpus"), out)
E
    chmod -R a-w corpus
    generate --corpus corpus/manifest.jsonl --out set
    py <<'E'
with open("before") as file:
    assert {k: tuple(v) for k, v in json.load(file).items()} == tree("corpus")
E
}
