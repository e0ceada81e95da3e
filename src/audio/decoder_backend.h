/* SPDX-License-Identifier: MIT */
/* decoder_backend.h - what one decoding library is to decoder.c
 *
 * A library is one file that ends in a const pt_decoder_backend, named once in decoder.c's table. It
 * only opens, seeks and reads; promises, channel order and ranges are decoder.c's.
 */

#ifndef PATINA_AUDIO_DECODER_BACKEND_H
#define PATINA_AUDIO_DECODER_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/status.h>

#include "audio/container_header.h"
#include "audio/decoder.h"
#include "base/byte_source.h"

#define PT_FRAMES_UNKNOWN 0 /* a length that is not said, or is known to be a guess */

/** What a library knows of a file that it opened. */
typedef struct pt_decoder_stream_info {
    pt_decoder_info info;
    uint64_t declared_frames;  /* frames that the file says it holds, or PT_FRAMES_UNKNOWN */
    uint64_t tolerance_frames; /* frames that may be missing of them: the codec's own uncertainty */
    bool is_reordered;         /* the channels do not come in WAVE order ... */
    unsigned char channel_map[PATINA_CHANNELS_MAX]; /* ... channel c belongs at channel_map[c] */
} pt_decoder_stream_info;

typedef struct pt_decoder_backend {
    const char *name;    /* of the library, for messages */
    const char *summary; /* what it reads */
    const char *(*version)(void);

    /**
     * PATINA_REJECT_UNDECODABLE hands the bytes on to the next backend; any other failure is final.
     * stream_info are zeroed before; info.format, where it is set even so, says that the format is this
     * backend's, and its reason the telling one.
     */
    patina_status (*open)(const pt_byte_source *bytes, const pt_container_header *container,
                          void **state, pt_decoder_stream_info *stream_info, patina_error *err);
    void (*close)(void *state);

    /** Only for exact files. A failure leaves the place undefined. */
    patina_status (*seek)(void *state, uint64_t frame, patina_error *err);

    /**
     * Up to n_frames; fewer only at the end. PATINA_REJECT_TRUNCATED when frames were lost on the way,
     * PATINA_REJECT_UNDECODABLE when the rest cannot be read.
     */
    patina_status (*read)(void *state, float *samples, size_t n_frames, size_t *n_read,
                          patina_error *err);
} pt_decoder_backend;

extern const pt_decoder_backend pt_decoder_sndfile;
extern const pt_decoder_backend pt_decoder_mpg123;
extern const pt_decoder_backend pt_decoder_ffmpeg; /* in a build that has it */

#endif /* PATINA_AUDIO_DECODER_BACKEND_H */
