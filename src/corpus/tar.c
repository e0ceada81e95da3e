/* SPDX-License-Identifier: MIT */
/* tar.c - libarchive over pt_bytes
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

#include "base/bytes.h"
#include "base/c_locale.h"

/* After a seek little is read, since another may follow soon; then ever more at once. */
#define BLOCK_MIN ((size_t)8 << 10)
#define BLOCK_MAX ((size_t)256 << 10)

#define ROOM_MIN ((size_t)64 << 10)

const char *const pt_tar_extensions[] = {".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", NULL};

struct pt_tar {
    struct archive *archive;
    pt_bytes bytes;
    uint64_t offset; /* of what is read next */
    size_t n_block;  /* how much */
    bool at_end, io_failed;
    uint64_t n_headers; /* that were met */
    bool without_skips; /* a skip failed: from now on all is read */
    char block[BLOCK_MAX];
};

static la_ssize_t on_read(struct archive *archive, void *client, const void **block) {
    pt_tar *t = client;
    const int64_t got = pt_bytes_read_at(&t->bytes, t->offset, t->block, t->n_block);
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

static pt_status no_memory(pt_error *err) {
    return pt_fail(err, PT_ENOMEM, "out of memory");
}

/** Why libarchive gave up. Its own words depend on how far it had read ahead. */
static pt_status broken(const pt_tar *t, pt_error *err) {
    if (t->io_failed)
        return pt_fail(err, PT_EIO, "cannot be read behind byte %llu",
                       (unsigned long long)t->offset);
    if (archive_errno(t->archive) == ENOMEM) return no_memory(err);
    return pt_fail(err, PT_REJECT_UNDECODABLE, "no tar, or one that is cut off or damaged");
}

static pt_status start(pt_tar *t, pt_error *err) {
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
        return pt_fail(err, PT_EUSAGE, "libarchive was built without what tars need: %s",
                       archive_error_string(a) ? archive_error_string(a) : "it does not say what");
    if (archive_read_open1(a) == ARCHIVE_OK) return PT_OK;
    const pt_status status = broken(t, err);
    return status == PT_REJECT_UNDECODABLE ? PT_OK : status; /* pt_tar_next will tell */
}

pt_status pt_tar_open(const char *path, pt_tar **tar, pt_error *err) {
    pt_tar *t = calloc(1, sizeof *t);
    pt_status status;

    if (!t) return no_memory(err);
    t->n_block = BLOCK_MIN;
    status = pt_bytes_open_file(path, &t->bytes, NULL); /* no path may stand in the data set */
    if (status == PT_REJECT_MISSING)
        pt_fail(err, status, "there is no such file");
    else if (status != PT_OK)
        status = pt_fail(err, PT_REJECT_UNDECODABLE, "it cannot be opened, or is no regular file");
    if (status == PT_OK) {
        const locale_t before = pt_c_locale_enter();
        status = start(t, err);
        pt_c_locale_leave(before);
    }
    if (status != PT_OK)
        pt_tar_close(&t);
    else
        *tar = t;
    return status;
}

void pt_tar_close(pt_tar **tar) {
    pt_tar *t = *tar;
    if (!t) return;
    if (t->archive) archive_read_free(t->archive);
    pt_bytes_release(&t->bytes);
    free(t);
    *tar = NULL;
}

/** A member's bytes, of which the first n are there. */
typedef struct content {
    char *bytes;
    size_t n, size, room;
} content;

/** Room for so many bytes of the size, and for a NUL. */
static bool make_room(content *c, size_t wanted) {
    size_t room = c->room ? c->room : ROOM_MIN;
    if (wanted < c->room) return true;
    while (room <= wanted) /* wanted is at most the size, which is far from overflow */
        room *= 2;
    if (room > c->size + 1) room = c->size + 1;
    char *bytes = realloc(c->bytes, room);
    if (!bytes) return false;
    c->bytes = bytes;
    c->room = room;
    return true;
}

/** Puts n bytes at offset; a sparse file has holes in between, which are zeros. */
static bool put_at(content *c, uint64_t offset, const void *bytes, size_t n) {
    const size_t at = offset < c->size ? (size_t)offset : c->size;
    if (n > c->size - at) n = c->size - at;
    if (!make_room(c, at + n)) return false;
    if (at > c->n) memset(c->bytes + c->n, 0, at - c->n);
    if (n > 0) memcpy(c->bytes + at, bytes, n);
    if (at + n > c->n) c->n = at + n;
    return true;
}

/** Reads what stands behind the header that was met last: into c, or nowhere. */
static pt_status read_data(pt_tar *t, content *c, pt_error *err) {
    const void *block;
    size_t n;
    la_int64_t offset;
    int result;

    while ((result = archive_read_data_block(t->archive, &block, &n, &offset)) == ARCHIVE_OK)
        if (c && (offset < 0 || !put_at(c, (uint64_t)offset, block, n))) return no_memory(err);
    if (result != ARCHIVE_EOF) return broken(t, err);
    /* By now it is behind the last block's filling, but where the map of a sparse file is wrong. */
    return archive_read_data_skip(t->archive) == ARCHIVE_OK ? PT_OK : broken(t, err);
}

/** Comes back to the header that was met last: what stands before it could be skipped. */
static pt_status start_again(pt_tar *t, pt_error *err) {
    struct archive_entry *entry;

    archive_read_free(t->archive);
    t->offset = 0;
    PT_TRY(start(t, err));
    for (uint64_t i = 0; i < t->n_headers; i++) {
        const int result = archive_read_next_header(t->archive, &entry);
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return broken(t, err);
    }
    return PT_OK;
}

/** Passes over what stands behind the header. libarchive cannot skip all that it can read: where
 * the lengths in the map of a sparse file add up to 2^63, say. Reading decides. */
static pt_status skip_data(pt_tar *t, pt_error *err) {
    if (!t->without_skips) {
        if (archive_read_data_skip(t->archive) == ARCHIVE_OK) return PT_OK;
        if (t->io_failed) return broken(t, err);
        t->without_skips = true;
        PT_TRY(start_again(t, err));
    }
    return read_data(t, NULL, err);
}

static bool is_file(struct archive_entry *entry) {
    return archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry) &&
           archive_entry_pathname(entry) && archive_entry_size(entry) >= 0;
}

/** The header of the next regular file, or NULL at the end. */
static pt_status next_file(pt_tar *t, struct archive_entry **entry, pt_error *err) {
    while (!t->at_end) {
        const int result = archive_read_next_header(t->archive, entry);
        if (result == ARCHIVE_EOF) break;
        /* A warning is about a name that the C locale has not; "retry" is a wrong checksum. */
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return broken(t, err);
        t->n_headers++;
        if (is_file(*entry)) return PT_OK;
        PT_TRY(skip_data(t, err));
    }
    t->at_end = true;
    *entry = NULL;
    return PT_OK;
}

pt_status pt_tar_next(pt_tar *t, pt_tar_member *member, bool *end, pt_error *err) {
    struct archive_entry *entry = NULL;
    const locale_t before = pt_c_locale_enter();
    const pt_status status = next_file(t, &entry, err);

    if (status == PT_OK && entry) {
        member->name = archive_entry_pathname(entry);
        member->size = (uint64_t)archive_entry_size(entry);
    }
    pt_c_locale_leave(before);
    if (status == PT_OK) *end = !entry;
    return status;
}

static pt_status read_all(pt_tar *t, content *c, pt_error *err) {
    /* A file that is as large itself may be believed. */
    if (c->size <= t->bytes.size && !make_room(c, c->size)) return no_memory(err);
    PT_TRY(read_data(t, c, err));
    if (!put_at(c, c->size, NULL, 0)) return no_memory(err); /* a hole at the end */
    c->bytes[c->size] = '\0';
    return PT_OK;
}

pt_status pt_tar_read(pt_tar *t, const pt_tar_member *member, char **bytes, pt_error *err) {
    if (member->size > SIZE_MAX / 4) return no_memory(err);
    content c = {.size = (size_t)member->size};
    const locale_t before = pt_c_locale_enter();
    const pt_status status = read_all(t, &c, err);
    pt_c_locale_leave(before);
    if (status != PT_OK)
        free(c.bytes);
    else
        *bytes = c.bytes;
    return status;
}

pt_status pt_tar_skip(pt_tar *t, pt_error *err) {
    const locale_t before = pt_c_locale_enter();
    const pt_status status = skip_data(t, err);
    pt_c_locale_leave(before);
    return status;
}
