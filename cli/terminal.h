/* SPDX-License-Identifier: MIT */
/* terminal.h - what the command prints, made safe
 *
 * File names, ids and captions are strangers' bytes: on the way to a terminal control characters
 * are written as \xNN, and in JSON what is not UTF-8 becomes U+FFFD.
 */

#ifndef PATINA_CLI_TERMINAL_H
#define PATINA_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <patina/measure.h>
#include <patina/status.h>

#include "base/error.h"

/** A sentence on standard error: "patina: " in front, a line end after it. */
void pt_cli_error(const char *format, ...) PT_PRINTF(1, 2);

/** Reports what a library call left in err; 2 for a wrong use, 1 for every other failure. */
int pt_cli_report_error(const patina_error *err);

/** Text for people: control characters and bytes that are not UTF-8 as \xNN. */
void pt_cli_write_escaped(FILE *out, const char *text);

/** A JSON string with its quotes. */
void pt_cli_write_json_string(FILE *out, const char *text);

/** Terminal columns that pt_cli_write_escaped takes for text, counting one a character. */
size_t pt_cli_display_width(const char *text);

/** Whether all of text is UTF-8. */
bool pt_cli_is_utf8(const char *text);

/** Whether the reader of out can be expected to show UTF-8: by LC_ALL, LC_CTYPE or LANG. */
bool pt_cli_locale_is_utf8(void);

/** A spectrum as 32 characters, one a third octave: two of the 64 bands added up. */
void pt_cli_write_spectrum(FILE *out, const double ltas[PATINA_LTAS_BANDS]);

/** Flushes out; false when anything written to it was lost. */
bool pt_cli_flush(FILE *out);

#endif /* PATINA_CLI_TERMINAL_H */
