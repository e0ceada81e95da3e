/* SPDX-License-Identifier: MIT */
/* escaped_output.h - output of text from files, without control characters and invalid UTF-8
 *
 * File names, ids and captions are untrusted: in text, control characters become \xNN, and in JSON,
 * bytes that are not UTF-8 become U+FFFD.
 */

#ifndef PATINA_CLI_ESCAPED_OUTPUT_H
#define PATINA_CLI_ESCAPED_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <patina/measure.h>
#include <patina/status.h>

#include "base/error.h"

/** Prints "patina: <sentence>" and a line end on standard error. */
void pt_cli_error(const char *format, ...) PT_PRINTF(1, 2);

/** Reports an error of the library; returns the exit status, 2 for PATINA_EUSAGE, else 1. */
int pt_cli_report_error(const patina_error *err);

/** Prints text; the bytes of controls (pt_utf8_is_control) and of invalid UTF-8 become \xNN. */
void pt_cli_write_escaped(FILE *out, const char *text);

/** Prints JSON text; controls in its strings become \uNNNN. */
void pt_cli_write_json(FILE *out, const char *json);

/** Prints a JSON string with its quotes; controls become \uNNNN. */
void pt_cli_write_json_string(FILE *out, const char *text);

/** Whether all of text is UTF-8. */
bool pt_cli_is_utf8(const char *text);

/** Whether the locale is UTF-8, according to LC_ALL, LC_CTYPE or LANG. */
bool pt_cli_locale_is_utf8(void);

/** Prints a spectrum as 32 characters, one per third octave, which is the sum of two bands. */
void pt_cli_write_spectrum(FILE *out, const double ltas[PATINA_LTAS_BANDS]);

/** Flushes out; false when anything written to it was lost. */
bool pt_cli_flush(FILE *out);

#endif /* PATINA_CLI_ESCAPED_OUTPUT_H */
