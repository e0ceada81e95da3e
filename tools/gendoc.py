#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds manual pages and shell completion from the option tables of the command.

    gendoc.py man OPTIONS.json [COMMAND]        manual page (roff, man macros) of a command
    gendoc.py completion OPTIONS.json SHELL     completion script for bash, zsh or fish
    gendoc.py embed [OPTIONS.json]              all completion scripts as a C source file

OPTIONS.json is the output of `patina --options-json`. Without it, `embed` writes an empty list.
"""

import json
import re
import sys

# ---- manual pages: man(7) of groff; names as in git: patina-generate(1) -------------------------

ROFF = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}


def roff(text):
    """Literal text: the characters that roff changes are replaced by their names."""
    return ("\\&" if text.startswith(".") else "") + "".join(ROFF.get(c, c) for c in text)


def paragraphs(text):
    """One line end breaks the line, two begin a paragraph."""
    blocks = [".br\n".join(roff(line) + "\n" for line in block.split("\n"))
              for block in text.split("\n\n")]
    return ".PP\n".join(blocks)


def title(version, name, summary):
    page = "patina" + (f"-{name}" if name else "")
    return (f".\\\" built from the option tables of patina {version}\n"
            f'.TH {roff(page.upper())} 1 "" "patina {version}" "User Commands"\n'
            f".SH NAME\n{roff(page)} \\- {roff(summary)}\n")


def option_item(option):
    names = (f"\\fB\\-{option['letter']}\\fR, " if option["letter"] else "") + \
        f"\\fB{roff('--' + option['name'])}\\fR"
    text = option["help"]
    if option["choices"] and option["argument"]:  # a long list does not fit on a line
        text += ": " + ", ".join(option["choices"])
    elif option["choices"]:
        names += " " + "|".join(f"\\fI{roff(choice)}\\fR" for choice in option["choices"])
    if option["argument"]:
        names += f" \\fI{roff(option['argument'])}\\fR"
    text += f" (default {option['default']})" if option["default"] else ""
    text += " (required)" if option["required"] else ""
    text += " (may be given more than once)" if option["repeatable"] else ""
    return f".TP\n{names}\n{roff(text)}\n"


def epilog_sections(text):
    """A line "word:" begins a section; the lines below it are printed as they are, unindented."""
    result, heading = "", None
    for line in text.splitlines():
        match = re.fullmatch("([a-z]+):", line)
        if match or (line and heading is None):
            result += ".fi\n" if heading else ""
            heading = match.group(1) if match else "notes"
            result += '.SH "EXIT STATUS"\n' if heading == "status" else f".SH {heading.upper()}\n"
            result += ".nf\n"
        if line and not match:
            result += roff(line.removeprefix("  ")) + "\n"
    return result + (".fi\n" if heading else "")


def see_also(pages):
    return '.SH "SEE ALSO"\n' + ",\n".join(f".BR {roff(page)} (1)" for page in pages) + "\n"


def command_page(tables, command):
    synopsis = ""
    for line in map(str.strip, command["usage"].splitlines()):
        is_first = not synopsis or line.split()[0] in command["words"]
        synopsis += (".br\n" if synopsis and is_first else "") + \
            (f".B patina {roff(command['name'])}\n" if is_first else "") + roff(line) + "\n"
    others = [f"patina-{c['name']}" for c in tables["commands"] if c is not command]
    return (title(tables["version"], command["name"], command["summary"])
            + ".SH SYNOPSIS\n" + synopsis
            + ".SH DESCRIPTION\n" + paragraphs(command["description"])
            + ".SH OPTIONS\n" + "".join(map(option_item, command["options"]))
            + epilog_sections(command["epilog"] or "") + see_also(["patina"] + others))


def program_page(tables):
    names = [f"patina-{c['name']}" for c in tables["commands"]]
    items = "".join(f".TP\n.BR {roff(name)} (1)\n{roff(c['summary'])}\n"
                    for name, c in zip(names, tables["commands"]))
    return (title(tables["version"], None, "training data from captioned audio")
            + ".SH SYNOPSIS\n.B patina\n\\fICOMMAND\\fR [\\fIarguments\\fR]\n"
            + ".SH DESCRIPTION\n" + paragraphs(tables["introduction"])
            + ".SH COMMANDS\n" + items
            + ".SH OPTIONS\n"
            ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR [\\fICOMMAND\\fR]\n"
            "print the help of the program or of a command\n"
            ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nprint the version\n"
            ".TP\n\\fB\\-\\-completion\\fR \\fIbash\\fR|\\fIzsh\\fR|\\fIfish\\fR\n"
            "print the completion script for that shell\n"
            '.SH "EXIT STATUS"\n.nf\n0   success\n1   failure\n2   invalid command line\n'
            "75  stopped before the end; the same command resumes\n.fi\n" + see_also(names))


# ---- completion --------------------------------------------------------------------------------

SHELLS = ("bash", "zsh", "fish")


def quote(text, escape, special=""):
    """The inside of a word in single quotes; each character of special gets a backslash."""
    text = text.replace("\n", " ")
    for character in "\\" + special:
        text = text.replace(character, "\\" + character)
    return text.replace("'", escape)


def brief(text):
    """A help text up to its first clause."""
    return re.split("[;:(]", text)[0].rstrip()


def names_of(tables):
    return [command["name"] for command in tables["commands"]]


def spellings(option):
    return (["-" + option["letter"]] if option["letter"] else []) + ["--" + option["name"]]


def bash_command(command):
    options = command["options"]
    names = " ".join("--" + option["name"] for option in options)
    operand = {None: " value=none", "dir": " found=dirnames", "file": ""}[command["operand"]]
    text = (f"    {command['name']})\n        options='{names}' "
            f"first='{' '.join(command['words'])}'{operand}\n        case $before in\n")
    for option in options:
        if option["kind"] == "choice":
            text += (f"        {' | '.join(spellings(option))}) value=words "
                     f"words='{' '.join(option['choices'])}' ;;\n")
    for kinds, action in ((("dir",), "value='folder'"), (("file",), "value='file'"),
                          (("text", "number", "duration", "size"), "return")):
        pattern = [s for option in options if option["kind"] in kinds for s in spellings(option)]
        if pattern:
            text += f"        {' | '.join(pattern)}) {action} ;;\n"
    return text + "        esac\n        ;;\n"


def bash(tables):
    names = " ".join(names_of(tables))
    return f"""\
# bash completion of patina {tables['version']}, built from its option tables
_patina() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
    local options='' first='' value=operand words='' found=default
    COMPREPLY=()
    # bash splits words at '=' too: --format=parq is three of them
    if [[ $current == '=' ]]; then
        current=''
    elif [[ $before == '=' ]] && ((COMP_CWORD >= 2)); then
        before=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W '{names} help --help --version --completion' -- "$current")
        return
    fi
    case ${{COMP_WORDS[1]}} in
    --completion) value=words words='{' '.join(SHELLS)}' ;;
    help | --help) value=words words='{names}' ;;
{''.join(map(bash_command, tables['commands']))}    *) return ;;
    esac
    if [[ $value == operand && $first && $COMP_CWORD == 2 && $current != -* ]]; then
        value=words words=$first
    elif [[ $value == none || ($value == operand && $current == -*) ]]; then
        value=words words=$options
    fi
    case $value in
    words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
    folder) compopt -o dirnames ;;
    file) compopt -o default ;;
    operand) compopt -o "$found" ;;
    esac
}}
complete -F _patina patina
"""


def zsh_option(option):
    help_text = quote(brief(option["help"]), "'\\''", "[]:")
    value = ""
    if option["kind"] != "flag":
        action = {"choice": f"({' '.join(option['choices'])})", "dir": "_files -/",
                  "file": "_files"}.get(option["kind"], "")
        value = f":{option['argument'] or option['name']}:{action}"
    star = "*" if option["repeatable"] else ""
    result = []
    for spelling in spellings(option):
        equals = "" if option["kind"] == "flag" else "=" if spelling.startswith("--") else "+"
        result.append(f"'{star}{spelling}{equals}[{help_text}]{value}'")
    return result


def zsh_command(command):
    words = [word for option in command["options"] for word in zsh_option(option)]
    if command["words"]:
        words.append(f"'1:action:({' '.join(command['words'])})'")
    if command["operand"]:
        words.append(f"'*:file:_files{' -/' if command['operand'] == 'dir' else ''}'")
    return (f"    {command['name']})\n        _arguments"
            + "".join(f" \\\n            {word}" for word in words) + "\n        ;;\n")


def zsh(tables):
    commands = "".join(f"        '{c['name']}:{quote(c['summary'], chr(39) + chr(92) + chr(39) * 2, ':')}'\n"
                       for c in tables["commands"])
    return f"""\
#compdef patina
# zsh completion of patina {tables['version']}, built from its option tables
_patina() {{
    local -a commands=(
{commands}        'help:print the help of a command'
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        compadd -- --help --version --completion
        return
    fi
    local name=$words[2]
    shift words
    (( CURRENT-- ))
    case $name in
    --completion) compadd {' '.join(SHELLS)} ;;
    help | --help) _describe command commands ;;
{''.join(map(zsh_command, tables['commands']))}    esac
}}
# In $fpath this file is the body of the function; when sourced, it registers the function.
if [[ $funcstack[1] == _patina ]]; then
    _patina "$@"
else
    compdef _patina patina
fi
"""


def fish_line(command, rest):
    return f"complete -c patina -n '__patina_command {command['name']}'{rest}\n"


def fish_command(command):
    text = ""
    for option in command["options"]:
        value = {"flag": "", "choice": f" -x -a '{' '.join(option['choices'])}'",
                 "dir": " -x -a '(__fish_complete_directories)'",
                 "file": " -r -F"}.get(option["kind"], " -x")
        letter = f" -s {option['letter']}" if option["letter"] else ""
        text += fish_line(command, f"{letter} -l {option['name']}{value}"
                                   f" -d '{quote(brief(option['help']), chr(92) + chr(39))}'")
    if command["words"]:
        text += fish_line(command, f" -a '{' '.join(command['words'])}'")
    if command["operand"] == "dir":
        text += fish_line(command, " -f -a '(__fish_complete_directories)'")
    elif command["operand"] is None:
        text += fish_line(command, " -f")
    return text


def fish(tables):
    summaries = "".join(f"complete -c patina -n __patina_no_command -f -a {c['name']} "
                        f"-d '{quote(c['summary'], chr(92) + chr(39))}'\n"
                        for c in tables["commands"])
    return f"""\
# fish completion of patina {tables['version']}, built from its option tables
function __patina_command
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv[1]
end
function __patina_no_command
    test (count (commandline -opc)) -eq 1
end
{summaries}complete -c patina -n __patina_no_command -f -a help -d 'print the help of a command'
complete -c patina -n __patina_no_command -s h -l help -d 'print help'
complete -c patina -n __patina_no_command -s V -l version -d 'print the version'
complete -c patina -n __patina_no_command -l completion -x -a '{' '.join(SHELLS)}' \
-d 'print the completion script for a shell'
complete -c patina -n '__patina_command help' -f -a '{' '.join(names_of(tables))}'
{''.join(map(fish_command, tables['commands']))}"""


def completion(tables, shell):
    return {"bash": bash, "zsh": zsh, "fish": fish}[shell](tables)


# ---- C -----------------------------------------------------------------------------------------

def embed(tables):
    text = ("/* SPDX-License-Identifier: MIT */\n/* built by tools/gendoc.py */\n\n"
            '#include "completion_text.h"\n\n')
    items = ""
    for shell in SHELLS if tables else ():
        data = completion(tables, shell).encode()
        lines = [", ".join(map(str, data[i:i + 20])) for i in range(0, len(data), 20)]
        text += f"static const unsigned char {shell}[] = {{\n    " + ",\n    ".join(lines) + "};\n\n"
        items += f'    {{"{shell}", {shell}, sizeof {shell}}},\n'
    return text + f"const pt_cli_completion pt_cli_completions[] = {{\n{items}    {{0}},\n}};\n"


def main(action, path=None, name=None):
    tables = None
    if path:
        with open(path, encoding="utf-8") as file:
            tables = json.load(file)
    if action == "embed":
        return embed(tables)
    if action == "completion":
        return completion(tables, name)
    if name is None:
        return program_page(tables)
    return command_page(tables, next(c for c in tables["commands"] if c["name"] == name))


if __name__ == "__main__":
    sys.stdout.write(main(*sys.argv[1:]))
