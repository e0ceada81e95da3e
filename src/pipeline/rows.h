/* SPDX-License-Identifier: MIT */
/* rows.h - the walk of one entry: audio -> measure -> degrade -> measure -> clap -> rows */

#ifndef PATINA_PIPELINE_ROWS_H
#define PATINA_PIPELINE_ROWS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/clap.h>
#include <patina/degrade.h>
#include <patina/generate.h>
#include <patina/measure.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "corpus/corpus_iterator.h"
#include "dataset/row_writer.h"
#include "pipeline/split.h"
#include "pipeline/watchdog.h"

/** What all workers share, read-only while they work. */
typedef struct pt_row_context {
    const patina_clap *clap;
    const patina_meter *meter;
    const patina_effect_config *suite;
    const pt_splits *splits;
    uint64_t seed;
    uint32_t variants; /* rows a caption */
    patina_effect_order order;
    patina_caption_mode captions;
    patina_loudness_source loudness;
    const char *keep_audio;         /* folder of pt_keep_audio; may be NULL */
    const patina_atomic_bool *stop; /* may be NULL */
} pt_row_context;

/** How one entry is taken. */
typedef struct pt_entry_options {
    bool repeated;   /* an earlier entry had the same id */
    bool keep_audio; /* its rows are to be listened to */
    pt_watchdog
        *watchdog; /* runs while the audio is read and measured; once broken off, what is made is
                        of no use */
} pt_entry_options;

/** An entry, or one caption of it, that gave no row. */
typedef struct pt_reject {
    patina_status reason;
    char *sentence;
} pt_reject;

/** What became of one entry. Zero it once, release it once; cleared for every entry in between. */
typedef struct pt_entry_result {
    pt_row *
        rows; /* the text half of fused_state is still to come: pt_entry_result_set_text_embeddings */
    size_t n_rows, rows_capacity;
    int64_t spent_ns[PATINA_RUN_STAGE_COUNT];
    size_t split;         /* that the rows belong to */
    pt_strbuf provenance; /* one line for each row */
    pt_reject *rejects;
    size_t n_rejects, rejects_capacity;
} pt_entry_result;

void pt_entry_result_clear(pt_entry_result *result);
void pt_entry_result_release(pt_entry_result *result);

/**
 * The captions of an entry that its rows are made from: those of first to last - 1 that are not
 * bad. None where its id is repeated or it was rejected already.
 *
 * repeated  an earlier entry had the same id
 */
void pt_rows_select_captions(patina_caption_mode which, uint64_t seed, const pt_entry *entry,
                             bool repeated, size_t *first, size_t *last);

/**
 * Makes the rows of an entry but for the text half of their vectors, caption by caption and variant
 * by variant. What is wrong with the entry becomes rejects and PATINA_OK; an error is what ends a run.
 *
 * Errors  PATINA_ENOMEM, PATINA_ERANGE (more variants than there are numbers for), PATINA_ECANCELLED (stopped,
 *         or broken off), PATINA_EIO (of audio that is kept)
 */
patina_status pt_rows_make(const pt_row_context *context, const pt_entry *entry,
                           const pt_entry_options *entry_options, pt_entry_result *result,
                           pt_arena *arena, patina_error *err);

/** Completes the rows: texts is [its captions of pt_rows_select_captions, PATINA_EMBEDDING_SIZE]. */
void pt_entry_result_set_text_embeddings(pt_entry_result *result, const pt_row_context *context,
                                         const float *texts);

/** Adds a reject. Errors  PATINA_ENOMEM */
patina_status pt_entry_result_add_reject(pt_entry_result *result, patina_status reason,
                                         patina_error *err, const char *format, ...)
    PT_PRINTF(4, 5);

#endif /* PATINA_PIPELINE_ROWS_H */
