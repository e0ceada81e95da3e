/* SPDX-License-Identifier: MIT */
/* inspect_format.h - what `patina inspect` found, for people and for programs */

#ifndef PATINA_CLI_INSPECT_FORMAT_H
#define PATINA_CLI_INSPECT_FORMAT_H

#include <stdint.h>

#include <patina/inspect.h>

void pt_cli_inspection_write_text(const char *out, const patina_inspection *of);
void pt_cli_inspected_row_write_text(uint64_t n, const patina_row_info *row);

/** docs/INSPECT.md has the members. */
void pt_cli_inspection_write_json(const patina_inspection *of);
void pt_cli_inspected_row_write_json(uint64_t n, const patina_row_info *row);

#endif /* PATINA_CLI_INSPECT_FORMAT_H */
