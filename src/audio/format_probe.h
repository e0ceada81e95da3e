/* SPDX-License-Identifier: MIT */
/* format_probe.h - detects the formats that are decoded by FFmpeg, by their first bytes
 *
 * FFmpeg is given the name of the format and does not probe the file, because it may take damaged
 * bytes for another format and decode noise. A build without FFmpeg uses the name in its messages.
 */

#ifndef PATINA_AUDIO_FORMAT_PROBE_H
#define PATINA_AUDIO_FORMAT_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/byte_source.h"

typedef enum pt_format_layout {
    PT_LAYOUT_NONE,
    PT_LAYOUT_ISOBMFF, /* ISO/IEC 14496-12 */
    PT_LAYOUT_EBML,    /* RFC 8794 */
    PT_LAYOUT_ASF
} pt_format_layout;

typedef struct pt_format_info {
    const char *title;       /* "MP4 or M4A": for messages */
    const char *format;      /* "mp4": for pt_decoder_info */
    const char *demuxer;     /* FFmpeg's name; NULL: not read */
    pt_format_layout layout; /* how its outermost elements are written */
} pt_format_info;

/** The format of the bytes; NULL if it is none of these. An ID3 tag may precede AAC. */
const pt_format_info *pt_format_probe(const pt_byte_source *bytes);

/**
 * Compares the sizes of the outermost elements with the size of the file: decoders report the end
 * of the audio at the end of the file, and ignore data after the last element.
 *
 * Errors  PATINA_REJECT_TRUNCATED
 *         PATINA_REJECT_UNDECODABLE  another file, or audio, follows
 */
patina_status pt_format_check_size(const pt_format_info *probed, const pt_byte_source *bytes,
                                   patina_error *err);

#endif /* PATINA_AUDIO_FORMAT_PROBE_H */
