/* SPDX-License-Identifier: MIT */
/* archive_input.h - libarchive over pt_byte_source: gzip, Zstandard, and why a call failed */

#ifndef PATINA_CORPUS_ARCHIVE_INPUT_H
#define PATINA_CORPUS_ARCHIVE_INPUT_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <patina/status.h>

#include "base/byte_source.h"

#define PT_ARCHIVE_BLOCK_MAX ((size_t)256 << 10) /* bytes of a read */

/** An archive that is read once from front to back. Not thread-safe. */
typedef struct pt_archive_input {
    struct archive *archive;
    const pt_byte_source *bytes;
    uint64_t offset; /* of the next read */
    size_t n_block;  /* size of the next read */
    bool io_failed;
    char block[PT_ARCHIVE_BLOCK_MAX];
} pt_archive_input;

/**
 * Every call of libarchive stands between these two. libarchive converts the UTF-8 names of
 * extended headers to the encoding of the locale and composes accents; in the C locale, in which
 * the calls are made, this fails for all but ASCII, and it returns the bytes as written, which are
 * needed here. pt_archive_enter also clears errno for pt_archive_check.
 */
locale_t pt_archive_enter(void);
void pt_archive_leave(locale_t before);

/**
 * Opens bytes, which are borrowed, plain or compressed by gzip or Zstandard. Data that are no
 * archive are reported by the first header.
 *
 * add_format  a format of libarchive and its options; returns ARCHIVE_OK
 *
 * Errors   PATINA_ENOMEM, PATINA_ETEMPORARY  as pt_archive_check
 *          PATINA_EUSAGE                     libarchive was built without the format
 */
patina_status pt_archive_open(pt_archive_input *in, const pt_byte_source *bytes,
                              int (*add_format)(struct archive *), patina_error *err);

/**
 * Why a call of libarchive failed, to be called right after it: PATINA_OK if the data are the
 * reason. Its message depends on the read-ahead and is not used.
 *
 * Errors   PATINA_ENOMEM      an allocation failed. libarchive reports those of zlib as damaged
 *                             data, and others without a text: errno alone has them all.
 *          PATINA_ETEMPORARY  a read failed
 */
patina_status pt_archive_check(const pt_archive_input *in, patina_error *err);

void pt_archive_close(pt_archive_input *in);

#endif /* PATINA_CORPUS_ARCHIVE_INPUT_H */
