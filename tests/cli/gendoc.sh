# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# gendoc.sh - option tables as JSON, and the manual pages and completion built from them

# The names of all commands, one per line.
commands() {
    "$PATINA" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

options_of() {
    "$PATINA" "$1" --help | sed -n 's/^  \(-., \)\{0,1\}--\([a-z0-9-]*\).*/\2/p'
}

# gendoc ACTION [NAME]: the output of tools/gendoc.py for the option tables of this program.
gendoc() {
    "$PATINA" --options-json >options.json
    python3 "$PATINA_ROOT/tools/gendoc.py" "$1" options.json "${@:2}"
}

require_tool() {
    command -v "$1" >/dev/null 2>&1 || skip "$1 is not installed"
}

# Builds whose programs cannot be run during the build, as with sanitizers, have no scripts.
require_completion() {
    run --completion bash
    if grep -q 'this build has no completion scripts' "$WORK/stderr"; then
        skip "this build has no completion scripts"
    fi
}

# Every command has a page, with every option and the sections of a manual.
test_manual_is_complete() {
    local command option
    commands >names
    [ "$(wc -l <names)" -ge 6 ] || fail "only $(wc -l <names) commands were found"
    while read -r command; do
        gendoc man "$command" >page.1
        grep -q -F ".TH PATINA\\-${command^^} 1 " page.1 || fail "$command: no title"
        for option in $(options_of "$command"); do
            grep -q -F "\\fB\\-\\-${option//-/\\-}\\fR" page.1 || fail "$command: no --$option"
        done
        for section in NAME SYNOPSIS DESCRIPTION OPTIONS '"SEE ALSO"'; do
            grep -q -x ".SH $section" page.1 || fail "$command: no section $section"
        done
    done <names
    gendoc man generate >page.1
    grep -q -x '.SH "EXIT STATUS"' page.1 || fail "no exit status"
    grep -q -x '.SH EXAMPLE' page.1 || fail "no example"
    gendoc man >page.1
    while read -r command; do
        grep -q -F "patina\\-$command (1)" page.1 || fail "the program's page has no $command"
    done <names
}

# groff prints no warning, with all of them enabled.
test_manual_is_well_formed() {
    require_tool groff
    local command
    for command in '' $(commands); do
        # shellcheck disable=SC2086 # no argument for the program's own page
        gendoc man $command >page.1
        groff -man -ww -z -Tutf8 page.1 >said 2>&1 || fail "groff failed on '$command'"
        [ ! -s said ] || fail "groff on '$command': $(head -n 3 said)"
        # The dash of an option must be one that can be pasted into a shell.
        groff -man -Tutf8 -P-cbou page.1 >text
        grep -q -e '--help' text || fail "'$command': no plain --help in the formatted page"
        if [ -n "$command" ]; then
            grep -q -E "^ *patina-$command +- " text || fail "'$command': no NAME line"
        fi
    done
}

# Pages have no date, since every build must give the same page; mandoc warns about that.
test_manual_under_mandoc() {
    require_tool mandoc
    local command
    for command in '' $(commands); do
        # shellcheck disable=SC2086 # no argument for the program's own page
        gendoc man $command >page.1
        mandoc -Tlint -W warning page.1 | grep -v 'missing date' >said || true
        [ ! -s said ] || fail "mandoc on '$command': $(head -n 3 said)"
    done
}

test_refused() {
    require_completion
    run --completion
    assert_failure 2
    assert_stderr "needs a shell"
    run --completion tcsh
    assert_failure 2
    assert_stderr "not for 'tcsh'"
    run --options-json more
    assert_failure 2
    assert_stderr "unexpected argument 'more'"
}

test_options_json() {
    run --options-json
    assert_status 0
    py "$WORK/stdout" <<'E'
import re
tables = json.load(open(sys.argv[1]))
version = subprocess.run([PATINA, "--version"], capture_output=True, text=True).stdout
assert version == f"patina {tables['version']}\n", (version, tables["version"])
for command in tables["commands"]:
    text = subprocess.run([PATINA, command["name"], "--help"], capture_output=True,
                          text=True).stdout
    shown = re.findall(r"^  (?:-(.), )?--([a-z0-9-]+)", text, re.M)
    assert shown == [(option["letter"] or "", option["name"]) for option in command["options"]]
    letters = [option["letter"] for option in command["options"] if option["letter"]]
    assert len(letters) == len(set(letters)) and {"o", "q", "V", "h"} <= set(letters), letters
    for option in command["options"]:
        assert (option["kind"] == "choice") == bool(option["choices"]), option
        assert option["help"] and not option["help"].endswith("."), option
generate = {option["name"]: option for option in tables["commands"][0]["options"]}
assert generate["format"]["choices"] == ["parquet", "jsonl"] and not generate["format"]["required"]
assert generate["format"]["default"] == "parquet" and generate["model"]["required"]
assert generate["time-limit"]["kind"] == "duration"
assert generate["seed"]["max"] == 2**63 - 1 and generate["seed"]["kind"] == "number"
E
}

# Every option that a command reads is in its table, and every one in its table is read.
test_every_option_is_read() {
    py "$PATINA_ROOT/cli" <<'E'
import re
with open(sys.argv[1] + "/commands.c", encoding="utf-8") as file:
    shared = file.read()
call = r'pt_cli_(?:get|given|text|number)\([^,()]*,\s*"([a-z-]+)"\)'
for command in json.loads(patina("--options-json"))["commands"]:
    with open(f"{sys.argv[1]}/cmd_{command['name']}.c", encoding="utf-8") as file:
        source = file.read()
    read = set(re.findall(call, source)) | set(re.findall(r'strcmp\(name, "([a-z-]+)"\)', source))
    names = {option["name"] for option in command["options"]}
    assert read <= names, f"{command['name']}: {read - names} not in the table"
    own = {option["name"] for option in command["options"] if not option["common"]}
    unread = own - read - set(re.findall(call, shared))
    assert not unread, f"{command['name']}: {unread} never read"
E
}

# Every option of a command in the documents and examples is in its table.
test_documented_options_exist() {
    py "$PATINA_ROOT" <<'E'
import glob, re
root = sys.argv[1]
commands = {command["name"]: {option["name"] for option in command["options"]}
            for command in json.loads(patina("--options-json"))["commands"]}
files = [root + "/README.md", *glob.glob(root + "/docs/*.md"), *glob.glob(root + "/examples/**/*.sh"),
         *glob.glob(root + "/examples/**/*.md")]
n_checked = 0
for file in files:
    with open(file, encoding="utf-8") as opened:
        text = re.sub(r"\\\n\s*", " ", opened.read())  # continued lines
    for line in text.splitlines():
        for name, arguments in re.findall(r"patina ([a-z]+)((?: +[^\s`|;&]+)*)", line):
            for option in re.findall(r"(?<= )--([a-z-]+)", arguments) if name in commands else ():
                assert option in commands[name], f"{file}: patina {name} has no option --{option}"
                n_checked += 1
assert n_checked >= 40, n_checked
E
}

# The program prints the scripts that the build makes from its tables.
test_completion_is_built_from_the_tables() {
    require_completion
    local shell
    for shell in bash zsh fish; do
        run --completion "$shell"
        assert_status 0
        gendoc completion "$shell" | cmp - "$WORK/stdout" || fail "another script for $shell"
    done
}

test_completion_is_well_formed() {
    require_completion
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

# assert_completions "EXPECTED " WORD...
assert_completions() {
    local expected=$1 offered
    shift
    offered=$(complete_in_bash "$@")
    [ "$offered" = "$expected" ] || fail "'$*': bash offers '$offered', expected '$expected'"
}

test_completion_in_bash() {
    require_completion
    assert_completions "generate " patina gen
    assert_completions "--completion --help --version " patina --
    assert_completions "$(commands | LC_ALL=C sort | tr '\n' ' ')" patina help ''
    assert_completions "bash fish zsh " patina --completion ''
    assert_completions "jsonl parquet " patina generate --format ''
    assert_completions "parquet " patina generate --format p
    assert_completions "parquet " patina generate --format = p
    assert_completions "jsonl parquet " patina generate --format =
    assert_completions "--corpora --corpus --corpus-kind " patina generate --corp
    assert_completions "<dirnames> " patina generate --out = x
    assert_completions "<dirnames> " patina generate -o ''
    assert_completions "<default> " patina generate --suite ''
    assert_completions "" patina generate --seed ''
    assert_completions "" patina generate --time-limit ''
    assert_completions "" patina generate --split ''
    assert_completions "<dirnames> " patina verify ''
    assert_completions "<default> " patina embed --text a --audio ''
    assert_completions "<default> " patina measure ''
    assert_completions "--frames " patina measure a.wav --f
    assert_completions "info " patina model inf
    assert_completions "<default> " patina model info ''
    assert_completions "" patina nothing ''
    # All options in the help are offered.
    local command
    commands >names
    while read -r command; do
        assert_completions "$(options_of "$command" | sed 's/^/--/' | LC_ALL=C sort | tr '\n' ' ')" \
            patina "$command" --
    done <names
}

# The same in interactive shells.
test_completion_while_typing_bash() {
    require_completion
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
    require_completion
    require_tool zsh
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
    require_completion
    require_tool fish
    "$PATINA" --completion fish >script
    mkdir folder
    touch file.json
    require_fish 'patina gen' "generate "
    require_fish 'patina generate --format ' "jsonl parquet "
    require_fish 'patina generate --format=p' "--format=parquet "
    require_fish 'patina generate --corp' "--corpora --corpus --corpus-kind "
    require_fish 'patina verify f' "folder/ "
    require_fish 'patina generate --out f' "folder/ "
    require_fish 'patina generate --suite f' "file.json folder/ "
    require_fish 'patina generate --seed f' ""
    require_fish 'patina model inf' "info "
}
