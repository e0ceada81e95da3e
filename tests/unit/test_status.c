/* SPDX-License-Identifier: MIT */

#include "test.h"

TEST(status, message_gains_its_place) {
    pt_error err = {0};
    CHECK_INT(pt_fail(&err, PT_EFORMAT, "flac frame %d: bad checksum", 12), PT_EFORMAT);
    pt_error_in(&err, "entry '%s'", "0042.flac");
    CHECK_STR(err.message, "entry '0042.flac': flac frame 12: bad checksum");
    CHECK_INT(err.status, PT_EFORMAT);
}

TEST(status, a_place_longer_than_the_message_is_cut) {
    pt_error err = {0};
    char place[2000];
    memset(place, 'x', sizeof place);
    place[sizeof place - 1] = '\0';
    pt_fail(&err, PT_EIO, "no space left");
    pt_error_in(&err, "%s", place);
    CHECK_INT(strlen(err.message), sizeof err.message - 1);
}

TEST(status, only_entry_faults_reject) {
    CHECK(!pt_status_rejects(PT_OK));
    CHECK(!pt_status_rejects(PT_ECANCELLED));
    CHECK(pt_status_rejects(PT_REJECT_BAD_CAPTION));
    CHECK(pt_status_rejects(PT_REJECT_SILENT));
    CHECK(!pt_status_rejects(PT_STATUS_COUNT));
    CHECK_STR(pt_status_name(PT_REJECT_TOO_SHORT), "too_short");
}
