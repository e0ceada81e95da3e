/* SPDX-License-Identifier: MIT */
/* flac_header.c - metadata blocks, frame headers with their checksums, joined streams */

#include "audio/flac_header.h"

#include <stdlib.h>
#include <string.h>

#include "audio/byte_reader.h"
#include "base/error.h"

#define BLOCKS_MAX      4096
#define COMMENT_MAX     (1U << 20) /* maximum of a block of comments */
#define COMMENT_BYTES   8192       /* of it, read at a time */
#define MASK_DIGITS_MAX 24
#define TAIL_MIN        (1U << 17) /* minimum of bytes at the end that contain a whole frame ... */
#define TAIL_MAX        (1U << 22) /* ... and maximum, whatever frame size a header declares */
#define CANDIDATE_MAX   1024       /* headers in them */
#define SEARCH_BYTES    (1U << 16) /* read at a time in the search for joined streams */

/* Metadata --------------------------------------------------------------------------------- */

/** The mask in a block of Vorbis comments; 0 without one. A comment follows its length, 4 bytes, of
 * which the first is the lowest. Reads overlap by a comment with a mask. */
static uint64_t find_channel_mask(const pt_byte_source *bytes, uint64_t at, uint64_t size) {
    static const char name[] = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK=";
    enum { N_NAME = sizeof name - 1, N_STEP = COMMENT_BYTES - 4 - N_NAME - MASK_DIGITS_MAX };
    char text[COMMENT_BYTES + 1];

    if (size > COMMENT_MAX) size = COMMENT_MAX;
    for (uint64_t from = 0; from < size; from += N_STEP) {
        const size_t n = size - from < COMMENT_BYTES ? (size_t)(size - from) : COMMENT_BYTES;
        if (!pt_read_exactly(bytes, at + from, text, n)) return 0;
        text[n] = '\0';
        for (size_t i = 4; i < 4 + N_STEP && i + N_NAME <= n; i++) {
            if (strncasecmp(text + i, name, N_NAME) != 0) continue;
            const size_t end = i + (unsigned char)text[i - 4];
            if (end < n) text[end] = '\0'; /* the length of the next comment may be a digit */
            return strtoull(text + i + N_NAME, NULL, 0);
        }
    }
    return 0;
}

bool pt_flac_read_header(const pt_byte_source *bytes, pt_flac_header *header) {
    unsigned char b[4 + 4 + 34];
    uint64_t at = 4;

    if (!pt_read_exactly(bytes, 0, b, sizeof b) || memcmp(b, "fLaC", 4) != 0 || (b[4] & 0x7F) != 0)
        return false;
    const unsigned char *info = b + 8;
    *header = (pt_flac_header){.rate_hz = (unsigned)pt_read_be(info + 10, 3) >> 4,
                               .n_channels = (info[12] >> 1 & 7U) + 1,
                               .bits = ((info[12] & 1U) << 4 | info[13] >> 4) + 1,
                               .block_frames = (unsigned)pt_read_be(info, 2),
                               .max_frame_bytes = (unsigned)pt_read_be(info + 7, 3),
                               .total_frames = pt_read_be(info + 13, 5) & 0xFFFFFFFFFU};
    for (int n = 0; n < BLOCKS_MAX && pt_read_exactly(bytes, at, b, 4); n++) {
        const uint64_t size = pt_read_be(b + 1, 3);
        if ((b[0] & 0x7F) == 4) header->channel_mask = find_channel_mask(bytes, at + 4, size);
        at += 4 + size;
        if (b[0] & 0x80) break;
    }
    header->first_frame = at;
    return true;
}

/* Frames ----------------------------------------------------------------------------------- */

static unsigned crc8(const unsigned char *b, size_t n) {
    unsigned crc = 0;
    for (size_t i = 0; i < n; i++) {
        crc ^= b[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 0x80 ? (crc << 1 ^ 0x107) & 0xFF : crc << 1;
    }
    return crc;
}

static void make_crc16_table(uint16_t table[256]) {
    for (unsigned i = 0; i < 256; i++) {
        unsigned r = i << 8;
        for (int k = 0; k < 8; k++)
            r = r & 0x8000 ? r << 1 ^ 0x8005 : r << 1;
        table[i] = (uint16_t)r;
    }
}

/** A number as UTF-8 writes code points, of up to 36 bits; its bytes, or 0. */
static size_t read_coded_number(const unsigned char *b, size_t n, uint64_t *value) {
    size_t length = 0;
    if (n == 0) return 0;
    while (length < 8 && b[0] & 0x80U >> length)
        length++;
    if (length == 0) {
        *value = b[0];
        return 1;
    }
    if (length == 1 || length == 8 || length > n) return 0;
    *value = b[0] & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xC0) != 0x80) return 0;
        *value = *value << 6 | (b[i] & 0x3F);
    }
    return length;
}

/** The sample frames up to the end of the FLAC frame whose header b begins with; 0 without one. */
static uint64_t read_frame_header(const pt_flac_header *header, const unsigned char *b, size_t n) {
    uint64_t number = 0;
    if (n < 6 || b[0] != 0xFF || (b[1] & 0xFE) != 0xF8 || b[3] & 1) return 0;
    const unsigned size_code = b[2] >> 4, rate_code = b[2] & 15, channels = b[3] >> 4;
    const unsigned n_channels = channels < 8 ? channels + 1 : 2;
    if (size_code == 0 || rate_code == 15 || channels > 10 || n_channels != header->n_channels)
        return 0;
    size_t at = 4 + read_coded_number(b + 4, n - 4, &number);
    if (at == 4 || at + 5 > n) return 0;
    unsigned block = size_code == 1  ? 192
                     : size_code < 6 ? 576U << (size_code - 2)
                                     : 256U << (size_code & 7);
    if (size_code == 6) block = b[at++] + 1U;
    if (size_code == 7) {
        block = (unsigned)pt_read_be(b + at, 2) + 1;
        at += 2;
    }
    at += rate_code == 12 ? 1 : rate_code == 13 || rate_code == 14 ? 2 : 0;
    if (at >= n || crc8(b, at) != b[at]) return 0;
    const bool by_sample = b[1] & 1;
    return (by_sample ? number : number * header->block_frames) + block;
}

/** A frame header, and the sample frames up to the end of its frame. */
typedef struct candidate {
    size_t at;
    uint64_t end;
} candidate;

/** The furthest end of a frame whose checksum is right: one that reaches from one header to another
 * or to the end of the bytes. */
static uint64_t find_verified(const unsigned char *b, size_t n, const candidate *found,
                              size_t n_found, bool *is_at_end) {
    uint16_t table[256];
    uint64_t end = 0;

    make_crc16_table(table);
    *is_at_end = false;
    for (size_t i = n_found; i-- > 0 && !*is_at_end;) {
        unsigned crc = 0;
        size_t next = i + 1;
        bool verified = false;
        for (size_t at = found[i].at; at < n && !verified; at++) {
            crc = (crc << 8 ^ table[(crc >> 8 ^ b[at]) & 0xFF]) & 0xFFFF;
            if (next < n_found && at + 1 == found[next].at) {
                verified = crc == 0;
                next++;
            }
        }
        if (!verified && crc == 0) *is_at_end = verified = true;
        if (verified && (*is_at_end || found[i].end > end)) end = found[i].end;
        if (n_found - i > (end > 0 ? 8 : 32)) break; /* junk after the frames, or no frames */
    }
    return end;
}

patina_status pt_flac_find_end(const pt_byte_source *bytes, const pt_flac_header *header,
                               uint64_t *end, bool *is_at_end, patina_error *err) {
    uint64_t size = 3 * (uint64_t)header->max_frame_bytes;
    size_t n_found = 0;
    patina_status status = PATINA_OK;

    *end = 0;
    *is_at_end = false;
    if (header->first_frame >= bytes->size) return PATINA_OK;
    if (size < TAIL_MIN) size = TAIL_MIN;
    if (size > TAIL_MAX) size = TAIL_MAX;
    if (size > bytes->size - header->first_frame) size = bytes->size - header->first_frame;
    unsigned char *b = malloc((size_t)size);
    candidate *found = malloc(CANDIDATE_MAX * sizeof *found);
    if (!b || !found) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    } else if (pt_read_exactly(bytes, bytes->size - size, b, (size_t)size)) {
        /* from the end, as the last ones count */
        for (size_t at = (size_t)size; at-- > 0 && n_found < CANDIDATE_MAX;) {
            const uint64_t frame_end =
                b[at] == 0xFF ? read_frame_header(header, b + at, (size_t)size - at) : 0;
            if (frame_end > 0) found[n_found++] = (candidate){at, frame_end};
        }
        for (size_t i = 0; i < n_found / 2; i++) {
            const candidate other = found[i];
            found[i] = found[n_found - 1 - i];
            found[n_found - 1 - i] = other;
        }
        *end = find_verified(b, (size_t)size, found, n_found, is_at_end);
    }
    free(b);
    free(found);
    return status;
}

patina_status pt_flac_find_streams(const pt_byte_source *bytes, uint64_t from, uint64_t end,
                                   pt_joined_streams *streams, patina_error *err) {
    /* with the header of STREAMINFO, whose first byte may have the flag of the last block */
    static const char magic[] = "fLaC\0\0\0\42";
    enum { N_MAGIC = sizeof magic - 1 };
    unsigned char *b = malloc(SEARCH_BYTES);
    patina_status status = b ? pt_joined_streams_add(streams, from, end, err)
                             : pt_fail(err, PATINA_ENOMEM, "out of memory");

    for (uint64_t at = from + 4; status == PATINA_OK && at < end;) {
        const uint64_t left = end - at;
        const int64_t got =
            pt_byte_source_read_at(bytes, at, b, left < SEARCH_BYTES ? (size_t)left : SEARCH_BYTES);
        if (got < N_MAGIC) break;
        const unsigned char *found = b, *stop = b + got;
        for (; (found = memmem(found, (size_t)(stop - found), magic, 4)) && status == PATINA_OK;
             found += 4) {
            if (stop - found < N_MAGIC) break;
            if ((found[4] & 0x7F) == 0 && memcmp(found + 5, magic + 5, 3) == 0)
                status = pt_joined_streams_add(streams, at + (uint64_t)(found - b), end, err);
        }
        if ((uint64_t)got == left) break;
        at += (uint64_t)got - (N_MAGIC - 1);
    }
    free(b);
    return status;
}
