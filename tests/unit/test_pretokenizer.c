/* SPDX-License-Identifier: MIT */
/* test_pretokenizer.c - pieces of captions, as split by the pattern of GPT-2 */

#include "test.h"

#include <stdlib.h>

#include "clap/pretokenizer.h"
#include "clap/unicode_classes.h"

/* A text and its pieces, with '|' between them. From the rules of the pattern. */
static const struct {
    const char *text, *pieces;
} cases[] = {
    {"dog barks", "dog| barks"},
    {" dog", " dog"},
    {"dog ", "dog| "},
    {"dog  ", "dog|  "},
    {"a  b", "a| | b"},
    {"a   b", "a|  | b"},
    {"  a", " | a"},
    {"   ", "   "},
    {" ", " "},
    /* only U+0020 belongs to the word after it */
    {"a\tb", "a|\t|b"},
    {"a\t b", "a|\t| b"},
    {"a \tb", "a| |\t|b"},
    {"a\n\nb", "a|\n|\n|b"},
    {"a\r\n", "a|\r\n"},
    {"a\xC2\xA0z", "a|\xC2\xA0|z"},
    {"a\xE3\x80\x80\xE3\x80\x80z", "a|\xE3\x80\x80|\xE3\x80\x80|z"},
    {"a\x1Cz", "a|\x1C|z"}, /* the information separators are not white space */
    /* classes do not mix */
    {"abc123", "abc|123"},
    {"3.5", "3|.|5"},
    {"x\xC2\xB2", "x|\xC2\xB2"}, /* superscript two is a number */
    {"a... b", "a|...| b"},
    {" ...a", " ...|a"},
    {"e\xCC\x81t", "e|\xCC\x81|t"}, /* a combining accent is other */
    {"caf\xC3\xA9 ol\xC3\xA9", "caf\xC3\xA9| ol\xC3\xA9"},
    {"\xE6\xB0\xB4\xE9\x9F\xB3", "\xE6\xB0\xB4\xE9\x9F\xB3"},
    {"a\xF0\x9F\x90\xB6 \xF0\x9F\x90\xB6z", "a|\xF0\x9F\x90\xB6| \xF0\x9F\x90\xB6|z"},
    {"a b1_!", "a| b|1|_!"},
    /* contractions: lower case, ASCII apostrophe, at the start of a piece only */
    {"it's", "it|'s"},
    {"don't", "don|'t"},
    {"they're we've I'll I'd I'm", "they|'re| we|'ve| I|'ll| I|'d| I|'m"},
    {"'stop", "'s|top"},
    {"IT'S", "IT|'|S"},
    {"it\xE2\x80\x99s", "it|\xE2\x80\x99|s"},
    {"a 's", "a| '|s"},
    {"a!'s", "a|!'|s"},
    {"''s", "''|s"},
    {"'r", "'|r"},
    {"'l", "'|l"},
    {"'", "'"},
    {"'v'e", "'|v|'|e"},
    /* bytes that are not UTF-8 are class "other", one by one */
    {"a\xFF\xC3z", "a|\xFF\xC3|z"},
    {"\xE6\xB0 x", "\xE6\xB0| x"},
};

/* The text ends where its block ends, so that a sanitizer reports a read past it. */
static void split(const char *text, char *pieces, size_t room) {
    const size_t n = strlen(text);
    char *exact = malloc(n);
    size_t used = 0;
    memcpy(exact, text, n);
    for (size_t at = 0; at < n;) {
        const size_t end = pt_pretokenizer_next(exact, n, at);
        if (end <= at || end > n || used + (end - at) + 2 > room) break;
        if (at > 0) pieces[used++] = '|';
        memcpy(pieces + used, exact + at, end - at);
        used += end - at;
        at = end;
    }
    pieces[used] = '\0';
    free(exact);
}

TEST(pretokenizer, pieces_follow_the_pattern) {
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char pieces[128];
        split(cases[i].text, pieces, sizeof pieces);
        CHECK_STR(pieces, cases[i].pieces);
    }
}

TEST(pretokenizer, length_limits_the_text) {
    CHECK_INT(pt_pretokenizer_next("'re", 2, 0), 1); /* no contraction without its e */
    CHECK_INT(pt_pretokenizer_next("ab cd", 1, 0), 1);
    CHECK_INT(pt_pretokenizer_next("  x", 2, 0), 2);
    CHECK_INT(pt_pretokenizer_next("'\0!", 3, 0), 3); /* a NUL is a character like others */
}

TEST(pretokenizer, classes_of_code_points) {
    CHECK_INT(pt_char_class_of('A'), PT_CHAR_LETTER);
    CHECK_INT(pt_char_class_of('Z'), PT_CHAR_LETTER);
    CHECK_INT(pt_char_class_of('Z' + 1), PT_CHAR_OTHER);
    CHECK_INT(pt_char_class_of('0'), PT_CHAR_NUMBER);
    CHECK_INT(pt_char_class_of('_'), PT_CHAR_OTHER);
    CHECK_INT(pt_char_class_of(0), PT_CHAR_OTHER);
    CHECK_INT(pt_char_class_of(0x0D), PT_CHAR_SPACE);
    CHECK_INT(pt_char_class_of(0x85), PT_CHAR_SPACE);
    CHECK_INT(pt_char_class_of(0x200B), PT_CHAR_OTHER); /* zero width space */
    CHECK_INT(pt_char_class_of(0x3000), PT_CHAR_SPACE);
    CHECK_INT(pt_char_class_of(0x2167), PT_CHAR_NUMBER); /* roman numeral eight */
    CHECK_INT(pt_char_class_of(0x4E00), PT_CHAR_LETTER);
    CHECK_INT(pt_char_class_of(0x1F436), PT_CHAR_OTHER);
    CHECK_INT(pt_char_class_of(0x10FFFF), PT_CHAR_OTHER);
    CHECK_INT(pt_char_class_of(UINT32_MAX), PT_CHAR_OTHER);
}

/* The list that the table was made from, code point by code point. */
TEST(pretokenizer, table_is_the_measured_list) {
    const char *path = pt_test_shared_path("clap/tokenizer_classes.txt");
    if (!path) SKIP("the measured list of classes is in ../shared, which is not here");
    static unsigned char class[0x110000];
    char line[128], kind;
    unsigned first, last;
    FILE *file = fopen(path, "r");
    REQUIRE(file != NULL);
    memset(class, PT_CHAR_OTHER, sizeof class);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "%c %x %x", &kind, &first, &last) == 3)
            memset(class + first,
                   kind == 'L'   ? PT_CHAR_LETTER
                   : kind == 'N' ? PT_CHAR_NUMBER
                                 : PT_CHAR_SPACE,
                   last - first + 1);
    fclose(file);
    unsigned n_wrong = 0;
    for (uint32_t code = 0; code < 0x110000; code++)
        n_wrong += pt_char_class_of(code) != class[code];
    CHECK_INT(n_wrong, 0);
}
