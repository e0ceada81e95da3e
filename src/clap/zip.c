/* SPDX-License-Identifier: MIT */
/* zip.c - where the members of a zip archive lie in memory
 *
 *   local header, name, extra, content            once a member
 *   directory header, name, extra, comment        once a member
 *   [64-bit end record, its locator]
 *   end record
 *
 * Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.3. All numbers are little-endian. Sizes are
 * taken from the directory: PyTorch writes content in a stream, and local headers before it have
 * none.
 */

#include "clap/zip.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Sizes of the fixed parts, with their signatures. */
#define END_BYTES       22U
#define LOCATOR_BYTES   20U
#define END64_BYTES     56U
#define DIRECTORY_BYTES 46U
#define LOCAL_BYTES     30U

#define END_SIGNATURE       0x06054B50U
#define LOCATOR_SIGNATURE   0x07064B50U
#define END64_SIGNATURE     0x06064B50U
#define DIRECTORY_SIGNATURE 0x02014B50U
#define LOCAL_SIGNATURE     0x04034B50U

#define EXTRA_64       1U /* the extra field that holds sizes of 64 bits */
#define FLAG_ENCRYPTED 1U
#define METHOD_STORED  0U
#define SATURATED16    0xFFFFU /* "see the 64-bit record" */
#define SATURATED32    0xFFFFFFFFU

struct pt_zip {
    const char *file;
    const unsigned char *bytes;
    size_t size;
    size_t n_content;       /* bytes before the directory */
    pt_zip_member *members; /* [n], by name */
    size_t n;
};

/* Where the directory lies. */
typedef struct extent {
    uint64_t n_members, offset, size;
} extent;

static uint32_t get16(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get32(const unsigned char *p) {
    return get16(p) | get16(p + 2) << 16;
}

static uint64_t get64(const unsigned char *p) {
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static pt_status fault(const pt_zip *zip, const char *what, pt_error *err) {
    return pt_fail(err, PT_EFORMAT, "file '%s': %s", zip->file, what);
}

static pt_status member_fault(const pt_zip *zip, const pt_zip_member *member, const char *what,
                              pt_error *err) {
    return pt_fail(err, PT_EFORMAT, "file '%s': member '%.*s': %s", zip->file,
                   (int)(member->n_name < 200 ? member->n_name : 200), member->name, what);
}

/* ------------------------------------------------------------------ the end */

static pt_status read_end64(const pt_zip *zip, extent *directory, pt_error *err) {
    if (zip->size < END_BYTES + LOCATOR_BYTES + END64_BYTES)
        return fault(zip, "has no room for the 64-bit record of a zip archive", err);
    const size_t room = zip->size - END_BYTES - LOCATOR_BYTES - END64_BYTES;
    const unsigned char *locator = zip->bytes + zip->size - END_BYTES - LOCATOR_BYTES;
    if (get32(locator) != LOCATOR_SIGNATURE || get32(locator + 4) != 0 || get32(locator + 16) != 1)
        return fault(zip, "says that it has the 64-bit record of a zip archive, and has none", err);
    const uint64_t at = get64(locator + 8);
    if (at > room || get32(zip->bytes + at) != END64_SIGNATURE)
        return fault(zip, "has the 64-bit record of a zip archive not where it says", err);
    const unsigned char *end = zip->bytes + at;
    if (get32(end + 16) != 0 || get32(end + 20) != 0 || get64(end + 24) != get64(end + 32))
        return fault(zip, "is one part of a zip archive of several", err);
    *directory = (extent){get64(end + 32), get64(end + 48), get64(end + 40)};
    return PT_OK;
}

/* The directory's place, checked to be in the file. */
static pt_status read_end(const pt_zip *zip, extent *directory, pt_error *err) {
    if (zip->size < END_BYTES || get32(zip->bytes + zip->size - END_BYTES) != END_SIGNATURE)
        return fault(zip, "does not end as a zip archive does: is the download complete?", err);
    const unsigned char *end = zip->bytes + zip->size - END_BYTES;
    if (get16(end + 4) != 0 || get16(end + 6) != 0 || get16(end + 8) != get16(end + 10))
        return fault(zip, "is one part of a zip archive of several", err);
    if (get16(end + 20) != 0)
        return fault(zip, "ends in a comment that is not there: is the download complete?", err);
    *directory = (extent){get16(end + 10), get32(end + 16), get32(end + 12)};
    if (directory->n_members == SATURATED16 || directory->offset == SATURATED32 ||
        directory->size == SATURATED32)
        PT_TRY(read_end64(zip, directory, err));

    const uint64_t room = zip->size - END_BYTES;
    if (directory->offset > room || directory->size > room - directory->offset)
        return fault(zip, "has a zip directory that is not in the file: is the download complete?",
                     err);
    if (directory->n_members > directory->size / DIRECTORY_BYTES)
        return fault(zip, "has a zip directory too small for its members", err);
    return PT_OK;
}

/* ------------------------------------------------------------ the directory */

/* Numbers that did not fit stand in an extra field, in this order, those that do not fit only. */
static pt_status read_extra(const pt_zip *zip, const unsigned char *extra, size_t n,
                            pt_zip_member *member, pt_error *err) {
    uint64_t *const numbers[] = {&member->size, &member->packed_size, &member->header};

    for (size_t at = 0; at < n;) {
        if (n - at < 4 || get16(extra + at + 2) > n - at - 4)
            return member_fault(zip, member, "has an extra field that is cut off", err);
        const unsigned id = get16(extra + at);
        const unsigned char *field = extra + at + 4;
        size_t left = get16(extra + at + 2);
        at += 4 + left;
        for (size_t i = 0; id == EXTRA_64 && i < 3; i++) {
            if (*numbers[i] != SATURATED32) continue;
            if (left < 8)
                return member_fault(zip, member, "has a 64-bit field that is cut off", err);
            *numbers[i] = get64(field);
            field += 8;
            left -= 8;
        }
        if (id == EXTRA_64) return PT_OK;
    }
    return PT_OK;
}

/* One directory header from at on; *at is behind it then. */
static pt_status read_member(const pt_zip *zip, const extent *directory, uint64_t *at,
                             pt_zip_member *member, pt_error *err) {
    const uint64_t left = directory->offset + directory->size - *at;
    const unsigned char *header = zip->bytes + *at;

    if (left < DIRECTORY_BYTES || get32(header) != DIRECTORY_SIGNATURE)
        return fault(zip, "has a zip directory that is damaged", err);
    const size_t n_name = get16(header + 28), n_extra = get16(header + 30);
    const size_t n_comment = get16(header + 32);
    if (n_name + n_extra + n_comment > left - DIRECTORY_BYTES)
        return fault(zip, "has a zip directory that is cut off", err);
    *member = (pt_zip_member){
        .name = (const char *)header + DIRECTORY_BYTES,
        .n_name = n_name,
        .size = get32(header + 24),
        .packed_size = get32(header + 20),
        .header = get32(header + 42),
        .method = get16(header + 10),
        .flags = get16(header + 8),
    };
    if (n_name == 0 || memchr(member->name, '\0', n_name))
        return fault(zip, "has a member without a proper name", err);
    PT_TRY(read_extra(zip, header + DIRECTORY_BYTES + n_name, n_extra, member, err));
    if (get16(header + 34) != 0)
        return member_fault(zip, member, "lies in another part of the archive", err);
    if (member->header > directory->offset || member->packed_size > directory->offset)
        return member_fault(zip, member, "is not in the file: is the download complete?", err);
    *at += DIRECTORY_BYTES + n_name + n_extra + n_comment;
    return PT_OK;
}

static int compare_names(const char *a, size_t n_a, const char *b, size_t n_b) {
    const int order = memcmp(a, b, n_a < n_b ? n_a : n_b);
    return order != 0 ? order : (n_a > n_b) - (n_a < n_b);
}

static int by_name(const void *a, const void *b) {
    const pt_zip_member *x = a, *y = b;
    return compare_names(x->name, x->n_name, y->name, y->n_name);
}

static pt_status read_directory(pt_zip *zip, pt_error *err) {
    extent directory = {0};
    PT_TRY(read_end(zip, &directory, err));

    uint64_t at = directory.offset;
    zip->n_content = (size_t)directory.offset;
    zip->members = calloc((size_t)directory.n_members + 1, sizeof *zip->members);
    if (!zip->members) return pt_fail(err, PT_ENOMEM, "file '%s': out of memory", zip->file);
    for (; zip->n < directory.n_members; zip->n++)
        PT_TRY(read_member(zip, &directory, &at, &zip->members[zip->n], err));
    if (at != directory.offset + directory.size)
        return fault(zip, "has more in its zip directory than its members", err);
    qsort(zip->members, zip->n, sizeof *zip->members, by_name);
    for (size_t i = 1; i < zip->n; i++)
        if (by_name(&zip->members[i - 1], &zip->members[i]) == 0)
            return member_fault(zip, &zip->members[i], "is there twice", err);
    return PT_OK;
}

/* ------------------------------------------------------------------- opening */

pt_status pt_zip_open(const char *file, const unsigned char *bytes, size_t size, pt_zip **zip,
                      pt_error *err) {
    pt_zip *opened = calloc(1, sizeof *opened);

    if (!opened) return pt_fail(err, PT_ENOMEM, "file '%s': out of memory", file);
    *opened = (pt_zip){.file = file, .bytes = bytes, .size = size};
    const pt_status status = read_directory(opened, err);
    if (status == PT_OK)
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

pt_status pt_zip_view(const pt_zip *zip, const pt_zip_member *member, const unsigned char **data,
                      pt_error *err) {
    if (member->flags & FLAG_ENCRYPTED) return member_fault(zip, member, "is encrypted", err);
    if (member->method != METHOD_STORED || member->size != member->packed_size)
        return member_fault(zip, member,
                            "is compressed; PyTorch stores, and only that is read: save it again",
                            err);
    if (member->header > zip->n_content || zip->n_content - member->header < LOCAL_BYTES)
        return member_fault(zip, member, "is not in the file: is the download complete?", err);

    const unsigned char *header = zip->bytes + member->header;
    if (get32(header) != LOCAL_SIGNATURE)
        return member_fault(zip, member, "is not where the zip directory says", err);
    const size_t n_name = get16(header + 26), n_extra = get16(header + 28);
    const uint64_t left = zip->n_content - member->header - LOCAL_BYTES;
    if (n_name + n_extra > left || member->size > left - n_name - n_extra)
        return member_fault(zip, member, "is not in the file: is the download complete?", err);
    if (compare_names((const char *)header + LOCAL_BYTES, n_name, member->name, member->n_name) !=
        0)
        return member_fault(zip, member, "has another name than in the zip directory", err);
    *data = header + LOCAL_BYTES + n_name + n_extra;
    return PT_OK;
}
