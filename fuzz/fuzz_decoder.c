/* SPDX-License-Identifier: MIT */
/* fuzz_decoder.c - input: a sound file of any kind
 *
 * Mostly for container.c; behind it the decoding libraries work on what it lets through. Checks
 * that what is read agrees with what was announced.
 */

#include <string.h>

#include "audio/container.h"
#include "audio/decoder.h"
#include "fuzz.h"

#define FRAMES_MAX (1 << 18) /* of a file that claims to be endless */

/* libsndfile 1.2.0 forgets what it has when an Ogg file turns out to be broken. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libsndfile.so\nleak:libvorbis.so";
}

static void check_container(const pt_bytes *bytes) {
    pt_container c;
    pt_container_scan(bytes, &c);
    if (!c.has_data) return;
    MUST(c.data_offset <= bytes->size && c.data_present == bytes->size - c.data_offset);
    MUST(c.size_offset + c.size_bytes <= bytes->size);
    MUST(!c.unknown_size || c.data_size == c.data_present);
}

/** Frames from where the decoder stands to the end, or FRAMES_MAX; false after a fault. */
static bool read_on(pt_decoder *decoder, unsigned n_channels, uint64_t *n_frames) {
    enum { STEP = 1000 };
    float *x = malloc(STEP * n_channels * sizeof *x); /* just so large: a byte more is seen */
    pt_error err = {0};
    size_t got = STEP;
    bool sound = true;

    MUST(x);
    for (*n_frames = 0; sound && got == STEP && *n_frames < FRAMES_MAX; *n_frames += got) {
        got = 0;
        sound = pt_decoder_read(decoder, x, STEP, &got, &err) == PT_OK;
        MUST(got <= STEP);
        MUST(sound || (pt_status_rejects(err.status) && err.message[0] != '\0'));
    }
    free(x);
    return sound;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pt_bytes bytes;
    pt_decoder *decoder = NULL;
    pt_decoder_info info;
    pt_error err = {0};
    uint64_t n, rest;

    pt_bytes_of_memory(data, size, &bytes);
    check_container(&bytes);
    if (pt_decoder_open(&bytes, &decoder, &info, &err) != PT_OK) {
        MUST(pt_status_rejects(err.status) && err.message[0] != '\0');
        return 0;
    }
    MUST(info.n_channels >= 1 && info.n_channels <= PT_CHANNELS_MAX);
    MUST(info.rate_hz >= PT_RATE_MIN_HZ && info.rate_hz <= PT_RATE_MAX_HZ);
    const bool sound = read_on(decoder, info.n_channels, &n);
    if (info.exact && sound && n < FRAMES_MAX) {
        MUST(n == info.n_frames);
        if (pt_decoder_seek(decoder, n / 2, &err) == PT_OK &&
            read_on(decoder, info.n_channels, &rest))
            MUST(rest == n - n / 2);
    }
    pt_decoder_close(&decoder);
    return 0;
}
