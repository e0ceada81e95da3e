/* SPDX-License-Identifier: MIT */
/* wav_reader.c - a whole audio file to floats */

#include "wav_reader.h"

#include <stdlib.h>

#include <sndfile.h>

bool pt_test_wav_read(pt_test *t, const char *path, pt_test_wav *wav) {
    SF_INFO info = {0};
    *wav = (pt_test_wav){0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    if (!pt_test_check(t, file != NULL, __FILE__, __LINE__, "cannot open '%s'", path)) return false;

    const size_t n_samples = (size_t)info.frames * (size_t)info.channels;
    wav->samples = malloc((n_samples ? n_samples : 1) * sizeof *wav->samples);
    wav->n_frames = (size_t)info.frames;
    wav->n_channels = (unsigned)info.channels;
    wav->rate_hz = (unsigned)info.samplerate;
    const bool whole =
        wav->samples && sf_readf_float(file, wav->samples, info.frames) == info.frames;
    sf_close(file);
    pt_test_check(t, whole, __FILE__, __LINE__, "cannot read '%s' to its end", path);
    if (!whole) pt_test_wav_release(wav);
    return whole;
}

void pt_test_wav_release(pt_test_wav *wav) {
    free(wav->samples);
    *wav = (pt_test_wav){0};
}

patina_audio pt_test_wav_as_audio(const pt_test_wav *wav) {
    return (patina_audio){wav->samples, wav->n_frames, wav->n_channels, wav->rate_hz};
}
