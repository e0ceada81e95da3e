/* SPDX-License-Identifier: MIT */
/* journal.c - append-only file of rows and rejects, with a checksum for each record */

#include "dataset/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/monotonic_clock.h"
#include "fs/dir.h"

#define BLOCK_BYTES 65536

/* The last byte changes with the format. */
static const char magic[8] = "patinaJ\1";

typedef struct header {
    char magic[sizeof magic];
    uint32_t row_bytes, n_reasons; /* a build with other ones does not read the file */
    char key[PT_SHA256_HEX_SIZE - 1];
} header;

/* Rows of a split with their provenance; a reject when n_rows is 0; without text, too, the end of
 * an entry. */
typedef struct record {
    uint32_t crc;    /* of the record before, the members below, rows and text */
    uint32_t label;  /* split, or reason of a reject */
    uint32_t n_rows; /* each sizeof(pt_row) bytes, little-endian floats */
    uint32_t unused;
    uint64_t n_text;
} record;

struct pt_journal {
    pt_path path, public; /* path: where the file was created */
    pt_journal_key key;
    int fd;
    uint64_t n_bytes;
    uint32_t crc;   /* of the last record */
    bool is_placed; /* it has its public name, or none: another process has that one locked */
    bool was_flushed;
    int64_t flushed_ns;
};

static uint32_t update_crc(uint32_t crc, const void *bytes, size_t n) {
    return n > 0 ? (uint32_t)crc32_z(crc, bytes, n) : crc;
}

static uint32_t crc_of_record(uint32_t crc, const record *r) {
    return update_crc(crc, &r->label, sizeof *r - offsetof(record, label));
}

static header make_header(const pt_journal_key *key) {
    header h = {.row_bytes = sizeof(pt_row), .n_reasons = PATINA_REJECT_COUNT};
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.key, key->sha256, sizeof h.key);
    return h;
}

static patina_status fail(const char *path, const char *what, patina_error *err) {
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be %s: %s", path, what, strerror(errno));
}

/* ---------------------------------------------------------------- reading */

typedef struct reader {
    const char *path;
    pt_byte_source bytes;
    uint64_t at;
    uint32_t crc;
    size_t n_splits;
    const pt_journal_visitor *visitor; /* NULL: only check */
} reader;

/* PATINA_EFORMAT at the end of the file. */
static patina_status read_bytes(reader *r, void *to, size_t n, patina_error *err) {
    pt_byte_fault fault = {0}; /* a file that became shorter is damaged, not unreadable */
    pt_byte_source bytes = r->bytes;
    bytes.fault = &fault;
    const int64_t got = pt_byte_source_read_at(&bytes, r->at, to, n);
    if (got < 0) return fail(r->path, "read", err);
    r->at += (uint64_t)got;
    return (size_t)got == n
               ? PATINA_OK
               : pt_fail(err, PATINA_EFORMAT, "file '%s': unexpected end of file", r->path);
}

static patina_status fail_damaged(const reader *r, patina_error *err) {
    return pt_fail(err, PATINA_EFORMAT, "file '%s': damaged at byte %llu", r->path,
                   (unsigned long long)r->at);
}

static bool is_valid(const reader *r, const record *head) {
    const uint64_t n_left = r->bytes.size - r->at;
    if (head->unused != 0 || head->n_rows > n_left / sizeof(pt_row) ||
        head->n_text > n_left - head->n_rows * sizeof(pt_row))
        return false;
    if (head->n_rows > 0) return head->label < r->n_splits && head->n_text > 0;
    if (head->n_text > 0) return patina_status_is_reject((patina_status)head->label);
    return head->label == 0;
}

static patina_status read_rows(reader *r, const record *head, uint32_t *crc, patina_error *err) {
    pt_row row;
    for (uint32_t i = 0; i < head->n_rows; i++) {
        PT_TRY(read_bytes(r, &row, sizeof row, err));
        *crc = update_crc(*crc, &row, sizeof row);
        if (pt_row_check(&row, NULL) != PATINA_OK) return fail_damaged(r, err);
        if (r->visitor) PT_TRY(r->visitor->row(r->visitor->context, head->label, &row, err));
    }
    return PATINA_OK;
}

static patina_status read_text(reader *r, const record *head, uint32_t *crc, patina_error *err) {
    const pt_journal_visitor *v = r->visitor;
    char block[BLOCK_BYTES];

    for (uint64_t done = 0; done < head->n_text;) {
        const uint64_t rest = head->n_text - done;
        const size_t n = rest < sizeof block ? (size_t)rest : sizeof block;
        PT_TRY(read_bytes(r, block, n, err));
        *crc = update_crc(*crc, block, n);
        done += n;
        if (v && head->n_rows > 0) PT_TRY(v->provenance(v->context, head->label, block, n, err));
        if (v && head->n_rows == 0)
            PT_TRY(v->reject(v->context, (patina_status)head->label, block, n, err));
    }
    return PATINA_OK;
}

static patina_status read_record(reader *r, bool *is_end, patina_error *err) {
    record head;
    PT_TRY(read_bytes(r, &head, sizeof head, err));
    if (!is_valid(r, &head)) return fail_damaged(r, err);
    uint32_t crc = crc_of_record(r->crc, &head);
    PT_TRY(read_rows(r, &head, &crc, err));
    PT_TRY(read_text(r, &head, &crc, err));
    if (crc != head.crc) return fail_damaged(r, err);
    r->crc = crc;
    *is_end = head.n_rows == 0 && head.n_text == 0;
    return PATINA_OK;
}

static patina_status read_header(reader *r, const pt_journal_key *key, patina_error *err) {
    const header expected = make_header(key);
    header h;
    PT_TRY(read_bytes(r, &h, sizeof h, err));
    if (memcmp(&h, &expected, sizeof h) != 0)
        return pt_fail(err, PATINA_EFORMAT, "file '%s': belongs to another run", r->path);
    r->crc = update_crc(0, &h, sizeof h);
    r->n_splits = key->n_splits;
    return PATINA_OK;
}

/* Opens a file; *exists is false if there is none that can be a journal. */
static patina_status open_reader(const char *path, reader *r, bool *exists, patina_error *err) {
    *r = (reader){.path = path};
    const int why = pt_byte_source_open(path, &r->bytes);
    *exists = why == 0;
    if (why == 0 || why == PT_NOT_A_REGULAR_FILE || pt_errno_is_missing(why)) return PATINA_OK;
    errno = why;
    return fail(path, "opened", err);
}

/* Reads up to n_max entries. Afterwards r->at and r->crc are those of the end of the last one. */
static patina_status scan_entries(reader *r, const pt_journal_key *key, uint64_t n_max,
                                  uint64_t *n_entries, patina_error *err) {
    patina_status status = read_header(r, key, err);
    uint64_t end = r->at;
    uint32_t crc = r->crc;

    *n_entries = 0;
    while (status == PATINA_OK && *n_entries < n_max) {
        bool is_end = false;
        status = read_record(r, &is_end, err);
        if (status != PATINA_OK || !is_end) continue;
        ++*n_entries;
        end = r->at;
        crc = r->crc;
    }
    r->at = end;
    r->crc = crc;
    return status == PATINA_EFORMAT ? PATINA_OK : status;
}

patina_status pt_journal_find(const char *path, const pt_journal_key *key, uint64_t n_max,
                              uint64_t *n_entries, pt_byte_source *bytes, patina_error *err) {
    reader r;
    bool exists = false;
    *n_entries = 0;
    *bytes = (pt_byte_source){0};
    PT_TRY(open_reader(path, &r, &exists, err));
    if (!exists) return PATINA_OK;
    const patina_status status = scan_entries(&r, key, n_max, n_entries, err);
    if (status == PATINA_OK && *n_entries > 0)
        *bytes = r.bytes;
    else
        pt_byte_source_close(&r.bytes);
    return status;
}

patina_status pt_journal_replay(const pt_journal *j, const pt_journal_visitor *visitor,
                                patina_error *err) {
    reader r = {.path = j->path.text,
                .bytes = {.is_file = true, .fd = j->fd, .size = j->n_bytes},
                .visitor = visitor};
    bool is_end;
    PT_TRY(read_header(&r, &j->key, err));
    while (r.at < j->n_bytes)
        PT_TRY(read_record(&r, &is_end, err));
    return PATINA_OK;
}

/* ---------------------------------------------------------------- writing */

static patina_status write_bytes(pt_journal *j, const void *bytes, size_t n, patina_error *err) {
    unsigned n_interrupts = 0;
    const char *at = bytes;
    while (n > 0) {
        const ssize_t written = write(j->fd, at, n);
        if (written < 0 && pt_is_interrupted(&n_interrupts)) continue;
        if (written == 0) errno = ENOSPC;
        if (written <= 0) return fail(j->path.text, "written", err);
        at += written;
        n -= (size_t)written;
        j->n_bytes += (uint64_t)written;
    }
    return PATINA_OK;
}

static patina_status write_record(pt_journal *j, record head, const pt_row *rows, const char *text,
                                  patina_error *err) {
    head.crc = crc_of_record(j->crc, &head);
    head.crc = update_crc(head.crc, rows, head.n_rows * sizeof *rows);
    j->crc = head.crc = update_crc(head.crc, text, (size_t)head.n_text);
    PT_TRY(write_bytes(j, &head, sizeof head, err));
    PT_TRY(write_bytes(j, rows, head.n_rows * sizeof *rows, err));
    return write_bytes(j, text, (size_t)head.n_text, err);
}

/* The name needs to be flushed once. */
patina_status pt_journal_flush(pt_journal *j, patina_error *err) {
    if (fdatasync(j->fd) != 0 && errno != EINVAL) return fail(j->path.text, "flushed", err);
    if (j->is_placed && !j->was_flushed) PT_TRY(pt_dir_sync_parent(j->public.text, err));
    j->was_flushed = j->is_placed;
    j->flushed_ns = pt_monotonic_ns();
    return PATINA_OK;
}

/* Copies the valid part of a journal up to its n-th entry. */
static patina_status copy_entries(pt_journal *j, const pt_byte_source *from, uint64_t n,
                                  patina_error *err) {
    reader r = {.path = j->public.text, .bytes = *from};
    char block[BLOCK_BYTES];
    uint64_t n_found = 0;

    patina_status status = scan_entries(&r, &j->key, n, &n_found, err);
    if (status == PATINA_OK && n_found < n)
        status =
            pt_fail(err, PATINA_ETEMPORARY,
                    "file '%s': changed by another process; run the same command again", r.path);
    const uint64_t end = r.at;
    j->crc = r.crc;
    for (r.at = 0; status == PATINA_OK && r.at < end;) {
        const size_t n_block = end - r.at < sizeof block ? (size_t)(end - r.at) : sizeof block;
        status = read_bytes(&r, block, n_block, err);
        if (status == PATINA_OK) status = write_bytes(j, block, n_block, err);
    }
    return status == PATINA_OK ? pt_journal_flush(j, err) : status;
}

static patina_status create(pt_journal *j, const pt_byte_source *from, uint64_t n_entries,
                            patina_error *err) {
    const header h = make_header(&j->key);
    j->fd = open(j->path.text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (j->fd < 0) return fail(j->path.text, "created", err);
    (void)flock(j->fd, LOCK_EX | LOCK_NB); /* some file systems have no locks */
    j->flushed_ns = pt_monotonic_ns();
    if (n_entries > 0) return copy_entries(j, from, n_entries, err);
    j->crc = update_crc(0, &h, sizeof h);
    return write_bytes(j, &h, sizeof h, err);
}

patina_status pt_journal_create(const pt_path *own, const pt_path *public,
                                const pt_journal_key *key, const pt_byte_source *from,
                                uint64_t n_entries, pt_journal **journal, patina_error *err) {
    pt_journal *j = calloc(1, sizeof *j);
    if (!j) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    j->path = *own;
    j->public = *public;
    j->key = *key;
    const patina_status status = create(j, from, n_entries, err);
    if (status == PATINA_OK)
        *journal = j;
    else
        pt_journal_close(&j);
    return status;
}

/* Whether another process writes the file under the public path. */
static bool is_locked(const char *path) {
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return false;
    const bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}

patina_status pt_journal_publish(pt_journal *j, patina_error *err) {
    if (j->is_placed) return PATINA_OK;
    if (is_locked(j->public.text))
        unlink(j->path.text);
    else if (rename(j->path.text, j->public.text) != 0)
        return fail(j->path.text, "renamed", err);
    j->is_placed = true;
    return PATINA_OK;
}

patina_status pt_journal_add_rows(pt_journal *j, size_t split, const pt_row *rows, size_t n_rows,
                                  const char *provenance, size_t n_provenance, patina_error *err) {
    assert(split < j->key.n_splits && n_rows > 0 && n_rows <= UINT32_MAX);
    for (size_t i = 0; i < n_rows; i++)
        PT_TRY(pt_row_check(&rows[i], err));
    const record head = {
        .label = (uint32_t)split, .n_rows = (uint32_t)n_rows, .n_text = n_provenance};
    return write_record(j, head, rows, provenance, err);
}

patina_status pt_journal_add_reject(pt_journal *j, patina_status reason, const char *line,
                                    patina_error *err) {
    const record head = {.label = (uint32_t)reason, .n_text = strlen(line)};
    return write_record(j, head, NULL, line, err);
}

patina_status pt_journal_end_entry(pt_journal *j, patina_error *err) {
    PT_TRY(write_record(j, (record){.n_rows = 0}, NULL, NULL, err));
    PT_TRY(pt_journal_publish(j, err));
    return pt_monotonic_ns() - j->flushed_ns < PT_JOURNAL_FLUSH_NS ? PATINA_OK
                                                                   : pt_journal_flush(j, err);
}

void pt_journal_close(pt_journal **journal) {
    if (!*journal) return;
    if ((*journal)->is_placed) (void)pt_journal_flush(*journal, NULL);
    if ((*journal)->fd >= 0) close((*journal)->fd);
    free(*journal);
    *journal = NULL;
}

void pt_journal_remove(pt_journal **journal) {
    if (!*journal) return;
    unlink((*journal)->public.text);
    (*journal)->is_placed = false; /* nothing to flush */
    pt_journal_close(journal);
}
