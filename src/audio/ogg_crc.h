/* SPDX-License-Identifier: MIT */
/* ogg_crc.h - whether the pages of an Ogg file are whole
 *
 * A page whose checksum is wrong is passed over by every decoder. Where it is the first with audio,
 * the stream looks like one that was recorded from its middle on, and no count of frames shows it.
 */

#ifndef PATINA_AUDIO_OGG_CRC_H
#define PATINA_AUDIO_OGG_CRC_H

#include <patina/status.h>

#include "base/byte_source.h"

/**
 * Walks the pages from `from` on, where one begins. An end inside a page is not judged here, nor is
 * what stands behind the last page.
 *
 * Errors  PATINA_REJECT_TRUNCATED    a page is damaged, or something stands between two
 *         PATINA_REJECT_UNDECODABLE  the file cannot be read
 * Source  RFC 3533, section 6
 */
patina_status pt_ogg_crc_check(const pt_byte_source *bytes, uint64_t from, patina_error *err);

#endif /* PATINA_AUDIO_OGG_CRC_H */
