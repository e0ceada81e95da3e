/* SPDX-License-Identifier: MIT */
/* sink.h - rows to one file: one descriptor a format */

#ifndef PATINA_DATASET_SINK_H
#define PATINA_DATASET_SINK_H

#include <stddef.h>
#include <stdint.h>

#include <patina/clap.h>
#include <patina/measure.h>
#include <patina/status.h>

#define PT_FUSED (2 * PT_EMBEDDING)

/** One row: exactly the five columns. */
typedef struct pt_row {
    float fused_state[PT_FUSED];      /* text, then damaged audio; each of length 1 */
    float target_ltas[PT_LTAS_BANDS]; /* dBFS */
    float target_lufs;                /* LUFS */
    float target_dyn[2];              /* crest factor in dB, zero-crossing rate */
    float input_purity;               /* dB */
} pt_row;

/** Key-value metadata of a file, where the format has a place for it; UTF-8, copied by open. */
typedef struct pt_metadata {
    const char *key, *value;
} pt_metadata;

/* The keys that every file carries; docs/DATASET.md and the readers' test name them. */
#define PT_KEY_VERSION       "patina.version"
#define PT_KEY_SETTINGS_HASH "patina.settings_hash"
#define PT_KEY_MODEL_HASH    "patina.model_hash"

/** What each kind's own struct begins with; made by its open, and seen by sink.c and kinds only. */
typedef struct pt_sink {
    const struct pt_sink_kind *kind;
} pt_sink;

typedef struct pt_sink_kind {
    const char *name;   /* "parquet", "jsonl" */
    const char *suffix; /* ".parquet" */
    pt_status (*open)(const char *path, const pt_metadata *metadata, size_t n_metadata,
                      pt_sink **sink, pt_error *err);
    /* What pt_sink_write, _finish and _close call; close is never handed NULL. */
    pt_status (*write)(pt_sink *sink, const pt_row *row, pt_error *err);
    pt_status (*finish)(pt_sink *sink, pt_error *err);
    void (*close)(pt_sink *sink);
    const struct pt_outfile *(*file)(const pt_sink *sink); /* that it writes */
} pt_sink_kind;

extern const pt_sink_kind pt_sink_parquet, pt_sink_jsonl;

/** All kinds in the order of pt_format (patina/generate.h), then NULL. */
extern const pt_sink_kind *const pt_sink_kinds[];

/** Adds a row; a value that is not finite is PT_ERANGE and names the column. */
pt_status pt_sink_write(pt_sink *sink, const pt_row *row, pt_error *err);

/** Completes the file: it appears under the path that open was given. No rows are valid too. */
pt_status pt_sink_finish(pt_sink *sink, pt_error *err);

/** The file behind a sink, for its size and hash; the sink's. */
const struct pt_outfile *pt_sink_file(const pt_sink *sink);

/** Releases; nothing is left of a file that was not finished. */
void pt_sink_close(pt_sink **sink);

#endif /* PATINA_DATASET_SINK_H */
