/* SPDX-License-Identifier: MIT */
/* test_caption_template.c - captions from templates and labels, and YouTube ids in file names */

#include "corpus/caption_template.h"

#include "corpus/exclude_list.h"
#include "test.h"

static bool field(void *context, const char *name, size_t n, pt_strbuf *out) {
    if (pt_template_path_field(context, name, n, out)) return true;
    if (n != 5 || memcmp(name, "label", 5) != 0) return false;
    pt_strbuf_append(out, "rain");
    return true;
}

/** The text of a template for a file; static buffer. */
static const char *expand(const char *template, const char *path, const char **unknown) {
    static char buffer[256];
    char copy[64];
    pt_strbuf text = {0};
    snprintf(copy, sizeof copy, "%s", path);
    pt_template_expand(template, field, copy, &text, unknown);
    snprintf(buffer, sizeof buffer, "%s", text.text ? text.text : "");
    pt_strbuf_release(&text);
    return buffer;
}

TEST(caption_template, fields_and_braces) {
    const char *unknown;
    CHECK_STR(expand("the sound of {label}", "a.wav", &unknown), "the sound of rain");
    CHECK(!unknown);
    CHECK_STR(expand("{parent} says {stem}", "x/big_dog/b.1.wav", &unknown), "big dog says b.1");
    CHECK_STR(expand("{parent}|{stem}", "a.wav", &unknown), "|a");
    CHECK_STR(expand("{{label}} {", "a.wav", &unknown), "{label} {");
    (void)expand("{no} {label}", "a.wav", &unknown);
    CHECK(unknown && strncmp(unknown, "no}", 3) == 0);
}

static const char *join(const char *labels, char separator, const char *prefix, bool and_comma) {
    static char buffer[256];
    pt_strbuf text = {0};
    pt_labels_join(labels, strlen(labels), separator, prefix, and_comma, &text);
    snprintf(buffer, sizeof buffer, "%s", text.text ? text.text : "");
    pt_strbuf_release(&text);
    return buffer;
}

TEST(caption_template, labels_are_joined) {
    CHECK_STR(join("dog_bark", 0, NULL, false), "dog bark");
    CHECK_STR(join("a,b", ',', NULL, false), "a and b");
    CHECK_STR(join("a, b_c ,,d", ',', NULL, false), "a, b c and d");
    CHECK_STR(join("Rev_and_vroom,Guitar", ',', NULL, true), "Rev, vroom and Guitar");
    CHECK_STR(join("genre---rock\nmood---sad", '\n', "---", false), "rock and sad");
    CHECK_STR(join("", ',', NULL, false), "");
}

TEST(caption_template, youtube_ids_in_names) {
    static const struct {
        const char *name, *id;
    } cases[] = {
        {"-hEns0Dem00", "-hEns0Dem00"},
        {"Y-hEns0Dem00.wav", "-hEns0Dem00"},
        {"d/-hEns0Dem00_30.0.m4a", "-hEns0Dem00"},
        {"Some title [-hEns0Dem00].wav", "-hEns0Dem00"},
        {"180913.flac", NULL},
        {"a long file name.wav", NULL},
        {"twelve_chars", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *id = pt_youtube_id_find(cases[i].name);
        CHECK(!id == !cases[i].id);
        if (id && cases[i].id) CHECK(memcmp(id, cases[i].id, 11) == 0);
    }
}
