# SPDX-License-Identifier: MIT
"""How patina.generate runs the program.

As a process of its own and not through the library: an interrupt ends it cleanly, its memory goes
back when it ends, a fault in it cannot take the interpreter along, and its options are those of the
command without a second list of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, List, Mapping, Sequence, Union

from _patina_cli import PROGRAM
from patina._native import Error

StrPath = Union[str, "os.PathLike[str]"]
Event = Mapping[str, Any]
Progress = Union[bool, Callable[[Event], None]]

_EXIT_RESUMABLE = 75  # PT_CLI_EXIT_TEMPFAIL: stopped, and the same command goes on
_REJECTS_SHOWN = 20


def command_line(options: Mapping[str, Any]) -> List[str]:
    """--name=value for all that is given; so that no value is taken for an option."""
    words = []
    for name, value in options.items():
        if value is None or value is False:
            continue
        if value is True:
            words.append(f"--{name}")
            continue
        several = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
        for item in value if several else [value]:
            words.append(f"--{name}={os.fsdecode(item) if isinstance(item, os.PathLike) else item}")
    return words


class _ProgressLine:
    """The newest progress in place of the one before it; notes and rejects stay."""

    def __init__(self) -> None:
        self._n_rejects = 0

    def __call__(self, event: Event) -> None:
        if event["event"] == "progress":
            self._print(self._progress_text(event), end="")
        elif event["event"] == "note":
            self._print("note: " + event["text"])
        elif self._n_rejects <= _REJECTS_SHOWN:
            who = "" if event["entry"] is None else f"entry '{event['entry']}': "
            more = self._n_rejects == _REJECTS_SHOWN
            self._print("reject: " + ("more follow: all stand in rejects.jsonl" if more
                                      else who + event["text"]))
            self._n_rejects += 1

    def _progress_text(self, event: Event) -> str:
        text = (f"{event['entries']} of {event['entries_total']} entries, {event['rows']} rows, "
                f"{event['rejects']} rejects")
        if "rows_per_s" in event:
            text += f", {event['rows_per_s']:.1f} rows/s, {event['seconds_left'] / 60:.0f} min left"
        return text

    def _print(self, text: str, end: str = "\n") -> None:
        print("\r\033[K" + text, end=end, file=sys.stderr, flush=True)

    def close(self) -> None:
        self._print("", end="")


def _terminate(process: subprocess.Popen[str]) -> None:
    """Asks the program to end, which finishes or removes what it has begun; twice, and it ends at
    once. Not by SIGINT, which a shell's background jobs ignore. Nobody reads what it says
    meanwhile, and a full pipe would hold it up."""
    assert process.stderr
    process.stderr.close()
    process.terminate()
    try:
        process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def run(words: Sequence[str], on_event: Callable[[Event], None], statuses: Sequence[int]) -> int:
    """Runs the program to its end; its status, or Error with its sentence for any other than those
    expected."""
    launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("_pdeathsig_exec.py")),
             str(os.getpid())]
    # In a session of its own, so that an interrupt reaches it once: from here.
    process = subprocess.Popen([*launcher, PROGRAM, *words], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               encoding="utf-8", errors="replace", start_new_session=True)
    assert process.stderr
    sentence = ""
    try:
        for line in process.stderr:
            if line.startswith("{"):
                on_event(json.loads(line))
            elif line.startswith("patina: "):
                sentence = line[len("patina: "):].rstrip("\n")
        status = process.wait()
    except BaseException:
        _terminate(process)
        raise
    finally:
        process.stderr.close()
    if status in statuses:
        return status
    ended = f"the program was ended by signal {-status}" if status < 0 else (
        f"the program ended with status {status}")
    raise Error(sentence or ended, "usage" if status == 2 else "failed")


def run_generate(options: Mapping[str, Any], progress: Progress) -> dict[str, Any] | None:
    words = ["generate", *command_line(options)]
    # What the caller has limited may end by that limit; otherwise somebody else has stopped it.
    statuses = [0] if options.get("time-limit") is None else [0, _EXIT_RESUMABLE]
    if progress is False:
        status = run([*words, "--quiet"], lambda event: None, statuses)
    elif progress is True:
        line = _ProgressLine()
        try:
            status = run([*words, "--progress=json"], line, statuses)
        finally:
            line.close()
    else:
        status = run([*words, "--progress=json"], progress, statuses)
    facts = Path(os.fsdecode(options["out"])) / "dataset.json"
    if status != 0 or not facts.exists():
        return None
    dataset: dict[str, Any] = json.loads(facts.read_text("utf-8"))
    return dataset
