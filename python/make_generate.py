#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes patina/_generate.py: make_generate.py OPTIONS.json

OPTIONS.json is the output of `patina --options-json`. Every option of the generate command becomes a
typed keyword argument with its help text.
"""

import json
import keyword
import sys
import textwrap

EXCLUDED_OPTIONS = ("progress", "dry-run")  # another type of argument; prints instead of writing

OPTION_TYPES = {"suite": "StrPath | Mapping[str, Any]", "split": "StrPath | Mapping[str, float]",
                "corpus": "StrPath | Mapping[str, Any] | Sequence[StrPath | Mapping[str, Any]]"}
PYTHON_TYPES = {"text": "str", "file": "StrPath", "dir": "StrPath", "number": "int", "duration": "str | int",
                "size": "str | int"}

MODULE_HEADER = '''\
# SPDX-License-Identifier: MIT
"""patina.generate; built from the option table of patina {version}; do not edit."""

from __future__ import annotations

from typing import Any, Literal, Mapping, Sequence

from patina._subprocess import Progress, StrPath, run_generate
'''


def wrap(text, indent):
    return textwrap.fill(text, 98, initial_indent=indent, subsequent_indent=indent,
                         break_on_hyphens=False)


def argument_name(option):
    name = option["name"].replace("-", "_")
    return name + "_" if keyword.iskeyword(name) else name


def type_of(option):
    if option["name"] in OPTION_TYPES:
        return OPTION_TYPES[option["name"]]
    if option["kind"] == "flag":
        return "bool"
    if option["kind"] == "choice":
        kind = "Literal[" + ", ".join(f'"{choice}"' for choice in option["choices"]) + "]"
    else:
        kind = PYTHON_TYPES[option["kind"]]
    return f"Sequence[{kind}]" if option["repeatable"] else kind


def parameter(option):
    name, kind = argument_name(option), type_of(option)
    if option["required"]:
        return f"    {name}: {kind},\n"
    if option["kind"] == "flag":
        return f"    {name}: {kind} = False,\n"
    return f"    {name}: {kind} | None = None,\n"


def argument_doc(option):
    text = option["help"] + (f" (default {option['default']})" if option["default"] else "")
    return f"        {argument_name(option)}:\n" + wrap(text, " " * 12) + "\n"


def escape_docstring(text):
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def render_module(tables):
    command = next(item for item in tables["commands"] if item["name"] == "generate")
    options = [option for option in command["options"]
               if not option["exclusive"] and not option["common"]
               and option["name"] not in EXCLUDED_OPTIONS]
    required = [option for option in options if option["required"]]
    options = required + [option for option in options if not option["required"]]
    paragraphs = "\n\n".join(wrap(part, "    ") for part in command["description"].split("\n\n"))
    text = MODULE_HEADER.format(version=tables["version"])
    text += "\n\ndef generate(\n    *,\n" + "".join(map(parameter, options))
    text += "    progress: Progress = True,\n    dry_run: bool = False,\n) -> dict[str, Any] | None:\n"
    text += f'    """{escape_docstring(command["summary"])}\n\n{escape_docstring(paragraphs)}\n\n'
    text += ("    Runs the program `patina generate` and returns the content of OUT/dataset.json, or None\n"
             "    if time_limit or shard left the set unfinished. An interrupt ends the run as Ctrl-C does\n"
             "    in a shell; the same call continues after the last finished chunk. `suite` and `split`\n"
             "    may be a dict, JSON or a path, `corpus` a list of corpora: texts, or dicts such as\n"
             "    {'corpus': 'train.csv', 'audio_root': 'clips', 'prefix': 'ac', 'weight': 0.5}.\n\n")
    text += "    Args:\n" + escape_docstring("".join(map(argument_doc, options)))
    text += ("        progress:\n"
             "            True shows a bar of tqdm (or a line, without tqdm) in terminals and notebooks\n"
             "            and dated lines in logs, on sys.stderr; False nothing; a function is called\n"
             "            with a dict about once a second, and for every note and reject: its `event`\n"
             "            is 'progress', 'note' or 'reject'\n"
             "        dry_run:\n"
             "            write nothing; return a dict with the entries, rows, chunks and bytes of the set\n"
             "            and, from a measurement of 20 s, rows_per_s and seconds (None: unknown); with\n"
             "            time_limit also the number of runs\n\n"
             "    Raises:\n        Error: with the message of the program\n" + '    """\n')
    text += "    return run_generate({\n"
    text += "".join(f'        "{option["name"]}": {argument_name(option)},\n' for option in options)
    return text + "    }, progress, dry_run)\n"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        sys.stdout.write(render_module(json.load(source)))
