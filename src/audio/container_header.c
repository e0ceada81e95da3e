/* SPDX-License-Identifier: MIT */
/* container_header.c - the chunk walk of RIFF and its relatives, and the MPEG frame header
 *
 * Sources: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, WAVE);
 * EBU Tech 3306 (RF64); Apple, "Audio Interchange File Format" 1.3 and AIFF-C draft; Sonic Foundry,
 * "Sony Wave64"; Apple Core Audio Format 1.0; ISO/IEC 11172-3 2.4.1.3 and 13818-3; ID3 2.4.0.
 */

#include "audio/container_header.h"

#include <string.h>

#define CHUNKS_MAX 4096 /* of a file made of tiny chunks; a real one has a dozen */

/** How the chunks of a container are written. */
typedef struct layout {
    const char *magic; /* at the file's start */
    const char *form;  /* at form_offset; NULL for any */
    uint64_t form_offset;
    uint64_t first;            /* offset of the first chunk */
    unsigned id_bytes;         /* W64's identifiers are 16 bytes, the first 4 of them telling */
    unsigned size_bytes;       /* width of a chunk's size */
    bool big_endian;           /* of sizes */
    bool size_includes_header; /* the size counts the chunk's header too */
    unsigned alignment;        /* chunks start at multiples of it */
    const char *data_name;     /* of the chunk that holds the samples */
    unsigned data_preface;     /* bytes in it before the samples */
    pt_container_format kind;
} layout;

static const layout layouts[] = {
    {"RIFF", "WAVE", 8, 12, 4, 4, false, false, 2, "data", 0, PT_CONTAINER_WAV},
    {"RIFX", "WAVE", 8, 12, 4, 4, true, false, 2, "data", 0, PT_CONTAINER_WAV},
    {"RF64", "WAVE", 8, 12, 4, 4, false, false, 2, "data", 0, PT_CONTAINER_RF64},
    {"FORM", "AIFF", 8, 12, 4, 4, true, false, 2, "SSND", 8, PT_CONTAINER_AIFF},
    {"FORM", "AIFC", 8, 12, 4, 4, true, false, 2, "SSND", 8, PT_CONTAINER_AIFF},
    {"riff", "wave", 24, 40, 16, 8, false, true, 8, "data", 0, PT_CONTAINER_W64},
    {"caff", NULL, 0, 8, 4, 8, true, false, 1, "data", 4, PT_CONTAINER_CAF},
};

static uint64_t read_uint(const unsigned char *b, unsigned n, bool big_endian) {
    uint64_t value = 0;
    for (unsigned i = 0; i < n; i++)
        value = value << 8 | b[big_endian ? i : n - 1 - i];
    return value;
}

static bool read_exactly(const pt_byte_source *bytes, uint64_t offset, void *buffer, size_t n) {
    return pt_byte_source_read_at(bytes, offset, buffer, n) == (int64_t)n;
}

static bool matches_at(const pt_byte_source *bytes, uint64_t offset, const char *four) {
    char found[4];
    return read_exactly(bytes, offset, found, 4) && memcmp(found, four, 4) == 0;
}

static const layout *find_layout(const pt_byte_source *bytes) {
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (matches_at(bytes, 0, layouts[i].magic) &&
            (!layouts[i].form || matches_at(bytes, layouts[i].form_offset, layouts[i].form)))
            return &layouts[i];
    return NULL;
}

/** The code of a fmt chunk's body; WAVE_FORMAT_EXTENSIBLE keeps its own in a GUID. */
static unsigned wave_format(const pt_byte_source *bytes, uint64_t body, uint64_t size,
                            bool big_endian) {
    unsigned char b[2];
    unsigned code = 0;
    if (size >= 2 && read_exactly(bytes, body, b, 2)) code = (unsigned)read_uint(b, 2, big_endian);
    if (code == 0xFFFE && size >= 26 && read_exactly(bytes, body + 24, b, 2))
        code = (unsigned)read_uint(b, 2, big_endian);
    return code;
}

/** A W64 identifier is told by its first four bytes: the rest of the GUID is the same for all. */
static bool has_chunk_id(const unsigned char *id, const char *name) {
    return memcmp(id, name, 4) == 0;
}

/** Fills in what the chunk of samples at `chunk` claims; size is of its body. */
static void set_data_chunk(const layout *l, const pt_byte_source *bytes, uint64_t chunk,
                           uint64_t size, uint64_t ds64, pt_container_header *c) {
    const uint64_t body = chunk + l->id_bytes + l->size_bytes;
    uint64_t preface = l->data_preface;
    bool unknown = false;
    unsigned char b[8];

    c->size_offset = chunk + l->id_bytes;
    c->size_bytes = l->size_bytes;
    if (l->kind == PT_CONTAINER_WAV) {
        unknown = size == 0 || size == 0xFFFFFFFFU; /* a recorder that was stopped, or a pipe */
    } else if (l->kind == PT_CONTAINER_RF64 && size == 0xFFFFFFFFU) {
        unknown = true;
        if (ds64 != 0 && read_exactly(bytes, ds64 + 8, b, 8)) {
            size = read_uint(b, 8, false);
            c->size_offset = ds64 + 8;
            c->size_bytes = 8;
            unknown = size == 0 || size == UINT64_MAX;
        }
    } else if (l->kind == PT_CONTAINER_CAF) {
        unknown = size == UINT64_MAX; /* -1: allowed for the last chunk */
    } else if (l->kind == PT_CONTAINER_AIFF && read_exactly(bytes, body, b, 4)) {
        preface += read_uint(b, 4, true); /* the samples may stand further on, for alignment */
    }
    if (body + preface < body || body + preface > bytes->size) return;
    c->has_data = true;
    c->unknown_size = unknown;
    c->data_offset = body + preface;
    c->data_available = bytes->size - c->data_offset;
    c->data_size = unknown ? c->data_available : size < preface ? 0 : size - preface;
}

static void scan_chunks(const layout *l, const pt_byte_source *bytes, pt_container_header *c) {
    const unsigned header = l->id_bytes + l->size_bytes;
    uint64_t ds64 = 0; /* of RF64: where the body of the chunk with the 64-bit sizes starts */
    uint64_t at = l->first;
    unsigned char h[24];
    bool has_format = false; /* the first fmt counts, as it does for libsndfile */

    c->kind = l->kind;
    c->big_endian = l->big_endian;
    for (unsigned n = 0; n < CHUNKS_MAX && read_exactly(bytes, at, h, header); n++) {
        uint64_t size = read_uint(h + l->id_bytes, l->size_bytes, l->big_endian);
        if (l->size_includes_header) {
            if (size < header) return;
            size -= header;
        }
        if (has_chunk_id(h, "ds64") && size >= 16) ds64 = at + header;
        if (has_chunk_id(h, "fmt ") && l->kind != PT_CONTAINER_CAF && !has_format) {
            c->wave_format = wave_format(bytes, at + header, size, l->big_endian);
            has_format = true;
        }
        if (has_chunk_id(h, l->data_name)) {
            set_data_chunk(l, bytes, at, size, ds64, c);
            return;
        }
        if (size > bytes->size) return;
        at += header + size;
        at += (l->alignment - at % l->alignment) % l->alignment;
    }
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

uint64_t pt_id3_end(const pt_byte_source *bytes) {
    uint64_t at = 0;
    unsigned char h[10];

    for (int n = 0; n < CHUNKS_MAX && read_exactly(bytes, at, h, 10); n++) {
        if (memcmp(h, "ID3", 3) != 0) break;
        at += 10; /* and a size of seven bits a byte */
        for (int i = 6; i < 10; i++)
            at += (uint64_t)(h[i] & 0x7F) << (7 * (9 - i));
    }
    return at;
}

void pt_container_header_parse(const pt_byte_source *bytes, pt_container_header *container) {
    const layout *l = find_layout(bytes);
    unsigned char h[2];

    *container = (pt_container_header){.kind = PT_CONTAINER_OTHER};
    if (l)
        scan_chunks(l, bytes, container);
    else if (read_exactly(bytes, pt_id3_end(bytes), h, 2) && h[0] == 0xFF &&
             (h[1] & 0xE0) == 0xE0 && (h[1] & 0x06) != 0) /* a layer: ADTS has none */
        container->kind = PT_CONTAINER_MPEG;
}
