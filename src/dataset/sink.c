/* SPDX-License-Identifier: MIT */
/* sink.c - the table of formats, and what they have in common */

#include "dataset/sink.h"

#include <stddef.h>

#include <patina/generate.h>

#include "dataset/outfile.h"
#include "dataset/schema.h"

const pt_sink_kind *const pt_sink_kinds[] = {
    [PT_FORMAT_PARQUET] = &pt_sink_parquet,
    [PT_FORMAT_JSONL] = &pt_sink_jsonl,
    NULL,
};

pt_status pt_sink_write(pt_sink *sink, const pt_row *row, pt_error *err) {
    PT_TRY(pt_row_check(row, err));
    return sink->kind->write(sink, row, err);
}

pt_status pt_sink_finish(pt_sink *sink, pt_error *err) {
    return sink->kind->finish(sink, err);
}

const pt_outfile *pt_sink_file(const pt_sink *sink) {
    return sink->kind->file(sink);
}

void pt_sink_close(pt_sink **sink) {
    if (!*sink) return;
    (*sink)->kind->close(*sink);
    *sink = NULL;
}
