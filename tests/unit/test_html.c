/* SPDX-License-Identifier: MIT */
/* test_html.c - escaping of untrusted text, number formats, data URIs and PNG */

#include <stdlib.h>

#include <zlib.h>

#include "report/html.h"
#include "test.h"

static void check_text(pt_test *t, const char *text, const char *expected) {
    pt_strbuf out = {0};
    pt_strbuf_append(&out, "");
    pt_html_add_escaped(&out, text);
    CHECK_STR(out.text, expected);
    pt_strbuf_release(&out);
}

TEST(html, text_is_escaped) {
    check_text(t, "", "");
    check_text(t, "a dog barks", "a dog barks");
    check_text(t, "<script>alert('x' & \"y\")</script>",
               "&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;");
    check_text(t, "&amp;", "&amp;amp;");
    check_text(t, "]]>-->", "]]&gt;--&gt;");
    check_text(t, "h\xC3\xB6r \xE7\x8A\xAC \xF0\x9F\x90\x95",
               "h\xC3\xB6r \xE7\x8A\xAC \xF0\x9F\x90\x95");
    check_text(t, "line\nand\ttab", "line and tab");
    /* invalid UTF-8, C0 and C1 controls, and characters that XML forbids */
    check_text(t, "a\xFFz\x01\x7F\xC2\x85\xEF\xBF\xBE",
               "a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD"
               "\xEF\xBF\xBD\xEF\xBF\xBD");
    check_text(t, "\xC0\xBCscript>", "\xEF\xBF\xBD\xEF\xBF\xBDscript&gt;"); /* an overlong '<' */
}

TEST(html, numbers) {
    static const struct {
        double value;
        int decimals;
        const char *text;
    } cases[] = {{1.25, 1, "1.2"},
                 {-3.0, 0,
                  "\xE2\x88\x92"
                  "3"},
                 {-0.04, 1, "0.0"},
                 {0.0, 2, "0.00"},
                 {-0.06, 1,
                  "\xE2\x88\x92"
                  "0.1"},
                 {12345.6, 1, "12345.6"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pt_strbuf out = {0};
        pt_html_add_number(&out, cases[i].value, cases[i].decimals);
        CHECK_STR(out.text, cases[i].text);
        pt_strbuf_release(&out);
    }
    pt_strbuf out = {0};
    pt_html_add_count(&out, 7);
    pt_strbuf_append(&out, " ");
    pt_html_add_count(&out, 1000);
    pt_strbuf_append(&out, " ");
    pt_html_add_count(&out, 1234567);
    CHECK_STR(out.text, "7 1\xE2\x80\x89"
                        "000 1\xE2\x80\x89"
                        "234\xE2\x80\x89"
                        "567");
    pt_strbuf_release(&out);
}

/* RFC 4648, section 10, and more than one block. */
TEST(html, data) {
    static const char *const vectors[][2] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        pt_strbuf out = {0};
        pt_html_add_data_uri(&out, "image/png", vectors[i][0], strlen(vectors[i][0]));
        CHECK(strncmp(out.text, "data:image/png;base64,", 22) == 0);
        CHECK_STR(out.text + 22, vectors[i][1]);
        pt_strbuf_release(&out);
    }
    enum { N = 10000 };
    static char zeros[N];
    pt_strbuf out = {0};
    pt_html_add_data_uri(&out, "x", zeros, N);
    const char *text = out.text + strlen("data:x;base64,");
    CHECK_INT(strlen(text), 4 * ((N + 2) / 3));
    CHECK_INT(strspn(text, "A"), strlen(text) - 2); /* 10000 = 3 k + 1: two characters of padding */
    pt_strbuf_release(&out);
}

static uint32_t number_at(const pt_strbuf *png, size_t at) {
    const unsigned char *b = (const unsigned char *)png->text + at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Parses the chunks as in the PNG specification, and unpacks the pixels again. */
TEST(html, picture) {
    enum { W = 5, H = 3 };
    static const unsigned char pixels[W * H] = {0, 1, 2, 3, 255, 9, 8, 7, 6, 5, 1, 1, 1, 1, 1};
    static unsigned char palette[256][3];
    static const char *const order[] = {"IHDR", "PLTE", "IDAT", "IEND"};
    unsigned char raw[H * (W + 1)];
    pt_strbuf png = {0};
    size_t at = 8;
    palette[9][1] = 200;
    REQUIRE_OK(pt_png_encode(pixels, W, H, (const unsigned char(*)[3])palette, &png, &t->err));
    CHECK(memcmp(png.text, "\x89PNG\r\n\x1A\n", 8) == 0);
    for (size_t c = 0; c < 4; c++) {
        REQUIRE(at + 12 <= png.length);
        const uint32_t n = number_at(&png, at);
        const unsigned char *data = (const unsigned char *)png.text + at + 8;
        REQUIRE(at + 12 + n <= png.length);
        CHECK(memcmp(png.text + at + 4, order[c], 4) == 0);
        CHECK_INT(number_at(&png, at + 8 + n),
                  crc32(0, (const unsigned char *)png.text + at + 4, n + 4));
        if (c == 0) {
            CHECK_INT(n, 13);
            CHECK_INT(number_at(&png, at + 8), W);
            CHECK_INT(number_at(&png, at + 12), H);
            CHECK(memcmp(data + 8, "\x08\x03\x00\x00\x00", 5) == 0);
        }
        if (c == 1) CHECK(n == 768 && memcmp(data, palette, 768) == 0);
        if (c == 2) {
            uLongf n_raw = sizeof raw;
            CHECK_INT(uncompress(raw, &n_raw, data, n), Z_OK);
            CHECK_INT(n_raw, sizeof raw);
        }
        at += 12 + n;
    }
    CHECK_INT(at, png.length);
    for (size_t y = 0; y < H; y++) {
        CHECK_INT(raw[y * (W + 1)], 0);
        CHECK(memcmp(raw + y * (W + 1) + 1, pixels + y * W, W) == 0);
    }
    pt_strbuf_release(&png);
}
