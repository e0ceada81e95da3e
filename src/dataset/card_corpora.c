/* SPDX-License-Identifier: MIT */
/* card_corpora.c - the corpora of a data set in its card */

#include "dataset/card_corpora.h"
#include "base/json_load.h"

#include <jansson.h>

static const char *text_of(const json_t *corpus, const char *name) {
    const char *text = json_string_value(json_object_get(corpus, name));
    return text ? text : "";
}

/* A cell of a table, in which '|' would end it. */
static void add_cell(pt_strbuf *out, const char *text) {
    pt_strbuf_append(out, *text ? "`" : "");
    for (const char *at = text; *at; at++)
        pt_strbuf_append_bytes(out, *at == '|' || *at == '`' || *at == '\n' ? " " : at, 1);
    pt_strbuf_append(out, *text ? "` | " : " | ");
}

void pt_card_add_corpora(pt_strbuf *out, const char *settings_json) {
    json_t *settings = pt_json_load_text(settings_json, 0, NULL);
    const json_t *corpora = json_object_get(settings, "corpora"), *corpus;
    size_t i;

    out->failed = out->failed || !settings;
    if (json_array_size(corpora) > 0 && text_of(json_array_get(corpora, 0), "name")[0]) {
        pt_strbuf_append(out,
                         "## Corpora\n\n"
                         "Member `corpus` of provenance is the name of a row's corpus. A weight "
                         "below the largest is the share of its entries that was used, times "
                         "the largest.\n\n"
                         "| corpus | prefix of ids | weight |\n|---|---|---|\n");
        json_array_foreach(corpora, i, corpus) {
            const json_t *weight = json_object_get(corpus, "weight");
            pt_strbuf_append(out, "| ");
            add_cell(out, text_of(corpus, "name"));
            add_cell(out, text_of(corpus, "prefix"));
            pt_strbuf_printf(out, "%g |\n", weight ? json_real_value(weight) : 1.0);
        }
        pt_strbuf_append(out, "\n");
    }
    json_decref(settings);
}
