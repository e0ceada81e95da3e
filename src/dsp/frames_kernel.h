/* SPDX-License-Identifier: MIT */
/* frames_kernel.h - the spectra of frames.h and what a filter bank makes of them; a part of
 * dsp_kernels.h */

/* Samples i to i + 3 of four frames: to rows 0 to 3 of y, stride apart, windowed. */
INLINE void frames_turn(const float *x, size_t hop, const double *window, double *y,
                        size_t stride) {
    const vec4f a = *(const vec4f *)x, b = *(const vec4f *)(x + hop);
    const vec4f c = *(const vec4f *)(x + 2 * hop), d = *(const vec4f *)(x + 3 * hop);
    const vec4f ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const vec4f ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const vec4f cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const vec4f cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    const vec4f row[4] = {__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5),
                          __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
                          __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5),
                          __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
    UNROLL for (size_t r = 0; r < 4; r++) * (vec4 *)(y + r * stride) =
        __builtin_convertvector(row[r], vec4) * window[r];
}

/* Columns first to first + 3 of all frames. */
INLINE void frames_columns(const pt_frames_plan *plan, const float *x, size_t hop, size_t first,
                           pt_complex8 column[4][PT_FRAME_ROOT]) {
    const size_t stride = PT_FRAME_ROOT * 2 * LANES; /* from column to column */
    for (size_t r = 0; r < PT_FRAME_ROOT; r++) {
        const size_t i = first + PT_FRAME_ROOT * r;
        UNROLL for (size_t l = 0; l < LANES; l += 4) {
            frames_turn(x + l * hop + i, hop, plan->window + i, column[0][r].re + l, stride);
            frames_turn(x + (LANES + l) * hop + i, hop, plan->window + i, column[0][r].im + l,
                        stride);
        }
    }
}

/* Transforms column n2 and turns it into rows. */
INLINE void frames_column(const pt_frames_plan *plan, pt_complex8 *x, pt_complex8 *row, size_t n2) {
    stage(plan->roots, x, PT_FRAME_ROOT);
    for (size_t i = 0; i < PT_FRAME_ROOT; i += 8)
        UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
            cvec out[8];
            eight_of(plan->roots, x + i, v, out);
            UNROLL for (size_t k = 0; k < 8; k++)
                cput(row + (i + k) * PT_FRAME_STEP, v, cmul(out[k], call(&plan->turn[i + k][n2])));
        }
}

static void frames_row(const pt_frames_plan *plan, pt_complex8 *x) {
    stage(plan->roots, x, PT_FRAME_ROOT);
    for (size_t i = 0; i < PT_FRAME_ROOT; i += 8)
        UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
            cvec out[8];
            eight_of(plan->roots, x + i, v, out);
            UNROLL for (size_t k = 0; k < 8; k++) cput(x + i + k, v, out[k]);
        }
}

INLINE vec as_float(vec v) {
    return __builtin_convertvector(__builtin_convertvector(v, vec_float), vec);
}

/* The powers of bins first, first + 32 .. under n_bins: z is their row and w that of their mirror
 * images, whose order is turned round. */
INLINE void frames_bins(const pt_frames_plan *plan, const pt_complex8 *z, const pt_complex8 *w,
                        size_t first, size_t n_bins, double *power) {
    for (size_t k = first, i = 0; k < n_bins; k += PT_FRAME_ROOT, i++) {
        const size_t mirrored = (PT_FRAME - k) / PT_FRAME_ROOT % PT_FRAME_ROOT;
        UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
            const cvec a = cget(z + plan->place[i], v), b = cget(w + plan->place[mirrored], v);
            const vec re0 = as_float(a.re + b.re), im0 = as_float(a.im - b.im);
            const vec re1 = as_float(a.im + b.im), im1 = as_float(b.re - a.re);
            put(power + k * PT_FRAMES, v, re0 * re0 + im0 * im0);
            put(power + k * PT_FRAMES + LANES, v, re1 * re1 + im1 * im1);
        }
    }
}

static void frame_powers(const pt_frames_plan *plan, const float *x, size_t hop, size_t n_bins,
                         pt_frames_work *work, double *power) {
    for (size_t n2 = 0; n2 < PT_FRAME_ROOT; n2 += 4) {
        frames_columns(plan, x, hop, n2, work->column);
        for (size_t c = 0; c < 4; c++)
            frames_column(plan, work->column[c], work->row + n2 + c, n2 + c);
    }
    for (size_t k1 = 0; k1 <= PT_FRAME_ROOT / 2; k1++) {
        const size_t mirrored = (PT_FRAME_ROOT - k1) % PT_FRAME_ROOT;
        pt_complex8 *z = work->row + plan->place[k1] * PT_FRAME_STEP;
        pt_complex8 *w = work->row + plan->place[mirrored] * PT_FRAME_STEP;
        frames_row(plan, z);
        if (w != z) frames_row(plan, w);
        frames_bins(plan, z, w, k1, n_bins, power);
        if (w != z) frames_bins(plan, w, z, mirrored, n_bins, power);
    }
}

static void bands(const pt_band *band, size_t n_bands, const double *x, double *sums) {
    for (size_t b = 0; b < n_bands; b++) {
        const double *in = x + band[b].first * PT_FRAMES;
        vec sum[PT_FRAMES / WIDTH] = {0};
        for (size_t k = 0; k < band[b].n; k++)
            UNROLL for (size_t v = 0; v < PT_FRAMES / WIDTH; v++) sum[v] +=
                band[b].weights[k] * get(in + k * PT_FRAMES, v);
        for (size_t v = 0; v < PT_FRAMES / WIDTH; v++)
            put(sums + b * PT_FRAMES, v, sum[v]);
    }
}
