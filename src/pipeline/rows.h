/* SPDX-License-Identifier: MIT */
/* rows.h - rows of one entry: decodes, measures, degrades and embeds its audio */

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
#include "base/conditions.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "corpus/corpus_iterator.h"
#include "dataset/row_writer.h"
#include "pipeline/encoder.h"
#include "pipeline/memory_budget.h"
#include "pipeline/split.h"
#include "pipeline/split_key.h"
#include "pipeline/watchdog.h"

/** A worker whose share of the budget was larger than this gives its scratch memory back. */
#define PT_ROWS_SHARE_KEPT (UINT64_C(96) << 20)

/** State shared by all workers, read-only while they run. */
typedef struct pt_row_context {
    const patina_clap *clap;
    pt_encoder *encoder; /* of devices; NULL: clap computes the embeddings */
    const patina_meter *meter;
    const patina_effect_config *effect_config;
    const pt_splits *splits;
    uint64_t seed;
    uint32_t variants; /* rows of each caption */
    patina_effect_order order;
    patina_caption_mode captions;
    patina_loudness_source loudness;
    pt_split_key split_key;
    bool fingerprint; /* write the fingerprint of the whole sound */
    uint32_t windows; /* of a recording; window_select.h */
    patina_window_mode window_mode;
    bool skip_unreadable;         /* reject entries that the machine cannot read */
    double purity_cap;            /* upper end of input_purity, dB */
    double level_jitter_db;       /* range of the gain of each row, +-; 0: none */
    const pt_conditions *filter;  /* on the audio; others are not used here */
    const pt_conditions *require; /* on the quality of the source */
    const char *keep_audio;       /* folder of keep_audio.h; may be NULL */
    pt_memory_budget *budget;
    size_t scratch_bytes;           /* pt_rows_scratch_size */
    const patina_atomic_bool *stop; /* may be NULL */
} pt_row_context;

/** Scratch memory of a worker besides what decoding reserves: mix, degraded copy, measures, and
 * effects or towers. clap is NULL where devices compute the embeddings. */
size_t pt_rows_scratch_size(const patina_clap *clap);

/** Options for one entry. */
typedef struct pt_entry_options {
    bool repeated;        /* an earlier entry had the same id */
    bool keep_audio;      /* write the audio of its rows */
    const uint8_t *split; /* index of its split; NULL: as context->split_key says */
    /* Runs while the audio is read. If it is cancelled, the result is discarded. */
    pt_watchdog *watchdog;
    pt_memory_share *share; /* of the budget; released by the caller */
} pt_entry_options;

/** An entry, or one of its captions, that gives no row. */
typedef struct pt_reject {
    patina_status reason;
    char *sentence;
    const char *source; /* of the entry's captions; NULL: that of the entry */
} pt_reject;

/** Rows and rejects of one entry. Zero it to start; pt_rows_make clears it. */
typedef struct pt_entry_result {
    pt_row *rows;        /* pt_entry_result_set_text_embeddings sets the text half of fused_state */
    pt_ticket **tickets; /* [rows_capacity], of rows whose audio half a device computes, or NULL */
    size_t n_rows, rows_capacity;
    int64_t spent_ns[PATINA_RUN_STAGE_COUNT];
    size_t n_captions;    /* that rows are made of, in each window */
    size_t split;         /* index of the split of all rows */
    pt_strbuf provenance; /* one line for each row */
    pt_reject *rejects;
    size_t n_rejects, rejects_capacity;
} pt_entry_result;

void pt_entry_result_clear(pt_entry_result *result);
void pt_entry_result_release(pt_entry_result *result);

/**
 * Selects the captions that rows are made from: those from first to last - 1 that are not bad. None
 * if the id is repeated or the entry is already rejected.
 *
 * repeated  an earlier entry had the same id
 */
void pt_rows_select_captions(patina_caption_mode which, uint64_t seed, const pt_entry *entry,
                             bool repeated, size_t *first, size_t *last);

/**
 * Makes the rows of an entry, without the text half of fused_state, by window, caption and variant.
 * Faults
 * of the entry become rejects with status PATINA_OK. An error ends the run.
 *
 * Errors  PATINA_ENOMEM
 *         PATINA_ERANGE      more rows than variant numbers
 *         PATINA_ECANCELLED  stopped, or cancelled by the watchdog
 *         PATINA_EIO         kept audio cannot be written
 *         PATINA_ETEMPORARY  the audio cannot be read because of a fault of the machine
 */
patina_status pt_rows_make(const pt_row_context *context, const pt_entry *entry,
                           const pt_entry_options *entry_options, pt_entry_result *result,
                           pt_arena *arena, patina_error *err);

/** Waits for the audio halves that devices compute. Errors  those of pt_ticket_wait */
patina_status pt_entry_result_wait(pt_entry_result *result, patina_error *err);

/** Sets the text halves: texts is [captions of pt_rows_select_captions, PATINA_EMBEDDING_SIZE]. */
void pt_entry_result_set_text_embeddings(pt_entry_result *result, const pt_row_context *context,
                                         const float *texts);

/** Adds a reject. Errors  PATINA_ENOMEM */
patina_status pt_entry_result_add_reject(pt_entry_result *result, patina_status reason,
                                         patina_error *err, const char *format, ...)
    PT_PRINTF(4, 5);

#endif /* PATINA_PIPELINE_ROWS_H */
