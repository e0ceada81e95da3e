/* SPDX-License-Identifier: MIT */
/* resample.c - polyphase filters for ratios of small numbers, soxr for the others
 *
 * The polyphase kernel computes blocks of fixed position and length: input is buffered until a
 * block has all samples that it reads. Zeros precede and follow the signal.
 *
 * soxr computes the length of its output in floating point, which agrees with pt_resampled_length
 * in all tests. Callers size their buffers by the latter, so the output is limited to that length
 * and padded with zeros if it is shorter.
 */

#include "dsp/resample.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <soxr.h>

#include <patina/audio.h>

#include "base/error.h"
#include "base/memory_reserve.h"
#include "dsp/denormal.h"
#include "dsp/dsp_ops.h"

/* soxr does not check all of its allocations; the filters of 384 kHz take less than 2 MB. */
#define RESERVE_BYTES ((size_t)4 << 20)

#define BLOCK 4096 /* samples per call: the buffers of soxr stay in cache */

#define N_BEFORE (PT_RESAMPLE_HALF - 1) /* samples before a block that it reads */

typedef struct polyphase {
    pt_polyphase_plan *plan;
    const pt_dsp_ops *ops;
    size_t n_read;            /* of a block */
    size_t n_held;            /* in input, from N_BEFORE before the next block on */
    size_t n_taken, n_output; /* in output: a block that is being drained */
    float *input;             /* [n_read] */
    float *rows;              /* of the kernel */
    float *output;            /* [pt_polyphase_block_out] */
} polyphase;

struct pt_resampler {
    unsigned rate_hz;
    polyphase *polyphase;
    soxr_t soxr; /* both NULL: equal rates, samples are copied */
    bool used;   /* has state of a signal */
    uint64_t n_in, n_out;
};

uint64_t pt_resampled_length(uint64_t n, unsigned rate_hz) {
    const uint64_t seconds = n / rate_hz, rest = n % rate_hz;
    if (seconds >= UINT64_MAX / PATINA_RATE_HZ) return UINT64_MAX;
    return seconds * PATINA_RATE_HZ +
           (2 * PATINA_RATE_HZ * rest + rate_hz) / (2 * (uint64_t)rate_hz);
}

/* ---- polyphase ---- */

static void polyphase_reset(polyphase *p) {
    memset(p->input, 0, N_BEFORE * sizeof *p->input);
    p->n_held = N_BEFORE;
    p->n_taken = p->n_output = 0;
}

static void polyphase_close(polyphase *p) {
    if (!p) return;
    free(p->plan);
    free(p->rows);
    free(p);
}

static polyphase *polyphase_open(unsigned l, unsigned m) {
    polyphase *p = calloc(1, sizeof *p);
    if (!p || !(p->plan = malloc(pt_polyphase_plan_size(l, m)))) goto failed;
    pt_polyphase_plan_init(p->plan, l, m);
    p->ops = pt_dsp_ops_get_best();
    p->n_read = pt_polyphase_n_read(p->plan);
    const size_t n_rows = pt_polyphase_n_rows(p->plan) * PT_POLYPHASE_LANES;
    const size_t n = (n_rows + pt_polyphase_block_out(p->plan) + p->n_read + 15) / 16 * 16;
    p->rows = aligned_alloc(64, n * sizeof *p->rows);
    if (!p->rows) goto failed;
    p->output = p->rows + n_rows;
    p->input = p->output + pt_polyphase_block_out(p->plan);
    polyphase_reset(p);
    return p;

failed:
    polyphase_close(p);
    return NULL;
}

/* A block from a full input, which then begins with what the next block reads. */
static void polyphase_block(polyphase *p, float *out) {
    const size_t n_in = pt_polyphase_block_in(p->plan);
    const unsigned mode = pt_denormals_flush();
    p->ops->polyphase(p->plan, p->input, p->rows, out);
    pt_denormals_restore(mode);
    p->n_held = p->n_read - n_in;
    memmove(p->input, p->input + n_in, p->n_held * sizeof *p->input);
}

static size_t polyphase_process(polyphase *p, const float *in, size_t n_in, float *out) {
    size_t n_out = 0;
    while (n_in > 0) {
        const size_t room = p->n_read - p->n_held, n = n_in < room ? n_in : room;
        memcpy(p->input + p->n_held, in, n * sizeof *in);
        p->n_held += n;
        in += n;
        n_in -= n;
        if (p->n_held == p->n_read) {
            polyphase_block(p, out + n_out);
            n_out += pt_polyphase_block_out(p->plan);
        }
    }
    return n_out;
}

/* The next samples after the end of the input, `room` at most. */
static size_t polyphase_drain(polyphase *p, float *out, size_t room) {
    if (p->n_taken == p->n_output) {
        memset(p->input + p->n_held, 0, (p->n_read - p->n_held) * sizeof *p->input);
        polyphase_block(p, p->output);
        p->n_taken = 0;
        p->n_output = pt_polyphase_block_out(p->plan);
    }
    const size_t left = p->n_output - p->n_taken, n = left < room ? left : room;
    memcpy(out, p->output + p->n_taken, n * sizeof *out);
    p->n_taken += n;
    return n;
}

/* ---- */

static unsigned greatest_common_divisor(unsigned a, unsigned b) {
    return b == 0 ? a : greatest_common_divisor(b, a % b);
}

static bool open_filter(pt_resampler *resampler, pt_resampler_kind kind, const char **fault) {
    const unsigned divisor = greatest_common_divisor(PATINA_RATE_HZ, resampler->rate_hz);
    const unsigned l = PATINA_RATE_HZ / divisor, m = resampler->rate_hz / divisor;
    if (kind == PT_RESAMPLER_BEST && pt_polyphase_plan_size(l, m) > 0) {
        resampler->polyphase = polyphase_open(l, m);
        return resampler->polyphase != NULL;
    }
    if (!pt_memory_reserve(RESERVE_BYTES)) return false;
    const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    const soxr_runtime_spec_t one_thread = soxr_runtime_spec(1);
    resampler->soxr =
        soxr_create(resampler->rate_hz, PATINA_RATE_HZ, 1, fault, &io, &quality, &one_thread);
    return resampler->soxr && !*fault;
}

patina_status pt_resampler_open(unsigned rate_hz, pt_resampler_kind kind, pt_resampler **out,
                                patina_error *err) {
    if (rate_hz < PATINA_RATE_MIN_HZ || rate_hz > PATINA_RATE_MAX_HZ)
        return pt_fail(
            err, PATINA_ERANGE,
            "a sample rate of %u Hz cannot be resampled; supported rates are %u to %u Hz", rate_hz,
            PATINA_RATE_MIN_HZ, PATINA_RATE_MAX_HZ);

    pt_resampler *resampler = calloc(1, sizeof *resampler);
    if (!resampler) return pt_fail(err, PATINA_ENOMEM, "out of memory for a resampler");
    resampler->rate_hz = rate_hz;
    const char *fault = NULL;
    if (rate_hz != PATINA_RATE_HZ && !open_filter(resampler, kind, &fault)) {
        pt_resampler_close(&resampler);
        return pt_fail(err, PATINA_ENOMEM, "cannot create a resampler from %u Hz: %s", rate_hz,
                       fault ? fault : "out of memory");
    }
    *out = resampler;
    return PATINA_OK;
}

void pt_resampler_close(pt_resampler **resampler) {
    if (!resampler || !*resampler) return;
    polyphase_close((*resampler)->polyphase);
    if ((*resampler)->soxr) soxr_delete((*resampler)->soxr);
    free(*resampler);
    *resampler = NULL;
}

patina_status pt_resampler_reset(pt_resampler *resampler, patina_error *err) {
    if (!resampler->used) return PATINA_OK;
    resampler->n_in = resampler->n_out = 0;
    if (resampler->polyphase) polyphase_reset(resampler->polyphase);
    if (resampler->soxr && !pt_memory_reserve(RESERVE_BYTES))
        return pt_fail(err, PATINA_ENOMEM, "no memory for a resampler");
    if (resampler->soxr) { /* resetting designs the filters again: up to a millisecond */
        const soxr_error_t fault = soxr_clear(resampler->soxr);
        if (fault) return pt_fail(err, PATINA_ENOMEM, "the resampler cannot be cleared: %s", fault);
    }
    resampler->used = false;
    return PATINA_OK;
}

size_t pt_resampler_bound(const pt_resampler *resampler, size_t n_in) {
    const polyphase *p = resampler->polyphase;
    if (!resampler->soxr && !p) return n_in;
    if (p) { /* one block that earlier input has almost filled, and those of n_in */
        const uint64_t n_blocks = n_in / pt_polyphase_block_in(p->plan) + 1;
        const size_t block_out = pt_polyphase_block_out(p->plan);
        return n_blocks > SIZE_MAX / block_out ? SIZE_MAX : (size_t)n_blocks * block_out;
    }
    /* More than n_in samples correspond to, so that the delay of soxr does not accumulate. */
    const uint64_t n_out = pt_resampled_length(n_in, resampler->rate_hz);
    return n_out >= SIZE_MAX - 1 ? SIZE_MAX : (size_t)n_out + 2;
}

/* soxr_process; in NULL ends the input. */
static patina_status run_soxr(pt_resampler *resampler, const float *in, size_t n_in, float *out,
                              size_t room, size_t *n_out, patina_error *err) {
    const unsigned mode = pt_denormals_flush();
    const soxr_error_t fault = soxr_process(resampler->soxr, in, n_in, NULL, out, room, n_out);
    pt_denormals_restore(mode);
    if (fault)
        return pt_fail(err, PATINA_ENOMEM, "resampling from %u Hz: %s", resampler->rate_hz, fault);
    return PATINA_OK;
}

patina_status pt_resampler_process(pt_resampler *resampler, const float *in, size_t n_in,
                                   float *out, size_t *n_out, patina_error *err) {
    *n_out = 0;
    if (n_in == 0) return PATINA_OK; /* soxr takes an empty input as the end */
    resampler->used = true;
    resampler->n_in += n_in;
    if (resampler->polyphase) {
        *n_out = polyphase_process(resampler->polyphase, in, n_in, out);
    } else if (resampler->soxr) {
        const uint64_t due = pt_resampled_length(resampler->n_in, resampler->rate_hz);
        size_t room = pt_resampler_bound(resampler, n_in);
        if (room > due - resampler->n_out) room = (size_t)(due - resampler->n_out);
        PT_TRY(run_soxr(resampler, in, n_in, out, room, n_out, err));
    } else {
        memcpy(out, in, n_in * sizeof *out);
        *n_out = n_in;
    }
    resampler->n_out += *n_out;
    return PATINA_OK;
}

patina_status pt_resampler_drain(pt_resampler *resampler, float *out, size_t room, size_t *n_out,
                                 patina_error *err) {
    const uint64_t left =
        pt_resampled_length(resampler->n_in, resampler->rate_hz) - resampler->n_out;
    *n_out = 0;
    if (room > left) room = (size_t)left;
    if (room == 0) return PATINA_OK;

    size_t n = 0;
    if (resampler->polyphase) {
        n = polyphase_drain(resampler->polyphase, out, room);
    } else {
        PT_TRY(run_soxr(resampler, NULL, 0, out, room, &n, err));
        if (n == 0) { /* soxr is drained, and a sample is missing */
            memset(out, 0, room * sizeof *out);
            n = room;
        }
    }
    resampler->n_out += n;
    *n_out = n;
    return PATINA_OK;
}

patina_status pt_resampler_run(pt_resampler *resampler, const float *in, size_t n_in, float *out,
                               patina_error *err) {
    PT_TRY(pt_resampler_reset(resampler, err));
    for (size_t done = 0, n_out; done < n_in; done += BLOCK) {
        const size_t n = n_in - done < BLOCK ? n_in - done : BLOCK;
        PT_TRY(pt_resampler_process(resampler, in + done, n, out, &n_out, err));
        out += n_out;
    }
    for (size_t n_out = 1; n_out > 0; out += n_out)
        PT_TRY(pt_resampler_drain(resampler, out, SIZE_MAX, &n_out, err));
    return pt_resampler_reset(resampler, err);
}

const char *pt_resampler_library_version(void) {
    return soxr_version();
}
