#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fits the polynomials of device_math.h and prints their coefficients (numpy, mpmath).

Least squares on Chebyshev nodes in float64. The error after rounding to float32 is measured by
tests/kernels/test_device_kernels.c.
"""

import mpmath
import numpy as np


def fit(f, low, high, degree, weight=None):
    x = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(np.pi * (np.arange(600) + 0.5) / 600)
    y = np.array([float(f(mpmath.mpf(v))) for v in x])
    w = None if weight is None else np.array([float(weight(mpmath.mpf(v))) for v in x])
    return np.polynomial.polynomial.polyfit(x, y, degree, w=w)


mpmath.mp.dps = 40
half = float(mpmath.log(2)) / 2 * 1.001
for name, c in (
    ("(exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2", fit(lambda r: (mpmath.exp(r) - 1 - r) / r**2, -half, half, 4)),
    ("erf(z) / z in z^2 for z <= 1", fit(lambda u: mpmath.erf(mpmath.sqrt(u)) / mpmath.sqrt(u), 0, 1, 6)),
    ("-log(1 - erf(z)) for 1 <= z <= 4, to equal absolute errors of erf",
     fit(lambda z: -mpmath.log(mpmath.erfc(z)), 1, 4, 7, lambda z: mpmath.erfc(z) + 1e-6)),
):
    print(name + ":", ", ".join("%.9gf" % np.float32(v) for v in c))
