# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# usage.sh - command lines: options common to all commands, and errors

test_version() {
    run --version
    assert_status 0
    grep -q -E '^patina [0-9]+\.[0-9]+\.[0-9]+$' "$WORK/stdout" || fail "not a version"
    [ "$(wc -l <"$WORK/stdout")" -eq 1 ] || fail "more than one line"
    mv "$WORK/stdout" version
    local form
    for form in -V "generate --version" "measure -V" "degrade a.wav -V" "verify -qV"; do
        # shellcheck disable=SC2086 # words
        run $form
        assert_status 0
        assert_same_dirs version "$WORK/stdout"
    done
}

# -o and --out write the output to a file, but never to an input file.
test_output_file() {
    run effects
    mv "$WORK/stdout" expected
    local form
    for form in "-o new" "-onew" "--out new" "--out=new" "-qo new"; do
        rm -f new
        # shellcheck disable=SC2086 # words
        run effects $form
        assert_status 0
        [ ! -s "$WORK/stdout" ] || fail "'$form' printed to standard output"
        assert_same_dirs expected new
    done
    run effects -o -
    assert_status 0
    assert_same_dirs expected "$WORK/stdout"
    run effects -o none/new
    assert_failure 1
    assert_stderr "output file 'none/new': No such file or directory"
    cp "$DEMO/clips/misc_crow.flac" in.flac
    ln in.flac link.flac
    run measure in.flac -o link.flac
    assert_failure 2
    assert_stderr "option '--out': 'link.flac' is an input file"
    cmp in.flac "$DEMO/clips/misc_crow.flac" || fail "the input was overwritten"
    run effects -o
    assert_failure 2
    assert_stderr "option '--out' needs a value"
    run effects -x
    assert_failure 2
    assert_stderr "unknown option '-x'"
}

command_names() {
    "$PATINA" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# Help goes to standard output with status 0, fits a terminal and has every option.
test_help() {
    local command
    for command in "" $(command_names); do
        for form in "$command --help" "help $command" "$command -h"; do
            # shellcheck disable=SC2086 # words
            run $form
            assert_status 0
            [ -s "$WORK/stdout" ] || fail "no help for '$form'"
            [ ! -s "$WORK/stderr" ] || fail "help on standard error for '$form'"
            if grep -E '^.{81}' "$WORK/stdout"; then fail "too wide: '$form'"; fi
        done
    done
    run generate --help
    for option in corpus model out audio-root format seed variants order suite threads limit \
        captions loudness strict chunk isa quiet print-suite; do
        assert_stdout "--$option"
    done
    run --help
    for command in finish verify model; do assert_stdout "  $command "; done
}

# refused STATUS SENTENCE ARGS...
refused() {
    local expected=$1 sentence=$2
    shift 2
    run "$@"
    assert_failure "$expected"
    assert_stderr "$sentence"
    if [ "$expected" -eq 2 ]; then
        grep -q "^try 'patina" "$WORK/stderr" || fail "no hint"
    fi
}

test_commands_refused() {
    refused 2 "no command given"
    refused 2 "unknown command 'genrate': did you mean 'generate'?" genrate
    refused 2 "unknown command 'zzzzzzzz'" zzzzzzzz
    refused 2 "a command is required before options such as '--seed'" --seed 1 generate
    refused 2 "unknown command 'nothing'" help nothing
    refused 2 "unknown command 'mesure': did you mean 'measure'?" --help mesure
    refused 2 "unexpected argument 'more'" --version more
    refused 2 "did you mean 'info'?" model inf "$MINI"
    refused 2 "'info' needs a model: patina model info MODEL" model info
    refused 2 "'info MODEL' or 'fetch [NAME]' is expected" model
    refused 2 "unknown action 'zzz': expected 'info' or 'fetch'" model zzz
    refused 2 "option '--json' applies to 'info' only" model fetch --json
    refused 2 "options '--revision' and '--retries' apply to 'fetch' only" model info m --retries 1
}

test_options_refused() {
    local whole="is not a whole number from"
    local g=(generate --corpus c --model m --out o)
    refused 2 "generate: option '--seed': 'x' $whole 0 to 9223372036854775807" "${g[@]}" --seed x
    refused 2 "'9223372036854775808' $whole" "${g[@]}" --seed 9223372036854775808
    refused 2 "'-1' $whole" "${g[@]}" --seed -1
    refused 2 "'+1' $whole" "${g[@]}" --seed +1
    refused 2 "' 1' $whole" "${g[@]}" --seed " 1"
    refused 2 "'1e3' $whole" "${g[@]}" --seed=1e3
    refused 2 "'' $whole" "${g[@]}" --seed=
    refused 2 "'0' $whole 1 to 65536" "${g[@]}" --variants 0
    refused 2 "'65537' $whole 1 to 65536" "${g[@]}" --variants 65537
    refused 2 "'0' $whole 1 to" "${g[@]}" --threads 0
    refused 2 "'99999999999999999999' $whole" "${g[@]}" --limit 99999999999999999999
    refused 2 "'csv' is not one of parquet, jsonl" "${g[@]}" --format csv
    refused 2 "'Physical' is not one of physical, random" "${g[@]}" --order Physical
    refused 2 "'sse' is not one of auto, c, avx2, avx512" "${g[@]}" --isa sse
    refused 2 "unknown option '--sead': did you mean '--seed'?" "${g[@]}" --sead 1
    refused 2 "unknown option '--variant=3': did you mean '--variants'?" "${g[@]}" --variant=3
    refused 2 "unknown option '--zzzzzzzz'" "${g[@]}" --zzzzzzzz
    refused 2 "option '--strict' takes no value" "${g[@]}" --strict=yes
    refused 2 "option '--seed' is given twice" "${g[@]}" --seed 1 --seed 1
    refused 2 "option '--seed' needs a value" "${g[@]}" --seed
    refused 2 "option '--suite' needs a value" "${g[@]}" --suite --strict
    refused 2 "option '--corpus SRC' is missing" generate --model m --out o
    refused 2 "options '--corpus SRC', '--model MODEL', '--out DIR' are missing" generate
    refused 2 "options '--model MODEL', '--out FILE.npy' are missing" embed --text a
    refused 2 "option '--model MODEL' is missing" generate --corpus c --out o
    refused 2 "option '--out DIR' is missing" generate --corpus c --model m
    refused 2 "unexpected argument 'stray'" "${g[@]}" stray
    refused 2 "unexpected argument '--strict'" "${g[@]}" -- --strict
    refused 2 "one or more audio files are expected" measure
    refused 2 "unknown option '-x.wav' (for a file of that name write './-x.wav')" measure -x.wav
    refused 2 "two files, IN and OUT.wav, are expected" degrade in.wav
    refused 2 "unexpected argument 'c.wav'" degrade a.wav b.wav c.wav
    refused 2 "'16777216' $whole 0 to 16777215" degrade a.wav b.wav --variant 16777216
    refused 2 "'--seed' and '--recipe' exclude each other" degrade --seed 1 --recipe r a.wav b.wav
    refused 2 "'--suite' and '--recipe' exclude each other" degrade --suite s --recipe r a.wav b.wav
    refused 2 "at least one '--text', '--texts' or '--audio'" embed --model "$MINI" --out e.npy
    refused 2 "'--start-frame' must follow" embed --model "$MINI" --out e.npy --start-frame 1
    refused 2 "'--start-frame' must follow" embed --model "$MINI" --out e.npy --text a \
        --start-frame 1
    refused 2 "is not UTF-8" embed --model "$MINI" --out e.npy --text "$(printf 'a\377')"
    local name
    for name in file-column id-column caption-column caption-template header source-split split; do
        run generate --corpus "$DEMO" --model "$MINI" --out o "--$name" "$(printf 'a{b}=\377')"
        assert_failure 2
        assert_stderr "option '--$name': 'a{b}=\\xff' is not UTF-8"
    done
    [ ! -e o ] || fail "a refused command line made a folder"
    [ ! -e e.npy ] || fail "a refused command line made a file"
}

# Arguments after --, and negative numbers, are operands.
test_operands() {
    run measure -- --json
    assert_failure 1
    assert_stderr "file '--json': not found"
    run measure -5
    assert_failure 1
    assert_stderr "file '-5': not found"
}

# The command fails when standard output cannot be written.
test_output_lost() {
    local lost
    for lost in "--version" "generate --help" "generate --print-suite"; do
        STATUS=0
        # shellcheck disable=SC2086 # words
        "$PATINA" $lost >/dev/full 2>"$WORK/stderr" || STATUS=$?
        assert_status 1
        assert_stderr "standard output could not be written"
        STATUS=0
        # shellcheck disable=SC2086,SC2034 # words; assert_status looks at it
        "$PATINA" $lost >&- 2>"$WORK/stderr" || STATUS=$?
        assert_status 1
    done
    py <<'E'
read, write = os.pipe()
os.close(read)
done = subprocess.run([PATINA, "measure", DEMO + "/clips/misc_crow.flac"], stdout=write,
                      stderr=subprocess.PIPE)
assert done.returncode == 1, done
assert b"standard output could not be written" in done.stderr, done.stderr
E
}

# Control characters and invalid UTF-8 in a file name are escaped in text and in JSON.
test_names_are_made_safe() {
    local name
    name=$(printf 'a\033[31m\377".wav')
    cp "$DEMO/clips/misc_crow.flac" "./$name"
    run measure "$name"
    assert_status 0
    assert_stdout 'a\x1b[31m\xff".wav'
    if LC_ALL=C grep -q "$(printf '[\033\377]')" "$WORK/stdout"; then fail "raw bytes"; fi
    run measure --json "$name"
    assert_status 0
    assert_stdout '"a\u001b[31m\ufffd\".wav"'
    run measure "./no$name"
    assert_failure 1
    assert_stderr '\x1b[31m'
}

# The decimal separator is a point in every locale.
test_locale() {
    run measure --json "$DEMO/clips/misc_crow.flac"
    assert_status 0
    mv "$WORK/stdout" expected
    export LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8
    run measure --json "$DEMO/clips/misc_crow.flac"
    assert_status 0
    assert_same_dirs expected "$WORK/stdout"
}

# Also in a program that has set such a locale before it calls the library: data set, report and
# verification are the same.
test_locale_of_a_program() {
    command -v cc >/dev/null || skip "no C compiler"
    py <<'E'
if is_sanitizer_build():
    print("a sanitizer must be the first preloaded library")
    sys.exit(77)
E
    cat >choose.c <<'C'
#include <locale.h>
#include <stdlib.h>
#include <string.h>
__attribute__((constructor)) static void choose(void) {
    if (!setlocale(LC_ALL, "de_DE.UTF-8") || strcmp(localeconv()->decimal_point, ",") != 0) exit(77);
}
C
    cc -shared -fPIC choose.c -o choose.so
    LD_PRELOAD=$PWD/choose.so "$PATINA" --version >/dev/null ||
        skip "the locale de_DE.UTF-8 is not installed"
    local format language set
    for format in parquet jsonl; do
        for language in plain comma; do
            set=$language/$format
            mkdir -p $language
            [ $language = plain ] || export LD_PRELOAD=$PWD/choose.so
            generate --corpus "$DEMO/manifest.jsonl" --format $format --variants 2 --out $set \
                --split train=0.5,test=0.5
            run inspect $set --report $set.html --audio-root "$DEMO"
            assert_status 0
            run verify $set
            assert_status 0
            unset LD_PRELOAD
        done
        assert_same_dirs plain/$format comma/$format
        assert_same_dirs plain/$format.html comma/$format.html
    done
}
