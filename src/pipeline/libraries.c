/* SPDX-License-Identifier: MIT */
/* libraries.c - asks the rooms that wrap a library for its version */

#include "pipeline/libraries.h"

#include <jansson.h>

#include "audio/decoder.h"
#include "dsp/fft.h"
#include "dsp/resample.h"
#include "measure/loudness.h"

char *pt_libraries_json(void) {
    char loudness[32];
    pt_loudness_library(loudness, sizeof loudness);
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s}", "decoding", pt_decoder_library(), "resampling",
                  pt_resampler_library(), "fft", pt_fft_library(), "loudness", loudness);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}
