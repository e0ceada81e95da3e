#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes report/statistics.json: quantiles, histograms and projections computed by NumPy.

    make_report.py > ../report/statistics.json        (numpy)

Values are float32. Quantiles are numpy.quantile's (its default, linear between order statistics).
The width of a histogram's bins is the least of 1, 2, 2.5 and 5 times a power of ten that is at
least a 23rd of the span, its first edge the multiple of it at or below the least value; counts are
numpy.histogram's. Projections come from the singular value decomposition of the centred points,
turned so that an axis' component of the greatest size is positive.
"""
import json
import math
import sys

import numpy as np


def floats(values):
    return [float(v) for v in np.asarray(values, np.float32)]


def quantiles(values):
    v = np.asarray(values, np.float32).astype(np.float64)
    names = ["least", "p5", "p25", "median", "p75", "p95", "most"]
    got = {name: float(np.quantile(v, q))
           for name, q in zip(names, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])}
    got["mean"] = float(v.mean())
    return got


def histogram(values):
    v = np.asarray(values, np.float32).astype(np.float64)
    span = v.max() - v.min()
    step = 1.0
    if span > 0:
        steps = [one * 10.0 ** e for e in range(-8, 8) for one in (1.0, 2.0, 2.5, 5.0)]
        step = min(s for s in steps if s >= span / 23 * (1 - 1e-12))
    first = math.floor(v.min() / step)
    n = 1
    while (first + n) * step < v.max():
        n += 1
    edges = [(first + i) * step for i in range(n + 1)]
    counts, _ = np.histogram(v, edges)
    return {"edges": edges, "counts": [int(c) for c in counts]}


def project(points):
    x = np.asarray(points, np.float32).astype(np.float64)
    x = x - x.mean(axis=0)
    _, s, axes = np.linalg.svd(x, full_matrices=False)
    variance = s ** 2
    xy = np.zeros((len(x), 2))
    share = [0.0, 0.0]
    for k in range(min(2, len(s))):
        if variance[k] <= 1e-12 * variance.sum():
            continue
        axis = axes[k] * np.sign(axes[k][np.argmax(np.abs(axes[k]))])
        xy[:, k] = x @ axis
        share[k] = float(variance[k] / variance.sum())
    return {"share": share, "xy": [float(v) for v in xy.ravel()]}


def main():
    rng = np.random.default_rng(20)
    lists = {
        "normal": rng.normal(-20, 6, 400),
        "capped": np.minimum(rng.normal(30, 25, 300), 60),  # many of one value, at the upper end
        "small": rng.uniform(0, 0.02, 57),
        "negative": -rng.exponential(3.0, 200),
        "whole": np.repeat(np.arange(-5, 6), 3),            # every value is an edge
        "two": [1.5, 2.5],
        "alike": [7.25] * 9,
        "one": [-3.0],
    }
    clouds = {
        "stretched": rng.normal(size=(60, 8)) * [5, 0.5, 2, 0.25, 1, 0.1, 0.1, 0.1] + 3,
        "turned": rng.normal(size=(40, 5)) * [4, 2, 1, 0.5, 0.25] @
                  np.linalg.qr(rng.normal(size=(5, 5)))[0],
        "flat": np.outer(rng.normal(size=20), [1, -2, 0.5]),
        "point": np.ones((4, 3)),
        "one": np.ones((1, 6)),
        "line": rng.normal(size=(10, 1)),
    }
    levels = np.concatenate([rng.normal(-60, 20, 500), [-119.996, -100.0]])
    levels = np.maximum(levels, -119.99)
    made = {
        "values": {name: {"values": floats(v), "quantiles": quantiles(v),
                          "histogram": histogram(v)} for name, v in lists.items()},
        "levels": {"values": floats(levels), "quantiles": quantiles(levels)},
        "clouds": {name: {"n": len(x), "dim": len(x[0]), "points": floats(np.ravel(x)),
                          **project(x)} for name, x in clouds.items()},
    }
    json.dump(made, sys.stdout, indent=None, separators=(",", ":"))
    print()


main()
