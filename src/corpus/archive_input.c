/* SPDX-License-Identifier: MIT */
/* archive_input.c - the callbacks of libarchive */

#include "corpus/archive_input.h"

#include <errno.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/memory_reserve.h"

/* The first read after a seek is small, since another seek may follow; later ones double. */
#define BLOCK_MIN ((size_t)8 << 10)

#define RESERVE_BYTES ((size_t)1 << 20) /* libarchive does not check all allocations */

locale_t pt_archive_enter(void) {
    const locale_t before = pt_c_locale_enter();
    errno = 0;
    return before;
}

void pt_archive_leave(locale_t before) {
    pt_c_locale_leave(before);
}

static la_ssize_t on_read(struct archive *archive, void *client, const void **block) {
    pt_archive_input *in = client;
    const int before = errno;
    const int64_t n = pt_byte_source_read_at(in->bytes, in->offset, in->block, in->n_block);
    errno = before; /* a repeated read may have changed it */
    *block = in->block;
    if (n < 0) {
        archive_set_error(archive, EIO, "cannot be read");
        in->io_failed = true;
        return -1;
    }
    in->offset += (uint64_t)n;
    if (in->n_block < PT_ARCHIVE_BLOCK_MAX) in->n_block *= 2;
    return (la_ssize_t)n;
}

/** Never past the end of the file, so that libarchive detects a truncated member. */
static la_int64_t on_skip(struct archive *archive, void *client, la_int64_t wanted) {
    pt_archive_input *in = client;
    const uint64_t left = in->offset < in->bytes->size ? in->bytes->size - in->offset : 0;
    (void)archive;
    if (wanted <= 0) return 0;
    if ((uint64_t)wanted > left) wanted = (la_int64_t)left;
    in->offset += (uint64_t)wanted;
    in->n_block = BLOCK_MIN;
    return wanted;
}

patina_status pt_archive_check(const pt_archive_input *in, patina_error *err) {
    if (in->io_failed)
        return pt_fail(err, PATINA_ETEMPORARY, "cannot be read after byte %llu",
                       (unsigned long long)in->offset);
    if (errno == ENOMEM) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    return PATINA_OK;
}

patina_status pt_archive_open(pt_archive_input *in, const pt_byte_source *bytes,
                              int (*add_format)(struct archive *), patina_error *err) {
    struct archive *a = pt_memory_reserve(RESERVE_BYTES) ? archive_read_new() : NULL;
    in->archive = a;
    in->bytes = bytes;
    in->offset = 0;
    in->n_block = BLOCK_MIN;
    in->io_failed = false;
    if (!a) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(a) != ARCHIVE_OK || add_format(a) != ARCHIVE_OK ||
        archive_read_set_read_callback(a, on_read) != ARCHIVE_OK ||
        archive_read_set_skip_callback(a, on_skip) != ARCHIVE_OK ||
        archive_read_set_callback_data(a, in) != ARCHIVE_OK) {
        PT_TRY(pt_archive_check(in, err));
        return pt_fail(err, PATINA_EUSAGE, "libarchive was built without tar, gzip or zstd: %s",
                       archive_error_string(a) ? archive_error_string(a) : "no details");
    }
    return archive_read_open1(a) == ARCHIVE_OK ? PATINA_OK : pt_archive_check(in, err);
}

void pt_archive_close(pt_archive_input *in) {
    if (in->archive) archive_read_free(in->archive);
    in->archive = NULL;
}
