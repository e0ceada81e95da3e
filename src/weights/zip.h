/* SPDX-License-Identifier: MIT */
/* zip.h - where the members of a zip archive lie in memory
 *
 * For PyTorch's files, whose members are stored, not compressed: a tensor is then a view into the
 * mapped file, and nothing is copied. The libraries that read zip hand out copies or streams, not
 * places in the file, and of the format nothing is needed here but its directory.
 */

#ifndef PATINA_WEIGHTS_ZIP_H
#define PATINA_WEIGHTS_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

typedef struct pt_zip pt_zip;

typedef struct pt_zip_member {
    const char *name; /* not terminated */
    size_t n_name;
    uint64_t size, compressed_size, header_offset;
    unsigned method, flags;
} pt_zip_member;

/**
 * Reads the directory of an archive that stays where it is until close. Strict: no comment or other
 * bytes at the end, one disk, names that are there once. With or without the 64-bit extension.
 * file is for errors. Checksums are not looked at: PyTorch may leave them out.
 *
 * Errors  PATINA_EFORMAT, PATINA_ENOMEM
 */
patina_status pt_zip_open(const char *file, const unsigned char *bytes, size_t size, pt_zip **zip,
                          patina_error *err);
void pt_zip_close(pt_zip **zip);

/** Members in the order of their names' bytes. */
size_t pt_zip_count(const pt_zip *zip);
const pt_zip_member *pt_zip_at(const pt_zip *zip, size_t i);

/** The member of this name, or NULL. */
const pt_zip_member *pt_zip_find(const pt_zip *zip, const char *name);

/**
 * The content of a member, [member->size].
 *
 * Errors  PATINA_EFORMAT  compressed or encrypted, or not where the directory says
 */
patina_status pt_zip_view(const pt_zip *zip, const pt_zip_member *member,
                          const unsigned char **data, patina_error *err);

#endif /* PATINA_WEIGHTS_ZIP_H */
