/* SPDX-License-Identifier: MIT */
/* biquad_kernel.h - a second-order section, one segment per lane; part of dsp_kernels.h */

#define BIQUAD_VECS  4 /* in flight */
#define BIQUAD_GROUP (BIQUAD_VECS * WIDTH)

/* zero_state [k][s]: state k after segment s, with zero initial state. */
INLINE void biquad_zero_state(const pt_biquad_plan *plan, const double *lanes,
                              double zero_state[2][PT_BIQUAD_SEGMENTS]) {
    for (size_t group = 0; group < PT_BIQUAD_SEGMENTS; group += BIQUAD_GROUP) {
        vec sum1[BIQUAD_VECS] = {0}, sum2[BIQUAD_VECS] = {0};
        for (size_t i = 0; i < PT_BIQUAD_SEGMENT_LENGTH; i++) {
            const vec *row = (const vec *)(lanes + i * PT_BIQUAD_SEGMENTS + group);
            const vec response1 = BROADCAST(plan->response[i][0]),
                      response2 = BROADCAST(plan->response[i][1]);
            UNROLL for (size_t v = 0; v < BIQUAD_VECS; v++) {
                sum1[v] += response1 * row[v];
                sum2[v] += response2 * row[v];
            }
        }
        memcpy(zero_state[0] + group, sum1, sizeof sum1);
        memcpy(zero_state[1] + group, sum2, sizeof sum2);
    }
}

/* start [k][s]: state k before segment s; before segment 0 it is `state`. */
INLINE void biquad_scan_states(const pt_biquad_plan *plan, double zero_state[2][PT_BIQUAD_SEGMENTS],
                               const double state[2], double start[2][PT_BIQUAD_SEGMENTS]) {
    double z1 = state[0], z2 = state[1];
    for (size_t s = 0; s < PT_BIQUAD_SEGMENTS; s++) {
        start[0][s] = z1;
        start[1][s] = z2;
        const double next1 = plan->transition[0][0] * z1 + plan->transition[1][0] * z2;
        const double next2 = plan->transition[0][1] * z1 + plan->transition[1][1] * z2;
        z1 = next1 + zero_state[0][s];
        z2 = next2 + zero_state[1][s];
    }
}

/* Filters all segments from the states `start`, which become the final states. */
INLINE void biquad_segments(const pt_biquad *q, double *lanes,
                            double start[2][PT_BIQUAD_SEGMENTS]) {
    const vec b0 = BROADCAST(q->b0), b1 = BROADCAST(q->b1), b2 = BROADCAST(q->b2),
              a1 = BROADCAST(q->a1), a2 = BROADCAST(q->a2);
    for (size_t group = 0; group < PT_BIQUAD_SEGMENTS; group += BIQUAD_GROUP) {
        vec z1[BIQUAD_VECS], z2[BIQUAD_VECS];
        memcpy(z1, start[0] + group, sizeof z1);
        memcpy(z2, start[1] + group, sizeof z2);
        for (size_t i = 0; i < PT_BIQUAD_SEGMENT_LENGTH; i++) {
            vec *row = (vec *)(lanes + i * PT_BIQUAD_SEGMENTS + group);
            UNROLL for (size_t v = 0; v < BIQUAD_VECS; v++) {
                const vec x = row[v], y = b0 * x + z1[v];
                z1[v] = (b1 * x + z2[v]) - a1 * y;
                z2[v] = b2 * x - a2 * y;
                row[v] = y;
            }
        }
        memcpy(start[0] + group, z1, sizeof z1);
        memcpy(start[1] + group, z2, sizeof z2);
    }
}

static void biquad_cascade(const pt_biquad_plan *plan, size_t n_sections, const float *x,
                           double *lanes, double (*state)[2], float *y) {
    const size_t n = PT_BIQUAD_SEGMENT_LENGTH, n_lanes = PT_BIQUAD_SEGMENTS;
    for (size_t s = 0; s < n_lanes; s += 4)
        for (size_t i = 0; i < n; i += 4)
            transpose4x4_widen(x + s * n + i, n, lanes + i * n_lanes + s, n_lanes);
    for (size_t k = 0; k < n_sections; k++) {
        _Alignas(64) double zero_state[2][PT_BIQUAD_SEGMENTS], start[2][PT_BIQUAD_SEGMENTS];
        biquad_zero_state(&plan[k], lanes, zero_state);
        biquad_scan_states(&plan[k], zero_state, state[k], start);
        biquad_segments(&plan[k].section, lanes, start);
        state[k][0] = start[0][n_lanes - 1];
        state[k][1] = start[1][n_lanes - 1];
    }
    for (size_t s = 0; s < n_lanes; s += 4)
        for (size_t i = 0; i < n; i += 4)
            transpose4x4_narrow(lanes + i * n_lanes + s, n_lanes, y + s * n + i, n);
}
