/* SPDX-License-Identifier: MIT */
/* flac.h - sound to listen to, in a form that every player and browser knows */

#ifndef PATINA_AUDIO_FLAC_H
#define PATINA_AUDIO_FLAC_H

#include <stddef.h>

#include <patina/status.h>

#include "base/str.h"

/**
 * Appends a FLAC file of 16 bits, mono, to flac. Samples are times gain, and cut at full scale.
 *
 * Errors  PT_EIO     the library cannot write FLAC
 *         PT_ENOMEM
 */
pt_status pt_flac_encode(const float *x, size_t n, unsigned rate_hz, double gain, pt_str *flac,
                         pt_error *err);

#endif /* PATINA_AUDIO_FLAC_H */
