/* SPDX-License-Identifier: MIT */
/* flac_encode.h - sound to listen to, in a form that every player and browser knows */

#ifndef PATINA_AUDIO_FLAC_ENCODE_H
#define PATINA_AUDIO_FLAC_ENCODE_H

#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"

/**
 * Appends a FLAC file of 16 bits, mono, to flac. Samples are times gain, and cut at full scale.
 *
 * Errors  PATINA_EIO     the library cannot write FLAC
 *         PATINA_ENOMEM
 */
patina_status pt_flac_encode(const float *x, size_t n, unsigned rate_hz, double gain,
                             pt_strbuf *flac, patina_error *err);

#endif /* PATINA_AUDIO_FLAC_ENCODE_H */
