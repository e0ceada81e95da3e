/* SPDX-License-Identifier: MIT */
/* mpeg_frame.h - frame headers of MPEG audio, information frames, and streams of such frames
 *
 * Sources: ISO/IEC 11172-3 2.4.1.3 and 13818-3; the Xing, LAME and VBRI headers as their encoders
 * write them.
 */

#ifndef PATINA_AUDIO_MPEG_FRAME_H
#define PATINA_AUDIO_MPEG_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

#include "audio/joined_streams.h"
#include "base/byte_source.h"

/** A frame with information about the stream instead of audio. */
typedef enum pt_mpeg_info_kind {
    PT_MPEG_INFO_NONE,
    PT_MPEG_INFO_XING, /* "Xing" or "Info" */
    PT_MPEG_INFO_VBRI
} pt_mpeg_info_kind;

typedef struct pt_mpeg_info_frame {
    pt_mpeg_info_kind kind;
    unsigned bytes;    /* of the frame */
    uint32_t n_frames; /* declared number of frames that follow; 0: unknown */
    unsigned delay;    /* delay of encoder and decoder in samples per channel; 0: unknown */
} pt_mpeg_info_frame;

/** Length in bytes of the frame that h begins with; 0 without one, and of free format. */
unsigned pt_mpeg_frame_bytes(const unsigned char h[4]);

/** Reads the information frame at offset; kind is NONE for an ordinary frame. */
pt_mpeg_info_frame pt_mpeg_read_info(const pt_byte_source *bytes, uint64_t offset);

/** Finds the first of three consecutive frames of one format, at `from` or in the 16 MiB after it.
 * */
bool pt_mpeg_find_first(const pt_byte_source *bytes, uint64_t from, uint64_t end, uint64_t *first);

/** Adds the stream at `from` and those joined to it: each begins with an information frame or after
 * an ID3v2 tag, or has another rate or number of channels. */
patina_status pt_mpeg_find_streams(const pt_byte_source *bytes, uint64_t from, uint64_t end,
                                   pt_joined_streams *streams, patina_error *err);

/** Number of frames of a stream, including its information frame and a truncated last one. */
uint64_t pt_mpeg_count_frames(const pt_byte_source *bytes);

#endif /* PATINA_AUDIO_MPEG_FRAME_H */
