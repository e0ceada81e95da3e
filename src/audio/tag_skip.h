/* SPDX-License-Identifier: MIT */
/* tag_skip.h - metadata tags before and after an audio stream */

#ifndef PATINA_AUDIO_TAG_SKIP_H
#define PATINA_AUDIO_TAG_SKIP_H

#include <stdint.h>

#include "base/byte_source.h"

/** Offset of the first byte after the ID3v2, APE and ID3v1 tags that begin at `from`; `from`
 * without tags. */
uint64_t pt_tag_skip_leading(const pt_byte_source *bytes, uint64_t from);

/**
 * Offset at which the ID3v1, Lyrics3, APE and appended ID3v2 tags at the end begin; the size of
 * bytes without one. Never under `from`.
 *
 * Source  ID3 1.1, ID3 2.4.0 section 3.4, APEv2, Lyrics3 2.00
 */
uint64_t pt_tag_skip_trailing(const pt_byte_source *bytes, uint64_t from);

#endif /* PATINA_AUDIO_TAG_SKIP_H */
