/* SPDX-License-Identifier: MIT */
/* ogg.h - whether the pages of an Ogg file are whole
 *
 * A page whose checksum is wrong is passed over by every decoder. Where it is the first with audio,
 * the stream looks like one that was recorded from its middle on, and no count of frames shows it.
 */

#ifndef PATINA_AUDIO_OGG_H
#define PATINA_AUDIO_OGG_H

#include <patina/status.h>

#include "base/bytes.h"

/**
 * Walks the pages from `from` on, where one begins. An end inside a page is not judged here, nor is
 * what stands behind the last page.
 *
 * Errors  PT_REJECT_TRUNCATED    a page is damaged, or something stands between two
 *         PT_REJECT_UNDECODABLE  the file cannot be read
 * Source  RFC 3533, section 6
 */
pt_status pt_ogg_check(const pt_bytes *bytes, uint64_t from, pt_error *err);

#endif /* PATINA_AUDIO_OGG_H */
