/* SPDX-License-Identifier: MIT */
/* tar.c - libarchive over pt_byte_source
 *
 * libarchive translates the names in extended headers, which are UTF-8, into the locale's encoding,
 * and composes their accents on the way. In the C locale that fails for all but ASCII, and it then
 * hands out the bytes as they were written, which is what is wanted here: so each call into it is
 * made in that locale, for this thread alone.
 */

#include "corpus/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_source.h"
#include "base/c_locale.h"
#include "base/error.h"

/* After a seek little is read, since another may follow soon; then ever more at once. */
#define BLOCK_MIN ((size_t)8 << 10)
#define BLOCK_MAX ((size_t)256 << 10)

#define CAPACITY_MIN ((size_t)64 << 10)

const char *const pt_tar_extensions[] = {".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", NULL};

struct pt_tar {
    struct archive *archive;
    pt_byte_source bytes;
    uint64_t offset; /* of what is read next */
    size_t n_block;  /* how much */
    bool at_end, io_failed;
    uint64_t n_headers; /* that were met */
    bool cannot_seek;   /* a skip failed: from now on all is read */
    char block[BLOCK_MAX];
};

static la_ssize_t on_read(struct archive *archive, void *client, const void **block) {
    pt_tar *t = client;
    const int64_t got = pt_byte_source_read_at(&t->bytes, t->offset, t->block, t->n_block);
    *block = t->block;
    if (got < 0) {
        archive_set_error(archive, EIO, "cannot be read");
        t->io_failed = true;
        return -1;
    }
    t->offset += (uint64_t)got;
    if (t->n_block < BLOCK_MAX) t->n_block *= 2;
    return (la_ssize_t)got;
}

/** Never past the end, so that libarchive sees when a member is cut off. */
static la_int64_t on_skip(struct archive *archive, void *client, la_int64_t wanted) {
    pt_tar *t = client;
    const uint64_t left = t->offset < t->bytes.size ? t->bytes.size - t->offset : 0;
    (void)archive;
    if (wanted <= 0) return 0;
    if ((uint64_t)wanted > left) wanted = (la_int64_t)left;
    t->offset += (uint64_t)wanted;
    t->n_block = BLOCK_MIN;
    return wanted;
}

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/** Why libarchive gave up. Its own words depend on how far it had read ahead. */
static patina_status archive_failure(const pt_tar *t, patina_error *err) {
    if (t->io_failed)
        return pt_fail(err, PATINA_EIO, "cannot be read behind byte %llu",
                       (unsigned long long)t->offset);
    if (archive_errno(t->archive) == ENOMEM) return no_memory(err);
    return pt_fail(err, PATINA_REJECT_UNDECODABLE, "no tar, or one that is cut off or damaged");
}

static patina_status open_archive(pt_tar *t, patina_error *err) {
    struct archive *a = archive_read_new();
    t->archive = a;
    if (!a) return no_memory(err);
    if (archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
        archive_read_support_format_tar(a) != ARCHIVE_OK ||
        archive_read_set_format_option(a, "tar", "read_concatenated_archives", "1") != ARCHIVE_OK ||
        archive_read_set_read_callback(a, on_read) != ARCHIVE_OK ||
        archive_read_set_skip_callback(a, on_skip) != ARCHIVE_OK ||
        archive_read_set_callback_data(a, t) != ARCHIVE_OK)
        return pt_fail(err, PATINA_EUSAGE, "libarchive was built without what tars need: %s",
                       archive_error_string(a) ? archive_error_string(a) : "it does not say what");
    if (archive_read_open1(a) == ARCHIVE_OK) return PATINA_OK;
    const patina_status status = archive_failure(t, err);
    return status == PATINA_REJECT_UNDECODABLE ? PATINA_OK : status; /* pt_tar_next will tell */
}

patina_status pt_tar_open(const char *path, pt_tar **tar, patina_error *err) {
    pt_tar *t = calloc(1, sizeof *t);
    patina_status status;

    if (!t) return no_memory(err);
    t->n_block = BLOCK_MIN;
    status =
        pt_byte_source_open_file(path, &t->bytes, NULL); /* no path may stand in the data set */
    if (status == PATINA_REJECT_MISSING)
        pt_fail(err, status, "there is no such file");
    else if (status != PATINA_OK)
        status =
            pt_fail(err, PATINA_REJECT_UNDECODABLE, "it cannot be opened, or is no regular file");
    if (status == PATINA_OK) {
        const locale_t before = pt_c_locale_enter();
        status = open_archive(t, err);
        pt_c_locale_leave(before);
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
    if (t->archive) archive_read_free(t->archive);
    pt_byte_source_close(&t->bytes);
    free(t);
    *tar = NULL;
}

/** A member's bytes, of which the first n are there. */
typedef struct member_data {
    char *bytes;
    size_t n, size, capacity;
} member_data;

/** Room for so many bytes of the size, and for a NUL. */
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

/** Puts n bytes at offset; a sparse file has holes in between, which are zeros. */
static bool write_at(member_data *c, uint64_t offset, const void *bytes, size_t n) {
    const size_t at = offset < c->size ? (size_t)offset : c->size;
    if (n > c->size - at) n = c->size - at;
    if (!reserve(c, at + n)) return false;
    if (at > c->n) memset(c->bytes + c->n, 0, at - c->n);
    if (n > 0) memcpy(c->bytes + at, bytes, n);
    if (at + n > c->n) c->n = at + n;
    return true;
}

/** Reads what stands behind the header that was met last: into c, or nowhere. */
static patina_status read_data(pt_tar *t, member_data *c, patina_error *err) {
    const void *block;
    size_t n;
    la_int64_t offset;
    int result;

    while ((result = archive_read_data_block(t->archive, &block, &n, &offset)) == ARCHIVE_OK)
        if (c && (offset < 0 || !write_at(c, (uint64_t)offset, block, n))) return no_memory(err);
    if (result != ARCHIVE_EOF) return archive_failure(t, err);
    /* By now it is behind the last block's filling, but where the map of a sparse file is wrong. */
    return archive_read_data_skip(t->archive) == ARCHIVE_OK ? PATINA_OK : archive_failure(t, err);
}

/** Comes back to the header that was met last: what stands before it could be skipped. */
static patina_status reopen_archive(pt_tar *t, patina_error *err) {
    struct archive_entry *entry;

    archive_read_free(t->archive);
    t->offset = 0;
    PT_TRY(open_archive(t, err));
    for (uint64_t i = 0; i < t->n_headers; i++) {
        const int result = archive_read_next_header(t->archive, &entry);
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return archive_failure(t, err);
    }
    return PATINA_OK;
}

/** Passes over what stands behind the header. libarchive cannot skip all that it can read: where
 * the lengths in the map of a sparse file add up to 2^63, say. Reading decides. */
static patina_status skip_data(pt_tar *t, patina_error *err) {
    if (!t->cannot_seek) {
        if (archive_read_data_skip(t->archive) == ARCHIVE_OK) return PATINA_OK;
        if (t->io_failed) return archive_failure(t, err);
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
        const int result = archive_read_next_header(t->archive, entry);
        if (result == ARCHIVE_EOF) break;
        /* A warning is about a name that the C locale has not; "retry" is a wrong checksum. */
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
    const locale_t before = pt_c_locale_enter();
    const patina_status status = next_file(t, &entry, err);

    if (status == PATINA_OK && entry) {
        member->name = archive_entry_pathname(entry);
        member->size = (uint64_t)archive_entry_size(entry);
    }
    pt_c_locale_leave(before);
    if (status == PATINA_OK) *end = !entry;
    return status;
}

static patina_status read_all(pt_tar *t, member_data *c, patina_error *err) {
    /* A file that is as large itself may be believed. */
    if (c->size <= t->bytes.size && !reserve(c, c->size)) return no_memory(err);
    PT_TRY(read_data(t, c, err));
    if (!write_at(c, c->size, NULL, 0)) return no_memory(err); /* a hole at the end */
    c->bytes[c->size] = '\0';
    return PATINA_OK;
}

patina_status pt_tar_read(pt_tar *t, const pt_tar_member *member, char **bytes, patina_error *err) {
    if (member->size > SIZE_MAX / 4) return no_memory(err);
    member_data c = {.size = (size_t)member->size};
    const locale_t before = pt_c_locale_enter();
    const patina_status status = read_all(t, &c, err);
    pt_c_locale_leave(before);
    if (status != PATINA_OK)
        free(c.bytes);
    else
        *bytes = c.bytes;
    return status;
}

patina_status pt_tar_skip(pt_tar *t, patina_error *err) {
    const locale_t before = pt_c_locale_enter();
    const patina_status status = skip_data(t, err);
    pt_c_locale_leave(before);
    return status;
}
