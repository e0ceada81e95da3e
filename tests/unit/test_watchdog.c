/* SPDX-License-Identifier: MIT */
/* test_watchdog.c - time limit of work in another thread */

#include "test.h"

#include <time.h>

#include "pipeline/watchdog.h"

static void let_time_pass(void) {
    nanosleep(&(struct timespec){0, 2000000}, NULL);
}

TEST(watchdog, ends_in_time) {
    pt_watchdog watchdog = {0};
    CHECK(!pt_watchdog_cancel(&watchdog, 0)); /* no work has started */
    pt_watchdog_start(&watchdog);
    CHECK(!pt_watchdog_has_expired(&watchdog, INT64_MAX));
    CHECK(!pt_watchdog_cancel(&watchdog, INT64_MAX));
    let_time_pass();
    CHECK(pt_watchdog_stop(&watchdog));
    CHECK(!pt_watchdog_has_expired(&watchdog, 0));
    CHECK(!pt_watchdog_cancel(&watchdog, 0)); /* already ended */
}

TEST(watchdog, cancelled_once) {
    pt_watchdog watchdog = {0};
    pt_watchdog_start(&watchdog);
    let_time_pass();
    CHECK(pt_watchdog_has_expired(&watchdog, 1000000));
    CHECK(!pt_watchdog_has_expired(&watchdog, 60000000000));
    CHECK(!pt_watchdog_cancel(&watchdog, 60000000000));
    CHECK(pt_watchdog_cancel(&watchdog, 1000000));
    CHECK(!pt_watchdog_cancel(&watchdog, 1000000));
    CHECK(!pt_watchdog_stop(&watchdog));
}
