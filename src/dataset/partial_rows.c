/* SPDX-License-Identifier: MIT */
/* partial_rows.c - append-only file of the rows of one entry */

#include "dataset/partial_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "fs/dir.h"
#include "fs/write_at.h"

/* The last byte changes with the format. */
static const char magic[8] = "patinaR\1";

/* Before rows and text. */
typedef struct record {
    char magic[sizeof magic];
    uint32_t crc; /* of all that follows */
    uint32_t row_bytes;
    uint64_t first, n_rows, n_text; /* first: number of rows before */
    char key[PT_SHA256_HEX_SIZE - 1];
} record;

static uint32_t update_crc(uint32_t crc, const void *bytes, size_t n) {
    return n > 0 ? (uint32_t)crc32_z(crc, bytes, n) : crc;
}

static uint32_t crc_of_record(const record *r, const pt_row *rows, const char *text) {
    const uint32_t crc = update_crc(0, &r->row_bytes, sizeof *r - offsetof(record, row_bytes));
    return update_crc(update_crc(crc, rows, (size_t)r->n_rows * sizeof *rows), text,
                      (size_t)r->n_text);
}

static record make_record(const pt_partial_rows *p, size_t n_rows, size_t n_text) {
    record r = {
        .row_bytes = sizeof(pt_row), .first = p->n_rows, .n_rows = n_rows, .n_text = n_text};
    memcpy(r.magic, magic, sizeof magic);
    memcpy(r.key, p->key, sizeof r.key);
    return r;
}

/* ---------------------------------------------------------------- reading */

/* Whether the head of a record is one that make_record gives, and its content fits the file. */
static bool is_valid(const pt_partial_rows *p, const record *r, uint64_t n_left) {
    record expected = make_record(p, (size_t)r->n_rows, (size_t)r->n_text);
    expected.crc = r->crc;
    return memcmp(r, &expected, sizeof *r) == 0 && r->n_rows > 0 &&
           r->n_rows <= n_left / sizeof(pt_row) && r->n_text <= n_left - r->n_rows * sizeof(pt_row);
}

/* Reads the record at p->n_bytes. *some is false after the last one. */
static patina_status read_record(pt_partial_rows *p, const pt_byte_source *bytes, pt_row **rows,
                                 pt_strbuf *text, bool *some, patina_error *err) {
    record r;
    const uint64_t at = p->n_bytes + sizeof r;
    *some = pt_byte_source_read_at(bytes, p->n_bytes, &r, sizeof r) == (int64_t)sizeof r &&
            is_valid(p, &r, bytes->size - at);
    if (!*some) return PATINA_OK;
    const size_t n_row_bytes = (size_t)r.n_rows * sizeof **rows, n_text = (size_t)r.n_text;
    pt_row *larger = realloc(*rows, p->n_rows * sizeof **rows + n_row_bytes);
    if (larger) *rows = larger;
    char *piece = malloc(n_text + 1);
    if (!larger || !piece) {
        free(piece);
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    *some = pt_byte_source_read_at(bytes, at, larger + p->n_rows, n_row_bytes) ==
                (int64_t)n_row_bytes &&
            pt_byte_source_read_at(bytes, at + n_row_bytes, piece, n_text) == (int64_t)n_text &&
            crc_of_record(&r, larger + p->n_rows, piece) == r.crc;
    if (*some) {
        pt_strbuf_append_bytes(text, piece, n_text);
        p->n_rows += (size_t)r.n_rows;
        p->n_text += n_text;
        p->n_bytes = at + n_row_bytes + n_text;
    }
    free(piece);
    return text->failed ? pt_fail(err, PATINA_ENOMEM, "out of memory") : PATINA_OK;
}

patina_status pt_partial_rows_read(pt_partial_rows *partial, const char *path, pt_row **rows,
                                   size_t *n_rows, pt_strbuf *text, patina_error *err) {
    pt_partial_rows p = *partial;
    pt_byte_source bytes;
    bool some = true;
    patina_status status = PATINA_OK;

    p.n_bytes = p.n_rows = p.n_text = 0;
    *rows = NULL;
    *n_rows = 0;
    if (pt_byte_source_open(path, &bytes) != 0) return PATINA_OK;
    while (some && status == PATINA_OK)
        status = read_record(&p, &bytes, rows, text, &some, err);
    pt_byte_source_close(&bytes);
    *n_rows = p.n_rows;
    if (strcmp(path, partial->path.text) == 0) *partial = p;
    return status;
}

/* ---------------------------------------------------------------- writing */

/* The head is written last: a record that is torn has none. */
static patina_status write_record(int fd, const pt_partial_rows *p, const record *r,
                                  const pt_row *rows, const char *text) {
    const size_t n_row_bytes = (size_t)r->n_rows * sizeof *rows;
    const uint64_t at = p->n_bytes + sizeof *r;
    const bool is_written =
        pt_write_at(fd, at, rows, n_row_bytes) == n_row_bytes &&
        pt_write_at(fd, at + n_row_bytes, text, (size_t)r->n_text) == r->n_text &&
        pt_write_at(fd, p->n_bytes, r, sizeof *r) == sizeof *r;
    if (!is_written) return PATINA_EIO;
    return fdatasync(fd) == 0 || errno == EINVAL ? PATINA_OK : PATINA_EIO;
}

patina_status pt_partial_rows_append(pt_partial_rows *partial, const pt_row *rows, size_t n_rows,
                                     const char *text, size_t n_text, patina_error *err) {
    pt_partial_rows *p = partial;
    if (n_rows == p->n_rows) return PATINA_OK;
    record r = make_record(p, n_rows - p->n_rows, n_text - p->n_text);
    r.crc = crc_of_record(&r, rows + p->n_rows, text + p->n_text);

    const int fd = open(p->path.text, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 && errno == ENOENT) return PATINA_OK;
    patina_status status =
        fd < 0 ? PATINA_EIO : write_record(fd, p, &r, rows + p->n_rows, text + p->n_text);
    if (fd >= 0 && close(fd) != 0) status = PATINA_EIO;
    if (status != PATINA_OK)
        return pt_fail(err, status, "file '%s': cannot be written: %s", p->path.text,
                       strerror(errno));
    if (p->n_bytes == 0) PT_TRY(pt_dir_sync_parent(p->path.text, err));
    p->n_bytes += sizeof r + (n_rows - p->n_rows) * sizeof *rows + (n_text - p->n_text);
    p->n_rows = n_rows;
    p->n_text = n_text;
    return PATINA_OK;
}

void pt_partial_rows_remove(pt_partial_rows *partial) {
    if (partial->n_bytes > 0) unlink(partial->path.text);
    partial->n_bytes = partial->n_rows = partial->n_text = 0;
}
