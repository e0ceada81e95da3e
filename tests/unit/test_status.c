/* SPDX-License-Identifier: MIT */
/* test_status.c - names of status codes, and error messages */

#include "test.h"

#include <stdlib.h>

#include "base/byte_source.h"
#include "base/error.h"

TEST(status, context_is_prepended) {
    patina_error err = {0};
    CHECK_INT(pt_fail(&err, PATINA_EFORMAT, "flac frame %d: bad checksum", 12), PATINA_EFORMAT);
    pt_error_add_context(&err, "entry '%s'", "0042.flac");
    CHECK_STR(err.message, "entry '0042.flac': flac frame 12: bad checksum");
    CHECK_INT(err.status, PATINA_EFORMAT);
}

TEST(status, long_context_is_truncated) {
    patina_error err = {0};
    char place[2000];
    memset(place, 'x', sizeof place);
    place[sizeof place - 1] = '\0';
    pt_fail(&err, PATINA_EIO, "no space left");
    pt_error_add_context(&err, "%s", place);
    CHECK_INT(strlen(err.message), sizeof err.message - 1);
}

TEST(status, only_entry_faults_reject) {
    CHECK(!patina_status_is_reject(PATINA_OK));
    CHECK(!patina_status_is_reject(PATINA_ECANCELLED));
    CHECK(patina_status_is_reject(PATINA_REJECT_BAD_CAPTION));
    CHECK(patina_status_is_reject(PATINA_REJECT_SILENT));
    CHECK(!patina_status_is_reject(PATINA_STATUS_COUNT));
    CHECK_STR(patina_status_name(PATINA_REJECT_TOO_SHORT), "too_short");
}

/* docs/DATASET.md has a table row for each reason, in the order of the checks. */
TEST(status, every_reject_reason_is_documented) {
    char *text = NULL, row[64];
    size_t n_bytes;
    REQUIRE_OK(pt_file_read_all(pt_test_golden_path("../../docs/DATASET.md"), 1 << 20, &text,
                                &n_bytes, &t->err));
    const char *at = strstr(text, "| reason | meaning |");
    for (int i = 0; at && i < PATINA_REJECT_COUNT; i++) {
        const patina_status reason = (patina_status)(PATINA_REJECT_FIRST + i);
        snprintf(row, sizeof row, "\n| `%s` | ", patina_status_name(reason));
        CHECK(strlen(patina_status_summary(reason)) > 10);
        at = strstr(at, row);
        pt_test_check(t, at != NULL, __FILE__, __LINE__, "no row '%s' at its place", row + 1);
    }
    CHECK(at && strncmp(strchr(at + 1, '\n') + 1, "\n", 1) == 0); /* and no other rows */
    free(text);
}

TEST(status, numbers_outside_the_enumeration_are_unknown) {
    CHECK_STR(patina_status_name((patina_status)PATINA_ERROR_COUNT), "unknown");
    CHECK_STR(patina_status_name((patina_status)(PATINA_REJECT_FIRST - 1)), "unknown");
    CHECK_STR(patina_status_name(PATINA_STATUS_COUNT), "unknown");
    CHECK(!patina_status_is_reject((patina_status)(PATINA_REJECT_FIRST - 1)));
}

TEST(status, retried_reasons) {
    CHECK(pt_status_is_retryable(PATINA_REJECT_MISSING));
    CHECK(pt_status_is_retryable(PATINA_REJECT_TIMEOUT));
    CHECK(!pt_status_is_retryable(PATINA_REJECT_BAD_CAPTION));
    CHECK(!pt_status_is_retryable(PATINA_REJECT_DUPLICATE_ID));
    CHECK(!pt_status_is_retryable(PATINA_EIO));
}
