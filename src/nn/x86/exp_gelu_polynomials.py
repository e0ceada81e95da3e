#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fits the polynomials of the vector exp and GELU and prints exp_gelu_polynomials.h (numpy, mpmath).

    python3 exp_gelu_polynomials.py > exp_gelu_polynomials.h && clang-format --style=file -i exp_gelu_polynomials.h

Least squares on Chebyshev nodes in float64 is within a few per cent of the minimax polynomial. The
error after rounding to float32 is measured by tests/kernels.
"""

import mpmath
import numpy as np

END = 3.9  # 1 - erf(3.9) = 3.5e-8: erf rounds to 1 in float32 from here on


def nodes(low, high, n=400):
    t = np.cos(np.pi * (np.arange(n) + 0.5) / n)
    return 0.5 * (low + high) + 0.5 * (high - low) * t


def fit(f, low, high, degree):
    """Coefficients c[0..degree] of f on [low, high]."""
    x = nodes(low, high)
    y = np.array([float(f(mpmath.mpf(v))) for v in x])
    return np.polynomial.polynomial.polyfit(x, y, degree)


def number(v):
    text = "%.9g" % np.float32(v)
    return text + ("f" if "." in text or "e" in text else ".0f")


def half_erf_table(n, degree):
    """[degree + 1][n]: erf(z) / 2 for z = (i + t) w, t in [-1/2, 1/2]; the last segment is flat."""
    w = END / (n - 1.5)
    table = np.zeros((degree + 1, n))
    for i in range(n - 1):
        low = 0.0 if i == 0 else -0.5
        table[:, i] = fit(lambda t: mpmath.erf((i + t) * w) / 2, low, 0.5, degree)
    table[0, 0] = 0.0 if abs(table[0, 0]) < 1e-8 else table[0, 0]
    table[0, n - 1] = 0.5
    return w, table


def print_table(n, degree):
    w, table = half_erf_table(n, degree)
    print(f"#define PT_NN_ERF{n}_DEGREE {degree}")
    print(f"#define PT_NN_ERF{n}_STEPS {number(1 / (w * np.sqrt(2)))} /* segments per unit of v */")
    print(f"static const float pt_nn_erf{n}[{degree + 1}][{n}] __attribute__((aligned(64), unused)) = {{")
    for row in table:
        print("{" + ", ".join(number(v) for v in row) + "},")
    print("};\n")


def exp_tail(r):
    """(exp(r) - 1 - r) / r^2, with its limit."""
    return mpmath.mpf(0.5) if r == 0 else (mpmath.exp(r) - 1 - r) / r**2


mpmath.mp.dps = 40
half = float(mpmath.log(2)) / 2
print("/* SPDX-License-Identifier: MIT */")
print("/* exp_gelu_polynomials.h - coefficients of the vector exp and GELU; printed by\n * exp_gelu_polynomials.py */\n")
print("#ifndef PATINA_NN_X86_EXP_GELU_POLYNOMIALS_H\n#define PATINA_NN_X86_EXP_GELU_POLYNOMIALS_H\n")
print("/* (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2, lowest degree first */")
tail = fit(exp_tail, -half * 1.001, half * 1.001, 4)
print("static const float pt_nn_exp_tail[5] = {" + ", ".join(number(v) for v in tail) + "};\n")
print("/* erf(z) / 2 for z >= 0, piecewise: segment i holds the coefficients, lowest degree first, of")
print(" * t in [-1/2, 1/2] at z = (i + t) w; the last is the constant 1/2. */")
print_table(4, 9)
print_table(16, 5)
print("#endif /* PATINA_NN_X86_EXP_GELU_POLYNOMIALS_H */")
