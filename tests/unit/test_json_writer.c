/* SPDX-License-Identifier: MIT */
/* test_json_writer.c - strings and numbers as JSON */

#include "test.h"

#include <float.h>
#include <locale.h>
#include <stdlib.h>

#include "base/json_writer.h"

static const char *string(pt_strbuf *out, const char *text) {
    pt_strbuf_clear(out);
    pt_json_write_string(out, text);
    return out->text;
}

static const char *real(pt_strbuf *out, double value, int digits) {
    pt_strbuf_clear(out);
    pt_json_write_real(out, value, digits);
    return out->text;
}

static const char *indented(pt_strbuf *out, const char *json, unsigned depth) {
    pt_strbuf_clear(out);
    pt_json_write_pretty(out, json, depth);
    return out->text;
}

TEST(json_writer, strings) {
    pt_strbuf out = {0};
    CHECK_STR(string(&out, ""), "\"\"");
    CHECK_STR(string(&out, NULL), "null");
    CHECK_STR(string(&out, "a \"b\" \\ /"), "\"a \\\"b\\\" \\\\ /\"");
    CHECK_STR(string(&out, "\b\f\n\r\t\x01\x1F\x7F"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7F\"");
    CHECK_STR(string(&out, "h\xC3\xBChner \xE7\x8C\xAB \xF0\x9F\x90\x94"),
              "\"h\xC3\xBChner \xE7\x8C\xAB \xF0\x9F\x90\x94\"");
    /* a single byte, a truncated sequence, a surrogate: each byte becomes U+FFFD */
    CHECK_STR(string(&out, "a\xFF"
                           "b\xC3"),
              "\"a\xEF\xBF\xBD"
              "b\xEF\xBF\xBD\"");
    CHECK_STR(string(&out, "\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    pt_strbuf_release(&out);
}

TEST(json_writer, reals_have_a_point_or_exponent) {
    pt_strbuf out = {0};
    CHECK_STR(real(&out, 60.0, 9), "60.0");
    CHECK_STR(real(&out, -120.0, 17), "-120.0");
    CHECK_STR(real(&out, 0.0, 9), "0.0");
    CHECK_STR(real(&out, -0.0, 9), "-0.0");
    CHECK_STR(real(&out, 0.1, 17), "0.10000000000000001");
    CHECK_STR(real(&out, (double)0.1F, 9), "0.100000001");
    CHECK_STR(real(&out, 1e20, 17), "1e+20");
    CHECK_STR(real(&out, -DBL_MAX, 17), "-1.7976931348623157e+308");
    CHECK_STR(real(&out, (double)NAN, 17), "null");
    CHECK_STR(real(&out, (double)-INFINITY, 9), "null");
    pt_strbuf_release(&out);
}

/* Nine digits for float and seventeen for double are enough by IEEE 754. */
TEST(json_writer, reals_round_trip) {
    pt_strbuf out = {0};
    uint64_t state = 1;
    unsigned n_wrong = 0;
    for (int i = 0; i < 20000; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        const uint32_t word = (uint32_t)(state >> 32);
        float f;
        double d;
        memcpy(&f, &word, sizeof f);
        memcpy(&d, &state, sizeof d);
        if (isfinite(f)) n_wrong += strtof(real(&out, (double)f, FLT_DECIMAL_DIG), NULL) != f;
        if (isfinite(d)) n_wrong += strtod(real(&out, d, DBL_DECIMAL_DIG), NULL) != d;
    }
    CHECK_INT(n_wrong, 0);
    pt_strbuf_release(&out);
}

TEST(json_writer, decimal_point_in_every_locale) {
    pt_strbuf out = {0};
    if (!pt_test_set_comma_locale()) SKIP("no locale with a decimal comma is installed");
    CHECK(strcmp(localeconv()->decimal_point, ".") != 0);
    CHECK_STR(real(&out, -1.5, 9), "-1.5");
    CHECK_STR(real(&out, 2.5e-30, 9), "2.5e-30");
    CHECK_STR(real(&out, 60.0, 9), "60.0");
    setlocale(LC_ALL, "C");
    pt_strbuf_release(&out);
}

TEST(json_writer, indented_layout) {
    pt_strbuf out = {0};
    CHECK_STR(indented(&out, "{}", 1), "{}");
    CHECK_STR(indented(&out, " [ ] ", 0), "[]");
    CHECK_STR(indented(&out, "3.10", 0), "3.10");
    CHECK_STR(indented(&out, "{\"a\":1,\"b\": [0.1,2],\"c\":{\"d\":null , \"e\":{}}}", 0),
              "{\n"
              "  \"a\": 1,\n"
              "  \"b\": [0.1, 2],\n"
              "  \"c\": {\n"
              "    \"d\": null,\n"
              "    \"e\": {}\n"
              "  }\n"
              "}");
    CHECK_STR(indented(&out, "{\"a\":[{\"b\":\"}, \\\"[:\"},[1,[2]]]}", 1),
              "{\n"
              "    \"a\": [\n"
              "      {\n"
              "        \"b\": \"}, \\\"[:\"\n"
              "      },\n"
              "      [1, [2]]\n"
              "    ]\n"
              "  }");
    pt_strbuf_release(&out);
}

TEST(json_writer, shortest_reals_round_trip) {
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {5.0, "5"},
                 {-0.25, "-0.25"},
                 {1.0 / 3.0, "0.3333333333333333"},
                 {1e300, "1e+300"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pt_strbuf out = {0};
        pt_json_write_shortest(&out, cases[i].value);
        CHECK_STR(out.text, cases[i].text);
        pt_strbuf_release(&out);
    }
}
