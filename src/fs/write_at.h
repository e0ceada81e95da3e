/* SPDX-License-Identifier: MIT */
/* write_at.h - writes a whole buffer at an offset of a file */

#ifndef PATINA_FS_WRITE_AT_H
#define PATINA_FS_WRITE_AT_H

#include <stddef.h>
#include <stdint.h>

/** Writes n bytes at an offset. Returns how many were written: fewer than n after an error, which
 * is in errno. */
size_t pt_write_at(int fd, uint64_t offset, const void *bytes, size_t n);

#endif /* PATINA_FS_WRITE_AT_H */
