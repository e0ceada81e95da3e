/* SPDX-License-Identifier: MIT */
/* line_reader.c - splits blocks of a file into lines */

#include "corpus/line_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "corpus/text_source.h"

#define BLOCK_BYTES 65536

patina_status pt_line_reader_open_source(pt_line_reader *lines, const pt_byte_source *bytes,
                                         patina_error *err) {
    lines->bytes = *bytes;
    lines->block = malloc(BLOCK_BYTES);
    if (!lines->block) {
        pt_line_reader_close(lines);
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    return PATINA_OK;
}

patina_status pt_line_reader_open(pt_line_reader *lines, const char *path, patina_error *err) {
    pt_byte_source bytes = {0};
    const patina_status status = pt_text_source_open(path, UINT64_MAX, &bytes, err);
    if (status == PATINA_REJECT_MISSING)
        return pt_fail(err, PATINA_EIO, "file '%s': not found", path);
    return status == PATINA_OK ? pt_line_reader_open_source(lines, &bytes, err) : status;
}

void pt_line_reader_close(pt_line_reader *lines) {
    pt_byte_source_close(&lines->bytes);
    pt_strbuf_release(&lines->line);
    free(lines->block);
    *lines = (pt_line_reader){0};
}

/** Reads the next block; n_block is 0 at the end. */
static patina_status next_block(pt_line_reader *lines, patina_error *err) {
    const int64_t got =
        pt_byte_source_read_at(&lines->bytes, lines->offset, lines->block, BLOCK_BYTES);
    if (got < 0)
        return pt_fail(err, PATINA_EIO, "cannot be read after line %llu",
                       (unsigned long long)lines->number);
    lines->offset += (uint64_t)got;
    lines->n_block = (size_t)got;
    lines->at = 0;
    if (!lines->line_end) { /* CR alone, of old programs, where the first block has no LF */
        const bool has_feed = memchr(lines->block, '\n', lines->n_block) != NULL;
        lines->line_end = !has_feed && memchr(lines->block, '\r', lines->n_block) ? '\r' : '\n';
    }
    return PATINA_OK;
}

static void trim(pt_line_reader *lines) {
    pt_strbuf *line = &lines->line;
    if (line->length > 0 && line->text[line->length - 1] == '\r') line->text[--line->length] = '\0';
    if (lines->number == 1 && line->length >= 3 && memcmp(line->text, "\xEF\xBB\xBF", 3) == 0) {
        line->length -= 3;
        memmove(line->text, line->text + 3, line->length + 1);
    }
}

/** Removes NULs and a Ctrl-Z from the end of a file: of a disk block that was reserved, and of
 * programs for DOS. */
static void remove_padding(pt_strbuf *line) {
    while (line->length > 0 &&
           (line->text[line->length - 1] == '\0' || line->text[line->length - 1] == '\x1A'))
        line->length--;
}

patina_status pt_line_reader_next(pt_line_reader *lines, bool *too_long, bool *end,
                                  patina_error *err) {
    bool complete = false, some = false;

    pt_strbuf_clear(&lines->line);
    *too_long = false;
    while (!complete) {
        if (lines->at == lines->n_block) PT_TRY(next_block(lines, err));
        if (lines->n_block == 0) break;
        some = true;
        const char *start = lines->block + lines->at;
        const char *feed = memchr(start, lines->line_end, lines->n_block - lines->at);
        size_t n = feed ? (size_t)(feed - start) : lines->n_block - lines->at;
        lines->at += n + (feed ? 1 : 0);
        complete = feed != NULL;
        if (n > PT_TEXT_MAX - lines->line.length) {
            n = PT_TEXT_MAX - lines->line.length;
            *too_long = true;
        }
        pt_strbuf_append_bytes(&lines->line, start, n);
    }
    if (!complete) remove_padding(&lines->line);
    *end = !some || (!complete && lines->line.length == 0);
    if (*end) return PATINA_OK;
    if (lines->line.failed) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    lines->number++;
    trim(lines);
    return PATINA_OK;
}
