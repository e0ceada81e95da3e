/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <time.h>

#include "pipeline/watch.h"

static void let_time_pass(void) {
    nanosleep(&(struct timespec){0, 2000000}, NULL);
}

TEST(watch, ends_in_time) {
    pt_watch watch = {0};
    CHECK(!pt_watch_break(&watch, 0)); /* nothing is going on */
    pt_watch_begin(&watch);
    CHECK(!pt_watch_is_over(&watch, INT64_MAX));
    CHECK(!pt_watch_break(&watch, INT64_MAX));
    let_time_pass();
    CHECK(pt_watch_end(&watch));
    CHECK(!pt_watch_is_over(&watch, 0));
    CHECK(!pt_watch_break(&watch, 0)); /* over already */
}

TEST(watch, is_broken_off_once) {
    pt_watch watch = {0};
    pt_watch_begin(&watch);
    let_time_pass();
    CHECK(pt_watch_is_over(&watch, 1000000));
    CHECK(!pt_watch_is_over(&watch, 60000000000));
    CHECK(!pt_watch_break(&watch, 60000000000));
    CHECK(pt_watch_break(&watch, 1000000));
    CHECK(!pt_watch_break(&watch, 1000000));
    CHECK(!pt_watch_end(&watch));
}
