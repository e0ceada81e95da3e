# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# io_faults.sh - faults of the machine while audio is read, and a corpus that changes during a run

# A library that makes calls for one file fail: FAULT_PATH is part of its path; FAULT_CALL names open, pread,
# stat (and lstat, fstatat), shrink (reads return 0), truncate (of the file, after mmap), swap
# (FAULT_PATH.new is opened instead), or getline (of any file); FAULT_ERRNO is the error. The first FAULT_AFTER
# opens, FAULT_READS reads or FAULT_STATS stats succeed, then FAULT_TIMES calls fail, all by default.
build_faults() {
    command -v cc >/dev/null || skip "no C compiler"
    if nm "$PATINA" | grep -q -E '__(asan|tsan|ubsan)_'; then
        skip "a sanitizer must come first among the preloaded libraries"
    fi
    cat >faults.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int n_done, n_opened, n_read, n_examined;
static atomic_int watched = -1;

static int is_due(const char *call) {
    const char *wanted = getenv("FAULT_CALL"), *times = getenv("FAULT_TIMES");
    return wanted && strstr(wanted, call) && (!times || n_done++ < atoi(times));
}

static int open_path(const char *path, int flags, mode_t mode) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    const char *part = getenv("FAULT_PATH");
    char other[4096];
    if (!part || !strstr(path, part) || (flags & O_ACCMODE) != O_RDONLY)
        return real(path, flags, mode);
    const char *after = getenv("FAULT_AFTER");
    const int late = n_opened++ >= (after ? atoi(after) : 0);
    if (late && is_due("open")) {
        errno = atoi(getenv("FAULT_ERRNO"));
        return -1;
    }
    snprintf(other, sizeof other, "%s.new", path);
    const int swap = after && late && is_due("swap");
    const int fd = real(swap ? other : path, flags, mode);
    watched = fd;
    return fd;
}

int open64(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_path(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_path(path, flags, mode);
}

int close(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "close");
    if (fd == watched) watched = -1;
    return real(fd);
}

ssize_t pread64(int fd, void *buffer, size_t n, off64_t offset) {
    ssize_t (*real)(int, void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pread64");
    const char *reads = getenv("FAULT_READS");
    if (fd >= 0 && fd == watched && (!reads || n_read++ >= atoi(reads)) && is_due("pread")) {
        errno = atoi(getenv("FAULT_ERRNO"));
        return -1;
    }
    if (fd >= 0 && fd == watched && offset > 4096 && is_due("shrink")) return 0;
    return real(fd, buffer, n, offset);
}

static int stat_fails(const char *path) {
    const char *part = getenv("FAULT_PATH"), *stats = getenv("FAULT_STATS");
    if (!part || !strstr(path, part) || (stats && n_examined++ < atoi(stats)) || !is_due("stat"))
        return 0;
    errno = atoi(getenv("FAULT_ERRNO"));
    return 1;
}

int stat64(const char *path, struct stat64 *info) {
    int (*real)(const char *, struct stat64 *) = dlsym(RTLD_NEXT, "stat64");
    return stat_fails(path) ? -1 : real(path, info);
}

int lstat64(const char *path, struct stat64 *info) {
    int (*real)(const char *, struct stat64 *) = dlsym(RTLD_NEXT, "lstat64");
    return stat_fails(path) ? -1 : real(path, info);
}

int fstatat64(int folder, const char *path, struct stat64 *info, int flags) {
    int (*real)(int, const char *, struct stat64 *, int) = dlsym(RTLD_NEXT, "fstatat64");
    return stat_fails(path) ? -1 : real(folder, path, info, flags);
}

/* An inline getline calls this one. */
ssize_t __getdelim(char **line, size_t *n, int end, FILE *file) {
    ssize_t (*real)(char **, size_t *, int, FILE *) = dlsym(RTLD_NEXT, "__getdelim");
    if (!is_due("getline")) return real(line, n, end, file);
    errno = ENOMEM;
    return -1;
}

ssize_t getline(char **line, size_t *n, FILE *file) {
    return __getdelim(line, n, '\n', file);
}

ssize_t pread(int fd, void *buffer, size_t n, off_t offset) {
    return pread64(fd, buffer, n, offset);
}

void *mmap64(void *address, size_t n, int protection, int flags, int fd, off64_t offset) {
    void *(*real)(void *, size_t, int, int, int, off64_t) = dlsym(RTLD_NEXT, "mmap64");
    void *mapped = real(address, n, protection, flags, fd, offset);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd >= 0 && fd == watched && is_due("truncate") && truncate(path, 4096) != 0) abort();
    return mapped;
}
C
    cc -shared -fPIC -o faults.so faults.c -ldl
}

# with_fault CALL ERRNO TIMES generate-arguments...: one thread, so that the order of calls is fixed.
with_fault() {
    local call=$1 error=$2 times=$3
    shift 3
    FAULT_CALL=$call FAULT_ERRNO=$error FAULT_TIMES=$times LD_PRELOAD=$PWD/faults.so \
        run generate --model "$MINI" --corpus "${CORPUS:-$DEMO/manifest.jsonl}" \
        --chunk "${CHUNK:-4}" --threads 1 --quiet "$@"
}

# A temporary fault changes nothing.
test_transient_faults() {
    build_faults
    export FAULT_PATH=perc_bell.wav
    generate --corpus "$DEMO/manifest.jsonl" --chunk 4 --out plain --quiet
    local error
    for error in 5 12 24 116; do # EIO, ENOMEM, EMFILE, ESTALE
        with_fault open "$error" 2 --out "open-$error"
        assert_status 0
        assert_same_dirs plain "open-$error"
    done
    with_fault pread 5 2 --out pread
    assert_status 0
    assert_same_dirs plain pread
}

# A fault at any read of the file: the next attempt does all again, from the draw of the window on.
test_fault_of_any_read() {
    build_faults
    export FAULT_PATH=crow.flac
    echo "{\"audio\": \"$DEMO/clips/misc_crow.flac\", \"caption\": \"x\"}" >manifest.jsonl
    local settings=(--fingerprint --split train=0.1,test=0.9 --window random) n
    generate --corpus manifest.jsonl "${settings[@]}" --chunk 4 --out plain --quiet
    export CORPUS=manifest.jsonl
    for n in 0 20 33 66 67 68 69 70; do # of 71: the window, the fingerprint, the split
        rm -rf set
        FAULT_READS=$n with_fault pread 5 1 "${settings[@]}" --out set
        assert_status 0
        assert_same_dirs plain set
    done
}

# The pass that finds clips of one sound must have read all of them: a split would have others.
test_split_by_sound() {
    build_faults
    export FAULT_PATH=perc_bell.wav
    local settings=(--split train=0.1,test=0.9 --split-key sound --limit 14) call
    generate --corpus "$DEMO/manifest.jsonl" "${settings[@]}" --chunk 4 --out plain --quiet
    for call in "open 24" "open 16" "pread 5"; do
        rm -rf set
        with_fault "${call% *}" "${call#* }" 2 "${settings[@]}" --out set
        assert_status 0
        assert_same_dirs plain set
        with_fault "${call% *}" "${call#* }" 1000000 "${settings[@]}" --out other
        assert_failure 1
        assert_stderr "perc_bell.wav': cannot be"
    done
}

# A clip that only the pass for the splits cannot read has no split: with --skip-unreadable it gets no rows.
test_split_by_sound_skips() {
    build_faults
    export FAULT_PATH=perc_bell.wav
    local settings=(--split train=0.1,test=0.9 --split-key sound --limit 14)
    generate --corpus "$DEMO/manifest.jsonl" "${settings[@]}" --chunk 4 --out plain --quiet
    with_fault open 5 4 "${settings[@]}" --out set --skip-unreadable
    assert_status 0
    py <<'E'
rejects = read_rejects("set")
assert [r["reason"] for r in rejects] == ["io_error"], rejects
assert "its sound could not be read" in rejects[0]["sentence"], rejects
E
    generate --corpus "$DEMO/manifest.jsonl" "${settings[@]}" --chunk 4 --out set --retry rejects --quiet
    assert_same_dirs plain set
}

# A permanent fault ends the run with 75, and the second time with 1; without it the same command
# completes the data set.
test_lasting_faults() {
    build_faults
    export FAULT_PATH=perc_bell.wav
    generate --corpus "$DEMO/manifest.jsonl" --chunk 4 --out plain --quiet
    local call error
    for call in "open 13" "open 24" "open 16" "pread 5" "pread 121"; do # EBUSY, EREMOTEIO
        error=${call#* }
        rm -rf set
        with_fault "${call% *}" "$error" 1000000 --out set
        assert_failure 75
        assert_stderr "perc_bell.wav'"
        assert_stderr "$(python3 -c "import os; print(os.strerror($error))"); run the same command again"
        with_fault "${call% *}" "$error" 1000000 --out set
        assert_failure 1
        assert_stderr "an earlier run failed in the same chunk"
        generate --corpus "$DEMO/manifest.jsonl" --chunk 4 --out set --quiet
        assert_same_dirs plain set
    done
}

# A file that becomes shorter while it is read is not reported as truncated.
test_shrinking_file() {
    build_faults
    export FAULT_PATH=perc_bell.wav
    generate --corpus "$DEMO/manifest.jsonl" --chunk 4 --out plain --quiet
    with_fault shrink 0 1000000 --out set
    assert_failure 75
    assert_stderr "the file became shorter"
    generate --corpus "$DEMO/manifest.jsonl" --chunk 4 --out set --quiet
    assert_same_dirs plain set
}

# A list that becomes shorter while it is read is an error, not the end of the list.
test_shrinking_lists() {
    build_faults
    py <<'E'
write_jsonl("long.jsonl", [{"audio": f"{DEMO}/clips/{clip}", "caption": "x", "unused": "y" * 40000}
                           for clip in ("perc_bell.wav", "misc_burp.flac", "misc_crow.flac")])
E
    export FAULT_PATH=long.jsonl CORPUS=long.jsonl
    with_fault shrink 0 1000000 --out set
    assert_failure 1
    assert_stderr "corpus 'long.jsonl': cannot be read after line 1"
    [ ! -e set/dataset.json ] || fail "a set was finished"
}

# A list whose read fails for longer than the retries last is neither damaged nor of another kind: the run ends, or
# the set is the same. Each read of each file fails once.
test_faults_of_lists() {
    build_faults
    mkdir -p lists
    cp "$DEMO/clips/perc_bell.wav" "$DEMO/clips/misc_burp.flac" .
    py <<'E'
import gzip, json
rows = [{"audio": "perc_bell.wav", "caption": "a bell"}, {"audio": "misc_burp.flac", "caption": "a burp"}]
lines = "".join(json.dumps(row) + "\n" for row in rows)
open("lists/plain.jsonl", "w").write(lines)
open("lists/wide.jsonl", "wb").write(lines.encode("utf-16"))
gzip.open("lists/packed.jsonl.gz", "wb").write(lines.encode())
json.dump({"data": [{"id": row["audio"].split(".")[0], "caption": row["caption"]} for row in rows]},
          open("lists/wavcaps.json", "w"))
E
    export CHUNK=2000
    local file name reads n_failed
    for file in lists/*; do
        name=${file##*/}
        export FAULT_PATH=$file CORPUS=$file
        unset FAULT_READS
        generate --corpus "$file" --audio-root . --out "plain-$name" --quiet
        n_failed=0
        for reads in $(seq 0 40); do
            export FAULT_READS=$reads
            rm -rf set
            with_fault pread 5 4 --audio-root . --out set
            if [ "$STATUS" -eq 0 ]; then
                assert_same_dirs "plain-$name" set
                break # there are fewer reads
            fi
            n_failed=$((n_failed + 1))
            [ "$STATUS" -eq 1 ] || assert_status 75
            grep -q "cannot be [ro]" "$WORK/stderr" || fail "$file, read $reads: $(cat "$WORK/stderr")"
        done
        [ "$n_failed" -ge 2 ] || fail "$file: only $n_failed reads failed"
    done
}

# --skip-unreadable rejects such entries, and --retry rejects tries them again.
test_skip_unreadable() {
    build_faults
    export FAULT_PATH=perc_bell.wav
    generate --corpus "$DEMO/manifest.jsonl" --chunk 4 --out plain --quiet
    with_fault pread 5 1000000 --out set --skip-unreadable
    assert_status 0
    py <<'E'
rejects = read_rejects("set")
assert [r["reason"] for r in rejects] == ["io_error"], rejects
assert "perc_bell.wav" in rejects[0]["sentence"] and "Input/output error" in rejects[0]["sentence"]
E
    run verify set
    assert_status 0
    generate --corpus "$DEMO/manifest.jsonl" --chunk 4 --out set --retry rejects --quiet
    assert_same_dirs plain set
}

# Entries with files of their own besides the audio: captions beside it, a tar, a Parquet file. A fault of
# these is no statement about the data either. In the first pass, before there is a chunk, the status is 1.
test_caption_files_and_archives() {
    build_faults
    command -v tar >/dev/null || skip "no tar"
    mkdir -p folder tars tables/clips
    cp "$DEMO/clips/perc_bell.wav" folder/a.wav
    cp "$DEMO/clips/misc_burp.flac" folder/b.flac
    echo "a bell" >folder/a.txt
    echo "a burp" >folder/b.txt
    tar -cf tars/one.tar -C folder a.txt a.wav
    tar -cf tars/two.tar -C folder b.flac b.txt
    cp "$PATINA_ROOT/tests/data/corpora/hub_paths/train.parquet" tables
    cp folder/a.wav tables/clips/a.wav
    cp folder/a.wav tables/clips/b.wav
    local case corpus file
    export CORPUS CHUNK=2000
    for case in "folder a.txt" "tars two.tar" "tables/train.parquet train.parquet"; do
        corpus=${case% *} file=${case#* }
        CORPUS=$corpus
        corpus=${corpus%/*}
        export FAULT_PATH=$file
        unset FAULT_AFTER
        generate --corpus "$CORPUS" --out "plain-$corpus" --quiet --keep-going
        with_fault open 5 2 --out "once-$corpus" --keep-going
        assert_status 0
        assert_same_dirs "plain-$corpus" "once-$corpus"
        with_fault open 24 1000000 --out none --keep-going
        assert_failure 1
        assert_stderr "Too many open files"
        [ "$corpus" = tables ] && continue # its only file
        with_fault open 5 1000000 --out "skip-$corpus" --skip-unreadable
        assert_status 0
        grep -q '"reason": "io_error"' "skip-$corpus/rejects.jsonl" || fail "$corpus: not io_error"
        run verify "skip-$corpus"
        assert_status 0
        # Of the second pass on: a tar is opened once in each pass, but probed before.
        for after in 1 2 3; do
            export FAULT_AFTER=$after
            rm -rf late
            with_fault open 116 1000000 --out late
            [ "$STATUS" -eq 75 ] && break
        done
        assert_failure 75
        with_fault open 116 1000000 --out late
        assert_failure 1
        assert_stderr "an earlier run failed in the same chunk"
        unset FAULT_AFTER
        generate --corpus "$CORPUS" --out late --quiet
        assert_same_dirs "plain-$corpus" late
    done
}

# Captions that change between the first and the second pass end the run with the name of the entry.
test_changing_corpus() {
    build_faults
    py <<'E'
clips = ["perc_bell.wav", "misc_burp.flac", "ambi_choir.flac", "loop_tabla.flac"]
lines = [{"id": f"clip {i}", "audio": f"{DEMO}/clips/{clips[i]}", "caption": "first"} for i in range(4)]
write_jsonl("manifest.jsonl", lines)
lines[2]["caption"] = "second"
write_jsonl("manifest.jsonl.new", lines)
E
    export FAULT_PATH=manifest.jsonl
    # The first pass opens the manifest three times: to detect its format, to index the ids, and to read it.
    FAULT_CALL=swap FAULT_AFTER=3 LD_PRELOAD=$PWD/faults.so \
        run generate --model "$MINI" --corpus manifest.jsonl --out set --chunk 2 --threads 1 --quiet
    assert_failure 1
    assert_stderr "entry 3 ('clip 2') has changed since the run started"
}

# A file that cannot be examined is not a missing one: another would be read in its place, or none.
test_faults_of_stat() {
    build_faults
    mkdir -p all/b model
    cp "$DEMO/clips/perc_bell.wav" all/a.wav
    cp "$DEMO/clips/misc_burp.flac" all/b/b.flac
    echo "a bell" >all/a.txt
    echo "a burp" >all/b/b.txt
    mkdir linked
    cp all/a.* linked
    ln -s ../all/b linked/b
    mkdir -p table/audio/fold1 table/metadata
    cp all/a.wav table/audio/fold1
    printf 'slice_file_name,fold,class\na.wav,1,bell\n' >table/metadata/clips.csv
    cp -r "$MINI" one
    cp -r "$MINI" two
    # Another file, which would be read where the first one looks missing.
    printf 'not a model' >two/pytorch_model.bin
    local case corpus model saved
    export CORPUS
    for case in "linked one b" "table/metadata/clips.csv one ../audio" \
        "all two model.safetensors" "all one config.json"; do
        read -r corpus model FAULT_PATH <<<"$case"
        export FAULT_PATH CORPUS=$corpus
        rm -rf plain set
        saved=$MINI MINI=$model
        generate --corpus "$corpus" --chunk 4 --out plain --quiet
        with_fault stat 5 1000000 --out set
        if grep -q pytorch_model "$WORK/stderr"; then fail "another file of weights"; fi
        [ "$STATUS" -eq 1 ] || assert_same_dirs plain set
        with_fault stat 5 1 --out set
        [ "$STATUS" -eq 1 ] || assert_same_dirs plain set
        generate --corpus "$corpus" --chunk 4 --out set --quiet
        MINI=$saved
        assert_same_dirs plain set
    done
}

# Where a list names a file outside the audio root that this user may not reach, it is not missing.
test_files_that_may_not_be_reached() {
    build_faults
    mkdir table denied
    cp "$DEMO/clips/perc_bell.wav" denied/a.wav
    cp "$DEMO/clips/misc_burp.flac" table/b.flac
    printf 'audio,caption\nb.flac,a burp\n%s/denied/a.wav,a bell\n' "$PWD" >table/list.csv
    mkdir kaldi
    printf 'one %s/denied/a.wav\ntwo %s/table/b.flac\n' "$PWD" "$PWD" >kaldi/wav.scp
    printf 'one a bell\ntwo a burp\n' >kaldi/text
    export FAULT_PATH=denied/a.wav
    for CORPUS in table/list.csv kaldi; do
        rm -rf plain set
        generate --corpus $CORPUS --chunk 4 --out plain --quiet
        with_fault "stat open" 13 1000000 --out set
        assert_failure 75
        assert_stderr "a.wav': cannot be opened: Permission denied"
        with_fault "stat open" 13 1000000 --out set --skip-unreadable
        assert_status 0
        py <<<'assert [r["reason"] for r in read_rejects("set")] == ["io_error"], read_rejects("set")'
        generate --corpus $CORPUS --chunk 4 --out set --retry rejects --quiet
        assert_same_dirs plain set
    done
}

# The same of the files of a run: none of them is missing or damaged, and finish moves all or says why not. Each
# stat fails for longer than it is repeated.
test_faults_of_stat_in_runs() {
    build_faults
    local settings=(--corpus "$DEMO/manifest.jsonl" --limit 6 --chunk 3 --threads 1 --quiet) case shard n
    for shard in 0 1; do generate "${settings[@]}" --out run --shard $shard/2; done
    cp -r run plain
    run finish plain
    assert_status 0
    export FAULT_CALL=stat FAULT_ERRNO=5 FAULT_TIMES=4 FAULT_PATH
    for case in "finish .patina/0" "finish data/train" "verify .patina/0" "verify data/train" \
        "verify README.md" "inspect dataset.json"; do
        FAULT_PATH=set/${case#* }
        for n in $(seq 0 60); do
            rm -rf set
            if [ "$FAULT_PATH" = set/README.md ] || [ "${case% *}" = inspect ]; then
                cp -r plain set
            else
                cp -r run set
            fi
            FAULT_STATS=$n LD_PRELOAD=$PWD/faults.so run "${case% *}" set
            if [ "$STATUS" -eq 0 ] || grep -q "no faults" "$WORK/stdout"; then break; fi # there are fewer
            assert_status 1
            grep -q -E "cannot be (examined|opened|read).*: Input/output error" "$WORK/stderr" || fail "$case: $(cat "$WORK/stderr")"
            if [ "${case% *}" = finish ]; then
                run finish set
                assert_status 0
                assert_same_dirs plain set
            fi
        done
        [ "$n" -gt 0 ] || fail "$case: no stat failed"
    done
}

# A file that cannot be examined may be an input: it is not emptied.
test_faults_of_stat_of_inputs() {
    build_faults
    cp "$DEMO/clips/perc_bell.wav" a.wav
    cp a.wav saved.wav
    ln a.wav b.wav
    export FAULT_CALL=stat FAULT_ERRNO=5 FAULT_PATH=a.wav
    LD_PRELOAD=$PWD/faults.so run measure a.wav --out b.wav
    assert_status 1
    assert_stderr "file 'a.wav': cannot be examined: Input/output error"
    cmp b.wav saved.wav
    LD_PRELOAD=$PWD/faults.so run degrade a.wav b.wav
    assert_status 1
    assert_stderr "file 'a.wav': cannot be examined: Input/output error"
    cmp b.wav saved.wav
    run measure a.wav --out b.wav
    assert_status 2
    assert_stderr "'b.wav' is an input file"
    cmp b.wav saved.wav
    # a folder that cannot be examined is not a model of the hub, and one of the cache is not missing
    mkdir models
    cp -r "$MINI" models/name
    FAULT_PATH=models/name LD_PRELOAD=$PWD/faults.so run embed --model models/name --audio saved.wav --out x.npy
    assert_status 1
    assert_stderr "file 'models/name': cannot be examined: Input/output error"
    export HF_HUB_CACHE=$PWD/cache
    local commit=0123456789012345678901234567890123456789 file
    mkdir -p cache/models--org--name/refs cache/models--org--name/snapshots
    cp -r "$MINI" cache/models--org--name/snapshots/$commit
    echo $commit >cache/models--org--name/refs/main
    for file in refs/main $commit/config.json; do
        FAULT_PATH=$file LD_PRELOAD=$PWD/faults.so run model info org/name
        assert_status 1
        assert_stderr "$file': cannot be examined: Input/output error"
    done
    run model info org/name
    assert_status 0
}

# A line that cannot be read for lack of memory is not the end of the file.
test_lines_without_memory() {
    build_faults
    generate --corpus "$DEMO/manifest.jsonl" --out set --quiet
    FAULT_CALL=getline LD_PRELOAD=$PWD/faults.so run verify set
    assert_failure 1
    assert_stderr "cannot be read: Cannot allocate memory"
}

# measure, degrade and embed report the error of the machine, not damaged audio.
test_single_files() {
    build_faults
    export FAULT_PATH=perc_bell.wav
    local clip=$DEMO/clips/perc_bell.wav command
    for command in "measure $clip" "degrade $clip --out x.wav" \
        "embed --model $MINI --out x.npy --audio $clip"; do
        # shellcheck disable=SC2086 # words
        FAULT_CALL=pread FAULT_ERRNO=5 LD_PRELOAD=$PWD/faults.so run $command
        assert_status 1
        assert_stderr "perc_bell.wav': cannot be read: Input/output error"
        # shellcheck disable=SC2086 # words
        FAULT_CALL=open FAULT_ERRNO=13 LD_PRELOAD=$PWD/faults.so run $command
        assert_status 1
        assert_stderr "perc_bell.wav': cannot be opened: Permission denied"
    done
}

# A model that is truncated while it is opened is an error, not a signal.
test_truncated_model() {
    build_faults
    local command clip=$DEMO/clips/perc_bell.wav
    export FAULT_PATH=model/model.safetensors FAULT_CALL=truncate
    for command in "generate --corpus $DEMO/manifest.jsonl --model model --out set" \
        "embed --model model --audio $clip --out x.npy" "model info model"; do
        rm -rf model
        cp -r "$MINI" model
        # shellcheck disable=SC2086 # words
        LD_PRELOAD=$PWD/faults.so run $command
        assert_status 1
        assert_stderr "was truncated or cannot be read"
        [ ! -e x.npy ] || fail "a file was written"
        [ ! -e set/dataset.json ] || fail "a data set was written"
    done
}
