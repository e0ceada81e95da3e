/* SPDX-License-Identifier: MIT */
/* mpeg_frame.c - finds and checks consecutive frames */

#include "audio/mpeg_frame.h"

#include <string.h>

#include "audio/tag_skip.h"

#define BLOCK_BYTES   16384 /* of a walk: over three frames of the largest size, 2881 bytes */
#define SEARCH_BYTES  ((uint64_t)16 << 20) /* maximum of data before the first frame */
#define DECODER_DELAY 529                  /* samples of the synthesis filter bank, after LAME */

/** Bytes of a file, read in blocks. */
typedef struct block_reader {
    const pt_byte_source *bytes;
    uint64_t end; /* of the bytes to look at */
    uint64_t at;  /* offset of block[0] */
    size_t n;
    unsigned char block[BLOCK_BYTES];
} block_reader;

/** The bytes at offset, at least `wanted` of them except at the end; *n is their number. */
static const unsigned char *peek(block_reader *r, uint64_t offset, size_t wanted, size_t *n) {
    if (offset < r->at || offset - r->at + wanted > r->n) {
        const uint64_t left = offset < r->end ? r->end - offset : 0;
        const int64_t got = pt_byte_source_read_at(
            r->bytes, offset, r->block, left < sizeof r->block ? (size_t)left : sizeof r->block);
        r->at = offset;
        r->n = got > 0 ? (size_t)got : 0;
    }
    *n = r->n - (size_t)(offset - r->at);
    return r->block + (offset - r->at);
}

unsigned pt_mpeg_frame_bytes(const unsigned char h[4]) {
    /* kbit/s by [MPEG-1 layers I, II, III; MPEG-2 layer I; MPEG-2 layers II and III] */
    static const unsigned short rates[5][15] = {
        {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
        {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
    };
    static const unsigned hz[3] = {44100, 48000, 32000};
    const unsigned version = h[1] >> 3 & 3; /* 0: 2.5, 1: reserved, 2: MPEG-2, 3: MPEG-1 */
    const unsigned layer = 4 - (h[1] >> 1 & 3);
    const unsigned bitrate = h[2] >> 4, rate = h[2] >> 2 & 3, padding = h[2] >> 1 & 1;

    if (h[0] != 0xFF || (h[1] & 0xE0) != 0xE0) return 0;
    if (version == 1 || layer == 4 || bitrate == 0 || bitrate == 15 || rate == 3) return 0;
    const unsigned table = version == 3 ? layer - 1 : layer == 1 ? 3 : 4;
    const unsigned bits_s = 1000U * rates[table][bitrate];
    const unsigned rate_hz = hz[rate] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
    if (layer == 1) return (12 * bits_s / rate_hz + padding) * 4;
    return (layer == 3 && version != 3 ? 72 : 144) * bits_s / rate_hz + padding;
}

/** Whether two frames can be of one stream: version, layer and rate are equal, and so is mono. */
static bool has_same_format(const unsigned char *a, const unsigned char *b) {
    return a[1] >> 1 == b[1] >> 1 && (a[2] & 0x0C) == (b[2] & 0x0C) &&
           ((a[3] & 0xC0) == 0xC0) == ((b[3] & 0xC0) == 0xC0);
}

/** Whether three frames of one format follow each other at the start of b. */
static bool is_frame_sequence(const unsigned char *b, size_t n) {
    size_t at = 0;
    for (int k = 0; k < 3; k++) {
        if (n < 4 || at > n - 4) return false;
        const unsigned length = pt_mpeg_frame_bytes(b + at);
        if (length == 0 || !has_same_format(b, b + at)) return false;
        at += length;
    }
    return true;
}

static bool find_sequence(block_reader *r, uint64_t from, uint64_t end, uint64_t *first) {
    for (uint64_t at = from; at < end;) {
        size_t n;
        const unsigned char *b = peek(r, at, BLOCK_BYTES / 2, &n);
        if (n < 4) return false;
        const unsigned char *sync = memchr(b, 0xFF, n);
        if (sync != b) { /* to the next byte that may begin a frame */
            at += sync ? (size_t)(sync - b) : n;
            continue;
        }
        if (is_frame_sequence(b, n)) {
            *first = at;
            return true;
        }
        at++;
    }
    return false;
}

bool pt_mpeg_find_first(const pt_byte_source *bytes, uint64_t from, uint64_t end, uint64_t *first) {
    block_reader r = {.bytes = bytes, .end = end};
    return find_sequence(&r, from, end - from < SEARCH_BYTES ? end : from + SEARCH_BYTES, first);
}

static uint32_t read_be32(const unsigned char *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/** The information in the frame that b begins with. */
static pt_mpeg_info_frame read_info(const unsigned char *b, size_t n) {
    pt_mpeg_info_frame info = {0};
    if (n < 4 + 32 + 18 || !(info.bytes = pt_mpeg_frame_bytes(b))) return info;
    const bool mpeg1 = (b[1] >> 3 & 3) == 3, mono = b[3] >> 6 == 3;
    const size_t side = mpeg1 ? (mono ? 17 : 32) : (mono ? 9 : 17); /* bytes of side information */

    if (memcmp(b + 4 + 32, "VBRI", 4) == 0) {
        info.kind = PT_MPEG_INFO_VBRI;
        info.n_frames = read_be32(b + 4 + 32 + 14);
    }
    for (size_t crc = 0; crc <= 2; crc += 2) { /* writers disagree whether a checksum shifts it */
        const unsigned char *tag = b + 4 + side + crc;
        if (memcmp(tag, "Xing", 4) != 0 && memcmp(tag, "Info", 4) != 0) continue;
        info.kind = PT_MPEG_INFO_XING;
        info.n_frames = tag[7] & 1 ? read_be32(tag + 8) : 0;
        size_t at = (size_t)(tag - b) + 8; /* fields that the flags announce, then LAME's */
        at += (tag[7] & 1 ? 4U : 0) + (tag[7] & 2 ? 4U : 0) + (tag[7] & 4 ? 100U : 0) +
              (tag[7] & 8 ? 4U : 0);
        if (at + 24 <= n && at + 24 <= info.bytes && b[at] != 0) {
            const unsigned delay = (unsigned)b[at + 21] << 4 | b[at + 22] >> 4;
            if (delay > 0) info.delay = delay + DECODER_DELAY;
        }
        break;
    }
    return info;
}

pt_mpeg_info_frame pt_mpeg_read_info(const pt_byte_source *bytes, uint64_t offset) {
    unsigned char b[256];
    const int64_t n = pt_byte_source_read_at(bytes, offset, b, sizeof b);
    return read_info(b, n > 0 ? (size_t)n : 0);
}

/** One step of a walk over a stream that begins with `head`. */
typedef enum walk_step { STEP_FRAME, STEP_NEW_STREAM, STEP_END } walk_step;

/** Moves from the frame at *at to the next one, past junk and tags. */
static walk_step walk(block_reader *r, const unsigned char head[4], uint64_t *at) {
    size_t n;
    const unsigned char *b = peek(r, *at, 4, &n);
    unsigned length = n >= 4 ? pt_mpeg_frame_bytes(b) : 0;
    uint64_t next = *at + (length ? length : 1);

    b = peek(r, next, 256, &n);
    if (n >= 4 && pt_mpeg_frame_bytes(b) > 0 && has_same_format(head, b)) {
        *at = next;
        return read_info(b, n).kind == PT_MPEG_INFO_NONE ? STEP_FRAME : STEP_NEW_STREAM;
    }
    const uint64_t behind_tag = pt_tag_skip_leading(r->bytes, next);
    if (behind_tag >= r->end || !find_sequence(r, behind_tag, r->end, at)) return STEP_END;
    b = peek(r, *at, 256, &n);
    return behind_tag > next || !has_same_format(head, b) ||
                   read_info(b, n).kind != PT_MPEG_INFO_NONE
               ? STEP_NEW_STREAM
               : STEP_FRAME;
}

patina_status pt_mpeg_find_streams(const pt_byte_source *bytes, uint64_t from, uint64_t end,
                                   pt_joined_streams *streams, patina_error *err) {
    block_reader r = {.bytes = bytes, .end = end};
    walk_step step = STEP_NEW_STREAM;
    unsigned char head[4] = {0};
    uint64_t at = from;

    if (!find_sequence(&r, from, end, &at)) step = STEP_END; /* too few frames, or free format */
    if (step == STEP_END) return pt_joined_streams_add(streams, from, end, err);
    while (step != STEP_END) {
        if (step == STEP_NEW_STREAM) {
            size_t n;
            memcpy(head, peek(&r, at, sizeof head, &n), sizeof head);
            const patina_status status = pt_joined_streams_add(streams, at, end, err);
            if (status != PATINA_OK) return status;
        }
        step = walk(&r, head, &at);
    }
    return PATINA_OK;
}

uint64_t pt_mpeg_count_frames(const pt_byte_source *bytes) {
    block_reader r = {.bytes = bytes, .end = bytes->size};
    unsigned char head[4];
    uint64_t n = 1, at = 0;

    if (pt_byte_source_read_at(bytes, 0, head, 4) != 4 || pt_mpeg_frame_bytes(head) == 0) return 0;
    while (walk(&r, head, &at) != STEP_END)
        n++;
    return n;
}
