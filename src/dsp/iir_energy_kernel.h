/* SPDX-License-Identifier: MIT */
/* iir_energy_kernel.h - the filters of iir_energy.h, one segment per lane; part of dsp_kernels.h */

static void transpose8(const float *x, size_t n, double *y) {
    const size_t whole = n - n % 4;
    for (size_t half = 0; half < LANES; half += 4)
        for (size_t i = 0; i < whole; i += 4)
            transpose4x4_widen(x + half * n + i, n, y + i * LANES + half, LANES);
    for (size_t i = whole; i < n; i++)
        for (size_t s = 0; s < LANES; s++)
            y[i * LANES + s] = (double)x[s * n + i];
}

/* zero_state [k][s]: state k after segment s, with zero initial state. */
INLINE void iir_zero_state(const pt_iir_energy_plan *f, const double *x, size_t stride,
                           double zero_state[4][LANES]) {
    for (size_t group = 0; group < LANES; group += GROUP) {
        vec sum[4][VECS] = {0};
        for (size_t i = 0; i < f->length; i++) {
            const vec *row = (const vec *)(x + i * stride + group);
            UNROLL for (size_t k = 0; k < 4; k++) {
                const vec response = BROADCAST(f->response[i][k]);
                UNROLL for (size_t v = 0; v < VECS; v++) sum[k][v] += response * row[v];
            }
        }
        for (size_t k = 0; k < 4; k++)
            memcpy(zero_state[k] + group, sum[k], sizeof sum[k]);
    }
}

/* start [k][s]: state k before segment s; before segment 0 it is `state`. */
INLINE void iir_scan_states(const pt_iir_energy_plan *f, double zero_state[4][LANES],
                            const double state[4], double start[4][LANES]) {
    double now[4];
    memcpy(now, state, sizeof now);
    for (size_t s = 0; s < LANES; s++) {
        double next[4];
        for (size_t k = 0; k < 4; k++) {
            start[k][s] = now[k];
            next[k] = ((f->transition[0][k] * now[0] + f->transition[1][k] * now[1]) +
                       (f->transition[2][k] * now[2] + f->transition[3][k] * now[3])) +
                      zero_state[k][s];
        }
        memcpy(now, next, sizeof now);
    }
}

/* Filters all segments from the states `start`, which become the final states. */
INLINE void iir_filter_energy(const pt_iir_energy_plan *f, const double *x, size_t stride,
                              double start[4][LANES], double energy[LANES]) {
    const vec c1 = BROADCAST(f->c1), c2 = BROADCAST(f->c2), a1 = BROADCAST(f->a1),
              a2 = BROADCAST(f->a2);
    const vec h = BROADCAST(f->h), k = BROADCAST(f->k), g = BROADCAST(f->g);
    for (size_t group = 0; group < LANES; group += GROUP) {
        vec state[4][VECS], sum[VECS] = {0};
        for (size_t i = 0; i < 4; i++)
            memcpy(state[i], start[i] + group, sizeof state[i]);
        for (size_t i = 0; i < f->length; i++) {
            const vec *row = (const vec *)(x + i * stride + group);
            UNROLL for (size_t v = 0; v < VECS; v++) {
                const vec p = state[0][v], q = state[2][v], u = row[v] + p, y = u + q;
                sum[v] += y * y;
                state[0][v] = (c1 * row[v] + state[1][v]) - a1 * p;
                state[1][v] = c2 * row[v] - a2 * p;
                state[2][v] = (state[3][v] - h * u) - k * q;
                state[3][v] = state[3][v] - g * y;
            }
        }
        for (size_t i = 0; i < 4; i++)
            memcpy(start[i] + group, state[i], sizeof state[i]);
        memcpy(energy + group, sum, sizeof sum);
    }
}

static double iir_energy(const pt_iir_energy_plan *f, const double *x, size_t stride,
                         double state[4]) {
    double zero_state[4][LANES], run[4][LANES], energy[LANES];
    iir_zero_state(f, x, stride, zero_state);
    iir_scan_states(f, zero_state, state, run);
    iir_filter_energy(f, x, stride, run, energy);
    for (size_t k = 0; k < 4; k++)
        state[k] = run[k][LANES - 1];
    return pt_stats_sum_lanes(energy);
}
