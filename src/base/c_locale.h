/* SPDX-License-Identifier: MIT */
/* c_locale.h - formatting and comparison in the C locale
 *
 * The library sets no locale, but the program that uses it may, and printf would then write decimal
 * commas.
 */

#ifndef PATINA_BASE_C_LOCALE_H
#define PATINA_BASE_C_LOCALE_H

#include <locale.h>
#include <stdarg.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/error.h"

/** Switches this thread to the C locale; pt_c_locale_leave restores the returned one. */
locale_t pt_c_locale_enter(void);
void pt_c_locale_leave(locale_t before);

/** strtod in the C locale. */
double pt_strtod(const char *text, char **end);

/** snprintf and vsnprintf in the C locale. */
int pt_snprintf(char *text, size_t size, const char *format, ...) PT_PRINTF(3, 4);
int pt_vsnprintf(char *text, size_t size, const char *format, va_list args) PT_PRINTF(3, 0);

#endif /* PATINA_BASE_C_LOCALE_H */
