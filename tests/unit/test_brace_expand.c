/* SPDX-License-Identifier: MIT */
/* test_brace_expand.c - expansion of {a..b} and {a,b} */

#include "corpus/brace_expand.h"

#include "test.h"

/** The expansion of a pattern, separated by spaces; static buffer. */
static const char *expand_pattern(pt_test *t, const char *pattern) {
    static char text[4096];
    pt_strbuf paths = {0};
    size_t n = 0, n_nuls = 0;

    text[0] = '\0';
    if (!CHECK_OK(pt_brace_expand(pattern, &paths, &n, &t->err))) return text;
    for (size_t i = 0; i < paths.length; i++) {
        if (paths.text[i] == '\0') n_nuls++;
        if (paths.text[i] == '\0') paths.text[i] = i + 1 < paths.length ? ' ' : '\0';
    }
    CHECK_INT(n_nuls, n);
    snprintf(text, sizeof text, "%s", paths.text);
    pt_strbuf_release(&paths);
    return text;
}

/* As bash 5 expands them, except {2}, which both leave unchanged. */
TEST(brace_expand, groups_as_in_the_shell) {
    CHECK_STR(expand_pattern(t, "t/{0..3}.tar"), "t/0.tar t/1.tar t/2.tar t/3.tar");
    CHECK_STR(expand_pattern(t, "{008..011}"), "008 009 010 011");
    CHECK_STR(expand_pattern(t, "{8..011}"), "008 009 010 011");
    CHECK_STR(expand_pattern(t, "{0..0}"), "0");
    CHECK_STR(expand_pattern(t, "{9..10}{0..10}") + 34,
              "100 101 102 103 104 105 106 107 108 109 1010");
    CHECK_STR(expand_pattern(t, "{11..9}x"), "11x 10x 9x");
    CHECK_STR(expand_pattern(t, "{a,b}{1..2}/{c,}.tar"),
              "a1/c.tar a1/.tar a2/c.tar a2/.tar b1/c.tar b1/.tar b2/c.tar b2/.tar");
    CHECK_STR(expand_pattern(t, "x{2}{a..b}{,}{1..}{..2}{1..2..3}{"),
              "x{2}{a..b}{1..}{..2}{1..2..3}{ x{2}{a..b}{1..}{..2}{1..2..3}{");
    CHECK_STR(expand_pattern(t, "{a,b"), "{a,b");
    CHECK_STR(expand_pattern(t, "{{1..2}}"), "{1} {2}");
}

TEST(brace_expand, position_of_the_first_group) {
    const char *pattern = "a{b}/{0..1}/{2,3}";
    CHECK(pt_brace_find(pattern) == pattern + 5);
    CHECK(pt_brace_find("a{b}/}{..}{0.1}{1..x}{9..") == NULL);
    CHECK(pt_brace_find("") == NULL);
    /* 19 digits may exceed 64 bits. */
    CHECK(pt_brace_find("{1..9999999999999999999}") == NULL);
}

TEST(brace_expand, limits) {
    pt_strbuf paths = {0};
    size_t n = 0;
    CHECK_OK(pt_brace_expand("{1..100000}", &paths, &n, &t->err));
    CHECK_INT(n, 100000);
    pt_strbuf_release(&paths);
    CHECK_FAILS(pt_brace_expand("{0..100000}", &paths, &n, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "100000");
    CHECK_FAILS(
        pt_brace_expand("{0..999999999999999999}{0..999999999999999999}", &paths, &n, &t->err),
        PATINA_EFORMAT);
    CHECK_FAILS(pt_brace_expand("{1..317}{1..317}", &paths, &n, &t->err), PATINA_EFORMAT);
    CHECK_FAILS(pt_brace_expand("{,}{,}{,}{,}{,}{,}{,}{,}{,}", &paths, &n, &t->err),
                PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "8 groups");
    pt_strbuf_release(&paths);

    char pattern[4000];
    memset(pattern, 'x', sizeof pattern);
    memcpy(pattern, "{1..90000}", 10); /* 360 MB in all */
    pattern[sizeof pattern - 1] = '\0';
    CHECK_FAILS(pt_brace_expand(pattern, &paths, &n, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "bytes");
    pt_strbuf_release(&paths);
}
