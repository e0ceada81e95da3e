/* SPDX-License-Identifier: MIT */
/* inspect_format.h - prints the results of `patina inspect` as text and as JSON */

#ifndef PATINA_CLI_INSPECT_FORMAT_H
#define PATINA_CLI_INSPECT_FORMAT_H

#include <stdint.h>

#include <patina/inspect.h>

void pt_cli_inspection_write_text(const char *out, const patina_inspection *inspection);
void pt_cli_inspected_row_write_text(uint64_t n, const patina_row_info *row);

/** The members are described in docs/INSPECT.md. */
void pt_cli_inspection_write_json(const patina_inspection *inspection);
void pt_cli_inspected_row_write_json(uint64_t n, const patina_row_info *row);

#endif /* PATINA_CLI_INSPECT_FORMAT_H */
