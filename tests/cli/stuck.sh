# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# stuck.sh - a decoder that never comes back

# libsndfile, but for one thing: a file of the bell's size is never opened.
make_trap() {
    command -v cc >/dev/null || skip "there is no compiler to build the trap with"
    cat >trap.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sndfile.h>
#include <unistd.h>
SNDFILE *sf_open_virtual(SF_VIRTUAL_IO *io, int mode, SF_INFO *info, void *user) {
    SNDFILE *(*real)(SF_VIRTUAL_IO *, int, SF_INFO *, void *) = dlsym(RTLD_NEXT, "sf_open_virtual");
    while (io->get_filelen(user) == TRAP_BYTES)
        pause();
    return real(io, mode, info, user);
}
C
    cc -shared -fPIC -DTRAP_BYTES="$(stat -c %s "$DEMO/clips/perc_bell.wav")" trap.c -o trap.so -ldl
}

# It is rejected after the time that it is given, once, and everything else is done.
test_given_up() {
    py <<'E'
if is_instrumented():
    print("a sanitizer must come first among the preloaded libraries")
    sys.exit(77)
clips = ["perc_bell.wav", "misc_burp.flac", "ambi_choir.flac", "loop_tabla.flac"]
write_jsonl("manifest.jsonl", [{"id": str(i), "audio": f"{DEMO}/clips/{clips[i % 4]}",
                                "caption": "x"} for i in range(12)])
E
    make_trap
    local set=(--corpus manifest.jsonl --chunk 5 --format jsonl) threads
    for threads in 1 3; do
        LD_PRELOAD=$PWD/trap.so run generate --model "$MINI" "${set[@]}" --out "set-$threads" \
            --entry-timeout 1s --threads $threads
        want_status 0
    done
    want_same set-1 set-3
    py <<'E'
rejects = rejects_of("set-1")
assert [r["entry"] for r in rejects] == ["0", "4", "8"], rejects
assert all(r["reason"] == "timeout" and "longer than 1 s" in str(r) for r in rejects), rejects
assert [line["entry"] for line in provenance_of("set-1")] == \
    [str(i) for i in range(12) if i % 4 != 0]
E
    # with a decoder that works they are had after all
    generate "${set[@]}" --out set-3 --retry rejects
    want_out "12 rows"
}
