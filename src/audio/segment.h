/* SPDX-License-Identifier: MIT */
/* segment.h - decodes the window of a recording that rows are made from */

#ifndef PATINA_AUDIO_SEGMENT_H
#define PATINA_AUDIO_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/status.h>

#include "audio/decoder.h"
#include "base/arena.h"
#include "base/byte_source.h"
#include "base/rng.h"
#include "dsp/resample.h"

/** Samples of all channels that are kept of a source whose length is not known; 16 MB. */
#define PT_SEGMENT_BUFFERED_SAMPLES (1 << 22)

/** Frames of a block of the source, at most: 100 ms at 48 kHz. */
#define PT_SEGMENT_BLOCK_FRAMES 4800

/** A decoded window: its 48 kHz mono mix. The source's own samples are passed on in blocks. */
typedef struct pt_segment {
    patina_window window;
    patina_audio source;   /* with keep_source: in the arena; samples are NULL if they are many */
    uint64_t channel_mask; /* positions of its channels (channel_mask.h); 0: not known */
    unsigned n_streams;    /* audio streams in the file, of which this is the default; 0: no file */
    pt_codec_info codec;   /* of the file; zeros: no file */
    float *mix;            /* [n_mix], in the arena */
    size_t n_mix;
    bool is_finite;                   /* no NaN and no Inf among the source's samples */
    bool is_named;                    /* the window is in the seconds that a list names */
    uint64_t n_frames;                /* of the whole file; 0: no file */
    uint64_t part_start, part_frames; /* of the file, in which the window was placed with rng */
} pt_segment;

/** Callbacks while a window is decoded. Each may be NULL; a failure ends the decoding. */
typedef struct pt_segment_callbacks {
    void *context;

    /* Called once before memory is allocated that grows with rate and channels. May wait. */
    patina_status (*reserve)(void *context, uint64_t n_bytes, patina_error *err);

    /* Receives the source's samples of the window, in order, in blocks of at most
     * PT_SEGMENT_BLOCK_FRAMES. They are not kept. What it allocates in the arena of the segment
     * stays valid. */
    patina_status (*add_source)(void *context, const patina_audio *block, uint64_t channel_mask,
                                patina_error *err);
} pt_segment_callbacks;

/**
 * The window of a source of n frames. With `rng` it has min(n, 10 s) frames and starts at
 * floor(u (n - window + 1)), u = draw 0 of `rng`. Where a list names seconds (named_length_s > 0)
 * of a recording that is longer than they are by 1 s or more, it is drawn in these seconds alone.
 * Without rng it starts at frame `start` and has at most `frames` frames (and 10 s).
 */
typedef struct pt_segment_spec {
    const pt_rng *rng;
    uint64_t start, frames;
    double named_start_s, named_length_s;
    bool named_may_be_cut; /* a source that ends before them is the clip itself, and used whole */
    bool has_offset;       /* with rng: the window starts at `offset` of the part, undrawn */
    uint64_t offset;
    uint64_t n_frames; /* of the file, from an earlier segment of it; 0: not known */
    pt_resampler_kind resampler;
    bool keep_source; /* sets source.samples, if they are no more than are buffered */
    const pt_segment_callbacks *callbacks; /* of pt_segment_decode; may be NULL */
} pt_segment_spec;

/**
 * Decodes one window, mixes all channels (arithmetic mean) and resamples to 48 kHz.
 * A file whose length is not exactly known is decoded to its end, so that a truncated one is
 * found; of an exact one only the window is read. Besides the mix, memory holds one block of
 * frames, and of a file of unknown length up to PT_SEGMENT_BUFFERED_SAMPLES samples.
 *
 * Errors   PATINA_REJECT_UNDECODABLE, _TRUNCATED, _UNSUPPORTED
 *          PATINA_ERANGE            spec.start is not before the end (of a file with frames)
 *          PATINA_REJECT_TOO_SHORT  no frame at all, or the source ends before the named seconds
 */
patina_status pt_segment_decode(const pt_byte_source *bytes, pt_segment_spec spec,
                                pt_segment *segment, pt_arena *arena, patina_error *err);

/**
 * The same of audio in memory. Callbacks are not used.
 *
 * Errors   PATINA_REJECT_UNSUPPORTED, PATINA_ERANGE, PATINA_REJECT_TOO_SHORT as above
 */
patina_status pt_segment_from_audio(const patina_audio *audio, pt_segment_spec spec,
                                    pt_segment *segment, pt_arena *arena, patina_error *err);

/** The same of the whole audio, of any length, for measuring; no frame gives an empty mix. */
patina_status pt_segment_from_whole_audio(const patina_audio *audio, pt_segment *segment,
                                          pt_arena *arena, patina_error *err);

/**
 * Checks that rows can be made of a segment, in this order: at least 4 hops of loudness
 * (PATINA_REJECT_TOO_SHORT), no NaN and no Inf in the window (PATINA_REJECT_NONFINITE), and a mix
 * that is not silent (PATINA_REJECT_SILENT).
 */
patina_status pt_segment_check(const pt_segment *segment, patina_error *err);

/**
 * Checks that a window is the one that a recipe was made from: a recipe belongs to one recording.
 *
 * Errors   PATINA_EFORMAT  another number of frames or channels, or another rate
 */
patina_status pt_window_check(const patina_window *got, const patina_window *wanted,
                              patina_error *err);

/** Multiplies n samples by a gain. */
void pt_segment_scale(const float *samples, size_t n, double gain_db, float *scaled);

/**
 * The segment at another level: the mix is a copy in the arena, multiplied by a gain; the source is
 * unchanged. A row of a data set with level jitter is made of it.
 */
patina_status pt_segment_change_level(const pt_segment *segment, double gain_db,
                                      pt_segment *changed, pt_arena *arena, patina_error *err);

/** Checks for PATINA_REJECT_NONFINITE alone: an embedding needs no minimal length. */
patina_status pt_segment_check_finite(const pt_segment *segment, patina_error *err);

#endif /* PATINA_AUDIO_SEGMENT_H */
