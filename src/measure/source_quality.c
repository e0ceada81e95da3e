/* SPDX-License-Identifier: MIT */
/* source_quality.c - peaks, frame levels and the end of the spectrum
 *
 * Loops over lanes are written so that compilers vectorise them without reordering sums.
 */

#include "measure/source_quality.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "dsp/dsp_ops.h"
#include "measure/ltas.h"

#define LANES        PT_QUALITY_LANES
#define BLOCK_FRAMES 1024 /* of the source, for peaks */
#define BINS_PER_DB  10.0

#define CELLS       256 /* of the spectrum ... */
#define CELL_BINS   64  /* ... each 93.75 Hz wide */
#define CELL_HZ     ((double)PATINA_RATE_HZ / PT_LTAS_FRAME * CELL_BINS)
#define NOISE_POWER 0x1p-46 /* of a bin: 16-bit noise with triangular dither, at 48 kHz */
#define MARGIN      4.0     /* 6 dB over noise */
#define EDGE_DB     20.0
#define FIRST_EDGE  16   /* cells: 1.5 kHz */
#define FULL_SHARE  0.95 /* of the lower Nyquist frequency, above which the resampler's filter is */

patina_status pt_source_quality_init(pt_source_quality *quality, unsigned rate_hz,
                                     unsigned n_channels, pt_arena *arena, patina_error *err) {
    memset(quality, 0, sizeof *quality);
    quality->rate_hz = rate_hz;
    quality->n_channels = n_channels;
    quality->high = pt_arena_calloc(arena, n_channels, sizeof *quality->high);
    quality->low = pt_arena_calloc(arena, n_channels, sizeof *quality->low);
    return quality->high && quality->low ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* Peaks ------------------------------------------------------------------------------------ */

/** Adds a block of one channel whose largest (or smallest) sample is `extreme`. */
static void add_block(pt_peak_run *peak, const float *x, size_t n_frames, unsigned n_channels,
                      float extreme) {
    if (extreme == 0.0F || fabsf(extreme) < fabsf(peak->value)) {
        peak->run = 0;
        return;
    }
    if (extreme != peak->value) *peak = (pt_peak_run){.value = extreme};
    uint64_t run = peak->run;
    for (size_t i = 0; i < n_frames; i++) {
        const bool is_equal = x[i * n_channels] == extreme;
        run = is_equal ? run + 1 : 0;
        peak->n_equal += is_equal;
        peak->longest = run > peak->longest ? run : peak->longest;
    }
    peak->run = run;
}

bool pt_source_quality_add_source(pt_source_quality *quality, const float *samples,
                                  size_t n_frames) {
    const unsigned n_channels = quality->n_channels;
    float high[PATINA_CHANNELS_MAX], low[PATINA_CHANNELS_MAX];

    quality->n_source += n_frames;
    while (n_frames > 0) {
        const size_t n = n_frames < BLOCK_FRAMES ? n_frames : BLOCK_FRAMES;
        pt_dsp_ops_get_best()->extremes(samples, n, n_channels, high, low);
        for (unsigned c = 0; c < n_channels; c++) {
            if (!isfinite(high[c]) || !isfinite(low[c])) return false;
            add_block(&quality->high[c], samples + c, n, n_channels, high[c]);
            add_block(&quality->low[c], samples + c, n, n_channels, low[c]);
        }
        samples += n * n_channels;
        n_frames -= n;
    }
    return true;
}

static void finish_peaks(const pt_source_quality *quality, patina_source_quality *result) {
    const pt_peak_run *const peaks[] = {quality->high, quality->low};
    float peak = 0.0F;
    uint64_t n_equal = 0;

    for (size_t side = 0; side < 2; side++)
        for (unsigned c = 0; c < quality->n_channels; c++)
            if (fabsf(peaks[side][c].value) > peak) peak = fabsf(peaks[side][c].value);
    for (size_t side = 0; side < 2; side++)
        for (unsigned c = 0; c < quality->n_channels; c++) {
            const pt_peak_run *p = &peaks[side][c];
            if (p->n_equal == 0 || fabsf(p->value) < 0.5F * peak) continue;
            n_equal += p->n_equal;
            if (p->longest > result->flat_run) result->flat_run = p->longest;
        }
    result->peak_share = (double)n_equal / ((double)quality->n_source * quality->n_channels);
    result->peak_dbfs =
        peak > 0.0F ? fmax(20.0 * log10((double)peak), PT_QUALITY_FLOOR_DB) : PT_QUALITY_FLOOR_DB;
}

/* Levels ----------------------------------------------------------------------------------- */

/** Level of a frame of the mix in dBFS, where a full-scale sine is 0. */
static void end_frame(pt_source_quality *quality) {
    double energy = 0.0;
    for (size_t l = 0; l < LANES; l++)
        energy += (double)quality->energy[l];
    const double power = 2.0 * energy / PT_QUALITY_FRAME;
    const double bin =
        power > 0.0 ? floor(BINS_PER_DB * (10.0 * log10(power) - PT_QUALITY_FLOOR_DB)) : 0.0;
    const double last = PT_QUALITY_BINS - 1;
    quality->level[(size_t)(bin < 0.0 ? 0.0 : bin < last ? bin : last)]++;
    quality->n_frames++;
    memset(quality->energy, 0, sizeof quality->energy);
    quality->n_in_frame = 0;
}

/** Adds samples to the energies of the lanes. */
static void add_energy(float energy[LANES], const float *x, size_t n, float mean) {
    float e[LANES];
    size_t i = 0;
    memcpy(e, energy, sizeof e);
    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            e[l] += (x[i + l] - mean) * (x[i + l] - mean);
    for (size_t l = 0; i < n; i++, l++)
        e[l] += (x[i] - mean) * (x[i] - mean);
    memcpy(energy, e, sizeof e);
}

static void note_ends(pt_source_quality *quality, const float *x, size_t n) {
    for (uint64_t i = quality->n_mix; i < 2 && i - quality->n_mix < n; i++)
        quality->first[i] = x[i - quality->n_mix];
    quality->last[0] = n > 1 ? x[n - 2] : quality->last[1];
    quality->last[1] = x[n - 1];
}

void pt_source_quality_add_mix(pt_source_quality *quality, const float *x, size_t n) {
    if (n == 0) return;
    note_ends(quality, x, n);
    quality->n_mix += n;
    while (n > 0) {
        const size_t room = PT_QUALITY_FRAME - quality->n_in_frame;
        const size_t step = n < room ? n : room;
        add_energy(quality->energy, x, step, (float)quality->mean);
        quality->n_in_frame += step;
        if (quality->n_in_frame == PT_QUALITY_FRAME) end_frame(quality);
        x += step;
        n -= step;
    }
}

/** The level that 5 % of the frames are under; those of digital silence are left out. */
static void finish_levels(const pt_source_quality *quality, patina_source_quality *result) {
    const uint64_t n_sound = quality->n_frames - quality->level[0];
    const size_t silent = (size_t)(BINS_PER_DB * (PT_QUALITY_SILENT_DB - PT_QUALITY_FLOOR_DB));
    uint64_t n_silent = 0, n_under = 0;

    for (size_t b = 0; b < silent; b++)
        n_silent += quality->level[b];
    result->silent_share = quality->n_frames ? (double)n_silent / (double)quality->n_frames : 0.0;
    result->noise_floor_dbfs = PT_QUALITY_FLOOR_DB;
    for (size_t b = 1; b < PT_QUALITY_BINS && 20 * n_under < n_sound; b++) {
        n_under += quality->level[b];
        if (quality->level[b] > 0)
            result->noise_floor_dbfs = PT_QUALITY_FLOOR_DB + ((double)b + 0.5) / BINS_PER_DB;
    }
}

/* Bandwidth -------------------------------------------------------------------------------- */

/** The spectrum by cells: mean power of a bin, and the geometric mean in dB, which a tone hardly
 * changes. */
typedef struct cells {
    double mean[CELLS], level[CELLS];
    double peak_above[CELLS]; /* the largest level of a cell and of those above it */
} cells;

static void make_cells(const double *power, cells *s) {
    for (size_t i = 0; i < CELLS; i++) {
        double sum = 0.0, level = 0.0;
        for (size_t k = 0; k < CELL_BINS; k += 8) {
            double product = 1.0; /* of 8, which is no underflow */
            for (size_t b = k; b < k + 8; b++) {
                const double p = power[i * CELL_BINS + b];
                sum += p;
                product *= p > 1e-30 ? p : 1e-30;
            }
            level += 10.0 * log10(product);
        }
        s->mean[i] = sum / CELL_BINS;
        s->level[i] = level / CELL_BINS;
    }
    for (size_t i = CELLS; i-- > 0;) {
        s->peak_above[i] = s->level[i];
        if (i + 1 < CELLS && s->peak_above[i + 1] > s->level[i])
            s->peak_above[i] = s->peak_above[i + 1];
    }
}

/** Power of a bin that the jumps from and to zero at the ends of the mix cause. */
static double jump_power(const pt_source_quality *quality, size_t cell) {
    const float *const ends[] = {quality->first, quality->last};
    const double slope = 2.0 * sin(M_PI * ((double)cell + 0.5) * CELL_HZ / PATINA_RATE_HZ);
    double squares = 0.0;
    for (size_t i = 0; i < 4; i++) {
        const double x = (double)ends[i / 2][i % 2] - quality->mean;
        squares += x * x;
    }
    return 2.0 * squares / (slope * slope) / ((double)quality->n_mix * PT_LTAS_FRAME);
}

/** Number of cells up to the last one that is stronger than noise. */
static size_t find_last_cell(const pt_source_quality *quality, const cells *s) {
    const double noise = NOISE_POWER * PATINA_RATE_HZ / quality->rate_hz;
    size_t n = CELLS;
    while (n > 0 && s->mean[n - 1] <= MARGIN * fmax(noise, jump_power(quality, n - 1)))
        n--;
    return n;
}

/** Number of cells up to the lowest edge: a twelfth of an octave across which the spectrum falls by
 * EDGE_DB, from the lowest level of the two octaves below to the highest above. n without one. */
static size_t find_edge(const cells *s, size_t n) {
    for (size_t i = FIRST_EDGE; i < n; i++) {
        const size_t half = (i + 23) / 24;
        if (i + half >= CELLS) break;
        double below = s->level[i / 4];
        for (size_t k = i / 4; k < i - half; k++)
            below = s->level[k] < below ? s->level[k] : below;
        if (below - s->peak_above[i + half] < EDGE_DB) continue;
        const double middle = 0.5 * (below + s->peak_above[i + half]);
        size_t edge = i + half;
        while (s->level[edge - 1] < middle)
            edge--;
        return edge;
    }
    return n;
}

/** The end of the spectrum in Hz; where the resampler's filter hides it, half the lower rate. */
static double find_bandwidth(const pt_source_quality *quality, const double *power) {
    cells s;
    make_cells(power, &s);
    const double end = (double)find_edge(&s, find_last_cell(quality, &s)) * CELL_HZ;
    const double full = 0.5 * fmin(quality->rate_hz, PATINA_RATE_HZ);
    const bool is_hidden = quality->rate_hz != PATINA_RATE_HZ && end >= FULL_SHARE * full;
    return is_hidden || end > full ? full : end;
}

void pt_source_quality_finish(pt_source_quality *quality, const double *power,
                              patina_source_quality *result) {
    *result = (patina_source_quality){.flat_run = 0};
    finish_peaks(quality, result);
    finish_levels(quality, result);
    result->bandwidth_hz = find_bandwidth(quality, power);
}

/* JSON ------------------------------------------------------------------------------------- */

static void add_number(pt_strbuf *out, const char *name, double value) {
    pt_strbuf_printf(out, "%s\"%s\": ", out->length > 1 ? ", " : "", name);
    pt_json_write_real(out, value, DBL_DECIMAL_DIG);
}

char *patina_source_quality_to_json(const patina_source_quality *quality) {
    pt_strbuf out = {0};
    pt_strbuf_append(&out, "{");
    add_number(&out, "bandwidth_hz", quality->bandwidth_hz);
    pt_strbuf_printf(&out, ", \"flat_run\": %" PRIu64, quality->flat_run);
    add_number(&out, "peak_share", quality->peak_share);
    add_number(&out, "peak_dbfs", quality->peak_dbfs);
    add_number(&out, "noise_floor_dbfs", quality->noise_floor_dbfs);
    add_number(&out, "silent_share", quality->silent_share);
    if (quality->codec) {
        pt_strbuf_append(&out, ", \"codec\": ");
        pt_json_write_string(&out, quality->codec);
        pt_strbuf_printf(&out, ", \"lossy\": %s", quality->is_lossy ? "true" : "false");
        if (quality->bits > 0) pt_strbuf_printf(&out, ", \"bits\": %" PRIu32, quality->bits);
    }
    pt_strbuf_append(&out, "}");
    return pt_strbuf_detach(&out);
}
