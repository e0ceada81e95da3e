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

/** Key-value metadata of a file, where the format has a place for it. */
typedef struct pt_metadata {
    const char *key, *value;
} pt_metadata;

typedef struct pt_sink pt_sink;

typedef struct pt_sink_kind {
    const char *name;   /* "parquet", "jsonl" */
    const char *suffix; /* ".parquet" */
    pt_status (*open)(const char *path, const pt_metadata *metadata, size_t n_metadata,
                      pt_sink **sink, pt_error *err);
} pt_sink_kind;

extern const pt_sink_kind pt_sink_parquet, pt_sink_jsonl;

/** Adds a row; a value that is not finite is PT_ERANGE and names the column. */
pt_status pt_sink_write(pt_sink *sink, const pt_row *row, pt_error *err);

/** Completes the file: it appears under the path that open was given. */
pt_status pt_sink_finish(pt_sink *sink, pt_error *err);

/** Releases; nothing is left of a file that was not finished. */
void pt_sink_close(pt_sink **sink);

#endif /* PATINA_DATASET_SINK_H */
