/* SPDX-License-Identifier: MIT */
/* line_reader.c - splits blocks of a file into lines */

#include "corpus/line_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "corpus/entry_builder.h"

#define BLOCK_BYTES 65536

patina_status pt_line_reader_open_source(pt_line_reader *lines, const pt_byte_source *bytes,
                                         patina_error *err) {
    unsigned char mark[2];
    lines->bytes = *bytes;
    lines->block = malloc(BLOCK_BYTES);
    if (!lines->block) {
        pt_line_reader_close(lines);
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    if (pt_byte_source_read_at(bytes, 0, mark, 2) == 2 && mark[0] + mark[1] == 0xFF + 0xFE &&
        (mark[0] == 0xFF || mark[1] == 0xFF)) {
        lines->encoding = mark[0] == 0xFF ? PT_LINES_UTF16_LE : PT_LINES_UTF16_BE;
        lines->offset = 2;
    }
    return PATINA_OK;
}

patina_status pt_line_reader_open(pt_line_reader *lines, const char *path, patina_error *err) {
    pt_byte_source bytes = {0};
    const patina_status status = pt_byte_source_open_file(path, &bytes, err);
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

static size_t put_utf8(char *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    const size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80U | (c & 0x3FU));
    out[0] = (char)(leads[n] | c);
    return n;
}

/** Converts n bytes of UTF-16 to UTF-8 in the block; returns how many were used: all but half a
 * character at the end. */
static size_t convert_utf16(pt_line_reader *lines, const unsigned char *in, size_t n) {
    const unsigned high = lines->encoding == PT_LINES_UTF16_LE;
    size_t i = 0;
    lines->n_block = 0;
    while (i + 2 <= n) {
        uint32_t c = (uint32_t)in[i + high] << 8 | in[i + 1 - high];
        size_t size = 2;
        if (c >= 0xD800 && c < 0xDC00) {
            if (i + 4 > n) break;
            const uint32_t low = (uint32_t)in[i + 2 + high] << 8 | in[i + 3 - high];
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                size = 4;
            }
        }
        if (c >= 0xD800 && c < 0xE000)
            lines->block[lines->n_block++] = '\xFF';
        else
            lines->n_block += put_utf8(lines->block + lines->n_block, c);
        i += size;
    }
    return i;
}

/** As next_block, of UTF-16. */
static patina_status next_utf16_block(pt_line_reader *lines, patina_error *err) {
    unsigned char raw[4096];
    const int64_t got = pt_byte_source_read_at(&lines->bytes, lines->offset, raw, sizeof raw);
    if (got < 0)
        return pt_fail(err, PATINA_EIO, "cannot be read after line %llu",
                       (unsigned long long)lines->number);
    size_t n_used = convert_utf16(lines, raw, (size_t)got);
    if (n_used == 0 && got > 0) { /* the file ends inside a character */
        lines->block[0] = '\xFF';
        lines->n_block = 1;
        n_used = (size_t)got;
    }
    lines->offset += n_used;
    lines->at = 0;
    return PATINA_OK;
}

/** Reads the next block; n_block is 0 at the end. */
static patina_status next_block(pt_line_reader *lines, patina_error *err) {
    if (lines->encoding != PT_LINES_UTF8) return next_utf16_block(lines, err);
    const int64_t got =
        pt_byte_source_read_at(&lines->bytes, lines->offset, lines->block, BLOCK_BYTES);
    if (got < 0)
        return pt_fail(err, PATINA_EIO, "cannot be read after line %llu",
                       (unsigned long long)lines->number);
    lines->offset += (uint64_t)got;
    lines->n_block = (size_t)got;
    lines->at = 0;
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
        const char *feed = memchr(start, '\n', lines->n_block - lines->at);
        size_t n = feed ? (size_t)(feed - start) : lines->n_block - lines->at;
        lines->at += n + (feed ? 1 : 0);
        complete = feed != NULL;
        if (n > PT_TEXT_MAX - lines->line.length) {
            n = PT_TEXT_MAX - lines->line.length;
            *too_long = true;
        }
        pt_strbuf_append_bytes(&lines->line, start, n);
    }
    *end = !some;
    if (*end) return PATINA_OK;
    if (lines->line.failed) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    lines->number++;
    trim(lines);
    return PATINA_OK;
}
