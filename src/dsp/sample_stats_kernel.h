/* SPDX-License-Identifier: MIT */
/* sample_stats_kernel.h - energies, peaks and zero crossings of samples; part of dsp_kernels.h */

static void sample_stats(const float *x, size_t n, double centre, pt_sample_stats *stats) {
    const mask4 magnitude = {INT32_MAX, INT32_MAX, INT32_MAX,
                             INT32_MAX};          /* all bits but the sign */
    const size_t whole = (n - 1) / LANES * LANES; /* each has a next sample */
    vec4 energy[2] = {0}, about[2] = {0};
    mask4 peak[2] = {0}, crossings[2] = {0}; /* magnitudes are in the order of their bits */
    for (size_t i = 0; i < whole; i += LANES)
        UNROLL for (size_t h = 0; h < 2; h++) {
            const vec4f v = *(const vec4f *)(x + i + 4 * h);
            const vec4f next = *(const vec4f *)(x + i + 4 * h + 1);
            const vec4 wide = WIDEN4(v), off = wide - centre;
            energy[h] += wide * wide;
            about[h] += off * off;
            const mask4 size = (mask4)v & magnitude, larger = size > peak[h];
            peak[h] = (size & larger) | (peak[h] & ~larger);
            crossings[h] -= (v <= -1e-10F) ^ (next <= -1e-10F);
        }

    double energies[LANES], abouts[LANES];
    float peaks[LANES];
    int32_t counts[LANES];
    for (size_t l = 0; l < LANES; l++) {
        energies[l] = energy[l / 4][l % 4];
        abouts[l] = about[l / 4][l % 4];
        peaks[l] = ((vec4f)peak[l / 4])[l % 4];
        counts[l] = crossings[l / 4][l % 4];
    }
    *stats = (pt_sample_stats){.finite = true};
    for (size_t l = 0; l < LANES; l++) {
        stats->finite = stats->finite && isfinite(peaks[l]);
        stats->peak = peaks[l] > stats->peak ? peaks[l] : stats->peak;
        stats->n_zero_crossings += (uint32_t)counts[l];
    }
    for (size_t i = whole; i < n; i++) {
        const double wide = (double)x[i], off = wide - centre;
        energies[i - whole] += wide * wide;
        abouts[i - whole] += off * off;
        stats->finite = stats->finite && isfinite(x[i]);
        stats->peak = fabsf(x[i]) > stats->peak ? fabsf(x[i]) : stats->peak;
        stats->n_zero_crossings += i + 1 < n && pt_is_negative(x[i]) != pt_is_negative(x[i + 1]);
    }
    stats->energy = pt_stats_sum_lanes(energies);
    stats->energy_about = pt_stats_sum_lanes(abouts);
}

/* Largest bits as signed integers, which are those of the largest positive number, and as unsigned
 * ones, those of the lowest negative; a NaN is beyond an infinity in both. */
INLINE void add_extreme(int32_t bits, int32_t *high, uint32_t *low) {
    *high = bits > *high ? bits : *high;
    *low = (uint32_t)bits > *low ? (uint32_t)bits : *low;
}

/* Rows of FLOAT_LANES samples, after n_rows of which the channels are in the same lanes again. */
static void extremes(const float *x, size_t n_frames, size_t n_channels, float *high, float *low) {
    int32_t high_bits[PATINA_CHANNELS_MAX] = {0};
    uint32_t low_bits[PATINA_CHANNELS_MAX] = {0};
    size_t n_rows = n_channels;
    for (size_t lanes = FLOAT_LANES; lanes > 1 && n_rows % 2 == 0; lanes /= 2)
        n_rows /= 2;
    const size_t period = n_rows * FLOAT_LANES, n = n_frames * n_channels;
    const size_t whole = n - n % period;

    for (size_t row = 0; row < period && whole > 0; row += FLOAT_LANES) {
        mask_float highs[N_VECS] = {0};
        vec_u32 lows[N_VECS] = {0};
        _Alignas(64) int32_t high_lane[FLOAT_LANES];
        _Alignas(64) uint32_t low_lane[FLOAT_LANES];
        for (size_t i = row; i < whole; i += period)
            UNROLL for (size_t v = 0; v < N_VECS; v++) {
                const mask_float bits = (mask_float)load_floats(x + i + v * FLOAT_WIDTH);
                const mask_float higher = bits > highs[v];
                const vec_u32 lower = (vec_u32)((vec_u32)bits > lows[v]);
                highs[v] = (bits & higher) | (highs[v] & ~higher);
                lows[v] = ((vec_u32)bits & lower) | (lows[v] & ~lower);
            }
        memcpy(high_lane, highs, sizeof high_lane);
        memcpy(low_lane, lows, sizeof low_lane);
        for (size_t l = 0; l < FLOAT_LANES; l++) {
            const size_t c = (row + l) % n_channels;
            add_extreme(high_lane[l], &high_bits[c], &low_bits[c]);
            add_extreme((int32_t)low_lane[l], &high_bits[c], &low_bits[c]);
        }
    }
    for (size_t i = whole; i < n; i++) {
        int32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        add_extreme(bits, &high_bits[i % n_channels], &low_bits[i % n_channels]);
    }
    for (size_t c = 0; c < n_channels; c++) {
        const uint32_t negative = low_bits[c] > INT32_MAX ? low_bits[c] : 0;
        memcpy(&high[c], &high_bits[c], sizeof *high);
        memcpy(&low[c], &negative, sizeof *low);
    }
}
