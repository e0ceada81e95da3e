# SPDX-License-Identifier: MIT
"""How patina.generate runs the program.

As a process of its own and not through the library: an interrupt ends it cleanly, its memory goes
back when it ends, a fault in it cannot take the interpreter along, and its options are those of the
command without a second list of them.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Iterator, List, Mapping, Sequence, Union

from _patina_program import PROGRAM
from patina._native import Error

StrPath = Union[str, "os.PathLike[str]"]


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


def _open_channel() -> tuple[int, int]:
    """Where the program's standard error goes. On a terminal it tells of its progress five times a
    second, elsewhere twice a minute; so it gets a terminal where there is one to be had."""
    try:
        return os.openpty()
    except OSError:
        return os.pipe()


def _lines(channel: int) -> Iterator[str]:
    """Lines of text, or of a terminal on which they are rewritten in place."""
    rest = b""
    while True:
        try:
            block = os.read(channel, 65536)
        except OSError:  # how a terminal ends
            block = b""
        *whole, rest = re.split(rb"[\r\n]+", rest + block)
        for line in whole if block else [*whole, rest]:
            text = line.replace(b"\033[K", b"").decode("utf-8", "replace").strip()
            if text:
                yield text
        if not block:
            return


def _show(line: str) -> None:
    """The newest line in place of the one before it; what is no progress stays."""
    stays = not re.match(r"\d+ (of \d+ )?entries", line)
    print("\r\033[K" + line, end="\n" if stays else "", file=sys.stderr, flush=True)


def _end(process: subprocess.Popen[str]) -> None:
    """Asks the program to end, which takes its unfinished files away; twice, and it ends at once."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


def run(words: Sequence[str], tell: Callable[[str], None]) -> None:
    """Runs the program to its end; raises Error with its sentence if it fails."""
    reader, writer = _open_channel()
    sentences: List[str] = []
    child = [sys.executable, "-I", "-S", str(Path(__file__).with_name("_child.py")),
             str(os.getpid())]
    try:
        # In a session of its own, so that an interrupt reaches it once: from here.
        process = subprocess.Popen([*child, PROGRAM, *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=writer, text=True,
                                   start_new_session=True)
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    try:
        for line in _lines(reader):
            if line.startswith("patina: "):
                sentences.append(line[len("patina: "):])
            elif not line.startswith("try 'patina"):
                tell(line)
        status = process.wait()
    except BaseException:
        _end(process)
        raise
    finally:
        os.close(reader)
    if status == 0:
        return
    told = f"the program was ended by signal {-status}" if status < 0 else f"status {status}"
    raise Error(sentences[-1] if sentences else told, "usage" if status == 2 else "failed")


def run_generate(options: Mapping[str, Any], progress: Any) -> dict[str, Any]:
    words = ["generate", *command_line(options)]
    if progress is False:
        run([*words, "--quiet"], lambda line: None)
    elif progress is True:
        try:
            run(words, _show)
        finally:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
    else:
        run(words, progress)
    facts = Path(os.fsdecode(options["out"])) / "dataset.json"
    made: dict[str, Any] = json.loads(facts.read_text("utf-8")) if facts.exists() else {}
    return made
