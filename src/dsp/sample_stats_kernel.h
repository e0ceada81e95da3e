/* SPDX-License-Identifier: MIT */
/* sample_stats_kernel.h - energies, peak and zero crossings in one pass; part of dsp_kernels.h */

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
