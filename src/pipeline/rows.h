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
#include "base/error.h"
#include "base/filter_expr.h"
#include "corpus/corpus_iterator.h"
#include "dataset/chunk_store.h"
#include "pipeline/device_encoder.h"
#include "pipeline/entry_result.h"
#include "pipeline/memory_budget.h"
#include "pipeline/split.h"
#include "pipeline/split_key.h"
#include "pipeline/watchdog.h"

/** A worker whose share of the budget was larger than this gives its scratch memory back. */
#define PT_ROWS_SHARE_KEPT (UINT64_C(96) << 20)

/** State shared by all workers, read-only while they run. */
typedef struct pt_row_context {
    const patina_clap *clap;
    pt_device_encoder *encoder; /* of devices; NULL: clap computes the embeddings */
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
    bool skip_unreadable;          /* reject entries that the machine cannot read */
    double purity_cap;             /* upper end of input_purity, dB */
    double level_jitter_db;        /* range of the gain of each row, +-; 0: none */
    const pt_filter_expr *filter;  /* on the audio; others are not used here */
    const pt_filter_expr *require; /* on the quality of the source */
    const char *keep_audio;        /* folder of keep_audio.h; may be NULL */
    const pt_chunk_store *store;   /* keeps the rows of entries that take long */
    pt_memory_budget *budget;
    size_t scratch_bytes;           /* pt_rows_scratch_size */
    const patina_atomic_bool *stop; /* may be NULL */
} pt_row_context;

/** Scratch memory of a worker besides what decoding reserves: mix, degraded copy, measures, and
 * effects or towers. clap is NULL where devices compute the embeddings. */
size_t pt_rows_scratch_size(const patina_clap *clap);

/** Whether the run is stopped; the argument is a pt_row_context. */
bool pt_row_context_is_stopped(const void *context);

/** Options for one entry. */
typedef struct pt_entry_options {
    uint64_t index;       /* in the corpus */
    bool repeated;        /* an earlier entry had the same id */
    bool keep_audio;      /* write the audio of its rows */
    const uint8_t *split; /* of pt_plan; NULL: as context->split_key says */
    /* Runs while the audio is read. If it is cancelled, the result is discarded. */
    pt_watchdog *watchdog;
    pt_memory_share *share; /* of the budget; released by the caller */
} pt_entry_options;

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
 * Faults of the entry become rejects with status PATINA_OK. An error ends the run.
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

/**
 * Keeps the rows that an entry has so far, for the next process if this one ends. pt_rows_make does
 * so every PT_ROWS_KEEP_NS; an entry that waits for delivery is kept by the caller.
 *
 * Errors  those of pt_chunk_store_append_partial and pt_entry_result_wait
 */
#define PT_ROWS_KEEP_NS INT64_C(10000000000)
patina_status pt_rows_keep(const pt_row_context *context, uint64_t index, pt_entry_result *result,
                           patina_error *err);

#endif /* PATINA_PIPELINE_ROWS_H */
