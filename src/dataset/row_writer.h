/* SPDX-License-Identifier: MIT */
/* row_writer.h - writes rows to a file, with one backend per format */

#ifndef PATINA_DATASET_ROW_WRITER_H
#define PATINA_DATASET_ROW_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "dataset/schema.h"

/** Key-value metadata of a file, where the format supports it; UTF-8, copied by open. */
typedef struct pt_key_value {
    const char *key, *value;
} pt_key_value;

/* The keys of every Parquet file; see docs/DATASET.md. */
#define PT_KEY_VERSION         "patina.version"
#define PT_KEY_SIGNAL_REVISION "patina.signal_revision"
#define PT_KEY_SETTINGS_HASH   "patina.settings_hash"
#define PT_KEY_MODEL_HASH      "patina.model_hash"

/** First member of each backend's own struct; private to row_writer.c and the backends. */
typedef struct pt_row_writer {
    const struct pt_row_writer_backend *kind;
} pt_row_writer;

typedef struct pt_row_writer_backend {
    const char *name;   /* "parquet", "jsonl" */
    const char *suffix; /* ".parquet" */
    patina_status (*open)(const char *path, const pt_key_value *metadata, size_t n_metadata,
                          bool with_id, pt_row_writer **writer, patina_error *err);
    /* Called by pt_row_writer_write, _finish and _close; writer is never NULL. */
    patina_status (*write)(pt_row_writer *writer, const pt_row *row, const char *id,
                           patina_error *err);
    patina_status (*finish)(pt_row_writer *writer, patina_error *err);
    void (*close)(pt_row_writer *writer);
    const struct pt_atomic_file *(*file)(const pt_row_writer *writer); /* the output file */
} pt_row_writer_backend;

extern const pt_row_writer_backend pt_row_writer_parquet, pt_row_writer_jsonl;

/** All backends in the order of patina_output_format (patina/generate.h), then NULL. */
extern const pt_row_writer_backend *const pt_row_writer_backends[];

/** Adds a row. id: NULL for a file without the column. PATINA_ERANGE when pt_row_check refuses it; nothing is written then. */
patina_status pt_row_writer_write(pt_row_writer *writer, const pt_row *row, const char *id,
                                  patina_error *err);

/** Completes the file, which appears under the path given to open. A file may have no rows. */
patina_status pt_row_writer_finish(pt_row_writer *writer, patina_error *err);

/** The output file, for its size and hash; owned by the writer. */
const struct pt_atomic_file *pt_row_writer_file(const pt_row_writer *writer);

/** Releases. A file that was not finished is removed. */
void pt_row_writer_close(pt_row_writer **writer);

#endif /* PATINA_DATASET_ROW_WRITER_H */
