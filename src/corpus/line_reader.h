/* SPDX-License-Identifier: MIT */
/* line_reader.h - a text file line by line, in bounded memory whatever it holds */

#ifndef PATINA_CORPUS_LINE_READER_H
#define PATINA_CORPUS_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/byte_source.h"
#include "base/strbuf.h"

#define PT_TEXT_MAX (16U << 20) /* bytes of a line, a field, a JSON object or a caption file */

typedef struct pt_line_reader {
    pt_byte_source bytes;
    uint64_t offset; /* of what is read next */
    char *block;
    size_t n_block, at;
    pt_strbuf line;
    uint64_t number; /* of the line, from 1 */
} pt_line_reader;

/** Zero lines before. Errors  PATINA_EIO  names the file */
patina_status pt_line_reader_open(pt_line_reader *lines, const char *path, patina_error *err);
void pt_line_reader_close(pt_line_reader *lines);

/**
 * The next line: lines->line without its line end (LF or CR LF), NULs and all, and without a byte
 * order mark before the first. *too_long is set, and the line cut, where it has over PT_TEXT_MAX
 * bytes. *end is set after the last.
 */
patina_status pt_line_reader_next(pt_line_reader *lines, bool *too_long, bool *end,
                                  patina_error *err);

#endif /* PATINA_CORPUS_LINE_READER_H */
