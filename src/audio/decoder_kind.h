/* SPDX-License-Identifier: MIT */
/* decoder_kind.h - what one decoding library is to decoder.c
 *
 * A library is one file that ends in a const pt_decoder_kind, named once in decoder.c's table. It
 * only opens, seeks and reads; promises, channel order and ranges are decoder.c's.
 */

#ifndef PATINA_AUDIO_DECODER_KIND_H
#define PATINA_AUDIO_DECODER_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/status.h>

#include "audio/container.h"
#include "audio/decoder.h"
#include "base/bytes.h"

#define PT_NO_PROMISE 0 /* a length that is not said, or is known to be a guess */

/** What a library knows of a file that it opened. */
typedef struct pt_decoder_facts {
    pt_decoder_info info;
    uint64_t promised;  /* frames that the file says it holds, or PT_NO_PROMISE */
    uint64_t allowance; /* frames that may be missing of them: the codec's own uncertainty */
    bool reordered;     /* the channels do not come in WAVE order ... */
    unsigned char place[PT_CHANNELS_MAX]; /* ... channel c belongs at place[c] */
} pt_decoder_facts;

typedef struct pt_decoder_kind {
    const char *name;    /* of the library, for messages */
    const char *summary; /* what it reads */
    const char *(*version)(void);

    /**
     * PT_REJECT_UNDECODABLE hands the bytes on to the next kind; any other failure is final.
     * facts are zeroed before; info.format, where it is set even so, says that the format is this
     * kind's, and its reason the telling one.
     */
    pt_status (*open)(const pt_bytes *bytes, const pt_container *container, void **state,
                      pt_decoder_facts *facts, pt_error *err);
    void (*close)(void *state);

    /** Only for exact files. A failure leaves the place undefined. */
    pt_status (*seek)(void *state, uint64_t frame, pt_error *err);

    /**
     * Up to n_frames; fewer only at the end. PT_REJECT_TRUNCATED when frames were lost on the way,
     * PT_REJECT_UNDECODABLE when the rest cannot be read.
     */
    pt_status (*read)(void *state, float *samples, size_t n_frames, size_t *n_read, pt_error *err);
} pt_decoder_kind;

extern const pt_decoder_kind pt_decoder_sndfile;
extern const pt_decoder_kind pt_decoder_mpg123;
extern const pt_decoder_kind pt_decoder_ffmpeg; /* in a build that has it */

#endif /* PATINA_AUDIO_DECODER_KIND_H */
