/* SPDX-License-Identifier: MIT */
/* fuzz_decoder.c - input: an audio file of any format
 *
 * Tests the parsers of src/audio (container_header.c, ogg_page.c, flac_header.c, mpeg_frame.c), and
 * the decoding libraries behind them. Checks that the samples agree with what was reported.
 */

#include <string.h>

#include "audio/decoder.h"
#include "fuzz.h"
#include "ogg_mutator.h"

#define FRAMES_MAX (1 << 18) /* limit for files without an end */

/* libsndfile 1.2.0 leaks memory when an Ogg file is damaged. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libsndfile\nleak:libvorbis";
}

/** Number of frames to the end, at most FRAMES_MAX; false after an error. */
static bool decode_to_end(pt_decoder *decoder, unsigned n_channels, uint64_t *n_frames) {
    enum { STEP = 1000 };
    float *x =
        malloc(STEP * n_channels * sizeof *x); /* exact size, so that an overrun is detected */
    patina_error err = {0};
    size_t got = STEP;
    bool sound = true;

    FUZZ_ASSERT(x);
    for (*n_frames = 0; sound && got == STEP && *n_frames < FRAMES_MAX; *n_frames += got) {
        got = 0;
        sound = pt_decoder_read(decoder, x, STEP, &got, &err) == PATINA_OK;
        FUZZ_ASSERT(got <= STEP);
        FUZZ_ASSERT(sound || (patina_status_is_reject(err.status) && err.message[0] != '\0'));
    }
    free(x);
    return sound;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pt_byte_source bytes;
    pt_decoder *decoder = NULL;
    pt_decoder_info info;
    patina_error err = {0};
    uint64_t n, rest;

    pt_byte_source_from_memory(data, size, &bytes);
    if (pt_decoder_open(&bytes, &decoder, &info, &err) != PATINA_OK) {
        FUZZ_ASSERT(patina_status_is_reject(err.status) && err.message[0] != '\0');
        return 0;
    }
    FUZZ_ASSERT(info.n_channels >= 1 && info.n_channels <= PATINA_CHANNELS_MAX);
    FUZZ_ASSERT(info.rate_hz >= PATINA_RATE_MIN_HZ && info.rate_hz <= PATINA_RATE_MAX_HZ);
    const bool sound = decode_to_end(decoder, info.n_channels, &n);
    if (info.exact && sound && n < FRAMES_MAX) {
        FUZZ_ASSERT(n == info.n_frames);
        if (pt_decoder_seek(decoder, n / 2, &err) == PATINA_OK &&
            decode_to_end(decoder, info.n_channels, &rest))
            FUZZ_ASSERT(rest == n - n / 2);
    }
    pt_decoder_close(&decoder);
    return 0;
}
