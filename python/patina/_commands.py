# SPDX-License-Identifier: MIT
"""The commands of the program other than generate."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any, Iterable, List, Literal, Sequence

from patina._inputs import JsonInput
from patina._subprocess import StrPath, capture_output, option_words, write_config


def inspect(out: StrPath, *, row: int | None = None, report: StrPath | None = None,
            audio_root: StrPath | None = None, corpus: StrPath | None = None,
            samples: Sequence[int] | None = None) -> dict[str, Any]:
    """Returns the statistics of a finished data set, or one row with its provenance, as
    `patina inspect --json` prints them (docs/INSPECT.md).

    Args:
        out: the folder that generate wrote
        row: number of a row, from 0
        report: write an HTML page with charts and audio to this path
        audio_root: folder of the recordings, for the report
        corpus: the corpus, for the report
        samples: rows that the report shows with audio, at most 12

    Raises:
        Error: not a finished data set
    """
    if report is not None:
        capture_output(["inspect", *option_words({
            "report": report, "audio-root": audio_root, "corpus": corpus,
            "samples": None if samples is None else ",".join(map(str, samples))}),
                        "--", os.fsdecode(out)])
    result: dict[str, Any] = json.loads(capture_output(
        ["inspect", "--json", *option_words({"row": row}), "--", os.fsdecode(out)]))
    return result


def verify(out: StrPath) -> None:
    """Reads a data set again and checks every file, row and hash, as `patina verify` does.

    Raises:
        Error: with one line for each fault
    """
    capture_output(["verify", "--quiet", "--", os.fsdecode(out)])


def finish(out: StrPath) -> dict[str, Any]:
    """Finishes the data set of a run with shards, and returns the content of its dataset.json.

    Raises:
        Error: chunks are missing
    """
    capture_output(["finish", "--quiet", "--", os.fsdecode(out)])
    dataset: dict[str, Any] = json.loads((Path(os.fsdecode(out)) / "dataset.json").read_text("utf-8"))
    return dataset


def merge(sets: Iterable[StrPath], out: StrPath) -> dict[str, Any]:
    """Merges several finished data sets with equal settings and model into one, and returns the content of
    its dataset.json.

    Args:
        sets: folders of finished data sets, in the order of their rows
        out: a new or empty folder

    Raises:
        Error: the sets differ in a setting, which is named, an entry is in two of them, or a file is damaged
    """
    if isinstance(sets, (str, bytes, os.PathLike)):
        raise TypeError("sets must be a list of folders, not one folder")
    capture_output(["merge", "--quiet", *option_words({"out": out}), "--", *map(os.fsdecode, sets)])
    dataset: dict[str, Any] = json.loads((Path(os.fsdecode(out)) / "dataset.json").read_text("utf-8"))
    return dataset


def effects(suite: JsonInput | None = None) -> List[dict[str, Any]]:
    """Returns the effects with their parameters, ranges and values at each severity, as
    `patina effects --json` prints them.

    Args:
        suite: degradation configuration, as a dict, as JSON, or as the path of a file
    """
    with tempfile.TemporaryDirectory(prefix="patina-") as folder:
        listed: List[dict[str, Any]] = json.loads(capture_output(
            ["effects", "--json", *option_words({"suite": write_config(suite, folder)})]))
    return listed


def fetch(name: str | None = None, *, kind: Literal["model", "dataset"] = "model", pattern: str | None = None,
          revision: str | None = None, retries: int | None = None) -> str:
    """Downloads a model or a data set from the Hugging Face hub into the cache of huggingface_hub, and returns its
    folder. `generate(corpus="hf://datasets/OWNER/NAME")` reads the data set.

    Args:
        name: name on the hub (default: the model laion/clap-htsat-unfused)
        kind: "model" or "dataset"
        pattern: of a data set, only the files whose path matches, such as "data/train-*"
        revision: branch, tag or commit
        retries: consecutive retries after a network error

    Raises:
        Error: with the reason
    """
    options = option_words({"pattern": pattern, "revision": revision, "retries": retries})
    return capture_output(["fetch", kind, "--quiet", *options, *([] if name is None else ["--", name])]).strip()
