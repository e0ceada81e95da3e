/* SPDX-License-Identifier: MIT */
/* vorbis_setup.h - whether the codebooks of a Vorbis stream can be decoded safely
 *
 * A few bits declare a codebook of 2^24 entries. libvorbis keeps 12 bytes of each on the stack, and
 * FFmpeg has no limit for all books together.
 *
 * Source: Vorbis I specification, sections 3.2.1 and 4.2.4
 */

#ifndef PATINA_AUDIO_VORBIS_SETUP_H
#define PATINA_AUDIO_VORBIS_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

/** Whether a packet begins like a setup header. */
bool pt_vorbis_is_setup(const unsigned char *packet, size_t n);

/**
 * Checks the codebooks of a setup header. One that is cut or wrong is left to the decoder, which
 * rejects it before it prepares any book.
 *
 * Errors  PATINA_REJECT_UNDECODABLE  a codebook, or all together, are too large
 */
patina_status pt_vorbis_check_setup(const unsigned char *packet, size_t n, patina_error *err);

#endif /* PATINA_AUDIO_VORBIS_SETUP_H */
