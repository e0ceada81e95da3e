/* SPDX-License-Identifier: MIT */
/* sound_scan.c - level of a whole file over time, in octave bands */

#include "audio/sound_scan.h"

#include <math.h>
#include <string.h>

#include "audio/decoder.h"
#include "audio/downmix.h"
#include "base/error.h"
#include "dsp/denormal.h"

#define PI         3.14159265358979323846
#define LOWEST_HZ  100.0
#define HIGHEST    0.45 /* centre of a band, of the sampling rate */
#define FIRST_SIZE 256  /* blocks */

/** Band-pass filters in transposed direct form II. */
typedef struct filters {
    double b0[PT_SCAN_BANDS], a1[PT_SCAN_BANDS], a2[PT_SCAN_BANDS];
    double s1[PT_SCAN_BANDS], s2[PT_SCAN_BANDS];
} filters;

static void init_filters(filters *f, unsigned rate_hz) {
    *f = (filters){0};
    for (size_t i = 0; i < PT_SCAN_BANDS; i++) {
        const double centre_hz = ldexp(LOWEST_HZ, (int)i);
        if (centre_hz > HIGHEST * rate_hz) continue;
        const double w0 = 2.0 * PI * centre_hz / rate_hz;
        const double alpha = sin(w0) * sinh(log(2.0) / 2.0 * w0 / sin(w0)), a0 = 1.0 + alpha;
        f->b0[i] = alpha / a0;
        f->a1[i] = -2.0 * cos(w0) / a0;
        f->a2[i] = (1.0 - alpha) / a0;
    }
}

/** Sums of one block. */
typedef struct block_sums {
    double sum, square, band[PT_SCAN_BANDS];
    uint64_t n;
} block_sums;

static void add_samples(filters *f, block_sums *s, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const double v = x[i];
        s->sum += v;
        s->square += v * v;
        for (size_t b = 0; b < PT_SCAN_BANDS; b++) { /* b1 = 0, b2 = -b0 */
            const double in = f->b0[b] * v, y = in + f->s1[b];
            f->s1[b] = f->s2[b] - f->a1[b] * y;
            f->s2[b] = -in - f->a2[b] * y;
            s->band[b] += y * y;
        }
    }
    s->n += n;
}

static patina_status end_block(pt_sound_scan *scan, block_sums *s, pt_arena *arena,
                               patina_error *err) {
    if (scan->n_blocks == scan->capacity) {
        const size_t capacity = scan->capacity ? 2 * scan->capacity : FIRST_SIZE;
        pt_scan_block *block = pt_arena_alloc_array(arena, capacity, sizeof *block);
        if (!block) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        if (scan->n_blocks > 0) memcpy(block, scan->block, scan->n_blocks * sizeof *block);
        scan->block = block;
        scan->capacity = capacity;
    }
    pt_scan_block *block = &scan->block[scan->n_blocks++];
    const double n = (double)scan->block_frames;
    block->power = (float)fmax(0.0, (s->square - s->sum * s->sum / (double)s->n) / n);
    for (size_t b = 0; b < PT_SCAN_BANDS; b++)
        block->band[b] = (float)(s->band[b] / n);
    *s = (block_sums){0};
    return PATINA_OK;
}

static patina_status scan_decoder(pt_decoder *decoder, const pt_decoder_info *info,
                                  pt_sound_scan *scan, pt_arena *arena, patina_error *err) {
    const size_t n_block = info->rate_hz / 10;
    float *frames = pt_arena_alloc_array(arena, n_block * info->n_channels, sizeof *frames);
    float *mix = pt_arena_alloc_array(arena, n_block, sizeof *mix);
    block_sums sums = {0};
    filters f;
    size_t got = 0;

    if (!frames || !mix) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    *scan = (pt_sound_scan){.block_frames = n_block, .rate_hz = info->rate_hz};
    init_filters(&f, info->rate_hz);
    do {
        const patina_audio audio = {frames, 0, info->n_channels, info->rate_hz};
        PT_TRY(pt_decoder_read(decoder, frames, n_block, &got, err));
        if (got == 0) break;
        patina_audio block = audio;
        block.n_frames = got;
        pt_audio_downmix(&block, mix);
        add_samples(&f, &sums, mix, got);
        scan->n_frames += got;
        PT_TRY(end_block(scan, &sums, arena, err));
    } while (got == n_block && scan->n_blocks < PT_SCAN_BLOCKS_MAX);
    return scan->n_frames > 0 ? PATINA_OK
                              : pt_fail(err, PATINA_REJECT_TOO_SHORT, "the audio has no frames");
}

patina_status pt_sound_scan_run(const pt_byte_source *bytes, pt_sound_scan *scan, pt_arena *arena,
                                patina_error *err) {
    const unsigned denormals = pt_denormals_flush();
    pt_decoder *decoder = NULL;
    pt_decoder_info info;
    patina_status status = pt_decoder_open(bytes, &decoder, &info, err);

    if (status == PATINA_OK) status = scan_decoder(decoder, &info, scan, arena, err);
    pt_decoder_close(&decoder);
    pt_denormals_restore(denormals);
    return status;
}

static bool overlaps_by_half(uint64_t a, const uint64_t *starts, size_t n, uint64_t n_frames) {
    for (size_t i = 0; i < n; i++)
        if (2 * (a > starts[i] ? a - starts[i] : starts[i] - a) < n_frames) return true;
    return false;
}

bool pt_sound_scan_find_loudest(const pt_sound_scan *scan, uint64_t part_start,
                                uint64_t part_frames, uint64_t n_frames, const uint64_t *starts,
                                size_t n_starts, uint64_t *start) {
    const uint64_t size = scan->block_frames, first = (part_start + size - 1) / size;
    const uint64_t n_window = (n_frames + size - 1) / size;
    double best = -1.0;

    if (part_frames == n_frames) { /* there is no choice */
        *start = part_start;
        return !overlaps_by_half(part_start, starts, n_starts, n_frames);
    }
    for (uint64_t b = first; b * size + n_frames <= part_start + part_frames; b++) {
        if (b >= scan->n_blocks && best >= 0.0) break; /* behind the scan all are equal */
        double sum = 0.0; /* not incremental, so that equal windows have equal sums */
        if (overlaps_by_half(b * size, starts, n_starts, n_frames)) continue;
        for (uint64_t i = b; i < b + n_window && i < scan->n_blocks; i++)
            sum += scan->block[i].power;
        if (sum > best) {
            best = sum;
            *start = b * size;
        }
    }
    return best >= 0.0;
}
