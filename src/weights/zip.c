/* SPDX-License-Identifier: MIT */
/* zip.c - directory of a zip archive in memory
 *
 *   local header, name, extra, content            once a member
 *   directory header, name, extra, comment        once a member
 *   [64-bit end record, its locator]
 *   end record
 *
 * Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.3. All numbers are little-endian. Sizes
 * come from the directory: PyTorch writes members as streams, so that local headers have no sizes.
 */

#include "weights/zip.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Sizes of the fixed parts, including signatures. */
#define EOCD_SIZE           22U
#define EOCD64_LOCATOR_SIZE 20U
#define EOCD64_SIZE         56U
#define CENTRAL_HEADER_SIZE 46U
#define LOCAL_HEADER_SIZE   30U

#define EOCD_SIGNATURE           0x06054B50U
#define EOCD64_LOCATOR_SIGNATURE 0x07064B50U
#define EOCD64_SIGNATURE         0x06064B50U
#define CENTRAL_HEADER_SIGNATURE 0x02014B50U
#define LOCAL_HEADER_SIGNATURE   0x04034B50U

#define EXTRA_ZIP64    1U /* extra field with 64-bit sizes */
#define FLAG_ENCRYPTED 1U
#define METHOD_STORED  0U
#define ZIP64_MARKER16 0xFFFFU /* the value is in the Zip64 record */
#define ZIP64_MARKER32 0xFFFFFFFFU

struct pt_zip {
    const char *file;
    const unsigned char *bytes;
    size_t size;
    size_t central_offset;  /* of the directory */
    pt_zip_member *members; /* [n], by name */
    size_t n;
};

/* Position of the central directory. */
typedef struct central_directory {
    uint64_t n_members, offset, size;
} central_directory;

static uint32_t read_le16(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t read_le32(const unsigned char *p) {
    return read_le16(p) | read_le16(p + 2) << 16;
}

static uint64_t read_le64(const unsigned char *p) {
    return read_le32(p) | (uint64_t)read_le32(p + 4) << 32;
}

static patina_status format_error(const pt_zip *zip, const char *what, patina_error *err) {
    return pt_fail(err, PATINA_EFORMAT, "file '%s': %s", zip->file, what);
}

static patina_status member_error(const pt_zip *zip, const pt_zip_member *member, const char *what,
                                  patina_error *err) {
    return pt_fail(err, PATINA_EFORMAT, "file '%s': member '%.*s': %s", zip->file,
                   (int)(member->n_name < 200 ? member->n_name : 200), member->name, what);
}

/* ------------------------------------------------------------------ the end */

static patina_status read_eocd64(const pt_zip *zip, central_directory *directory,
                                 patina_error *err) {
    if (zip->size < EOCD_SIZE + EOCD64_LOCATOR_SIZE + EOCD64_SIZE)
        return format_error(zip, "is too short for a Zip64 end record", err);
    const size_t room = zip->size - EOCD_SIZE - EOCD64_LOCATOR_SIZE - EOCD64_SIZE;
    const unsigned char *locator = zip->bytes + zip->size - EOCD_SIZE - EOCD64_LOCATOR_SIZE;
    if (read_le32(locator) != EOCD64_LOCATOR_SIGNATURE || read_le32(locator + 4) != 0 ||
        read_le32(locator + 16) != 1)
        return format_error(zip, "lacks the Zip64 end record that its zip directory requires", err);
    const uint64_t at = read_le64(locator + 8);
    if (at > room || read_le32(zip->bytes + at) != EOCD64_SIGNATURE)
        return format_error(zip, "has a Zip64 end record at another offset than stated", err);
    const unsigned char *end = zip->bytes + at;
    if (read_le32(end + 16) != 0 || read_le32(end + 20) != 0 ||
        read_le64(end + 24) != read_le64(end + 32))
        return format_error(zip, "is one part of a multi-part zip archive", err);
    *directory = (central_directory){read_le64(end + 32), read_le64(end + 48), read_le64(end + 40)};
    return PATINA_OK;
}

/* Finds the directory and checks that it is within the file. */
static patina_status read_eocd(const pt_zip *zip, central_directory *directory, patina_error *err) {
    if (zip->size < EOCD_SIZE || read_le32(zip->bytes + zip->size - EOCD_SIZE) != EOCD_SIGNATURE)
        return format_error(zip, "has no zip end record; check that the download is complete", err);
    const unsigned char *end = zip->bytes + zip->size - EOCD_SIZE;
    if (read_le16(end + 4) != 0 || read_le16(end + 6) != 0 ||
        read_le16(end + 8) != read_le16(end + 10))
        return format_error(zip, "is one part of a multi-part zip archive", err);
    if (read_le16(end + 20) != 0)
        return format_error(zip, "has a truncated zip comment; check that the download is complete",
                            err);
    *directory = (central_directory){read_le16(end + 10), read_le32(end + 16), read_le32(end + 12)};
    if (directory->n_members == ZIP64_MARKER16 || directory->offset == ZIP64_MARKER32 ||
        directory->size == ZIP64_MARKER32)
        PT_TRY(read_eocd64(zip, directory, err));

    const uint64_t room = zip->size - EOCD_SIZE;
    if (directory->offset > room || directory->size > room - directory->offset)
        return format_error(
            zip, "has a zip directory outside the file; check that the download is complete", err);
    if (directory->n_members > directory->size / CENTRAL_HEADER_SIZE)
        return format_error(zip, "has a zip directory that is too small for its members", err);
    return PATINA_OK;
}

/* ------------------------------------------------------------ the directory */

/* Values that exceed 32 bits are in the extra field, in this order; others are omitted there. */
static patina_status read_zip64_extra(const pt_zip *zip, const unsigned char *extra, size_t n,
                                      pt_zip_member *member, patina_error *err) {
    uint64_t *const numbers[] = {&member->size, &member->compressed_size, &member->header_offset};

    for (size_t at = 0; at < n;) {
        if (n - at < 4 || read_le16(extra + at + 2) > n - at - 4)
            return member_error(zip, member, "has a truncated extra field", err);
        const unsigned id = read_le16(extra + at);
        const unsigned char *field = extra + at + 4;
        size_t left = read_le16(extra + at + 2);
        at += 4 + left;
        for (size_t i = 0; id == EXTRA_ZIP64 && i < 3; i++) {
            if (*numbers[i] != ZIP64_MARKER32) continue;
            if (left < 8) return member_error(zip, member, "has a truncated Zip64 field", err);
            *numbers[i] = read_le64(field);
            field += 8;
            left -= 8;
        }
        if (id == EXTRA_ZIP64) return PATINA_OK;
    }
    return PATINA_OK;
}

/* Reads the directory header at *at and moves *at past it. */
static patina_status read_central_header(const pt_zip *zip, const central_directory *directory,
                                         uint64_t *at, pt_zip_member *member, patina_error *err) {
    const uint64_t left = directory->offset + directory->size - *at;
    const unsigned char *header = zip->bytes + *at;

    if (left < CENTRAL_HEADER_SIZE || read_le32(header) != CENTRAL_HEADER_SIGNATURE)
        return format_error(zip, "has a damaged zip directory", err);
    const size_t n_name = read_le16(header + 28), n_extra = read_le16(header + 30);
    const size_t n_comment = read_le16(header + 32);
    if (n_name + n_extra + n_comment > left - CENTRAL_HEADER_SIZE)
        return format_error(zip, "has a truncated zip directory", err);
    *member = (pt_zip_member){
        .name = (const char *)header + CENTRAL_HEADER_SIZE,
        .n_name = n_name,
        .size = read_le32(header + 24),
        .compressed_size = read_le32(header + 20),
        .header_offset = read_le32(header + 42),
        .method = read_le16(header + 10),
        .flags = read_le16(header + 8),
    };
    if (n_name == 0 || memchr(member->name, '\0', n_name))
        return format_error(zip, "has a member with an invalid name", err);
    PT_TRY(read_zip64_extra(zip, header + CENTRAL_HEADER_SIZE + n_name, n_extra, member, err));
    if (read_le16(header + 34) != 0)
        return member_error(zip, member, "is in another part of the archive", err);
    if (member->header_offset > directory->offset || member->compressed_size > directory->offset)
        return member_error(zip, member, "is outside the file; check that the download is complete",
                            err);
    *at += CENTRAL_HEADER_SIZE + n_name + n_extra + n_comment;
    return PATINA_OK;
}

static int compare_names(const char *a, size_t n_a, const char *b, size_t n_b) {
    const int order = memcmp(a, b, n_a < n_b ? n_a : n_b);
    return order != 0 ? order : (n_a > n_b) - (n_a < n_b);
}

static int by_name(const void *a, const void *b) {
    const pt_zip_member *x = a, *y = b;
    return compare_names(x->name, x->n_name, y->name, y->n_name);
}

static patina_status read_central_directory(pt_zip *zip, patina_error *err) {
    central_directory directory = {0};
    PT_TRY(read_eocd(zip, &directory, err));

    uint64_t at = directory.offset;
    zip->central_offset = (size_t)directory.offset;
    zip->members = calloc((size_t)directory.n_members + 1, sizeof *zip->members);
    if (!zip->members) return pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", zip->file);
    for (; zip->n < directory.n_members; zip->n++)
        PT_TRY(read_central_header(zip, &directory, &at, &zip->members[zip->n], err));
    if (at != directory.offset + directory.size)
        return format_error(zip, "has extra bytes in its zip directory", err);
    qsort(zip->members, zip->n, sizeof *zip->members, by_name);
    for (size_t i = 1; i < zip->n; i++)
        if (by_name(&zip->members[i - 1], &zip->members[i]) == 0)
            return member_error(zip, &zip->members[i], "is duplicate", err);
    return PATINA_OK;
}

/* ------------------------------------------------------------------- opening */

patina_status pt_zip_open(const char *file, const unsigned char *bytes, size_t size, pt_zip **zip,
                          patina_error *err) {
    pt_zip *opened = calloc(1, sizeof *opened);

    if (!opened) return pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", file);
    *opened = (pt_zip){.file = file, .bytes = bytes, .size = size};
    const patina_status status = read_central_directory(opened, err);
    if (status == PATINA_OK)
        *zip = opened;
    else
        pt_zip_close(&opened);
    return status;
}

void pt_zip_close(pt_zip **zip) {
    if (!*zip) return;
    free((*zip)->members);
    free(*zip);
    *zip = NULL;
}

size_t pt_zip_count(const pt_zip *zip) {
    return zip->n;
}

const pt_zip_member *pt_zip_at(const pt_zip *zip, size_t i) {
    assert(i < zip->n);
    return &zip->members[i];
}

const pt_zip_member *pt_zip_find(const pt_zip *zip, const char *name) {
    const pt_zip_member key = {.name = name, .n_name = strlen(name)};
    return bsearch(&key, zip->members, zip->n, sizeof key, by_name);
}

patina_status pt_zip_view(const pt_zip *zip, const pt_zip_member *member,
                          const unsigned char **data, patina_error *err) {
    if (member->flags & FLAG_ENCRYPTED) return member_error(zip, member, "is encrypted", err);
    if (member->method != METHOD_STORED || member->size != member->compressed_size)
        return member_error(
            zip, member,
            "is compressed; only stored members, as PyTorch writes them, are supported", err);
    if (member->header_offset > zip->central_offset ||
        zip->central_offset - member->header_offset < LOCAL_HEADER_SIZE)
        return member_error(zip, member, "is outside the file; check that the download is complete",
                            err);

    const unsigned char *header = zip->bytes + member->header_offset;
    if (read_le32(header) != LOCAL_HEADER_SIGNATURE)
        return member_error(zip, member, "is not at the offset of the zip directory", err);
    const size_t n_name = read_le16(header + 26), n_extra = read_le16(header + 28);
    const uint64_t left = zip->central_offset - member->header_offset - LOCAL_HEADER_SIZE;
    if (n_name + n_extra > left || member->size > left - n_name - n_extra)
        return member_error(zip, member, "is outside the file; check that the download is complete",
                            err);
    if (compare_names((const char *)header + LOCAL_HEADER_SIZE, n_name, member->name,
                      member->n_name) != 0)
        return member_error(zip, member, "has a name that differs from the zip directory", err);
    *data = header + LOCAL_HEADER_SIZE + n_name + n_extra;
    return PATINA_OK;
}
