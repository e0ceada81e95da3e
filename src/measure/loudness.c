/* SPDX-License-Identifier: MIT */
/* loudness.c - libebur128 and nothing else
 *
 * Its default channel map is the one wanted here: L R C LFE Ls Rs, four channels as L R Ls Rs,
 * five as L R C Ls Rs, and what comes after the sixth unheard.
 */

#include "measure/loudness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <ebur128.h>

#include <patina/measure.h>

#include "dsp/denormal.h"
#include "dsp/stats.h"

struct pt_loudness_meter {
    ebur128_state *ebur128;
};

uint64_t pt_loudness_block(unsigned rate_hz) {
    return 4 * (((uint64_t)rate_hz + 5) / 10);
}

pt_status pt_loudness_meter_open(unsigned rate_hz, unsigned n_channels, pt_loudness_meter **out,
                                 pt_error *err) {
    if (rate_hz < PT_RATE_MIN_HZ || rate_hz > PT_RATE_MAX_HZ)
        return pt_fail(err, PT_REJECT_UNSUPPORTED, "a rate of %u Hz: %u to %u Hz are measured",
                       rate_hz, PT_RATE_MIN_HZ, PT_RATE_MAX_HZ);
    if (n_channels < 1 || n_channels > PT_CHANNELS_MAX)
        return pt_fail(err, PT_REJECT_UNSUPPORTED, "%u channels: 1 to %u are measured", n_channels,
                       PT_CHANNELS_MAX);

    pt_loudness_meter *meter = calloc(1, sizeof *meter);
    if (meter) meter->ebur128 = ebur128_init(n_channels, rate_hz, EBUR128_MODE_I);
    if (!meter || !meter->ebur128) {
        pt_loudness_meter_close(&meter);
        return pt_fail(err, PT_ENOMEM, "no memory for a loudness meter");
    }
    *out = meter;
    return PT_OK;
}

void pt_loudness_meter_close(pt_loudness_meter **meter) {
    if (!meter || !*meter) return;
    if ((*meter)->ebur128) ebur128_destroy(&(*meter)->ebur128);
    free(*meter);
    *meter = NULL;
}

pt_status pt_loudness_meter_add(pt_loudness_meter *meter, const float *samples, size_t n_frames,
                                pt_error *err) {
    if (ebur128_add_frames_float(meter->ebur128, samples, n_frames) != EBUR128_SUCCESS)
        return pt_fail(err, PT_ENOMEM, "no memory for another block of loudness");
    return PT_OK;
}

pt_status pt_loudness_meter_value(const pt_loudness_meter *meter, double *lufs, pt_error *err) {
    double value = 0.0;
    if (ebur128_loudness_global(meter->ebur128, &value) != EBUR128_SUCCESS)
        return pt_fail(err, PT_ENOMEM, "no memory to sum up the loudness");
    /* -HUGE_VAL where no block passes the absolute gate */
    *lufs = value > PT_LUFS_FLOOR ? value : PT_LUFS_FLOOR;
    return PT_OK;
}

pt_status pt_loudness_measure(const pt_audio *audio, double *lufs, pt_error *err) {
    pt_loudness_meter *meter = NULL;
    PT_TRY(pt_loudness_meter_open(audio->rate_hz, audio->n_channels, &meter, err));

    const unsigned mode = pt_denormals_flush();
    pt_status status = PT_OK;
    const uint64_t block = pt_loudness_block(audio->rate_hz);
    if (audio->n_frames < block)
        status = pt_fail(err, PT_REJECT_TOO_SHORT,
                         "%zu frames at %u Hz: shorter than a loudness block of 400 ms",
                         audio->n_frames, audio->rate_hz);
    else if (!pt_stats_finite(audio->samples, audio->n_frames * audio->n_channels))
        status = pt_fail(err, PT_REJECT_NONFINITE, "a NaN or an infinity among the samples");
    if (status == PT_OK)
        status = pt_loudness_meter_add(meter, audio->samples, audio->n_frames, err);
    if (status == PT_OK) status = pt_loudness_meter_value(meter, lufs, err);
    pt_denormals_restore(mode);
    pt_loudness_meter_close(&meter);
    return status;
}

void pt_loudness_library(char *text, size_t n) {
    int major = 0, minor = 0, patch = 0;
    ebur128_get_version(&major, &minor, &patch);
    snprintf(text, n, "%d.%d.%d", major, minor, patch);
}
