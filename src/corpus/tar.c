/* SPDX-License-Identifier: MIT */
/* tar.c - members of a tar by libarchive; sparse files, and data that cannot be skipped */

#include "corpus/tar.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "corpus/archive_input.h"
#include "fs/temp_file.h"

#define CAPACITY_MIN ((size_t)64 << 10)

const char *const pt_tar_extensions[] = {".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", NULL};

struct pt_tar {
    pt_archive_input input;
    pt_byte_source bytes;
    bool at_end;
    uint64_t n_headers; /* headers read */
    bool cannot_seek;   /* a skip failed: data are read instead */
};

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

static patina_status damaged(patina_error *err) {
    return pt_fail(err, PATINA_REJECT_UNDECODABLE, "not a tar, or truncated or damaged");
}

/** Status of a failed libarchive call. */
static patina_status archive_failure(const pt_tar *t, patina_error *err) {
    PT_TRY(pt_archive_check(&t->input, err));
    return damaged(err);
}

static int add_tar_format(struct archive *a) {
    const int result = archive_read_support_format_tar(a);
    return result == ARCHIVE_OK
               ? archive_read_set_format_option(a, "tar", "read_concatenated_archives", "1")
               : result;
}

patina_status pt_tar_open(const char *path, pt_tar **tar, patina_error *err) {
    pt_tar *t = calloc(1, sizeof *t);
    patina_status status;

    if (!t) return no_memory(err);
    /* messages must not contain local paths */
    status = pt_byte_source_open_file(path, &t->bytes, NULL);
    if (status == PATINA_REJECT_MISSING)
        pt_fail(err, status, "not found");
    else if (status != PATINA_OK && pt_errno_is_machine_fault(errno))
        status = pt_fail(err, PATINA_ETEMPORARY, "cannot be opened: %s", strerrordesc_np(errno));
    else if (status != PATINA_OK)
        status =
            pt_fail(err, PATINA_REJECT_UNDECODABLE, "cannot be opened, or is not a regular file");
    if (status == PATINA_OK) {
        const locale_t before = pt_archive_enter();
        status = pt_archive_open(&t->input, &t->bytes, add_tar_format, err);
        pt_archive_leave(before);
    }
    if (status != PATINA_OK)
        pt_tar_close(&t);
    else
        *tar = t;
    return status;
}

void pt_tar_close(pt_tar **tar) {
    pt_tar *t = *tar;
    if (!t) return;
    pt_archive_close(&t->input);
    pt_byte_source_close(&t->bytes);
    free(t);
    *tar = NULL;
}

/** The data of a member, of which the first n bytes are read. */
typedef struct member_data {
    char *bytes;
    size_t n, size, capacity;
    bool is_file; /* they are written to fd in place of bytes */
    int fd;
} member_data;

/** Grows the buffer to `wanted` bytes and a NUL. */
static bool reserve(member_data *c, size_t wanted) {
    size_t capacity = c->capacity ? c->capacity : CAPACITY_MIN;
    if (wanted < c->capacity) return true;
    while (capacity <= wanted) /* wanted is at most the size, which is far from overflow */
        capacity *= 2;
    if (capacity > c->size + 1) capacity = c->size + 1;
    char *bytes = realloc(c->bytes, capacity);
    if (!bytes) return false;
    c->bytes = bytes;
    c->capacity = capacity;
    return true;
}

/** Stores n bytes at offset; holes of a sparse file are filled with zeros. */
static patina_status write_at(member_data *c, uint64_t offset, const void *bytes, size_t n,
                              patina_error *err) {
    const size_t at = offset < c->size ? (size_t)offset : c->size;
    if (n > c->size - at) n = c->size - at;
    if (c->is_file) return pt_temp_file_write_at(c->fd, at, bytes, n, err);
    if (!reserve(c, at + n)) return no_memory(err);
    if (at > c->n) memset(c->bytes + c->n, 0, at - c->n);
    if (n > 0) memcpy(c->bytes + at, bytes, n);
    if (at + n > c->n) c->n = at + n;
    return PATINA_OK;
}

/** Reads the data of the current member into c, or discards them where c is NULL. */
static patina_status read_data(pt_tar *t, member_data *c, patina_error *err) {
    const void *block;
    size_t n;
    la_int64_t offset;
    int result;

    while ((result = archive_read_data_block(t->input.archive, &block, &n, &offset)) ==
           ARCHIVE_OK) {
        if (c && offset < 0) return damaged(err);
        if (c) PT_TRY(write_at(c, (uint64_t)offset, block, n, err));
    }
    if (result != ARCHIVE_EOF) return archive_failure(t, err);
    /* Moves past the padding of the last block where the map of a sparse file is wrong. */
    return archive_read_data_skip(t->input.archive) == ARCHIVE_OK ? PATINA_OK
                                                                  : archive_failure(t, err);
}

/** Reopens the archive at the current header; everything before it could be skipped. */
static patina_status reopen_archive(pt_tar *t, patina_error *err) {
    struct archive_entry *entry;

    pt_archive_close(&t->input);
    PT_TRY(pt_archive_open(&t->input, &t->bytes, add_tar_format, err));
    for (uint64_t i = 0; i < t->n_headers; i++) {
        const int result = archive_read_next_header(t->input.archive, &entry);
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return archive_failure(t, err);
    }
    return PATINA_OK;
}

/** Skips the data of the current member. libarchive cannot skip everything that it can read, for
 * example a sparse file whose map adds up to 2^63 bytes; such data are read and discarded. */
static patina_status skip_data(pt_tar *t, patina_error *err) {
    if (!t->cannot_seek) {
        if (archive_read_data_skip(t->input.archive) == ARCHIVE_OK) return PATINA_OK;
        if (t->input.io_failed) return archive_failure(t, err);
        t->cannot_seek = true;
        PT_TRY(reopen_archive(t, err));
    }
    return read_data(t, NULL, err);
}

static bool is_file(struct archive_entry *entry) {
    return archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry) &&
           archive_entry_pathname(entry) && archive_entry_size(entry) >= 0;
}

/** The header of the next regular file, or NULL at the end. */
static patina_status next_file(pt_tar *t, struct archive_entry **entry, patina_error *err) {
    while (!t->at_end) {
        const int result = archive_read_next_header(t->input.archive, entry);
        if (result == ARCHIVE_EOF) break;
        /* A warning is about a name that is not ASCII; "retry" is a wrong checksum. */
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return archive_failure(t, err);
        t->n_headers++;
        if (is_file(*entry)) return PATINA_OK;
        PT_TRY(skip_data(t, err));
    }
    t->at_end = true;
    *entry = NULL;
    return PATINA_OK;
}

patina_status pt_tar_next(pt_tar *t, pt_tar_member *member, bool *end, patina_error *err) {
    struct archive_entry *entry = NULL;
    const locale_t before = pt_archive_enter();
    const patina_status status = next_file(t, &entry, err);

    if (status == PATINA_OK && entry) {
        member->name = archive_entry_pathname(entry);
        member->size = (uint64_t)archive_entry_size(entry);
    }
    pt_archive_leave(before);
    if (status == PATINA_OK) *end = !entry;
    return status;
}

static patina_status read_all(pt_tar *t, member_data *c, patina_error *err) {
    if (c->is_file) {
        PT_TRY(read_data(t, c, err));
        return ftruncate(c->fd, (off_t)c->size) == 0 ? PATINA_OK : pt_temp_file_fail_write(err);
    }
    /* The size is plausible where the archive file is at least as large. */
    if (c->size <= t->bytes.size && !reserve(c, c->size)) return no_memory(err);
    PT_TRY(read_data(t, c, err));
    PT_TRY(write_at(c, c->size, NULL, 0, err)); /* a hole at the end */
    c->bytes[c->size] = '\0';
    return PATINA_OK;
}

patina_status pt_tar_read(pt_tar *t, const pt_tar_member *member, char **bytes, patina_error *err) {
    if (member->size > SIZE_MAX / 4) return no_memory(err);
    member_data c = {.size = (size_t)member->size};
    const locale_t before = pt_archive_enter();
    const patina_status status = read_all(t, &c, err);
    pt_archive_leave(before);
    if (status != PATINA_OK)
        free(c.bytes);
    else
        *bytes = c.bytes;
    return status;
}

patina_status pt_tar_read_to_file(pt_tar *t, const pt_tar_member *member, int *fd,
                                  patina_error *err) {
    if (member->size > INT64_MAX) return no_memory(err);
    member_data c = {.size = (size_t)member->size, .is_file = true};
    PT_TRY(pt_temp_file_create(&c.fd, err));
    const locale_t before = pt_archive_enter();
    const patina_status status = read_all(t, &c, err);
    pt_archive_leave(before);
    if (status != PATINA_OK)
        close(c.fd);
    else
        *fd = c.fd;
    return status;
}

patina_status pt_tar_skip(pt_tar *t, patina_error *err) {
    const locale_t before = pt_archive_enter();
    const patina_status status = skip_data(t, err);
    pt_archive_leave(before);
    return status;
}
