/* SPDX-License-Identifier: MIT */
/* test.h - a small test runner
 *
 * A test file is a program: it includes this header, defines tests with TEST(suite, name) and links
 * runner.c, which has main. A failed check is printed with its location, and the test continues. A
 * test fails if a check failed, or if it made no check.
 *
 * `program` runs all tests, `program WORD...` those whose suite.name contains a word, and
 * `program --list` lists them.
 */

#ifndef PATINA_TEST_H
#define PATINA_TEST_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <patina/status.h>

#include "base/error.h"

typedef struct pt_test {
    const char *suite, *name;
    void (*run)(struct pt_test *t);
    struct pt_test *next;
    patina_error err; /* for the calls under test */
    unsigned n_checks, n_failed;
    bool skipped;
} pt_test;

void pt_test_register(pt_test *test);
bool pt_test_check(pt_test *t, bool ok, const char *file, int line, const char *format, ...)
    PT_PRINTF(5, 6);
void pt_test_skip(pt_test *t, const char *why);

/** Path of a file of tests/golden or tests/data, or of the shared folder beside the project; static
 * buffer (the last few results stay valid). pt_test_shared_path returns NULL without a shared
 * folder. */
const char *pt_test_golden_path(const char *relative);
const char *pt_test_data_path(const char *relative);
const char *pt_test_shared_path(const char *relative);

/** Sets a locale with a decimal comma; false if none is installed. The test has to restore "C". */
bool pt_test_set_comma_locale(void);

/** A fresh folder for a test's files, removed when the program ends. */
const char *pt_test_tmpdir(void);

#define TEST(suite_, name_)                                                                        \
    static void suite_##_##name_(pt_test *t);                                                      \
    static pt_test suite_##_##name_##_test = {                                                     \
        .suite = #suite_, .name = #name_, .run = suite_##_##name_};                                \
    __attribute__((constructor)) static void suite_##_##name_##_register(void) {                   \
        pt_test_register(&suite_##_##name_##_test);                                                \
    }                                                                                              \
    static void suite_##_##name_(pt_test *t)

#define CHECK(condition) pt_test_check(t, (condition), __FILE__, __LINE__, "%s", #condition)

#define CHECK_OK(call)                                                                             \
    pt_test_check(t, (call) == PATINA_OK, __FILE__, __LINE__, "%s: %s", #call, t->err.message)

/** The call must fail with this status and a message. */
#define CHECK_FAILS(call, expected)                                                                \
    do {                                                                                           \
        t->err = (patina_error){0};                                                                \
        const patina_status check_status_ = (call);                                                \
        pt_test_check(t, check_status_ == (expected) && t->err.message[0] != '\0', __FILE__,       \
                      __LINE__, "%s: gave %s ('%s'), expected %s", #call,                          \
                      patina_status_name(check_status_), t->err.message,                           \
                      patina_status_name(expected));                                               \
    } while (0)

#define CHECK_NEAR(value, expected, tolerance)                                                     \
    do {                                                                                           \
        const double check_v_ = (value), check_e_ = (expected), check_t_ = (tolerance);            \
        pt_test_check(t, fabs(check_v_ - check_e_) <= check_t_, __FILE__, __LINE__,                \
                      "%s = %.17g, expected %.17g +- %g (off by %g)", #value, check_v_, check_e_,  \
                      check_t_, fabs(check_v_ - check_e_));                                        \
    } while (0)

#define CHECK_INT(value, expected)                                                                 \
    do {                                                                                           \
        const long long check_v_ = (long long)(value), check_e_ = (long long)(expected);           \
        pt_test_check(t, check_v_ == check_e_, __FILE__, __LINE__, "%s = %lld, expected %lld",     \
                      #value, check_v_, check_e_);                                                 \
    } while (0)

#define CHECK_STR(value, expected)                                                                 \
    do {                                                                                           \
        const char *check_v_ = (value), *check_e_ = (expected);                                    \
        pt_test_check(t, check_v_ &&strcmp(check_v_, check_e_) == 0, __FILE__, __LINE__,           \
                      "%s = '%s', expected '%s'", #value, check_v_ ? check_v_ : "(null)",          \
                      check_e_ ? check_e_ : "(null)");                                             \
    } while (0)

/** Whether text contains part: for error messages. */
#define CHECK_CONTAINS(text, part)                                                                 \
    do {                                                                                           \
        const char *check_v_ = (text), *check_p_ = (part);                                         \
        pt_test_check(t, check_v_ &&strstr(check_v_, check_p_), __FILE__, __LINE__,                \
                      "%s = '%s' does not contain '%s'", #text, check_v_ ? check_v_ : "(null)",    \
                      check_p_ ? check_p_ : "(null)");                                             \
    } while (0)

/** Ends the test if the condition is false. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!CHECK(condition)) return;                                                             \
    } while (0)
#define REQUIRE_OK(call)                                                                           \
    do {                                                                                           \
        if (!CHECK_OK(call)) return;                                                               \
    } while (0)

#define SKIP(why)                                                                                  \
    do {                                                                                           \
        pt_test_skip(t, why);                                                                      \
        return;                                                                                    \
    } while (0)

#endif /* PATINA_TEST_H */
