/* SPDX-License-Identifier: MIT */
/* text_source.h - text files of any Unicode encoding, or compressed, as UTF-8
 *
 * UTF-16 and UTF-32 are detected by their byte order mark, or without one by the zeros of ASCII
 * characters. An invalid character becomes the byte 0xFF, which is not UTF-8.
 */

#ifndef PATINA_CORPUS_TEXT_SOURCE_H
#define PATINA_CORPUS_TEXT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/byte_source.h"

/** Whether a file that is looked for by its name is there: a regular one that is not empty. True
 * also for what cannot be examined or may not be reached, of which opening it then says why. */
bool pt_text_source_may_exist(const char *path);

/** The status of a call of pt_byte_source_open_file or pt_file_read_all, right after it (errno):
 * PATINA_EFORMAT for a folder, a FIFO or a socket, which is no fault of the machine. */
patina_status pt_text_source_status(patina_status status, patina_error *err);

/**
 * Opens a file. One of UTF-16, UTF-32, gzip or Zstandard is converted to an unlinked temporary
 * file, from whose start it is read.
 *
 * n_max  bytes that are needed of a converted file; UINT64_MAX: all
 *
 * Errors  those of pt_byte_source_open_file
 *         PATINA_EFORMAT  not a regular file; compressed data that are damaged. The message does
 *                         not name the file.
 */
patina_status pt_text_source_open(const char *path, uint64_t n_max, pt_byte_source *bytes,
                                  patina_error *err);

/** Replaces n bytes of another encoding by UTF-8, with a NUL behind them. */
patina_status pt_text_to_utf8(char **text, size_t *n, patina_error *err);

#endif /* PATINA_CORPUS_TEXT_SOURCE_H */
