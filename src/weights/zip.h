/* SPDX-License-Identifier: MIT */
/* zip.h - directory of a zip archive in memory, with pointers to stored members
 *
 * For PyTorch files, whose members are stored without compression: a tensor is a view into the
 * mapped file. Zip libraries return copies or streams instead of offsets.
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
 * Reads the directory of an archive, which must be valid until close. Strict: no archive comment or
 * trailing bytes, one disk, unique names. With or without Zip64. file is used in errors. Checksums
 * are not verified: PyTorch may omit them.
 *
 * Errors  PATINA_EFORMAT, PATINA_ENOMEM
 */
patina_status pt_zip_open(const char *file, const unsigned char *bytes, size_t size, pt_zip **zip,
                          patina_error *err);
void pt_zip_close(pt_zip **zip);

/** Members, sorted by name (bytewise). */
size_t pt_zip_count(const pt_zip *zip);
const pt_zip_member *pt_zip_at(const pt_zip *zip, size_t i);

/** The member of this name, or NULL. */
const pt_zip_member *pt_zip_find(const pt_zip *zip, const char *name);

/**
 * The content of a member, [member->size].
 *
 * Errors  PATINA_EFORMAT  compressed, encrypted, or inconsistent with the directory
 */
patina_status pt_zip_view(const pt_zip *zip, const pt_zip_member *member,
                          const unsigned char **data, patina_error *err);

#endif /* PATINA_WEIGHTS_ZIP_H */
