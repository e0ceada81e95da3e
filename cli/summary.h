/* SPDX-License-Identifier: MIT */
/* summary.h - summary of a finished data set, and how to load it */

#ifndef PATINA_CLI_SUMMARY_H
#define PATINA_CLI_SUMMARY_H

#include <stdint.h>

#include <patina/dataset.h>

/** Prints rows and rejects to standard output; out is the folder as given. */
void pt_cli_print_dataset_summary(const patina_dataset_report *report, const char *out);

/** Prints the Python call that loads the first split with rows; nothing when there is none. */
void pt_cli_print_load_hint(const patina_dataset_report *report, const char *out);

/** 0, or 1 after reporting that a finished data set has no rows. */
int pt_cli_check_has_rows(const patina_dataset_report *report, const char *out);

const char *pt_cli_plural(uint64_t n, const char *one, const char *many);

/** "43 kB", "0.6 MB", "12 GB" in SI units. */
void pt_cli_format_bytes(double bytes, char *text, size_t size);

#endif /* PATINA_CLI_SUMMARY_H */
