/* SPDX-License-Identifier: MIT */
/* polyphase_kernel.h - the resampler of polyphase.h, one segment per lane; part of dsp_kernels.h */

/* Eight sums in flight: vectors of lanes, and tiles where a vector has all lanes. */
#define POLYPHASE_VECS  (FLOAT_WIDTH < PT_POLYPHASE_LANES ? 2 : 1)
#define POLYPHASE_TILES (2 / POLYPHASE_VECS)
#define POLYPHASE_GROUP (POLYPHASE_VECS * FLOAT_WIDTH)

/* POLYPHASE_TILES tiles from `tile` on: sums [tile][sample][lane]. */
INLINE void polyphase_tiles(const pt_polyphase_plan *plan, const float *rows, size_t tile,
                            float sums[][PT_POLYPHASE_TILE][PT_POLYPHASE_LANES]) {
    for (size_t group = 0; group < PT_POLYPHASE_LANES; group += POLYPHASE_GROUP) {
        const float(*coefficient[POLYPHASE_TILES])[PT_POLYPHASE_TILE];
        const float *row[POLYPHASE_TILES];
        vec_float sum[POLYPHASE_TILES][PT_POLYPHASE_TILE][POLYPHASE_VECS] = {0};
        for (size_t t = 0; t < POLYPHASE_TILES; t++) {
            const size_t period = (tile + t) / plan->n_tiles, place = (tile + t) % plan->n_tiles;
            const size_t first = period * plan->period_in + plan->first[place];
            coefficient[t] = plan->coefficient[place];
            row[t] = rows + first * PT_POLYPHASE_LANES + group;
        }
        _Pragma("GCC unroll 4") for (size_t i = 0; i < PT_POLYPHASE_ROWS; i++)
            UNROLL for (size_t t = 0; t < POLYPHASE_TILES; t++) {
            const vec_float *x = (const vec_float *)(row[t] + i * PT_POLYPHASE_LANES);
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
    for (size_t lane = 0; lane < PT_POLYPHASE_LANES; lane += 8)
        for (size_t i = 0; i < n_rows; i += 8)
            transpose8x8_float(x + lane * plan->n_in + i, plan->n_in,
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
