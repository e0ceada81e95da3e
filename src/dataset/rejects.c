/* SPDX-License-Identifier: MIT */
/* rejects.c - names of reject reasons, and lines of rejects.jsonl */

#include "dataset/rejects.h"

#include <string.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "base/strbuf.h"

const char *pt_reject_name(size_t i) {
    return patina_status_name((patina_status)((size_t)PATINA_REJECT_FIRST + i));
}

size_t pt_reject_from_name(const char *name) {
    size_t i = 0;
    while (i < PATINA_REJECT_COUNT && (!name || strcmp(name, pt_reject_name(i)) != 0))
        i++;
    return i;
}

char *pt_reject_to_json_line(const char *entry, const char *source, patina_status reason,
                             const char *sentence) {
    pt_strbuf out = {0};

    pt_strbuf_append(&out, "{\"entry\": ");
    pt_json_write_string(&out, entry);
    pt_strbuf_append(&out, ", \"source\": ");
    pt_json_write_string(&out, source);
    pt_strbuf_printf(&out, ", \"reason\": \"%s\", \"sentence\": ", patina_status_name(reason));
    pt_json_write_string(&out, sentence);
    pt_strbuf_append(&out, "}\n");
    return pt_strbuf_detach(&out);
}

bool pt_rejects_are_retryable(const uint64_t rejects_by[PATINA_REJECT_COUNT]) {
    for (int i = 0; i < PATINA_REJECT_COUNT; i++)
        if (rejects_by[i] > 0 && pt_status_is_retryable((patina_status)(PATINA_REJECT_FIRST + i)))
            return true;
    return false;
}
