# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# timeouts.sh - a decoder that hangs

# A libsndfile that hangs when it opens a file of the bell's size.
build_hanging_sndfile() {
    command -v cc >/dev/null || skip "no C compiler"
    cat >hang.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sndfile.h>
#include <unistd.h>
SNDFILE *sf_open_virtual(SF_VIRTUAL_IO *io, int mode, SF_INFO *info, void *user) {
    SNDFILE *(*real)(SF_VIRTUAL_IO *, int, SF_INFO *, void *) = dlsym(RTLD_NEXT, "sf_open_virtual");
    while (io->get_filelen(user) == HANG_ON_SIZE)
        pause();
    return real(io, mode, info, user);
}
C
    cc -shared -fPIC -DHANG_ON_SIZE="$(stat -c %s "$DEMO/clips/perc_bell.wav")" hang.c -o hang.so -ldl
}

# The entry is rejected after the timeout, once, and all others are processed.
test_entry_timeout() {
    py <<'E'
if is_sanitizer_build():
    print("a sanitizer must come first among the preloaded libraries")
    sys.exit(77)
clips = ["perc_bell.wav", "misc_burp.flac", "ambi_choir.flac", "loop_tabla.flac"]
write_jsonl("manifest.jsonl", [{"id": str(i), "audio": f"{DEMO}/clips/{clips[i % 4]}",
                                "caption": "x"} for i in range(12)])
E
    build_hanging_sndfile
    local set=(--corpus manifest.jsonl --chunk 5 --format jsonl) threads
    for threads in 1 3; do
        LD_PRELOAD=$PWD/hang.so run generate --model "$MINI" "${set[@]}" --out "set-$threads" \
            --entry-timeout 1s --threads $threads
        assert_status 0
    done
    assert_same_dirs set-1 set-3
    py <<'E'
rejects = read_rejects("set-1")
assert [r["entry"] for r in rejects] == ["0", "4", "8"], rejects
assert all(r["reason"] == "timeout" and "longer than 1 s" in str(r) for r in rejects), rejects
assert [line["entry"] for line in read_provenance("set-1")] == \
    [str(i) for i in range(12) if i % 4 != 0]
E
    # with a working decoder, --retry gives their rows
    generate "${set[@]}" --out set-3 --retry rejects
    assert_stdout "12 rows"
}
