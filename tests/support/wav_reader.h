/* SPDX-License-Identifier: MIT */
/* wav_reader.h - reads the audio files in tests/golden with libsndfile */

#ifndef PATINA_TEST_WAV_READER_H
#define PATINA_TEST_WAV_READER_H

#include <patina/audio.h>

#include "test.h"

typedef struct pt_test_wav {
    float *samples; /* [n_frames, n_channels]; 16-bit PCM divided by 32768 */
    size_t n_frames;
    unsigned n_channels, rate_hz;
} pt_test_wav;

/** Reads a whole file; an error is a failed check of t. */
bool pt_test_wav_read(pt_test *t, const char *path, pt_test_wav *wav);
void pt_test_wav_release(pt_test_wav *wav);

/** The same samples as the library's type. */
patina_audio pt_test_wav_as_audio(const pt_test_wav *wav);

#endif /* PATINA_TEST_WAV_READER_H */
