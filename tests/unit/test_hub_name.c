/* SPDX-License-Identifier: MIT */
/* test_hub_name.c - names of models on the hub, valid and invalid */

#include "test.h"

#include <patina/hub.h>

#include "hub/hub_name.h"

TEST(hub_name, parts) {
    char typed[PT_HUB_ID_MAX + PT_HUB_REVISION_MAX + 2];
    pt_hub_name name;

    REQUIRE_OK(pt_hub_name_parse("laion/clap-htsat-unfused", PT_HUB_MODEL, &name, &t->err));
    CHECK_STR(name.id, "laion/clap-htsat-unfused");
    CHECK_STR(name.revision, "main");
    pt_hub_name_format(&name, typed);
    CHECK_STR(typed, "laion/clap-htsat-unfused");
    REQUIRE_OK(pt_hub_name_parse("a_1/B.c-d@refs/pr/1", PT_HUB_MODEL, &name, &t->err));
    CHECK_STR(name.id, "a_1/B.c-d");
    CHECK_STR(name.revision, "refs/pr/1");
    pt_hub_name_format(&name, typed);
    CHECK_STR(typed, "a_1/B.c-d@refs/pr/1");
}

/* The rules of huggingface_hub's validate_repo_id, for names of two parts. */
TEST(hub_name, ids) {
    static const char *const good[] = {"a/b", "1/2", "_/_", "laion/larger_clap_music", "a.b/c-d"};
    static const char *const bad[] = {"",      "a",      "/",        "a/",        "/a",    "a/b/c",
                                      "./a",   "../a",   "a/..",     "a/.b",      "a/b.",  "-a/b",
                                      "a/b-",  "a--b/c", "a..b/c",   "a/b.git",   "a b/c", "a/b\n",
                                      "a\\/b", "a/b:c",  "~/models", "a/\xc3\xa4"};
    char text[256];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK(patina_hub_is_name(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        pt_test_check(t, !patina_hub_is_name(bad[i]), __FILE__, __LINE__, "'%s' is a name", bad[i]);
    snprintf(text, sizeof text, "%0*d/b", PT_HUB_PART_MAX, 0);
    CHECK(patina_hub_is_name(text));
    snprintf(text, sizeof text, "%0*d/b", PT_HUB_PART_MAX + 1, 0);
    CHECK(!patina_hub_is_name(text));
}

TEST(hub_name, revisions) {
    static const char *const good[] = {"a/b@main", "a/b@v1.0", "a/b@x/y", "a/b@x..y", "a/b@a@b"};
    static const char *const bad[] = {"a/b@",     "a/b@.",    "a/b@..",   "a/b@../x",
                                      "a/b@x/..", "a/b@/x",   "a/b@x/",   "a/b@x//y",
                                      "a/b@x y",  "a/b@x\ny", "a/b@x\\y", "a/b@.x"};
    pt_hub_name name;
    char text[512];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK(patina_hub_is_name(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        pt_test_check(t, !patina_hub_is_name(bad[i]), __FILE__, __LINE__, "'%s' is a name", bad[i]);
    snprintf(text, sizeof text, "a/b@%0*d", PT_HUB_REVISION_MAX + 1, 0);
    CHECK_FAILS(pt_hub_name_parse(text, PT_HUB_MODEL, &name, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "is not a revision");
}

TEST(hub_name, commits) {
    CHECK(pt_hub_is_commit("0123456789abcdef0123456789abcdef01234567"));
    CHECK(pt_hub_is_commit("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
    CHECK(!pt_hub_is_commit("0123456789ABCDEF0123456789abcdef01234567"));
    CHECK(!pt_hub_is_commit("0123456789abcdef0123456789abcdef0123456"));
    CHECK(!pt_hub_is_commit("0123456789abcdef0123456789abcdef0123456g"));
    CHECK(!pt_hub_is_commit("0123456789abcdef0123456789abcdef012345678"));
    CHECK(!pt_hub_is_commit(""));
}
