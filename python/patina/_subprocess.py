# SPDX-License-Identifier: MIT
"""Runs the program for patina.generate and the other commands.

A child process and not the library: an interrupt ends it cleanly, its memory is returned when it ends, a
fault does not end the interpreter, and its option table is not duplicated.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Callable, List, Mapping, Sequence, Union

import numpy as np

from _patina_cli import PROGRAM, certificates
from patina._inputs import JsonInput, json_text, to_json
from patina._native import Error

StrPath = Union[str, "os.PathLike[str]"]
Event = Mapping[str, Any]
Progress = Union[bool, Callable[[Event], None]]

_EXIT_RESUMABLE = 75  # PT_CLI_EXIT_TEMPFAIL
_REJECTS_SHOWN = 20
_LOG_INTERVAL_S = 60.0


def option_words(options: Mapping[str, Any]) -> List[str]:
    """--name=value for each given option, so that no value is parsed as an option."""
    words = []
    for name, value in options.items():
        if value is None or value is False:
            continue
        if value is True:
            words.append(f"--{name}")
            continue
        several = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
        for item in value if several else [value]:
            words.append(f"--{name}={os.fsdecode(item) if isinstance(item, (os.PathLike, bytes)) else item}")
    return words


# -- progress

class _ProgressPrinter:
    """Prints events to sys.stderr; subclasses decide how progress is shown."""

    def __init__(self) -> None:
        self._n_rejects = 0

    def __call__(self, event: Event) -> None:
        if event["event"] == "progress":
            self.show(event)
        elif event["event"] == "note":
            self.print("note: " + event["text"])
        elif self._n_rejects <= _REJECTS_SHOWN:
            entry = "" if event["entry"] is None else f"entry '{event['entry']}': "
            more = self._n_rejects == _REJECTS_SHOWN
            self.print("reject: " + ("further rejects are not shown; see rejects.jsonl" if more
                                     else entry + event["text"]))
            self._n_rejects += 1

    @staticmethod
    def text(event: Event) -> str:
        text = (f"{event['entries']} of {event['entries_total']} entries, {event['rows']} rows, "
                f"{event['rejects']} rejects")
        if "rows_per_s" in event:
            text += f", {event['rows_per_s']:.1f} rows/s, {event['seconds_left'] / 60:.0f} min left"
        return text

    def show(self, event: Event) -> None:
        raise NotImplementedError

    def print(self, text: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


class _ProgressLine(_ProgressPrinter):
    """A line on a terminal that is replaced by the next one; notes and rejects stay."""

    def _write(self, text: str, end: str) -> None:
        print("\r\033[K" + text, end=end, file=sys.stderr, flush=True)

    def show(self, event: Event) -> None:
        self._write(self.text(event), "")

    def print(self, text: str) -> None:
        self._write(text, "\n")

    def close(self) -> None:
        self._write("", "")


class _ProgressLog(_ProgressPrinter):
    """Dated lines for a log, progress once a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    def show(self, event: Event) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LOG_INTERVAL_S
            self.print(self.text(event))

    def print(self, text: str) -> None:
        print(time.strftime("%Y-%m-%dT%H:%M:%SZ ", time.gmtime()) + text, file=sys.stderr, flush=True)


class _ProgressBar(_ProgressPrinter):
    """A bar of tqdm, in terminals and notebooks."""

    def __init__(self, tqdm: Any) -> None:
        super().__init__()
        self._tqdm = tqdm
        self._bar: Any = None

    def show(self, event: Event) -> None:
        if self._bar is None:
            self._bar = self._tqdm(total=event["entries_total"], unit="entry", file=sys.stderr)
        self._bar.set_postfix(rows=event["rows"], rejects=event["rejects"], refresh=False)
        self._bar.update(event["entries"] - self._bar.n)

    def print(self, text: str) -> None:
        self._tqdm.write(text, file=sys.stderr)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _default_progress() -> _ProgressPrinter:
    in_notebook = "ipykernel" in sys.modules
    if not in_notebook and not sys.stderr.isatty():
        return _ProgressLog()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without ipywidgets tqdm falls back to text
            from tqdm.auto import tqdm
    except ImportError:
        return _ProgressLine()
    return _ProgressBar(tqdm)


# -- processes

def _start(words: Sequence[str], environment: Mapping[str, str] | None = None, stdout: int = subprocess.DEVNULL
           ) -> subprocess.Popen[str]:
    """Starts the program in its own session, so that only `_terminate` interrupts it. It ends with the
    interpreter."""
    launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("_pdeathsig_exec.py")),
                str(os.getpid())]
    return subprocess.Popen([*launcher, PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=stdout,
                            stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
                            start_new_session=True, env={**certificates(), **os.environ, **(environment or {})})


def _terminate(process: subprocess.Popen[str]) -> None:
    """Ends the program by SIGTERM, upon which it completes or removes files in progress; a second SIGTERM
    ends it immediately. Not by SIGINT, which background jobs of a shell ignore. Standard error is closed,
    because the program would block on a full pipe."""
    assert process.stderr
    process.stderr.close()
    process.terminate()
    try:
        process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _error(status: int, sentence: str) -> Error:
    ended = (f"the program was ended by signal {-status}" if status < 0 else
             f"the program ended with status {status}")
    return Error(sentence or ended, "usage" if status == 2 else "failed")


def run_program(words: Sequence[str], on_event: Callable[[Event], None], statuses: Sequence[int]) -> int:
    """Runs the program with --progress=json and returns its status. Raises Error with its message for a
    status that is not in statuses."""
    process = _start(words)
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
    raise _error(status, sentence)


def capture_output(words: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Runs the program and returns its standard output. Raises Error with all of its messages."""
    process = _start(words, environment, subprocess.PIPE)
    try:
        output, messages = process.communicate()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.returncode != 0:
        lines = [line[len("patina: "):] for line in messages.splitlines() if line.startswith("patina: ")]
        raise _error(process.returncode, "\n".join(lines))
    return output


def find_model(model: StrPath) -> StrPath:
    """The path of a model that is given by path, or by a name of the Hugging Face hub, which is searched in
    the cache."""
    name = os.fsdecode(model)
    if isinstance(model, os.PathLike) or os.path.exists(name) or name.count("/") != 1 or name[0] in "./~":
        return model
    try:
        return capture_output(["model", "fetch", "--quiet", name], {"HF_HUB_OFFLINE": "1"}).strip()
    except Error as error:
        if "HF_HUB_OFFLINE" not in str(error):
            raise
        raise Error(f"model '{name}' is not a folder, and not in the Hugging Face cache: patina.fetch('{name}') "
                    "downloads it", error.reason) from None


# -- generate

def write_config(suite: JsonInput | None, folder: str) -> str | None:
    """The path of a file in the folder with a degradation configuration."""
    if suite is None:
        return None
    path = os.path.join(folder, "suite.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json_text("suite", suite))
    return path


def _split_option(split: Any) -> Any:
    """The option --split of shares that are given as a dict, as JSON, as a path, or as the option."""
    if split is None or isinstance(split, str) and not split.lstrip().startswith("{") and not os.path.isfile(split):
        return split
    try:
        shares = json.loads(json_text("split", split))
        return ",".join(f"{name}={share}" for name, share in shares.items())
    except (ValueError, AttributeError):
        raise Error(f"split: '{split}' is not a JSON object of names and shares", "format") from None


def _write_corpora(options: dict[str, Any], folder: str) -> None:
    """Replaces corpora of which one is a dict by a file of corpora."""
    corpus = options.get("corpus")
    corpora = [corpus] if isinstance(corpus, Mapping) else corpus
    if not isinstance(corpora, Sequence) or isinstance(corpora, (str, bytes)):
        return
    if not corpora:
        raise ValueError("corpus: the list is empty")
    if not any(isinstance(item, Mapping) for item in corpora):
        return
    specs = [dict(item) if isinstance(item, Mapping) else {"corpus": item} for item in corpora]
    path = os.path.join(folder, "corpora.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(to_json(specs))
    options["corpus"], options["corpora"] = None, path


def run_generate(options: Mapping[str, Any], progress: Progress, dry_run: bool) -> dict[str, Any] | None:
    if not callable(progress) and not isinstance(progress, (bool, type(None), np.bool_)):
        raise TypeError(f"progress must be True, False or a function, not {type(progress).__name__}")
    options = dict(options)
    options["split"] = _split_option(options.get("split"))
    # A run with a time limit may end by it; any other run that stops early was stopped from outside.
    statuses = [0] if options.get("time-limit") is None else [0, _EXIT_RESUMABLE]
    with tempfile.TemporaryDirectory(prefix="patina-") as folder:
        options["suite"] = write_config(options.get("suite"), folder)
        _write_corpora(options, folder)
        words = ["generate", *option_words(options)]
        if dry_run:
            estimate: dict[str, Any] = json.loads(capture_output([*words, "--dry-run", "--progress=json"]))
            return estimate
        if callable(progress):
            status = run_program([*words, "--progress=json"], progress, statuses)
        elif progress:
            printer = _default_progress()
            try:
                status = run_program([*words, "--progress=json"], printer, statuses)
            finally:
                printer.close()
        else:
            status = run_program([*words, "--quiet"], lambda event: None, statuses)
    metadata_path = Path(os.fsdecode(options["out"])) / "dataset.json"
    if status != 0 or not metadata_path.exists():
        return None
    dataset: dict[str, Any] = json.loads(metadata_path.read_text("utf-8"))
    return dataset
