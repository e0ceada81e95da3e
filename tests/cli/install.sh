# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# install.sh - what `meson install` leaves behind, as packagers and C programs meet it

# Installs the build folder that the program under test lies in to $WORK/root, once a test.
install_here() {
    local build
    build=$(dirname "$PATINA")
    [ -d "$build/meson-info" ] || skip "'$build' is no build folder of meson"
    if nm "$PATINA" | grep -q -E '__(asan|tsan|ubsan)_'; then
        skip "a library with sanitizers needs a program with sanitizers"
    fi
    # The program under test is built; what is missing besides (manual pages) is made now.
    meson install -C "$build" --destdir "$WORK/root" >log 2>&1 || fail "$(tail -n 3 log)"
    PREFIX=$WORK/root$(meson introspect "$build" --buildoptions |
        python3 -c 'import json, sys
print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
    LIBRARY=$(find "$PREFIX" -name 'libpatina.so.0')
    [ -n "$LIBRARY" ] || fail "no libpatina.so.0"
}

# A C program that knows nothing but pkg-config.
test_c_program() {
    install_here
    cat >loud.c <<'E'
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <patina/patina.h>

enum { N = 2 * PATINA_RATE_HZ };
static float x[N];

int main(int argc, char **argv) {
    const patina_audio sound = {x, N, 1, PATINA_RATE_HZ};
    patina_meter *meter = NULL;
    patina_targets targets;
    patina_error err = {0};
    if (argc != 2 || strcmp(patina_version(), argv[1]) != 0) return 2;
    for (size_t i = 0; i < N; i++)
        x[i] = (float)sin(2.0 * 3.14159265358979 * 997.0 * (double)i / PATINA_RATE_HZ);
    if (patina_meter_open(&meter, &err) != PATINA_OK ||
        patina_buffer_measure(meter, &sound, &targets, &err) != PATINA_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    patina_meter_close(&meter);
    printf("%.2f %.2f\n", targets.lufs_source, targets.crest_db);
    return 0;
}
E
    local flags version
    PKG_CONFIG_PATH=$(dirname "$LIBRARY")/pkgconfig
    export PKG_CONFIG_PATH
    version=$(pkg-config --modversion patina)
    flags=$(pkg-config --define-variable=prefix="$PREFIX" --cflags --libs patina)
    # shellcheck disable=SC2086 # words
    cc -std=c11 -Wall -Wextra -Wpedantic -Werror -o loud loud.c $flags -lm || fail "cc $flags"
    readelf -d loud | grep -q 'NEEDED.*\[libpatina\.so\.0\]' || fail "not linked by SONAME"
    # ITU-R BS.1770-5: a full-scale sine of 997 Hz in one channel is -3.01 LKFS, as it stands 3.01
    # dB under its peak.
    run_loud=$(LD_LIBRARY_PATH=$(dirname "$LIBRARY") ./loud "$version") || fail "status $?"
    [ "$run_loud" = "-3.01 3.01" ] || fail "it measured '$run_loud'"
    # For linking statically one needs the libraries that patina is made of.
    pkg-config --print-requires-private patina | grep -q soxr || fail "no private requirements"
    pkg-config --static --libs patina | grep -q -e -lsndfile || fail "no libsndfile"
}

# What the headers promise is in the library, and nothing else is to be seen.
test_symbols() {
    install_here
    cat "$PREFIX"/include/patina/*.h | tr '\n' ' ' |
        grep -o -E 'PATINA_API [^;(]*\(' | grep -o -E 'patina_[a-z0-9_]+ *\($' | tr -d ' (' |
        LC_ALL=C sort -u >promised
    nm -D --defined-only "$LIBRARY" | cut -d ' ' -f 3 | LC_ALL=C sort -u >kept
    [ "$(wc -l <promised)" -ge 50 ] || fail "the headers promise only $(wc -l <promised) functions"
    diff promised kept >difference || fail "headers and library differ: $(head -n 5 difference)"
    readelf -d "$LIBRARY" | grep -q 'SONAME.*\[libpatina\.so\.0\]' || fail "wrong SONAME"
}

test_pages() {
    install_here
    local command
    for command in $("$PATINA" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
        "$PATINA" --man "$command" | cmp - "$PREFIX/share/man/man1/patina-$command.1" ||
            fail "no manual page of '$command', or another one"
    done
    [ -s "$PREFIX/share/man/man1/patina.1" ] || fail "no page of the program"
    "$PATINA" --completion bash | cmp - "$PREFIX/share/bash-completion/completions/patina"
    "$PATINA" --completion zsh | cmp - "$PREFIX/share/zsh/site-functions/_patina"
    "$PATINA" --completion fish | cmp - "$PREFIX/share/fish/vendor_completions.d/patina.fish"
    "$PREFIX/bin/patina" --version | cmp - <("$PATINA" --version)
}
