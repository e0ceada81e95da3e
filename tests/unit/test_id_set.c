/* SPDX-License-Identifier: MIT */
/* test_id_set.c - detection of repeated ids */

#include "test.h"

#include "base/id_set.h"

TEST(id_set, repeated_and_new_ids) {
    pt_id_set *set = NULL;
    bool repeated = true;
    unsigned n_wrong = 0;
    char id[32];

    REQUIRE_OK(pt_id_set_open(&set, &t->err));
    for (unsigned i = 0; i < 20000; i++) { /* grows several times */
        snprintf(id, sizeof id, "clip-%u", i);
        CHECK_OK(pt_id_set_add(set, id, &repeated, &t->err));
        n_wrong += repeated;
    }
    for (unsigned i = 0; i < 20000; i += 7) {
        snprintf(id, sizeof id, "clip-%u", i);
        CHECK_OK(pt_id_set_add(set, id, &repeated, &t->err));
        n_wrong += !repeated;
    }
    CHECK_INT(n_wrong, 0);
    CHECK_OK(pt_id_set_add(set, "", &repeated, &t->err));
    CHECK(!repeated);
    CHECK_OK(pt_id_set_add(set, "", &repeated, &t->err));
    CHECK(repeated);
    pt_id_set_close(&set);
    pt_id_set_close(&set); /* closing NULL is allowed */
}
