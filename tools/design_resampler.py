#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""design_resampler.py - the low-pass filter of src/dsp/resample.c

Prints src/dsp/resample_filter.h. The impulse response h(t), t in samples of the input, is symmetric,
HALF samples long to each side, and a polynomial of degree DEGREE between whole numbers. Its
coefficients are the weighted least-squares solution for a gain of 1 up to 0.45 and of 0 from 0.5 on,
in cycles per sample. Requires NumPy.
"""

import numpy as np

HALF = 50
DEGREE = 8
PASS, STOP, END = 0.45, 0.5, 14.0  # END: above it the response decays by itself
RIPPLE_DB, STOP_DB = 0.007, -108.0  # the weights: errors of about this size
RIDGE = 0.02  # keeps coefficients without influence small

HEAD = """\
/* SPDX-License-Identifier: MIT */
/* resample_filter.h - impulse response of the resampler; written by tools/design_resampler.py
 *
 * h(t) = h(-t); h(s + 1/2 + v) is the sum of coefficient[s][d] v^d, s = 0 .. %d, |v| <= 1/2.
 */
"""


def response(f: np.ndarray) -> np.ndarray:
    """Gain at f of each basis function: Chebyshev polynomial d between s and s + 1, and mirrored."""
    x, weight = np.polynomial.legendre.leggauss(32)
    basis = np.polynomial.chebyshev.chebvander(x, DEGREE)
    gain = np.empty((len(f), HALF, DEGREE + 1))
    for s in range(HALF):
        gain[:, s] = np.cos(2 * np.pi * np.outer(f, s + 0.5 + x / 2)) * weight @ basis
    return gain.reshape(len(f), -1)


def design() -> np.ndarray:
    step = 0.3 / HALF
    f = np.concatenate([
        PASS * np.sin(np.linspace(0, np.pi / 2, 4 * HALF)),  # denser at the edges
        1.0 - STOP * np.cos(np.linspace(0, np.pi / 2, 4 * HALF)),
        np.arange(1.0, END, step),
    ])
    wanted = (f <= PASS).astype(float)
    ripple, stop = 10 ** (RIPPLE_DB / 20) - 1, 10 ** (STOP_DB / 20)
    error = np.where(f <= PASS, ripple, stop / np.maximum(f, 1.0))
    gain = response(f)
    ridge = RIDGE * np.eye(gain.shape[1])
    solution = np.linalg.lstsq(np.vstack([gain / error[:, None], ridge]),
                               np.append(wanted / error, np.zeros(len(ridge))), rcond=None)[0]
    power = 2.0 ** np.arange(DEGREE + 1)  # of v, whose range is half of that of the polynomials
    return np.array([np.polynomial.chebyshev.cheb2poly(c) * power
                     for c in solution.reshape(HALF, -1)])


def main() -> None:
    print(HEAD % (HALF - 1))
    print("#ifndef PATINA_DSP_RESAMPLE_FILTER_H\n#define PATINA_DSP_RESAMPLE_FILTER_H\n")
    print(f"#define PT_RESAMPLE_HALF   {HALF}\n#define PT_RESAMPLE_DEGREE {DEGREE}\n")
    print("/* clang-format off */")
    print("static const double pt_resample_filter[PT_RESAMPLE_HALF][PT_RESAMPLE_DEGREE + 1] = {")
    for row in design():
        print("    {" + ", ".join(f"{c:.9g}" for c in row[:5]) + ",\n     "
              + ", ".join(f"{c:.9g}" for c in row[5:]) + "},")
    print("};\n/* clang-format on */\n\n#endif /* PATINA_DSP_RESAMPLE_FILTER_H */")


if __name__ == "__main__":
    main()
