/* SPDX-License-Identifier: MIT */
/* biquad_kernel.h - a second-order section, a segment a lane; a part of dsp_kernels.h */

#define BIQUAD_VECS  4 /* that are worked on at once */
#define BIQUAD_GROUP (BIQUAD_VECS * WIDTH)

/* left [k][s]: what segment s leaves in state k of a section at rest before it. */
INLINE void biquad_left(const pt_biquad_plan *plan, const double *lanes,
                        double left[2][PT_BIQUAD_SEGMENTS]) {
    for (size_t group = 0; group < PT_BIQUAD_SEGMENTS; group += BIQUAD_GROUP) {
        vec sum1[BIQUAD_VECS] = {0}, sum2[BIQUAD_VECS] = {0};
        for (size_t i = 0; i < PT_BIQUAD_LENGTH; i++) {
            const vec *row = (const vec *)(lanes + i * PT_BIQUAD_SEGMENTS + group);
            const vec response1 = ALL(plan->response[i][0]), response2 = ALL(plan->response[i][1]);
            UNROLL for (size_t v = 0; v < BIQUAD_VECS; v++) {
                sum1[v] += response1 * row[v];
                sum2[v] += response2 * row[v];
            }
        }
        memcpy(left[0] + group, sum1, sizeof sum1);
        memcpy(left[1] + group, sum2, sizeof sum2);
    }
}

/* start [k][s]: state k before segment s, of which segment 0 begins in `state`. */
INLINE void biquad_walk(const pt_biquad_plan *plan, double left[2][PT_BIQUAD_SEGMENTS],
                        const double state[2], double start[2][PT_BIQUAD_SEGMENTS]) {
    double z1 = state[0], z2 = state[1];
    for (size_t s = 0; s < PT_BIQUAD_SEGMENTS; s++) {
        start[0][s] = z1;
        start[1][s] = z2;
        const double next1 = plan->advance[0][0] * z1 + plan->advance[1][0] * z2;
        const double next2 = plan->advance[0][1] * z1 + plan->advance[1][1] * z2;
        z1 = next1 + left[0][s];
        z2 = next2 + left[1][s];
    }
}

/* Filters all segments from the states in `start`, where those at the end go too. */
INLINE void biquad_segments(const pt_biquad *q, double *lanes,
                            double start[2][PT_BIQUAD_SEGMENTS]) {
    const vec b0 = ALL(q->b0), b1 = ALL(q->b1), b2 = ALL(q->b2), a1 = ALL(q->a1), a2 = ALL(q->a2);
    for (size_t group = 0; group < PT_BIQUAD_SEGMENTS; group += BIQUAD_GROUP) {
        vec z1[BIQUAD_VECS], z2[BIQUAD_VECS];
        memcpy(z1, start[0] + group, sizeof z1);
        memcpy(z2, start[1] + group, sizeof z2);
        for (size_t i = 0; i < PT_BIQUAD_LENGTH; i++) {
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

static void biquads(const pt_biquad_plan *plan, size_t n_sections, double *x, double *lanes,
                    double (*state)[2]) {
    const size_t n = PT_BIQUAD_LENGTH, n_lanes = PT_BIQUAD_SEGMENTS;
    for (size_t s = 0; s < n_lanes; s += LANES)
        for (size_t i = 0; i < n; i += LANES)
            turn8x8(x + s * n + i, n, lanes + i * n_lanes + s, n_lanes);
    for (size_t k = 0; k < n_sections; k++) {
        _Alignas(64) double left[2][PT_BIQUAD_SEGMENTS], start[2][PT_BIQUAD_SEGMENTS];
        biquad_left(&plan[k], lanes, left);
        biquad_walk(&plan[k], left, state[k], start);
        biquad_segments(&plan[k].section, lanes, start);
        state[k][0] = start[0][n_lanes - 1];
        state[k][1] = start[1][n_lanes - 1];
    }
    for (size_t s = 0; s < n_lanes; s += LANES)
        for (size_t i = 0; i < n; i += LANES)
            turn8x8(lanes + i * n_lanes + s, n_lanes, x + s * n + i, n);
}
