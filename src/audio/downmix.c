/* SPDX-License-Identifier: MIT */
/* downmix.c - all channels to one, with equal weights */

#include "audio/downmix.h"

void pt_audio_downmix(const patina_audio *audio, float *mix) {
    const unsigned n = audio->n_channels;
    const float *x = audio->samples;

    if (n == 2) { /* the same number without a division, and in vectors; halves are exact */
        for (size_t i = 0; i < audio->n_frames; i++)
            mix[i] = 0.5F * x[2 * i] + 0.5F * x[2 * i + 1];
        return;
    }
    for (size_t i = 0; i < audio->n_frames; i++, x += n) {
        double sum = 0.0;
        for (unsigned c = 0; c < n; c++)
            sum += x[c];
        mix[i] = (float)(sum / n);
    }
}
