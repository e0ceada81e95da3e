/* SPDX-License-Identifier: MIT */
/* summary.h - what a finished data set holds, in two lines, and how to open it, in one */

#ifndef PATINA_CLI_SUMMARY_H
#define PATINA_CLI_SUMMARY_H

#include <stdint.h>

#include <patina/dataset.h>

/** On standard output: rows and rejects. out is the folder as it was given. */
void pt_cli_print_dataset_summary(const patina_dataset_report *report, const char *out);

/** How to open its first split that has rows; nothing where none has. */
void pt_cli_print_load_hint(const patina_dataset_report *report, const char *out);

const char *pt_cli_plural(uint64_t n, const char *one, const char *many);

#endif /* PATINA_CLI_SUMMARY_H */
