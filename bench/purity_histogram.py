#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""purity_histogram.py OUT... - prints the share of rows in every 5 dB of purity, a column for each set

Reads only the provenance files. Rows at the cap (dataset.json: settings.purity_cap) are counted apart.
"""
import json
import sys
from pathlib import Path


def shares(out):
    settings = json.loads((Path(out) / "dataset.json").read_text(encoding="utf-8"))["settings"]
    cap = settings.get("purity_cap", 60)
    values = [json.loads(line)["purity_db"] for path in sorted((Path(out) / "provenance").iterdir())
              for line in path.read_text(encoding="utf-8").splitlines()]
    edges = [-30, *range(0, 60, 5)]
    table = {f"{low} to {high} dB": 100 * sum(low <= v < high and v < cap for v in values) / len(values)
             for low, high in zip(edges, [*edges[1:], 60])}
    table["at the cap"] = 100 * sum(v >= cap for v in values) / len(values)
    return len(values), table


def main():
    sets = [(Path(out).name, *shares(out)) for out in sys.argv[1:]]
    print("| purity | " + " | ".join(f"{name}, {n} rows" for name, n, _ in sets) + " |")
    print("|---" * (1 + len(sets)) + "|")
    for key in sets[0][2]:
        print(f"| {key} | " + " | ".join(f"{table[key]:.1f} %" for _, _, table in sets) + " |")


main()
