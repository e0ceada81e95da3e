/* SPDX-License-Identifier: MIT */
/* text_source.c - detects and converts encodings, and decompresses with libarchive */

#include "corpus/text_source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "corpus/archive_input.h"
#include "fs/path.h"
#include "fs/temp_file.h"

#define BLOCK_BYTES  65536
#define LOOKED_BYTES 64 /* of a file without byte order mark */
#define UTF8_MAX     4  /* bytes of a character */

typedef struct encoding {
    unsigned unit; /* bytes; 0: UTF-8, or not known */
    bool is_big_endian;
    size_t n_mark;
} encoding;

/* Encodings --------------------------------------------------------------------------------- */

/** Whether the units are those of ASCII for the larger part, and none is zero. */
static bool has_ascii_units(const unsigned char *b, size_t n, unsigned unit, bool is_big_endian) {
    size_t n_ascii = 0, n_units = 0;
    for (size_t i = 0; i + unit <= n; i += unit, n_units++) {
        bool is_ascii = true, is_zero = true;
        for (unsigned k = 0; k < unit; k++) {
            const bool is_low = k == (is_big_endian ? unit - 1 : 0);
            is_ascii = is_ascii && (is_low ? b[i + k] > 0 && b[i + k] < 0x80 : b[i + k] == 0);
            is_zero = is_zero && b[i + k] == 0;
        }
        if (is_zero) return false;
        n_ascii += is_ascii;
    }
    return n_units >= 2 && 2 * n_ascii >= n_units;
}

static encoding detect(const unsigned char *b, size_t n) {
    static const struct {
        const char *mark;
        encoding is;
    } marks[] = {{"\xFF\xFE\0\0", {4, false, 4}},
                 {"\0\0\xFE\xFF", {4, true, 4}},
                 {"\xFF\xFE", {2, false, 2}},
                 {"\xFE\xFF", {2, true, 2}}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (n >= marks[i].is.n_mark && memcmp(b, marks[i].mark, marks[i].is.n_mark) == 0)
            return marks[i].is;
    if (n > LOOKED_BYTES) n = LOOKED_BYTES;
    for (unsigned unit = 4; unit >= 2; unit -= 2)
        for (int big = 0; big < 2; big++)
            if (has_ascii_units(b, n, unit, big)) return (encoding){unit, big, 0};
    return (encoding){0};
}

static uint32_t read_unit(const unsigned char *b, encoding e) {
    uint32_t value = 0;
    for (unsigned k = 0; k < e.unit; k++)
        value = value << 8 | b[e.is_big_endian ? k : e.unit - 1 - k];
    return value;
}

static size_t put_utf8(char *out, uint32_t c) {
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    const size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80U | (c & 0x3FU));
    out[0] = (char)(leads[n] | c);
    return n;
}

/** Converts n bytes to at most 2 n, *n_out; returns how many were used: all but an incomplete
 * character at the end. */
static size_t convert(encoding e, const unsigned char *in, size_t n, char *out, size_t *n_out) {
    size_t i = 0;
    *n_out = 0;
    while (i + e.unit <= n) {
        uint32_t c = read_unit(in + i, e);
        size_t size = e.unit;
        if (e.unit == 2 && c >= 0xD800 && c < 0xDC00) {
            if (i + 4 > n) break;
            const uint32_t low = read_unit(in + i + 2, e);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                size = 4;
            }
        }
        if ((c >= 0xD800 && c < 0xE000) || c > 0x10FFFF)
            out[(*n_out)++] = '\xFF';
        else
            *n_out += put_utf8(out + *n_out, c);
        i += size;
    }
    return i;
}

patina_status pt_text_to_utf8(char **text, size_t *n, patina_error *err) {
    const encoding e = detect((const unsigned char *)*text, *n);
    size_t n_out = 0;
    if (e.unit == 0) return PATINA_OK;
    char *out = malloc(2 * *n + 2);
    if (!out) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const size_t used =
        e.n_mark + convert(e, (const unsigned char *)*text + e.n_mark, *n - e.n_mark, out, &n_out);
    if (used < *n) out[n_out++] = '\xFF'; /* half a character */
    out[n_out] = '\0';
    free(*text);
    *text = out;
    *n = n_out;
    return PATINA_OK;
}

/* Files ------------------------------------------------------------------------------------- */

static patina_status fail_read(patina_error *err) {
    return pt_fail(err, PATINA_EIO, "cannot be read");
}

/** Writes a file as UTF-8 to fd. */
static patina_status convert_file(const pt_byte_source *bytes, encoding e, uint64_t n_max, int fd,
                                  uint64_t *n_written, patina_error *err) {
    unsigned char *in = malloc((size_t)3 * BLOCK_BYTES);
    char *out = (char *)in + BLOCK_BYTES; /* [2 BLOCK_BYTES] */
    uint64_t at = e.n_mark;
    patina_status status = in ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");

    while (status == PATINA_OK && at < bytes->size && *n_written < n_max) {
        const int64_t n = pt_byte_source_read_at(bytes, at, in, BLOCK_BYTES);
        size_t n_out = 0;
        if (n <= 0) {
            status = fail_read(err);
            break;
        }
        size_t used = convert(e, in, (size_t)n, out, &n_out);
        if (used == 0) { /* half a character at the end */
            out[n_out++] = '\xFF';
            used = (size_t)n;
        }
        status = pt_temp_file_write_at(fd, *n_written, out, n_out, err);
        *n_written += n_out;
        at += used;
    }
    free(in);
    return status;
}

/** Status of a failed libarchive call. */
static patina_status archive_failure(const pt_archive_input *in, patina_error *err) {
    PT_TRY(pt_archive_check(in, err));
    return pt_fail(err, PATINA_EFORMAT, "the compressed data are truncated or damaged");
}

static patina_status read_archive(pt_archive_input *in, uint64_t n_max, int fd, uint64_t *n_written,
                                  patina_error *err) {
    struct archive *a = in->archive;
    struct archive_entry *entry;
    la_ssize_t n = 0;
    char block[4096];

    /* With one filter, that of plain bytes, libarchive does not take them for compressed data. */
    const int result = archive_read_next_header(a, &entry);
    if (result < ARCHIVE_OK || result == ARCHIVE_EOF || archive_filter_count(a) < 2)
        return archive_failure(in, err);
    while (*n_written < n_max && (n = archive_read_data(a, block, sizeof block)) > 0) {
        PT_TRY(pt_temp_file_write_at(fd, *n_written, block, (size_t)n, err));
        *n_written += (uint64_t)n;
    }
    return n < 0 ? archive_failure(in, err) : PATINA_OK;
}

/** Writes what a compressed file contains to fd. */
static patina_status decompress_file(const pt_byte_source *bytes, uint64_t n_max, int fd,
                                     uint64_t *n_written, patina_error *err) {
    pt_archive_input *in = malloc(sizeof *in);
    if (!in) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const locale_t before = pt_archive_enter();
    patina_status status = pt_archive_open(in, bytes, archive_read_support_format_raw, err);
    if (status == PATINA_OK) status = read_archive(in, n_max, fd, n_written, err);
    if (status == PATINA_ETEMPORARY) status = fail_read(err); /* as without compression */
    pt_archive_close(in);
    pt_archive_leave(before);
    free(in);
    return status;
}

static bool is_compressed(const unsigned char *b, size_t n) {
    return (n >= 3 && memcmp(b, "\x1F\x8B\x08", 3) == 0) ||
           (n >= 4 && memcmp(b, "\x28\xB5\x2F\xFD", 4) == 0);
}

/** Replaces the source by a temporary file of its text. */
static patina_status replace(pt_byte_source *bytes, encoding e, uint64_t n_max, patina_error *err) {
    uint64_t n = 0;
    int fd;
    PT_TRY(pt_temp_file_create(&fd, err));
    patina_status status = e.unit > 0 ? convert_file(bytes, e, n_max, fd, &n, err)
                                      : decompress_file(bytes, n_max, fd, &n, err);
    if (status != PATINA_OK) {
        close(fd);
        return status;
    }
    pt_byte_source_close(bytes);
    *bytes = (pt_byte_source){.is_file = true, .fd = fd, .size = n};
    return PATINA_OK;
}

bool pt_text_source_may_exist(const char *path) {
    struct stat info;
    const int error = pt_path_examine(stat, path, &info);
    return error == 0 ? S_ISREG(info.st_mode) && info.st_size > 0 : !pt_errno_is_missing(error);
}

patina_status pt_text_source_status(patina_status status, patina_error *err) {
    const bool is_special =
        status == PATINA_EIO && !pt_errno_is_missing(errno) && !pt_errno_is_machine_fault(errno);
    return is_special ? pt_fail(err, PATINA_EFORMAT, "not a regular file") : status;
}

patina_status pt_text_source_open(const char *path, uint64_t n_max, pt_byte_source *bytes,
                                  patina_error *err) {
    unsigned char head[LOOKED_BYTES];
    bool again = true;

    PT_TRY(pt_text_source_status(pt_byte_source_open_file(path, bytes, err), err));
    while (again) {
        const int64_t n = pt_byte_source_read_at(bytes, 0, head, sizeof head);
        const encoding e = detect(head, n > 0 ? (size_t)n : 0), none = {0};
        again = n > 0 && is_compressed(head, (size_t)n); /* then it may need to be converted */
        if (n >= 0 && !again && e.unit == 0) break;
        const patina_status status =
            n < 0 ? fail_read(err) : replace(bytes, again ? none : e, n_max, err);
        if (status != PATINA_OK) {
            pt_byte_source_close(bytes);
            return status;
        }
    }
    return PATINA_OK;
}
