/* SPDX-License-Identifier: MIT */
/* c_locale.c - switches a thread to the C locale */

#include "base/c_locale.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

static void create_c_locale(void) {
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t pt_c_locale_enter(void) {
    pthread_once(&once, create_c_locale);
    return uselocale(c_locale);
}

void pt_c_locale_leave(locale_t before) {
    uselocale(before);
}

double pt_strtod(const char *text, char **end) {
    const locale_t before = pt_c_locale_enter();
    const double value = strtod(text, end);
    pt_c_locale_leave(before);
    return value;
}

int pt_vsnprintf(char *text, size_t size, const char *format, va_list args) {
    const locale_t before = pt_c_locale_enter();
    const int n = vsnprintf(text, size, format, args);
    pt_c_locale_leave(before);
    return n;
}

int pt_snprintf(char *text, size_t size, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int n = pt_vsnprintf(text, size, format, args);
    va_end(args);
    return n;
}
