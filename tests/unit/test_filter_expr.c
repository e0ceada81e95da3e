/* SPDX-License-Identifier: MIT */
/* test_filter_expr.c - conditions of --filter and --require: syntax and comparison */

#include <stdlib.h>

#include "test.h"

#include "base/filter_expr.h"

/* Whether the only condition of a text holds for a value. */
static bool holds(pt_test *t, const char *text, const char *value) {
    pt_filter_expr conditions;
    if (!CHECK_OK(pt_filter_expr_parse(text, "filter", &conditions, &t->err))) return false;
    const bool result = conditions.n == 1 && pt_condition_holds(&conditions.item[0], value);
    pt_filter_expr_release(&conditions);
    return result;
}

TEST(filter_expr, operators) {
    static const struct {
        const char *text, *value;
        bool holds;
    } cases[] = {
        {"a>=5", "5", true},
        {"a>=5", "4.99", false},
        {"a<=5", "5", true},
        {"a<=5", "5.01", false},
        {"a>5", "5", false},
        {"a>5", "1e3", true},
        {"a<5", "-6", true},
        {"a<5", "5", false},
        {"a=5", "5.0", true},
        {"a==5", "05", true},
        {"a=5", "5s", false},
        {"a!=5", "5.0", false},
        {"a!=5", "x", true},
        {"a=x", "x", true},
        {"a=x", "X", false},
        {"a!=x", "", true},
        {"a=", "", true},
        {"a>=0", "", false},
        {"a>=0", "text", false},
        {"a~^r.*n$", "rain", true},
        {"a~ai", "rain", true},
        {"a!~ai", "rain", false},
        {"a!~ai", "", true},
        {"a~(?i)RAIN", "rain", true},
        {"a~^.$", "\xC3\xA9", true},
        {"a~\\bman\\b", "a man", true},
        {"a~\\bman\\b", "human", false},
        {"a~\\d{2\\,3}", "x12", true},
        {"a~'x{2,3}'", "xx", true},
        {"a='it''s'", "it's", true},
        {"a=\"b, c\"", "b, c", true},
        {" a  =  b c ", "b c", true},
        {"a=nan", "nan", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (!CHECK(holds(t, cases[i].text, cases[i].value) == cases[i].holds))
            CHECK_STR(cases[i].text, cases[i].value); /* which names the case */
}

TEST(filter_expr, lists) {
    pt_filter_expr c;
    REQUIRE_OK(pt_filter_expr_parse("a>=1, b~'x,y' ,c!=\"\"", "filter", &c, &t->err));
    REQUIRE(c.n == 3);
    CHECK_STR(c.item[0].field, "a");
    CHECK_STR(c.item[1].field, "b");
    CHECK_STR(c.item[1].value, "x,y");
    CHECK_STR(c.item[2].written, "c!=\"\"");
    CHECK(pt_condition_holds_number(&c.item[0], 1.0) &&
          !pt_condition_holds_number(&c.item[0], 0.5));
    pt_filter_expr_release(&c);
    REQUIRE_OK(pt_filter_expr_parse(NULL, "filter", &c, &t->err));
    CHECK(c.n == 0);
    pt_filter_expr_release(&c);
}

/* PCRE2 needs some 100 bytes for each repetition here. */
TEST(filter_expr, memory_of_a_match_is_limited) {
    enum { N = 2000000 };
    char *text = malloc(N + 2);
    pt_filter_expr c;
    REQUIRE(text);
    memset(text, 'a', N);
    memcpy(text + N, "c", 2);
    REQUIRE_OK(pt_filter_expr_parse("x~'^(a|b)*c'", "filter", &c, &t->err));
    CHECK(!pt_condition_holds(&c.item[0], text));
    CHECK(pt_condition_holds(&c.item[0], text + N - 1000));
    pt_filter_expr_release(&c);
    free(text);
}

TEST(filter_expr, errors) {
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "'' is not a condition"},
        {"a", "'a' is not a condition"},
        {"a>=1,", "'' is not a condition"},
        {">=1", "is not a condition"},
        {"a,b=1", "'a,b=1' is not a condition"},
        {"a>=x", "'x' is not a number"},
        {"a>=", "'' is not a number"},
        {"a~(", "pattern '(', character 2"},
        {"a='x", "no closing quote"},
        {"a='x'y", "text after its closing quote"},
        {"a=\xFF", "not valid UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pt_filter_expr c;
        CHECK_FAILS(pt_filter_expr_parse(cases[i].text, "filter", &c, &t->err), PATINA_EUSAGE);
        CHECK_CONTAINS(t->err.message, cases[i].part);
        CHECK_CONTAINS(t->err.message, "option '--filter'");
        CHECK(c.n == 0);
    }
}
