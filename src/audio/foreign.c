/* SPDX-License-Identifier: MIT */
/* foreign.c - signatures, and three walks over elements that each begin with a size
 *
 * Sources: ISO/IEC 14496-12, 4.2 (boxes); RFC 8794, 4 and 5 (EBML), and Matroska, RFC 9559;
 * Microsoft, "Advanced Systems Format Specification" 2; ISO/IEC 14496-3, 1.A.2.2 (ADTS);
 * ETSI TS 102 366, 4.3 and E.1.2 (AC-3); RFC 4867, 5 (AMR).
 */

#include "audio/foreign.h"

#include <stddef.h>
#include <string.h>

#include "audio/container.h"

#define ELEMENTS_MAX 65536 /* a fragment of a streamed MP4 is two of them, and lasts seconds */

static const struct {
    size_t offset;
    const char *bytes;
    pt_foreign foreign;
} signatures[] = {
    {4, "ftyp", {"MP4 or M4A", "mp4", "mov", PT_WALK_BOXES}},
    {4, "moov", {"QuickTime", "mov", "mov", PT_WALK_BOXES}},
    {4, "wide", {"QuickTime", "mov", "mov", PT_WALK_BOXES}},
    {0, "\x1A\x45\xDF\xA3", {"WebM or Matroska", "webm", "matroska", PT_WALK_EBML}},
    {0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11", {"WMA", "wma", "asf", PT_WALK_ASF}},
    {0, "MAC ", {"Monkey's Audio", "ape", "ape", PT_WALK_NONE}},
    {0, "wvpk", {"WavPack", "wavpack", "wv", PT_WALK_NONE}},
    {0, "#!AMR", {"AMR", "amr", "amr", PT_WALK_NONE}},
    {28,
     "\x7F"
     "FLAC",
     {"FLAC in Ogg", "ogg", NULL, PT_WALK_NONE}},
    {28, "Speex", {"Speex", "ogg", NULL, PT_WALK_NONE}},
};

static const pt_foreign aac = {"AAC (ADTS)", "aac", "aac", PT_WALK_NONE};
static const pt_foreign ac3 = {"AC-3", "ac3", "ac3", PT_WALK_NONE};
static const pt_foreign eac3 = {"E-AC-3", "eac3", "eac3", PT_WALK_NONE};

static bool read_exactly(const pt_bytes *bytes, uint64_t offset, void *buffer, size_t n) {
    return pt_bytes_read_at(bytes, offset, buffer, n) == (int64_t)n;
}

static uint64_t big(const unsigned char *b, unsigned n) {
    uint64_t value = 0;
    for (unsigned i = 0; i < n; i++)
        value = value << 8 | b[i];
    return value;
}

/** Length of the ADTS frame whose header stands there; 0 if none does. */
static unsigned adts_length(const pt_bytes *bytes, uint64_t at) {
    unsigned char h[7];
    if (!read_exactly(bytes, at, h, sizeof h) || h[0] != 0xFF || (h[1] & 0xF6) != 0xF0) return 0;
    const unsigned length = (h[3] & 3U) << 11 | h[4] << 3 | h[5] >> 5;
    const unsigned rate = h[2] >> 2 & 15;
    return length > 7 && rate < 13 ? length : 0;
}

/** Two frames in a row, or one that is all there is. */
static bool is_adts(const pt_bytes *bytes) {
    const uint64_t first = pt_id3_end(bytes);
    const unsigned length = adts_length(bytes, first);
    return length > 0 && (first + length >= bytes->size || adts_length(bytes, first + length) > 0);
}

const pt_foreign *pt_foreign_find(const pt_bytes *bytes) {
    unsigned char head[64] = {0};
    const int64_t n = pt_bytes_read_at(bytes, 0, head, sizeof head);

    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const size_t length = strlen(signatures[i].bytes);
        if (n >= (int64_t)(signatures[i].offset + length) &&
            memcmp(head + signatures[i].offset, signatures[i].bytes, length) == 0)
            return &signatures[i].foreign;
    }
    if (n >= 6 && head[0] == 0x0B && head[1] == 0x77) /* bsid: 16 and some below are E-AC-3 */
        return head[5] >> 3 <= 10 ? &ac3 : head[5] >> 3 <= 16 ? &eac3 : NULL;
    return is_adts(bytes) ? &aac : NULL;
}

/* Walks ------------------------------------------------------------------------------------ */

static pt_status check_end(const char *what, uint64_t at, uint64_t size, const pt_bytes *bytes,
                           pt_error *err) {
    if (size <= bytes->size - at) return PT_OK;
    return pt_fail(err, PT_REJECT_TRUNCATED, "%s at byte %llu has %llu bytes, and %llu are there",
                   what, (unsigned long long)at, (unsigned long long)size,
                   (unsigned long long)(bytes->size - at));
}

/** Boxes that hold sound or tell of it: what else stands at the end may be anything. */
static pt_status walk_boxes(const pt_bytes *bytes, pt_error *err) {
    static const char *const ours[] = {"ftyp", "moov", "mdat", "moof", "wide", "free", "sidx"};
    unsigned char h[16];
    uint64_t at = 0;

    for (unsigned n = 0; n < ELEMENTS_MAX && read_exactly(bytes, at, h, 8); n++) {
        const char *name = NULL;
        uint64_t size = big(h, 4);
        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
            if (memcmp(h + 4, ours[i], 4) == 0) name = ours[i];
        if (size == 1 && read_exactly(bytes, at, h, 16)) size = big(h + 8, 8);
        if (size < 8) return PT_OK; /* 0: to the end of the file; others are none */
        if (name) PT_TRY(check_end(name, at, size, bytes, err));
        if (size > bytes->size - at) return PT_OK;
        at += size;
    }
    return PT_OK;
}

/** A number whose first byte has as many zeros in front as bytes follow it; 0 bytes: none. Without
 * its mark if it is a size, which is unknown where all its bits are ones. */
static unsigned ebml_number(const unsigned char *b, bool is_size, uint64_t *value) {
    unsigned n = 1;
    while (n <= 8 && !(b[0] & 0x100U >> n))
        n++;
    if (n > 8) return 0;
    *value = big(b, n);
    if (is_size) {
        const uint64_t mark = (uint64_t)1 << (7 * n);
        *value &= mark - 1;
        if (*value == mark - 1) *value = UINT64_MAX;
    }
    return n;
}

static pt_status walk_ebml(const pt_bytes *bytes, pt_error *err) {
    unsigned char h[16] = {0};
    uint64_t at = 0, id, size;

    for (unsigned n = 0; n < 16 && pt_bytes_read_at(bytes, at, h, sizeof h) >= 5; n++) {
        const unsigned n_id = ebml_number(h, false, &id);
        const unsigned n_size = n_id > 0 && n_id <= 4 ? ebml_number(h + n_id, true, &size) : 0;
        if (n_size == 0 || size == UINT64_MAX) return PT_OK;
        at += n_id + n_size;
        if (at > bytes->size) return PT_OK;
        if (id == 0x18538067) return check_end("the segment", at, size, bytes, err);
        if (size > bytes->size - at) return PT_OK;
        at += size;
    }
    return PT_OK;
}

static pt_status walk_asf(const pt_bytes *bytes, pt_error *err) {
    static const unsigned char data[4] = {0x36, 0x26, 0xB2, 0x75}; /* of its identifier */
    unsigned char h[24];
    uint64_t at = 0;

    for (unsigned n = 0; n < ELEMENTS_MAX && read_exactly(bytes, at, h, sizeof h); n++) {
        uint64_t size = 0;
        for (int i = 23; i >= 16; i--)
            size = size << 8 | h[i];
        if (size < sizeof h) return PT_OK; /* 0: never filled in */
        if (n == 0) PT_TRY(check_end("the header", at, size, bytes, err));
        if (memcmp(h, data, sizeof data) == 0) return check_end("the data", at, size, bytes, err);
        if (size > bytes->size - at) return PT_OK;
        at += size;
    }
    return PT_OK;
}

pt_status pt_foreign_check(const pt_foreign *foreign, const pt_bytes *bytes, pt_error *err) {
    switch (foreign->walk) {
    case PT_WALK_BOXES:
        return walk_boxes(bytes, err);
    case PT_WALK_EBML:
        return walk_ebml(bytes, err);
    case PT_WALK_ASF:
        return walk_asf(bytes, err);
    default:
        return PT_OK;
    }
}
