/* SPDX-License-Identifier: MIT */
/* flac_encode.h - FLAC encoder for audio examples */

#ifndef PATINA_AUDIO_FLAC_ENCODE_H
#define PATINA_AUDIO_FLAC_ENCODE_H

#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"

/**
 * Appends a mono FLAC file to flac. Samples are multiplied by gain, rounded to 16 or 24 bits, and
 * clipped at full scale.
 *
 * Errors  PATINA_EIO     the library cannot write FLAC
 *         PATINA_ENOMEM
 */
patina_status pt_flac_encode(const float *x, size_t n, unsigned rate_hz, double gain, unsigned bits,
                             pt_strbuf *flac, patina_error *err);

/** Writes a 48 kHz mono FLAC; appears under path when complete. PATINA_EIO, PATINA_ENOMEM. */
patina_status pt_flac_write(const char *path, const float *x, size_t n, unsigned bits,
                            patina_error *err);

#endif /* PATINA_AUDIO_FLAC_ENCODE_H */
