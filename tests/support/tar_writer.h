/* SPDX-License-Identifier: MIT */
/* tar_writer.h - tar files for tests, from the specifications: POSIX.1-2017 pax, "Interchange
 * Format", and GNU tar's manual, "Basic Tar Format" */

#ifndef PATINA_TEST_TAR_WRITER_H
#define PATINA_TEST_TAR_WRITER_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

#define TAR_BLOCK 512

/** Writes the checksum of a header: the sum of its bytes, with spaces in the checksum field. */
static inline void tar_set_checksum(unsigned char *header) {
    unsigned sum = 0;
    char digits[8];
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += header[i];
    snprintf(digits, sizeof digits, "%06o", sum & 0777777);
    memcpy(header + 148, digits, 7); /* with its NUL; a space follows */
}

/** A POSIX header. The name has up to 100 bytes; a size over 8 GiB is in GNU's binary form. */
static inline void tar_fill_header(unsigned char header[TAR_BLOCK], const char *name, char type,
                                   uint64_t size) {
    char digits[16];
    memset(header, 0, TAR_BLOCK);
    const size_t n = strlen(name);
    memcpy(header, name, n < 100 ? n : 100);
    memcpy(header + 100, "0000644\0000000000\0000000000", 24);
    if (size < (uint64_t)1 << 33) {
        snprintf(digits, sizeof digits, "%011llo", (unsigned long long)size);
        memcpy(header + 124, digits, 12);
    } else {
        header[124] = 0x80;
        for (int i = 0; i < 8; i++)
            header[135 - i] = (unsigned char)(size >> (8 * i));
    }
    memcpy(header + 136, "00000000000", 12);
    header[156] = (unsigned char)type;
    memcpy(header + 257, "ustar\00000", 8);
    tar_set_checksum(header);
}

static inline void tar_add_header(pt_strbuf *tar, const char *name, char type, uint64_t size) {
    unsigned char header[TAR_BLOCK];
    tar_fill_header(header, name, type, size);
    pt_strbuf_append_bytes(tar, header, sizeof header);
}

/** Bytes, padded with zeros to a whole block. */
static inline void tar_add_data(pt_strbuf *tar, const void *bytes, size_t n) {
    static const char zeros[TAR_BLOCK];
    pt_strbuf_append_bytes(tar, bytes, n);
    pt_strbuf_append_bytes(tar, zeros, (TAR_BLOCK - n % TAR_BLOCK) % TAR_BLOCK);
}

static inline void tar_add_bytes(pt_strbuf *tar, const char *name, const void *bytes, size_t n) {
    tar_add_header(tar, name, '0', n);
    tar_add_data(tar, bytes, n);
}

static inline void tar_add_text(pt_strbuf *tar, const char *name, const char *text) {
    tar_add_bytes(tar, name, text, strlen(text));
}

/** A long name in the GNU form: in a separate member before the file. */
static inline void tar_add_gnu_long_name(pt_strbuf *tar, const char *name, const char *text) {
    tar_add_header(tar, "././@LongLink", 'L', strlen(name) + 1);
    tar_add_data(tar, name, strlen(name) + 1);
    tar_add_text(tar, name, text);
}

/** One record "<length> <keyword>=<value>\n" of an extended header; length counts its own digits.
 */
static inline void tar_add_pax_record(pt_strbuf *records, const char *keyword, const char *value) {
    const size_t n = strlen(keyword) + strlen(value) + 3;
    size_t length = n;
    char digits[24];
    while (n + (size_t)snprintf(digits, sizeof digits, "%zu", length) != length)
        length++;
    pt_strbuf_printf(records, "%zu %s=%s\n", length, keyword, value);
}

/** A name in an extended header, as pax and Python write it. */
static inline void tar_add_pax_path(pt_strbuf *tar, const char *name, const char *text) {
    pt_strbuf records = {0};
    tar_add_pax_record(&records, "path", name);
    tar_add_header(tar, "././@PaxHeader", 'x', records.length);
    tar_add_data(tar, records.text, records.length);
    tar_add_text(tar, "what the extended header replaces", text);
    pt_strbuf_release(&records);
}

/** The end: two blocks of zeros. */
static inline void tar_end(pt_strbuf *tar) {
    static const char zeros[2 * TAR_BLOCK];
    pt_strbuf_append_bytes(tar, zeros, sizeof zeros);
}

#endif /* PATINA_TEST_TAR_WRITER_H */
