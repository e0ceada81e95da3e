/* SPDX-License-Identifier: MIT */
/* test_split.c - shares of splits, and the split of a clip */

#include "test.h"

#include "pipeline/split.h"

TEST(split, valid_shares) {
    pt_splits s;
    CHECK_OK(pt_splits_parse(NULL, &s, &t->err));
    CHECK_INT(s.n_splits, 1);
    CHECK_STR(s.split[0].name, "train");

    REQUIRE_OK(pt_splits_parse("train=0.9,validation=0.05,test_2=0.05", &s, &t->err));
    CHECK_INT(s.n_splits, 3);
    CHECK_STR(s.split[2].name, "test_2");
    CHECK_NEAR(s.split[0].share, 0.9, 1e-15);
    CHECK_NEAR(s.split[1].share, 0.05, 1e-15);

    CHECK_OK(pt_splits_parse("a=0.333,b=0.333,c=0.334", &s, &t->err));
    CHECK_OK(pt_splits_parse("all=1", &s, &t->err));
}

TEST(split, invalid_shares) {
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "is not a split"},
        {"train", "'train' is not a split"},
        {"train=0.9,", "'' is not a split"},
        {"=1", "is not a split"},
        {"Train=1", "'Train=1' is not a split"},
        {"a/b=1", "is not a split"},
        {"2024=1", "is not a split"},
        {"_=1", "is not a split"},
        {"no=1", "'no=1' is not a split"},
        {"train=0.5,true=0.5", "'true=0.5' is not a split"},
        {"an_impossibly_long_name_of_a_split=1", "is not a split"},
        {"train=", "share ''"},
        {"train=-1", "share '-1'"},
        {"train=0,test=1", "share '0'"},
        {"train=1e0", "share '1e0'"},
        {"train=.", "share '.'"},
        {"train=0.5.5", "share"},
        {"train=1.5", "share '1.5'"},
        {"train=0.000000000000000001", "share"},
        {"a=0.5,a=0.5", "'a' is given twice"},
        {"a=0.5,b=0.4", "sum to 0.9"},
        {"a=0.5,b=0.500001", "sum to"},
        {"a=0.1,b=0.1,c=0.1,d=0.1,e=0.1,f=0.1,g=0.1,h=0.1,i=0.1,j=0.02,k=0.02,l=0.02,m=0.01,nn=0."
         "01,"
         "o=0.01,p=0.005,q=0.005",
         "more than 16"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pt_splits s = {.n_splits = 77};
        CHECK_FAILS(pt_splits_parse(cases[i].text, &s, &t->err), PATINA_EUSAGE);
        CHECK_CONTAINS(t->err.message, cases[i].says);
        CHECK_INT(s.n_splits, 77);
    }
}

static size_t assign(pt_test *t, const char *shares, const void *clip, size_t n) {
    pt_splits s;
    pt_byte_source bytes;
    size_t index = SIZE_MAX;
    pt_byte_source_from_memory(clip, n, &bytes);
    if (CHECK_OK(pt_splits_parse(shares, &s, &t->err)))
        CHECK_OK(pt_splits_assign(&s, &bytes, &index, &t->err));
    return index;
}

/* Positions by Python's hashlib: SHA-256 of "" is at 0.889416, of "abc" at 0.728395, of "a" at
 * 0.791374, and of 0 to 255, 1024 times over, at 0.136997. */
TEST(split, split_from_the_hash) {
    CHECK_INT(assign(t, "a=0.8894,b=0.1106", "", 0), 1);
    CHECK_INT(assign(t, "a=0.8895,b=0.1105", "", 0), 0);
    CHECK_INT(assign(t, "a=0.7283,b=0.2717", "abc", 3), 1);
    CHECK_INT(assign(t, "a=0.7284,b=0.2716", "abc", 3), 0);
    CHECK_INT(assign(t, "a=0.5,b=0.2913,c=0.2087", "a", 1), 2);
    CHECK_INT(assign(t, "a=0.5,b=0.2914,c=0.2086", "a", 1), 1);

    static unsigned char clip[256 * 1024]; /* in more than one block */
    for (size_t i = 0; i < sizeof clip; i++)
        clip[i] = (unsigned char)i;
    CHECK_INT(assign(t, "a=0.1369,b=0.8631", clip, sizeof clip), 1);
    CHECK_INT(assign(t, "a=0.1370,b=0.8630", clip, sizeof clip), 0);
}
