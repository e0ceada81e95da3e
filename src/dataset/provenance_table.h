/* SPDX-License-Identifier: MIT */
/* provenance_table.h - provenance lines as a table with a fixed schema
 *
 * Provenance lines have members of varying structure, from which tools infer different schemas. The
 * table has a column of a declared type for each member; `chain` and `stages` are JSON text, and
 * members without a column of their own are in `other`. It has the format of the rows, because
 * Hugging Face `datasets` reads all configurations of a set with one reader.
 */

#ifndef PATINA_DATASET_PROVENANCE_TABLE_H
#define PATINA_DATASET_PROVENANCE_TABLE_H

#include <patina/status.h>

#include "base/id_set.h"
#include "dataset/manifest.h"
#include "dataset/parquet_writer.h"

/**
 * Writes the table of one provenance file: one row for each line, in order.
 *
 * suffix        ".parquet" or ".jsonl", the format of the table
 * recordings    `source` of each line is added to it
 * digest        out: of the written file
 * n_recordings  the number of recordings that were new in the set is added to it
 *
 * A member of another type than its column's is in `other`, and a line that is not a JSON object
 * gives a row of nulls: patina_dataset_verify checks lines.
 *
 * Errors  PATINA_EIO, PATINA_ENOMEM
 */
patina_status pt_provenance_table_write(const char *lines_path, const char *path,
                                        const char *suffix, const pt_key_value *metadata,
                                        size_t n_metadata, pt_id_set *recordings,
                                        pt_file_digest *digest, uint64_t *n_recordings,
                                        patina_error *err);

/** The columns, in order. */
extern const pt_parquet_column pt_provenance_columns[];
extern const size_t pt_n_provenance_columns;

#endif /* PATINA_DATASET_PROVENANCE_TABLE_H */
