/* SPDX-License-Identifier: MIT */
/* polyphase_kernel.h - the resampler of polyphase.h, one segment per lane; part of dsp_kernels.h */

#define POLYPHASE_WIDTH (2 * WIDTH) /* floats in a vector */

/* Eight sums in flight: vectors of lanes, and tiles where a vector has all lanes. */
#define POLYPHASE_VECS  (POLYPHASE_WIDTH < PT_POLYPHASE_LANES ? 2 : 1)
#define POLYPHASE_TILES (2 / POLYPHASE_VECS)
#define POLYPHASE_GROUP (POLYPHASE_VECS * POLYPHASE_WIDTH)

typedef float vec_sample __attribute__((vector_size(8 * WIDTH), may_alias));

/* Transposes [4][4]. */
INLINE void transpose4x4(const float *x, size_t x_stride, float *y, size_t y_stride) {
    const vec4f a = *(const vec4f *)x, b = *(const vec4f *)(x + x_stride);
    const vec4f c = *(const vec4f *)(x + 2 * x_stride), d = *(const vec4f *)(x + 3 * x_stride);
    const vec4f ab_low = SHUFFLE4F(a, b, 0, 4, 1, 5), ab_high = SHUFFLE4F(a, b, 2, 6, 3, 7);
    const vec4f cd_low = SHUFFLE4F(c, d, 0, 4, 1, 5), cd_high = SHUFFLE4F(c, d, 2, 6, 3, 7);
    *(vec4f *)y = SHUFFLE4F(ab_low, cd_low, 0, 1, 4, 5);
    *(vec4f *)(y + y_stride) = SHUFFLE4F(ab_low, cd_low, 2, 3, 6, 7);
    *(vec4f *)(y + 2 * y_stride) = SHUFFLE4F(ab_high, cd_high, 0, 1, 4, 5);
    *(vec4f *)(y + 3 * y_stride) = SHUFFLE4F(ab_high, cd_high, 2, 3, 6, 7);
}

/* POLYPHASE_TILES tiles from `tile` on: sums [tile][sample][lane]. */
INLINE void polyphase_tiles(const pt_polyphase_plan *plan, const float *rows, size_t tile,
                            float sums[][PT_POLYPHASE_TILE][PT_POLYPHASE_LANES]) {
    for (size_t group = 0; group < PT_POLYPHASE_LANES; group += POLYPHASE_GROUP) {
        const float(*coefficient[POLYPHASE_TILES])[PT_POLYPHASE_TILE];
        const float *row[POLYPHASE_TILES];
        vec_sample sum[POLYPHASE_TILES][PT_POLYPHASE_TILE][POLYPHASE_VECS] = {0};
        for (size_t t = 0; t < POLYPHASE_TILES; t++) {
            const size_t period = (tile + t) / plan->n_tiles, place = (tile + t) % plan->n_tiles;
            const size_t first = period * plan->period_in + plan->first[place];
            coefficient[t] = plan->coefficient[place];
            row[t] = rows + first * PT_POLYPHASE_LANES + group;
        }
        _Pragma("GCC unroll 4") for (size_t i = 0; i < PT_POLYPHASE_ROWS; i++)
            UNROLL for (size_t t = 0; t < POLYPHASE_TILES; t++) {
            const vec_sample *x = (const vec_sample *)(row[t] + i * PT_POLYPHASE_LANES);
            UNROLL for (size_t k = 0; k < PT_POLYPHASE_TILE; k++)
                UNROLL for (size_t v = 0; v < POLYPHASE_VECS; v++) sum[t][k][v] +=
                coefficient[t][i][k] * x[v];
        }
        for (size_t t = 0; t < POLYPHASE_TILES; t++)
            for (size_t k = 0; k < PT_POLYPHASE_TILE; k++)
                memcpy(sums[t][k] + group, sum[t][k], sizeof sum[t][k]);
    }
}

static void polyphase(const pt_polyphase_plan *plan, const float *x, float *rows, float *out) {
    const size_t n_rows = pt_polyphase_n_rows(plan), n_tiles = plan->n_out / PT_POLYPHASE_TILE;
    for (size_t lane = 0; lane < PT_POLYPHASE_LANES; lane += 4)
        for (size_t i = 0; i < n_rows; i += 4)
            transpose4x4(x + lane * plan->n_in + i, plan->n_in,
                         rows + i * PT_POLYPHASE_LANES + lane, PT_POLYPHASE_LANES);
    for (size_t tile = 0; tile < n_tiles; tile += POLYPHASE_TILES) {
        _Alignas(64) float sums[POLYPHASE_TILES][PT_POLYPHASE_TILE][PT_POLYPHASE_LANES];
        polyphase_tiles(plan, rows, tile, sums);
        for (size_t t = 0; t < POLYPHASE_TILES; t++)
            for (size_t lane = 0; lane < PT_POLYPHASE_LANES; lane += 4)
                transpose4x4(sums[t][0] + lane, PT_POLYPHASE_LANES,
                             out + lane * plan->n_out + (tile + t) * PT_POLYPHASE_TILE,
                             plan->n_out);
    }
}
