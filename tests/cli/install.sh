# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# install.sh - what `meson install` installs, used by packagers and C programs

# Installs the build folder of the program under test to $WORK/root.
install_here() {
    local build
    build=$(dirname "$PATINA")
    [ -d "$build/meson-info" ] || skip "'$build' is no build folder of meson"
    if nm "$PATINA" | grep -q -E '__(asan|tsan|ubsan)_'; then
        skip "a library with sanitizers needs a program with sanitizers"
    fi
    # Builds what is missing besides the program (manual pages).
    meson install -C "$build" --destdir "$WORK/root" >log 2>&1 || fail "$(tail -n 3 log)"
    PREFIX=$WORK/root$(meson introspect "$build" --buildoptions |
        python3 -c 'import json, sys
print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
    LIBRARY=$(find "$PREFIX" -name 'libpatina.so.1')
    [ -n "$LIBRARY" ] || fail "no libpatina.so.1"
}

# Sets FLAGS for programs that use the installed library, and the environment to run them.
use_installed_library() {
    install_here
    PKG_CONFIG_PATH=$(dirname "$LIBRARY")/pkgconfig
    PKG_CONFIG_SYSROOT_DIR=$WORK/root
    LD_LIBRARY_PATH=$(dirname "$LIBRARY")
    export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR LD_LIBRARY_PATH
    read -r -a FLAGS <<<"$(pkg-config --cflags --libs patina)"
}

# run_examples FOLDER: the output of the example programs of a folder.
run_examples() {
    local clip
    clip=$(find "$DEMO/clips" -type f | LC_ALL=C sort | head -n 1)
    "$1/measure_file" "$clip" >out || fail "measure_file: status $?"
    grep -q -E '^loudness +-[0-9.]+ LUFS$' out || fail "measure_file printed '$(head -n 3 out)'"
    [ "$(grep -c dBFS out)" -eq 64 ] || fail "measure_file printed $(grep -c dBFS out) bands"
    "$1/measure_file" /nonexistent 2>err && fail "measure_file accepts a missing file"
    grep -q '(missing)$' err || fail "measure_file said '$(cat err)'"
    "$1/degrade_buffer" 7 >out || fail "degrade_buffer: status $?"
    grep -q '^replay: identical$' out || fail "degrade_buffer printed '$(cat out)'"
    "$1/embed_pair" "$MINI" "a dog barks" "$clip" >out || fail "embed_pair: status $?"
    grep -q -E '^cosine -?[01]\.[0-9]{4}$' out || fail "embed_pair printed '$(cat out)'"
    "$1/generate_dataset" "$DEMO/manifest.jsonl" "$MINI" "$1/set" >out ||
        fail "generate_dataset: status $?"
    grep -q -E '^train: [1-9][0-9]* rows$' out || fail "generate_dataset printed '$(tail -n 1 out)'"
    grep -q -E '^[0-9]+ of [1-9][0-9]* entries, ' out || fail "generate_dataset printed no progress"
    "$PATINA" verify "$1/set" >/dev/null || fail "the set of generate_dataset is damaged"
}

# The examples, built by their own Meson project against the installed library.
test_c_examples() {
    use_installed_library
    meson setup "$WORK/c" "$PATINA_ROOT/examples/c" >log 2>&1 || fail "$(tail -n 3 log)"
    ninja -C "$WORK/c" >log 2>&1 || fail "$(tail -n 5 log)"
    run_examples "$WORK/c"
}

# The same sources as C++, and a program that uses every header.
test_cxx() {
    use_installed_library
    local name
    mkdir "$WORK/cxx"
    for name in measure_file degrade_buffer embed_pair generate_dataset; do
        g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -o "$WORK/cxx/$name" \
            -x c++ "$PATINA_ROOT/examples/c/$name.c" -x none "${FLAGS[@]}" -lm >log 2>&1 ||
            fail "$name as C++: $(head -n 3 log)"
    done
    run_examples "$WORK/cxx"
    g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -o "$WORK/cxx/all_headers" \
        "$PATINA_ROOT/tests/headers/all_headers.cpp" "${FLAGS[@]}" >log 2>&1 || fail "$(head -n 3 log)"
    "$WORK/cxx/all_headers" 2>err || fail "$(head -n 3 err)"
}

# A C program that uses pkg-config only.
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
    readelf -d loud | grep -q 'NEEDED.*\[libpatina\.so\.1\]' || fail "not linked by SONAME"
    # ITU-R BS.1770-5: a full-scale sine of 997 Hz in one channel is -3.01 LKFS; its power is 3.01 dB
    # below its peak.
    run_loud=$(LD_LIBRARY_PATH=$(dirname "$LIBRARY") ./loud "$version") || fail "status $?"
    [ "$run_loud" = "-3.01 3.01" ] || fail "it measured '$run_loud'"
    # Static linking also needs the libraries that patina uses.
    pkg-config --print-requires-private patina | grep -q soxr || fail "no private requirements"
    pkg-config --static --libs patina | grep -q -e -lsndfile || fail "no libsndfile"
}

# The library exports exactly the functions of the headers.
test_symbols() {
    install_here
    cat "$PREFIX"/include/patina/*.h | tr '\n' ' ' |
        grep -o -E 'PATINA_API [^;(]*\(' | grep -o -E 'patina_[a-z0-9_]+ *\($' | tr -d ' (' |
        LC_ALL=C sort -u >promised
    nm -D --defined-only "$LIBRARY" | cut -d ' ' -f 3 | LC_ALL=C sort -u >kept
    [ "$(wc -l <promised)" -ge 50 ] || fail "the headers promise only $(wc -l <promised) functions"
    diff promised kept >difference || fail "headers and library differ: $(head -n 5 difference)"
    readelf -d "$LIBRARY" | grep -q 'SONAME.*\[libpatina\.so\.1\]' || fail "wrong SONAME"
}

test_pages() {
    install_here
    local command
    "$PATINA" --options-json >options.json
    for command in $("$PATINA" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
        python3 "$PATINA_ROOT/tools/gendoc.py" man options.json "$command" |
            cmp - "$PREFIX/share/man/man1/patina-$command.1" ||
            fail "the manual page of '$command' is missing or differs"
    done
    [ -s "$PREFIX/share/man/man1/patina.1" ] || fail "no page of the program"
    "$PATINA" --completion bash | cmp - "$PREFIX/share/bash-completion/completions/patina"
    "$PATINA" --completion zsh | cmp - "$PREFIX/share/zsh/site-functions/_patina"
    "$PATINA" --completion fish | cmp - "$PREFIX/share/fish/vendor_completions.d/patina.fish"
    "$PREFIX/bin/patina" --version | cmp - <("$PATINA" --version)
}
