/* SPDX-License-Identifier: MIT */
/* row_writer.h - rows to one file: one descriptor a format */

#ifndef PATINA_DATASET_ROW_WRITER_H
#define PATINA_DATASET_ROW_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include <patina/clap.h>
#include <patina/measure.h>
#include <patina/status.h>

#define PT_FUSED_STATE_DIM (2 * PATINA_EMBEDDING_SIZE)

/** One row: exactly the five columns. */
typedef struct pt_row {
    float fused_state[PT_FUSED_STATE_DIM]; /* text, then damaged audio; each of length 1 */
    float target_ltas[PATINA_LTAS_BANDS];  /* dBFS */
    float target_lufs;                     /* LUFS */
    float target_dyn[2];                   /* crest factor in dB, zero-crossing rate */
    float input_purity;                    /* dB */
} pt_row;

/** Key-value metadata of a file, where the format has a place for it; UTF-8, copied by open. */
typedef struct pt_key_value {
    const char *key, *value;
} pt_key_value;

/* The keys that every file carries; docs/DATASET.md and the readers' test name them. */
#define PT_KEY_VERSION       "patina.version"
#define PT_KEY_SETTINGS_HASH "patina.settings_hash"
#define PT_KEY_MODEL_HASH    "patina.model_hash"

/** What each kind's own struct begins with; made by its open, and seen by row_writer.c and kinds only. */
typedef struct pt_row_writer {
    const struct pt_row_writer_backend *kind;
} pt_row_writer;

typedef struct pt_row_writer_backend {
    const char *name;   /* "parquet", "jsonl" */
    const char *suffix; /* ".parquet" */
    patina_status (*open)(const char *path, const pt_key_value *metadata, size_t n_metadata,
                          pt_row_writer **writer, patina_error *err);
    /* What pt_row_writer_write, _finish and _close call; close is never handed NULL. */
    patina_status (*write)(pt_row_writer *writer, const pt_row *row, patina_error *err);
    patina_status (*finish)(pt_row_writer *writer, patina_error *err);
    void (*close)(pt_row_writer *writer);
    const struct pt_atomic_file *(*file)(const pt_row_writer *writer); /* that it writes */
} pt_row_writer_backend;

extern const pt_row_writer_backend pt_row_writer_parquet, pt_row_writer_jsonl;

/** All kinds in the order of patina_output_format (patina/generate.h), then NULL. */
extern const pt_row_writer_backend *const pt_row_writer_backends[];

/** Adds a row; a value that is not finite is PATINA_ERANGE and names the column. */
patina_status pt_row_writer_write(pt_row_writer *writer, const pt_row *row, patina_error *err);

/** Completes the file: it appears under the path that open was given. No rows are valid too. */
patina_status pt_row_writer_finish(pt_row_writer *writer, patina_error *err);

/** The file behind a writer, for its size and hash; the writer's. */
const struct pt_atomic_file *pt_row_writer_file(const pt_row_writer *writer);

/** Releases; nothing is left of a file that was not finished. */
void pt_row_writer_close(pt_row_writer **writer);

#endif /* PATINA_DATASET_ROW_WRITER_H */
