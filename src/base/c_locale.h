/* SPDX-License-Identifier: MIT */
/* c_locale.h - numbers with a point, names as bytes, whatever locale the program around us has set
 *
 * patina itself sets none. A program that uses the library may, and printf would write a decimal
 * comma into files and pages.
 */

#ifndef PATINA_BASE_C_LOCALE_H
#define PATINA_BASE_C_LOCALE_H

#include <locale.h>
#include <stdarg.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/error.h"

/** This thread is in the C locale from now on, until it leaves for the one it was in. */
locale_t pt_c_locale_enter(void);
void pt_c_locale_leave(locale_t before);

/** snprintf and vsnprintf in the C locale. */
int pt_snprintf(char *text, size_t size, const char *format, ...) PT_PRINTF(3, 4);
int pt_vsnprintf(char *text, size_t size, const char *format, va_list args) PT_PRINTF(3, 0);

#endif /* PATINA_BASE_C_LOCALE_H */
