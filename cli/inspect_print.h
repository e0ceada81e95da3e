/* SPDX-License-Identifier: MIT */
/* inspect_print.h - what `patina inspect` found, for people and for programs */

#ifndef PATINA_CLI_INSPECT_PRINT_H
#define PATINA_CLI_INSPECT_PRINT_H

#include <stdint.h>

#include <patina/inspect.h>

void pt_cli_inspection_text(const char *out, const pt_inspection *of);
void pt_cli_inspected_row_text(uint64_t n, const pt_inspected_row *row);

/** docs/INSPECT.md has the members. */
void pt_cli_inspection_json(const pt_inspection *of);
void pt_cli_inspected_row_json(uint64_t n, const pt_inspected_row *row);

#endif /* PATINA_CLI_INSPECT_PRINT_H */
