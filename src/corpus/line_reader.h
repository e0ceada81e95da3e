/* SPDX-License-Identifier: MIT */
/* line_reader.h - lines of a text file (text_source.h) in bounded memory */

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
    uint64_t offset; /* of the next block */
    char *block;
    char line_end; /* LF, or CR; 0: not known yet */
    size_t n_block, at;
    pt_strbuf line;
    uint64_t number; /* of the line, from 1 */
} pt_line_reader;

/** Zero lines first. Errors  PATINA_EIO  with the file name */
patina_status pt_line_reader_open(pt_line_reader *lines, const char *path, patina_error *err);
/** As pt_line_reader_open, of bytes that are taken over. */
patina_status pt_line_reader_open_source(pt_line_reader *lines, const pt_byte_source *bytes,
                                         patina_error *err);
void pt_line_reader_close(pt_line_reader *lines);

/**
 * Reads the next line into lines->line, without its line end (LF, CR LF, or CR in a file without
 * LF) and without the byte order mark of the first line; it may contain NULs, but the last one does
 * not end with them. A line of over PT_TEXT_MAX bytes is truncated and sets *too_long. *end is set
 * after the last line.
 */
patina_status pt_line_reader_next(pt_line_reader *lines, bool *too_long, bool *end,
                                  patina_error *err);

#endif /* PATINA_CORPUS_LINE_READER_H */
