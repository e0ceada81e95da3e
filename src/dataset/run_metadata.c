/* SPDX-License-Identifier: MIT */
/* run_metadata.c - the counts of a run, for the public report */

#include "dataset/run_metadata.h"

#include <stdio.h>
#include <string.h>

size_t pt_run_metadata_count_splits(const pt_run_metadata *run_meta) {
    size_t n = 0;
    while (run_meta->splits[n])
        n++;
    return n;
}

void pt_run_metadata_fill_report(const pt_run_metadata *run_meta, patina_dataset_report *report) {
    const pt_run_counts *counts = &run_meta->counts;

    report->n_entries = run_meta->n_entries;
    report->n_rows = counts->n_rows;
    report->n_parts = counts->n_parts;
    report->n_rejects = counts->n_rejects;
    memcpy(report->rejects_by, counts->rejects_by, sizeof counts->rejects_by);
    report->n_splits = pt_run_metadata_count_splits(run_meta);
    for (size_t s = 0; s < report->n_splits; s++) {
        patina_dataset_split *split = &report->splits[s];
        snprintf(split->name, sizeof split->name, "%s", run_meta->splits[s]);
        split->n_rows = counts->split_rows[s];
        split->n_parts = counts->split_parts[s];
    }
    report->n_chunks = run_meta->n_chunks;
}
