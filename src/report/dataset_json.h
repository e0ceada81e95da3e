/* SPDX-License-Identifier: MIT */
/* dataset_json.h - members of dataset.json as names and values to print */

#ifndef PATINA_REPORT_DATASET_JSON_H
#define PATINA_REPORT_DATASET_JSON_H

#include <jansson.h>
#include <patina/inspect.h>

/** Fills dataset_json, untrained and the lists of names and values; absent members are omitted. */
patina_status pt_dataset_json_read(const json_t *dataset_json, const char *dataset_json_text,
                                   patina_inspection *stats, patina_error *err);

void pt_key_values_release(patina_key_value *members, size_t n);

#endif /* PATINA_REPORT_DATASET_JSON_H */
