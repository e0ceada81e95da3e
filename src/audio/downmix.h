/* SPDX-License-Identifier: MIT */
/* downmix.h - all channels to one, with equal weights */

#ifndef PATINA_AUDIO_DOWNMIX_H
#define PATINA_AUDIO_DOWNMIX_H

#include <patina/audio.h>

/** Interleaved frames to the mean of all channels, summed in double: mix [n_frames]. */
void pt_audio_downmix(const patina_audio *audio, float *mix);

#endif /* PATINA_AUDIO_DOWNMIX_H */
