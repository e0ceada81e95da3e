/* SPDX-License-Identifier: MIT */
/* test_utf8.c - decoding of UTF-8 */

#include "test.h"

#include "base/utf8.h"

static uint32_t first(const char *text, size_t *size) {
    return pt_utf8_decode(text, strlen(text), size);
}

TEST(utf8, code_points_of_every_length) {
    size_t size;
    CHECK_INT(first("a", &size), 'a');
    CHECK_INT(first("\xC3\xA9", &size), 0xE9);
    CHECK_INT(size, 2);
    CHECK_INT(first("\xE2\x82\xAC", &size), 0x20AC);
    CHECK_INT(size, 3);
    CHECK_INT(first("\xF0\x9F\x8E\xB8", &size), 0x1F3B8);
    CHECK_INT(size, 4);
}

/* RFC 3629: overlong forms, surrogates, values over U+10FFFF, and truncated sequences. */
TEST(utf8, what_is_not_utf8) {
    static const char *const bad[] = {"\x80",         "\xC0\x80",         "\xC1\xBF",
                                      "\xE0\x80\x80", "\xED\xA0\x80",     "\xF0\x80\x80\x80",
                                      "\xF4\x90\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
                                      "\xC3",         "\xE2\x82",         "\xC3\x28",
                                      "\xFF"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t size;
        CHECK(first(bad[i], &size) == UINT32_MAX);
        CHECK_INT(size, 1);
        CHECK(!pt_utf8_is_valid(bad[i], strlen(bad[i])));
    }
    CHECK(pt_utf8_is_valid("caf\xC3\xA9 \xF0\x9F\x8E\xB8", 10));
    CHECK(pt_utf8_is_valid("", 0));
}

TEST(utf8, blank_text) {
    CHECK(pt_utf8_is_blank("", 0));
    CHECK(pt_utf8_is_blank(" \t\r\n\xC2\xA0\xE3\x80\x80", 9));
    CHECK(!pt_utf8_is_blank(" x ", 3));
    CHECK(!pt_utf8_is_blank("\xE2\x80\x8B", 3)); /* U+200B is not White_Space */
}

/* C0, DEL, C1, separators, and Bidi_Control of Unicode; their neighbours are not. */
TEST(utf8, controls) {
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0, 0x1F},        {0x7F, 0x9F},     {0x61C, 0x61C},
                  {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};
    size_t n = 0, n_expected = 0;
    for (uint32_t c = 0; c <= 0x10FFFF; c++)
        n += pt_utf8_is_control(c);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        for (uint32_t c = ranges[i].first; c <= ranges[i].last; c++, n_expected++)
            CHECK(pt_utf8_is_control(c));
    CHECK_INT(n, n_expected);
}
