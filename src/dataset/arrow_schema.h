/* SPDX-License-Identifier: MIT */
/* arrow_schema.h - the columns as an Arrow schema; built by tools/make_arrow_schema.py */

#ifndef PATINA_DATASET_ARROW_SCHEMA_H
#define PATINA_DATASET_ARROW_SCHEMA_H

/** Value of the Parquet key "ARROW:schema": an Arrow IPC schema message in base64. */
extern const char pt_arrow_schema[];
extern const char pt_arrow_schema_with_id[]; /* and the column id */

#endif /* PATINA_DATASET_ARROW_SCHEMA_H */
