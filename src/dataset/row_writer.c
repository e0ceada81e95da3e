/* SPDX-License-Identifier: MIT */
/* row_writer.c - the table of formats, dispatch to their backends */

#include "dataset/row_writer.h"

#include <stddef.h>

#include <patina/generate.h>

#include "base/error.h"
#include "fs/atomic_file.h"

const pt_row_writer_backend *const pt_row_writer_backends[] = {
    [PATINA_FORMAT_PARQUET] = &pt_row_writer_parquet,
    [PATINA_FORMAT_JSONL] = &pt_row_writer_jsonl,
    NULL,
};

patina_status pt_row_writer_write(pt_row_writer *writer, const pt_row *row, const char *id,
                                  patina_error *err) {
    PT_TRY(pt_row_check(row, err));
    return writer->kind->write(writer, row, id, err);
}

patina_status pt_row_writer_finish(pt_row_writer *writer, patina_error *err) {
    return writer->kind->finish(writer, err);
}

const pt_atomic_file *pt_row_writer_file(const pt_row_writer *writer) {
    return writer->kind->file(writer);
}

void pt_row_writer_close(pt_row_writer **writer) {
    if (!*writer) return;
    (*writer)->kind->close(*writer);
    *writer = NULL;
}
