#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Share of rows in every 5 dB of purity, a column for each set; rows at the cap are counted apart.

    purity_histogram.py OUT...                 data sets; reads dataset.json and provenance
    purity_histogram.py --draw [--reference]   the tables of docs/RESULTS.md: rows of the clips of examples/demo, as
                                               'patina generate --captions first --variants N' draws them, with the
                                               configurations below

--draw needs the package patina. --reference compares with tests/golden/dsp/make_golden.py, which is written from the
definitions alone: the draws of every row with the defaults, and the purity of those between 30 dB and the cap and of
every 25th. It needs scipy and soundfile too, and minutes.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# name: (configuration, purity cap). "before" is version 0.1. count_dirty also has lower probabilities for the effects that
# do not lower purity, and count_one is the same with one effect in every row that is not clean.
DIRTY = {"comb": {"probability": 0.05}, "mud": {"probability": 0.05}, "sibilance": {"probability": 0.05},
         "pops": {"probability": 0.2}}
CONFIGURATIONS = {
    "before": ({"clip": {"drive": [1, 1]}}, 60),
    "after": ({}, 50),
    "count": ({"count": {"0": 0.05, "1": 0.6, "2": 0.2, "3": 0.1, "4": 0.05}}, 50),
    "count_dirty": ({"count": {"0": 0.05, "1": 0.8, "2": 0.15}, **DIRTY}, 50),
    "count_one": ({"count": {"0": 0.05, "1": 0.95}, **DIRTY}, 50),
}


def read_set(out):
    """(purity cap, purity of each row)"""
    settings = json.loads((out / "dataset.json").read_text("utf-8"))["settings"]
    return settings.get("purity_cap", 60), [
        json.loads(line)["purity_db"] for path in sorted((out / "provenance").iterdir())
        for line in path.read_text("utf-8").splitlines()]


def demo_clips():
    """[(id, samples)]"""
    import patina
    folder = ROOT / "examples/demo"
    ids = [json.loads(line)["audio"] for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines()]
    return [(name, patina.degrade(str(folder / name), suite={"clean": 1}).samples) for name in ids]


def draw_rows(clips, configuration, cap, variants):
    """[(id, samples, variant, line of provenance)]"""
    import patina
    rows = []
    for name, samples in clips:
        for variant in range(variants):
            line = patina.degrade(samples, 48000, seed=0, entry=name, variant=variant, suite=configuration).recipe
            if line["purity_db"] >= 50 and cap != 50:
                line = patina.degrade(samples, 48000, recipe={**line, "purity_cap": cap}).recipe
            rows.append((name, samples, variant, line))
    return rows


def shares(cap, values):
    """{range: percent}"""
    edges = [-30, *range(0, 60, 5)]
    table = {f"{low} to {high} dB": 100 * sum(low <= v < high and v < cap for v in values) / len(values)
             for low, high in zip(edges, [*edges[1:], 60])}
    table["at the cap"] = 100 * sum(v >= cap for v in values) / len(values)
    table["35 dB to below 50"] = 100 * sum(35 <= v < min(cap, 50) for v in values) / len(values)
    return table


def print_table(sets):
    """sets: [(name, purity cap, purity of each row)]"""
    tables = [shares(cap, values) for _, cap, values in sets]
    print("| purity | " + " | ".join(f"{name}, {len(values)} rows" for name, _, values in sets) + " |")
    print("|---" * (1 + len(sets)) + "|")
    for key in tables[0]:
        print(f"| {key} | " + " | ".join(f"{table[key]:.1f} %" for table in tables) + " |")


def same(a, b):
    """Values of JSON are equal, numbers to twelve digits."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, str):
        return a == b
    return abs(a - b) <= 1e-12 * max(abs(a), abs(b))


def compare_with_reference(rows):
    """Rows with the default configuration."""
    sys.path.insert(0, str(ROOT / "tests/golden/dsp"))
    import make_golden as reference
    from scipy.signal import lfilter
    reference.biquad = lfilter  # the same recursion, without a loop in Python
    n_other, worst_db, n_compared, both = 0, 0.0, 0, []
    for i, (name, samples, variant, line) in enumerate(rows):
        chain = reference.draw(0, name, variant, len(samples))
        n_other += not same(line["chain"], chain)
        purity_db = line["purity_db"]
        if 30 <= purity_db < 50 or i % 25 == 0:
            stream = reference.Stream(0, name, variant, reference.S_NOISE_SAMPLES)
            purity_db = reference.degrade(samples, chain, stream)[2]["purity_db"]
            worst_db = max(worst_db, abs(purity_db - line["purity_db"]))
            n_compared += 1
        both.append((line["purity_db"], purity_db))
    print(f"\nreference: {n_other} of {len(rows)} rows have another chain; the purity of {n_compared} differs by at "
          f"most {worst_db:.2g} dB")
    for low in range(30, 50, 5):
        own, other = (100 * sum(low <= pair[k] < low + 5 for pair in both) / len(both) for k in (0, 1))
        print(f"{low} to {low + 5} dB: {own:.2f} %, reference {other:.2f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", type=Path, metavar="OUT")
    parser.add_argument("--draw", action="store_true", help="draw rows of the demo clips")
    parser.add_argument("--variants", type=int, default=358, metavar="N", help="of each clip (default: %(default)s)")
    parser.add_argument("--reference", action="store_true", help="with --draw: compare with the reference")
    options = parser.parse_args()
    if bool(options.sets) == options.draw:
        parser.error("name data sets, or give --draw")
    if not options.draw:
        return print_table([(out.name, *read_set(out)) for out in options.sets])
    clips, table = demo_clips(), []
    for name, (configuration, cap) in CONFIGURATIONS.items():
        rows = draw_rows(clips, configuration, cap, options.variants)
        table.append((name, cap, [line["purity_db"] for *_, line in rows]))
        if name == "after":
            default_rows = rows
    print_table(table)
    if options.reference:
        compare_with_reference(default_rows)


if __name__ == "__main__":
    main()
