/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/error.h"

TEST(status, message_gains_its_place) {
    patina_error err = {0};
    CHECK_INT(pt_fail(&err, PATINA_EFORMAT, "flac frame %d: bad checksum", 12), PATINA_EFORMAT);
    pt_error_add_context(&err, "entry '%s'", "0042.flac");
    CHECK_STR(err.message, "entry '0042.flac': flac frame 12: bad checksum");
    CHECK_INT(err.status, PATINA_EFORMAT);
}

TEST(status, a_place_longer_than_the_message_is_cut) {
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
