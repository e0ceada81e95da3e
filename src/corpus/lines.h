/* SPDX-License-Identifier: MIT */
/* lines.h - a text file line by line, in bounded memory whatever it holds */

#ifndef PATINA_CORPUS_LINES_H
#define PATINA_CORPUS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/bytes.h"
#include "base/str.h"

typedef struct pt_lines {
    pt_bytes bytes;
    uint64_t offset; /* of what is read next */
    char *block;
    size_t n_block, at;
    pt_str line;
    uint64_t number; /* of the line, from 1 */
} pt_lines;

/** Zero lines before. Errors  PT_EIO  names the file */
pt_status pt_lines_open(pt_lines *lines, const char *path, pt_error *err);
void pt_lines_close(pt_lines *lines);

/**
 * The next line: lines->line without its line end (LF or CR LF), NULs and all, and without a byte
 * order mark before the first. *too_long is set, and the line cut, where it has over PT_TEXT_MAX
 * bytes. *end is set after the last.
 */
pt_status pt_lines_next(pt_lines *lines, bool *too_long, bool *end, pt_error *err);

#endif /* PATINA_CORPUS_LINES_H */
