/* SPDX-License-Identifier: MIT */
/* test_template.c - fields and blocks of the page template */

#include "report/template.h"

#include "test.h"

struct pt_report_page {
    pt_strbuf out;
    size_t index;
};

static void put_index(struct pt_report_page *page) {
    pt_strbuf_printf(&page->out, "%zu", page->index);
}

static bool next_item(struct pt_report_page *page, size_t i) {
    page->index = i;
    return i < 3;
}

static bool is_never(struct pt_report_page *page, size_t i) {
    (void)page, (void)i;
    return false;
}

static bool is_once(struct pt_report_page *page, size_t i) {
    (void)page;
    return i == 0;
}

static const pt_template_field fields[] = {
    {"index", put_index, NULL},
    {"item", NULL, next_item},
    {"items", NULL, is_once},
    {"never", NULL, is_never},
};

static patina_status render(const char *text, struct pt_report_page *page, patina_error *err) {
    pt_strbuf_clear(&page->out);
    page->index = 7;
    return pt_template_render(text, fields, sizeof fields / sizeof *fields, page, &page->out, err);
}

TEST(template, renders) {
    static const struct {
        const char *text, *rendered;
    } cases[] = {
        {"", ""},
        {"plain { } text", "plain { } text"},
        {"a {{index}} b{{index}}", "a 7 b7"},
        {"{{! a comment with {{ }}x", "x"},
        {"[{{#item}}{{index}},{{/item}}]", "[0,1,2,]"},
        {"[{{#never}}{{index}}{{/never}}]", "[]"},
        {"{{#items}}<{{#item}}{{index}}{{/item}}>{{/items}}{{#item}}-{{/item}}", "<012>---"},
    };
    struct pt_report_page page = {.index = 0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_OK(render(cases[i].text, &page, &t->err));
        CHECK_STR(page.out.text ? page.out.text : "", cases[i].rendered);
    }
    pt_strbuf_release(&page.out);
}

TEST(template, errors_name_the_field) {
    static const struct {
        const char *text, *named;
    } cases[] = {
        {"{{gone}}", "no field 'gone'"},
        {"{{indexes}}", "no field 'indexes'"},
        {"{{ind}}", "no field 'ind'"},
        {"{{item}}", "no field 'item'"},
        {"{{#index}}{{/index}}", "field 'index'"},
        {"{{#item}}{{/items}}", "'item' of the page"},
    };
    struct pt_report_page page = {.index = 0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_FAILS(render(cases[i].text, &page, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, cases[i].named);
    }
    pt_strbuf_release(&page.out);
}
