/* SPDX-License-Identifier: MIT */
/* resample.c - soxr, with an exact number of output samples
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

/* soxr does not check all of its allocations; the filters of 384 kHz take less than 2 MB. */
#define RESERVE_BYTES ((size_t)4 << 20)

#define BLOCK 4096 /* samples per call: the buffers of soxr stay in cache */

struct pt_resampler {
    unsigned rate_hz;
    soxr_t soxr; /* NULL: equal rates, samples are copied */
    bool used;   /* has state of a signal */
    uint64_t n_in, n_out;
};

uint64_t pt_resampled_length(uint64_t n, unsigned rate_hz) {
    const uint64_t seconds = n / rate_hz, rest = n % rate_hz;
    if (seconds >= UINT64_MAX / PATINA_RATE_HZ) return UINT64_MAX;
    return seconds * PATINA_RATE_HZ +
           (2 * PATINA_RATE_HZ * rest + rate_hz) / (2 * (uint64_t)rate_hz);
}

patina_status pt_resampler_open(unsigned rate_hz, pt_resampler **out, patina_error *err) {
    if (rate_hz < PATINA_RATE_MIN_HZ || rate_hz > PATINA_RATE_MAX_HZ)
        return pt_fail(
            err, PATINA_ERANGE,
            "a sample rate of %u Hz cannot be resampled; supported rates are %u to %u Hz", rate_hz,
            PATINA_RATE_MIN_HZ, PATINA_RATE_MAX_HZ);

    pt_resampler *resampler = calloc(1, sizeof *resampler);
    if (!resampler) return pt_fail(err, PATINA_ENOMEM, "out of memory for a resampler");
    resampler->rate_hz = rate_hz;
    if (rate_hz != PATINA_RATE_HZ) {
        const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
        const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
        const soxr_runtime_spec_t one_thread = soxr_runtime_spec(1);
        soxr_error_t fault = NULL;
        if (pt_memory_reserve(RESERVE_BYTES))
            resampler->soxr =
                soxr_create(rate_hz, PATINA_RATE_HZ, 1, &fault, &io, &quality, &one_thread);
        if (!resampler->soxr || fault) {
            pt_resampler_close(&resampler);
            return pt_fail(err, PATINA_ENOMEM, "cannot create a resampler from %u Hz: %s", rate_hz,
                           fault ? fault : "out of memory");
        }
    }
    *out = resampler;
    return PATINA_OK;
}

void pt_resampler_close(pt_resampler **resampler) {
    if (!resampler || !*resampler) return;
    if ((*resampler)->soxr) soxr_delete((*resampler)->soxr);
    free(*resampler);
    *resampler = NULL;
}

patina_status pt_resampler_reset(pt_resampler *resampler, patina_error *err) {
    if (!resampler->used) return PATINA_OK;
    resampler->n_in = resampler->n_out = 0;
    if (resampler->soxr && !pt_memory_reserve(RESERVE_BYTES))
        return pt_fail(err, PATINA_ENOMEM, "no memory for a resampler");
    if (resampler->soxr) { /* resetting designs the filters again: up to a millisecond */
        const soxr_error_t fault = soxr_clear(resampler->soxr);
        if (fault) return pt_fail(err, PATINA_ENOMEM, "the resampler cannot be cleared: %s", fault);
    }
    resampler->used = false;
    return PATINA_OK;
}

/* More than n_in samples correspond to, so that the delay of soxr does not accumulate. */
size_t pt_resampler_bound(const pt_resampler *resampler, size_t n_in) {
    if (!resampler->soxr) return n_in;
    const uint64_t n_out = pt_resampled_length(n_in, resampler->rate_hz);
    return n_out >= SIZE_MAX - 1 ? SIZE_MAX : (size_t)n_out + 2;
}

/* soxr_process; in NULL ends the input. */
static patina_status process(pt_resampler *resampler, const float *in, size_t n_in, float *out,
                             size_t room, size_t *n_out, patina_error *err) {
    const unsigned mode = pt_denormals_flush();
    const soxr_error_t fault = soxr_process(resampler->soxr, in, n_in, NULL, out, room, n_out);
    pt_denormals_restore(mode);
    resampler->used = true;
    resampler->n_in += n_in;
    if (fault)
        return pt_fail(err, PATINA_ENOMEM, "resampling from %u Hz: %s", resampler->rate_hz, fault);
    return PATINA_OK;
}

patina_status pt_resampler_process(pt_resampler *resampler, const float *in, size_t n_in,
                                   float *out, size_t *n_out, patina_error *err) {
    *n_out = 0;
    if (n_in == 0) return PATINA_OK; /* soxr takes an empty input as the end */
    if (resampler->soxr) {
        const uint64_t due = pt_resampled_length(resampler->n_in + n_in, resampler->rate_hz);
        size_t room = pt_resampler_bound(resampler, n_in);
        if (room > due - resampler->n_out) room = (size_t)(due - resampler->n_out);
        PT_TRY(process(resampler, in, n_in, out, room, n_out, err));
    } else {
        memcpy(out, in, n_in * sizeof *out);
        resampler->used = true;
        resampler->n_in += n_in;
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
    PT_TRY(process(resampler, NULL, 0, out, room, &n, err));
    if (n == 0) { /* soxr is drained, and a sample is missing */
        memset(out, 0, room * sizeof *out);
        n = room;
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
