/* SPDX-License-Identifier: MIT */
/* audio_format.c - supported sampling rates and numbers of channels */

#include "base/audio_format.h"

#include <patina/audio.h>

#include "base/error.h"

patina_status pt_audio_format_check(unsigned rate_hz, unsigned n_channels, patina_error *err) {
    if (rate_hz < PATINA_RATE_MIN_HZ || rate_hz > PATINA_RATE_MAX_HZ)
        return pt_fail(err, PATINA_REJECT_UNSUPPORTED,
                       "a sample rate of %u Hz is not supported; supported rates are %d to %d Hz",
                       rate_hz, PATINA_RATE_MIN_HZ, PATINA_RATE_MAX_HZ);
    if (n_channels < 1 || n_channels > PATINA_CHANNELS_MAX)
        return pt_fail(err, PATINA_REJECT_UNSUPPORTED,
                       "%u channels are not supported; at most %d are", n_channels,
                       PATINA_CHANNELS_MAX);
    return PATINA_OK;
}
