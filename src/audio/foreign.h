/* SPDX-License-Identifier: MIT */
/* foreign.h - formats that neither libsndfile nor libmpg123 reads, told by their first bytes
 *
 * FFmpeg is asked for a format by name and never to guess: what it would make of bytes that are
 * merely damaged is no sound that anybody recorded. In a build without it the name says at least
 * what the file is.
 */

#ifndef PATINA_AUDIO_FOREIGN_H
#define PATINA_AUDIO_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/bytes.h"

typedef enum pt_foreign_walk {
    PT_WALK_NONE,
    PT_WALK_BOXES, /* ISO/IEC 14496-12 */
    PT_WALK_EBML,  /* RFC 8794 */
    PT_WALK_ASF
} pt_foreign_walk;

typedef struct pt_foreign {
    const char *title;    /* "MP4 or M4A": for people */
    const char *format;   /* "mp4": for pt_decoder_info */
    const char *demuxer;  /* FFmpeg's name; NULL: not asked for */
    pt_foreign_walk walk; /* how its outermost elements are written */
} pt_foreign;

/** What the bytes are; NULL for none of these. An ID3 tag may stand before AAC. */
const pt_foreign *pt_foreign_find(const pt_bytes *bytes);

/**
 * Holds the sizes of the outermost elements against the bytes that are there: decoders take the
 * end of the file for the end of the sound.
 *
 * Errors  PT_REJECT_TRUNCATED
 */
pt_status pt_foreign_check(const pt_foreign *foreign, const pt_bytes *bytes, pt_error *err);

#endif /* PATINA_AUDIO_FOREIGN_H */
