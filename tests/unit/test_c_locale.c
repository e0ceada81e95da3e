/* SPDX-License-Identifier: MIT */
/* test_c_locale.c - decimal points in messages, whatever the locale of the program */

#include "base/c_locale.h"
#include "base/error.h"

#include <pthread.h>

#include "base/strbuf.h"
#include "test.h"

TEST(c_locale, decimal_points_in_text_and_errors) {
    if (!pt_test_set_comma_locale()) SKIP("no locale with a decimal comma is installed");
    char text[16];
    pt_strbuf str = {0};

    CHECK_INT(pt_snprintf(text, sizeof text, "%.1f%s", 2.5, " kHz"), 7);
    CHECK_STR(text, "2.5 kHz");
    pt_strbuf_printf(&str, "M%.1f %.1f", 1.5, -0.5);
    CHECK_STR(str.text, "M1.5 -0.5");
    pt_fail(&t->err, PATINA_EUSAGE, "%.1f s are declared", 1.25);
    pt_error_add_context(&t->err, "part %.1f", 0.5);
    CHECK_STR(t->err.message, "part 0.5: 1.2 s are declared");
    snprintf(text, sizeof text, "%.1f", 2.5);
    CHECK_STR(text, "2,5"); /* the locale of the program is unchanged */
    setlocale(LC_ALL, "C");
    pt_strbuf_release(&str);
}

static void *print_in_thread(void *text) {
    snprintf(text, 16, "%.1f", 2.5);
    return NULL;
}

TEST(c_locale, affects_one_thread_until_leave) {
    if (!pt_test_set_comma_locale()) SKIP("no locale with a decimal comma is installed");
    char here[16], there[16], after[16];
    pthread_t thread;

    const locale_t before = pt_c_locale_enter();
    snprintf(here, sizeof here, "%.1f", 2.5);
    CHECK_INT(pthread_create(&thread, NULL, print_in_thread, there), 0);
    pthread_join(thread, NULL);
    pt_c_locale_leave(before);
    snprintf(after, sizeof after, "%.1f", 2.5);
    CHECK_STR(here, "2.5");
    CHECK_STR(there, "2,5");
    CHECK_STR(after, "2,5");
    setlocale(LC_ALL, "C");
}
