/* SPDX-License-Identifier: MIT */
/* lines.c - lines over blocks */

#include "corpus/lines.h"

#include <stdlib.h>
#include <string.h>

#include "corpus/entry.h"

#define BLOCK_BYTES 65536

pt_status pt_lines_open(pt_lines *lines, const char *path, pt_error *err) {
    pt_status status = pt_bytes_open_file(path, &lines->bytes, err);
    if (status == PT_REJECT_MISSING) status = pt_fail(err, PT_EIO, "file '%s': not found", path);
    if (status != PT_OK) return status;
    lines->block = malloc(BLOCK_BYTES);
    if (!lines->block) {
        pt_lines_close(lines);
        return pt_fail(err, PT_ENOMEM, "out of memory");
    }
    return PT_OK;
}

void pt_lines_close(pt_lines *lines) {
    pt_bytes_release(&lines->bytes);
    pt_str_release(&lines->line);
    free(lines->block);
    *lines = (pt_lines){0};
}

/** Fills the block anew; n_block is 0 at the end. */
static pt_status next_block(pt_lines *lines, pt_error *err) {
    const int64_t got = pt_bytes_read_at(&lines->bytes, lines->offset, lines->block, BLOCK_BYTES);
    if (got < 0)
        return pt_fail(err, PT_EIO, "cannot be read behind line %llu",
                       (unsigned long long)lines->number);
    lines->offset += (uint64_t)got;
    lines->n_block = (size_t)got;
    lines->at = 0;
    return PT_OK;
}

static void trim(pt_lines *lines) {
    pt_str *line = &lines->line;
    if (line->length > 0 && line->text[line->length - 1] == '\r') line->text[--line->length] = '\0';
    if (lines->number == 1 && line->length >= 3 && memcmp(line->text, "\xEF\xBB\xBF", 3) == 0) {
        line->length -= 3;
        memmove(line->text, line->text + 3, line->length + 1);
    }
}

pt_status pt_lines_next(pt_lines *lines, bool *too_long, bool *end, pt_error *err) {
    bool complete = false, some = false;

    pt_str_clear(&lines->line);
    *too_long = false;
    while (!complete) {
        if (lines->at == lines->n_block) PT_TRY(next_block(lines, err));
        if (lines->n_block == 0) break;
        some = true;
        const char *start = lines->block + lines->at;
        const char *feed = memchr(start, '\n', lines->n_block - lines->at);
        size_t n = feed ? (size_t)(feed - start) : lines->n_block - lines->at;
        lines->at += n + (feed ? 1 : 0);
        complete = feed != NULL;
        if (n > PT_TEXT_MAX - lines->line.length) {
            n = PT_TEXT_MAX - lines->line.length;
            *too_long = true;
        }
        pt_str_add_bytes(&lines->line, start, n);
    }
    *end = !some;
    if (*end) return PT_OK;
    if (lines->line.failed) return pt_fail(err, PT_ENOMEM, "out of memory");
    lines->number++;
    trim(lines);
    return PT_OK;
}
