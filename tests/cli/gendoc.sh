# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# gendoc.sh - manual pages and completion, which are made from the same tables as --help

# The names of all commands, one a line.
commands() {
    "$PATINA" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

options_of() {
    "$PATINA" "$1" --help | sed -n 's/^  --\([a-z0-9-]*\).*/\1/p'
}

needs() {
    command -v "$1" >/dev/null 2>&1 || skip "$1 is not installed"
}

# Every command has a page, with every option and the sections of a manual.
test_manual_is_complete() {
    local command option
    commands >names
    [ "$(wc -l <names)" -ge 6 ] || fail "hardly any command was found"
    while read -r command; do
        run --man "$command"
        assert_status 0
        assert_stdout ".TH PATINA\\-${command^^} 1 "
        for option in $(options_of "$command"); do
            assert_stdout "\\fB\\-\\-${option//-/\\-}\\fR"
        done
        for section in NAME SYNOPSIS DESCRIPTION OPTIONS '"SEE ALSO"'; do
            grep -q -x ".SH $section" "$WORK/stdout" || fail "$command: no section $section"
        done
    done <names
    run --man generate
    assert_stdout '.SH "EXIT STATUS"'
    assert_stdout '.SH EXAMPLE'
    run --man
    assert_status 0
    while read -r command; do assert_stdout "patina\\-$command (1)"; done <names
}

# groff says nothing about them, with all its warnings on.
test_manual_is_well_formed() {
    needs groff
    local command
    for command in '' $(commands); do
        # shellcheck disable=SC2086 # no word for the program's own page
        "$PATINA" --man $command >page.1
        groff -man -ww -z -Tutf8 page.1 >said 2>&1 || fail "groff failed on '$command'"
        [ ! -s said ] || fail "groff on '$command': $(head -n 3 said)"
        # A dash of an option must be one that can be copied into a shell.
        groff -man -Tutf8 -P-cbou page.1 >text
        grep -q -e '--help' text || fail "'$command': no plain --help in the formatted page"
        if [ -n "$command" ]; then
            grep -q -E "^ *patina-$command +- " text || fail "'$command': no NAME line"
        fi
    done
}

# mandoc wants a date, which a page that is the same in every build does not have.
test_manual_under_mandoc() {
    needs mandoc
    local command
    for command in '' $(commands); do
        # shellcheck disable=SC2086 # no word for the program's own page
        "$PATINA" --man $command >page.1
        mandoc -Tlint -W warning page.1 | grep -v 'missing date' >said || true
        [ ! -s said ] || fail "mandoc on '$command': $(head -n 3 said)"
    done
}

test_manual_refused() {
    run --man nothing
    assert_failure 2
    assert_stderr "no manual page of 'nothing'"
    run --man generate more
    assert_failure 2
    run --completion
    assert_failure 2
    assert_stderr "needs a shell"
    run --completion tcsh
    assert_failure 2
    assert_stderr "not in 'tcsh'"
    run --tables more
    assert_failure 2
}

test_tables_are_json() {
    run --tables
    assert_status 0
    py "$WORK/stdout" <<'E'
import re
tables = json.load(open(sys.argv[1]))
version = subprocess.run([PATINA, "--version"], capture_output=True, text=True).stdout
assert version == f"patina {tables['version']}\n", (version, tables["version"])
for command in tables["commands"]:
    text = subprocess.run([PATINA, command["name"], "--help"], capture_output=True,
                          text=True).stdout
    shown = re.findall(r"^  --([a-z0-9-]+)", text, re.M)
    assert shown == [option["name"] for option in command["options"]] + ["help"], shown
    for option in command["options"]:
        assert (option["kind"] == "choice") == bool(option["choices"]), option
generate = {option["name"]: option for option in tables["commands"][0]["options"]}
assert generate["format"]["choices"] == ["parquet", "jsonl"] and not generate["format"]["required"]
assert generate["format"]["default"] == "parquet" and generate["corpus"]["required"]
assert generate["time-limit"]["kind"] == "duration"
assert generate["seed"]["max"] == 2**63 - 1 and generate["seed"]["kind"] == "number"
E
}

test_completion_is_well_formed() {
    local shell tried=0
    for shell in bash zsh fish; do
        run --completion "$shell"
        assert_status 0
        command -v "$shell" >/dev/null 2>&1 || continue
        "$shell" -n "$WORK/stdout" || fail "$shell cannot read its script"
        tried=$((tried + 1))
    done
    [ "$tried" -gt 0 ] || fail "not even bash is here"
    if command -v shellcheck >/dev/null 2>&1; then
        "$PATINA" --completion bash >script
        shellcheck -s bash script || fail "shellcheck"
    fi
}

# complete_in_bash WORD...: what bash offers for the last word, sorted; <...> is what readline is
# asked to find.
complete_in_bash() {
    "$PATINA" --completion bash >script
    # shellcheck disable=SC2016 # the inner bash expands them
    bash -eu -c '
        compopt() { echo "<$2>"; }
        . ./script
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _patina
        [ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | LC_ALL=C sort |
        tr '\n' ' '
}

# offers "EXPECTED " WORD...
offers() {
    local expected=$1 offered
    shift
    offered=$(complete_in_bash "$@")
    [ "$offered" = "$expected" ] || fail "'$*': bash offers '$offered', expected '$expected'"
}

test_completion_in_bash() {
    offers "generate " patina gen
    offers "--completion --help --version " patina --
    offers "$(commands | LC_ALL=C sort | tr '\n' ' ')" patina help ''
    offers "bash fish zsh " patina --completion ''
    offers "jsonl parquet " patina generate --format ''
    offers "parquet " patina generate --format p
    offers "parquet " patina generate --format = p
    offers "jsonl parquet " patina generate --format =
    offers "--corpus --corpus-kind " patina generate --corp
    offers "<dirnames> " patina generate --out = x
    offers "<default> " patina generate --suite ''
    offers "" patina generate --seed ''
    offers "" patina generate --time-limit ''
    offers "" patina generate --split ''
    offers "<dirnames> " patina verify ''
    offers "<default> " patina embed --text a --audio ''
    offers "<default> " patina measure ''
    offers "--frames " patina measure a.wav --f
    offers "info " patina model inf
    offers "<default> " patina model info ''
    offers "" patina nothing ''
    # What a command offers is all that its help lists.
    local command
    commands >names
    while read -r command; do
        offers "$(options_of "$command" | sed 's/^/--/' | LC_ALL=C sort | tr '\n' ' ')" \
            patina "$command" --
    done <names
}

# The same in shells that a person types into.
test_completion_while_typing_bash() {
    "$PATINA" --completion bash >script
    mkdir folder-of-clips
    touch folder-of-files.txt
    py <<'E'
from pty_shell import type_command
bash = ["bash", "--norc", "--noprofile", "-i"]
for text, wanted in (("patina gen\t--fo\tp\t", "<generate><--format><parquet>"),
                     ("patina generate --format=j\t", "<generate><--format=jsonl>"),
                     ("patina generate --out fold\t", "<generate><--out><folder-of-clips/>"),
                     ("patina measure folder-of-f\t", "<measure><folder-of-files.txt>")):
    got = type_command(bash, ". ./script", text)
    assert got == wanted, (text, got, wanted)
E
}

test_completion_while_typing_zsh() {
    needs zsh
    mkdir functions folder-of-clips
    "$PATINA" --completion zsh >functions/_patina
    py <<'E'
from pty_shell import type_command
found = "fpath=(./functions $fpath); autoload -Uz compinit; compinit -u -d ./dump"
sourced = "autoload -Uz compinit; compinit -u -D; . ./functions/_patina"
for setup, text, wanted in (
        (found, "patina gen\t--fo\tp\t", "<generate><--format=parquet>"),
        (found, "patina generate --format=j\t", "<generate><--format=jsonl>"),
        (found, "patina generate --out fold\t", "<generate><--out><folder-of-clips>"),
        (sourced, "patina model inf\t", "<model><info>")):
    got = type_command(["zsh", "-f", "-i"], setup, text)
    assert got == wanted, (text, got, wanted)
E
}

# require_fish LINE "EXPECTED "
require_fish() {
    local offered
    # shellcheck disable=SC2016 # fish expands them
    offered=$(HOME=$WORK fish --no-config -c 'source ./script; complete -C $argv[1]' "$1" |
        cut -f 1 | LC_ALL=C sort | tr '\n' ' ')
    [ "$offered" = "$2" ] || fail "'$1': fish offers '$offered', expected '$2'"
}

test_completion_in_fish() {
    needs fish
    "$PATINA" --completion fish >script
    mkdir folder
    touch file.json
    require_fish 'patina gen' "generate "
    require_fish 'patina generate --format ' "jsonl parquet "
    require_fish 'patina generate --format=p' "--format=parquet "
    require_fish 'patina generate --corp' "--corpus --corpus-kind "
    require_fish 'patina verify f' "folder/ "
    require_fish 'patina generate --out f' "folder/ "
    require_fish 'patina generate --suite f' "file.json folder/ "
    require_fish 'patina generate --seed f' ""
    require_fish 'patina model inf' "info "
}
