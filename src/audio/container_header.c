/* SPDX-License-Identifier: MIT */
/* container_header.c - parses the chunks of RIFF, RF64, AIFF, W64, CAF and AU
 *
 * Sources: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, WAVE);
 * EBU Tech 3306 (RF64); Recommendation ITU-R BS.2088 (BW64); Apple, "Audio Interchange File
 * Format" 1.3 and AIFF-C draft; Sonic Foundry, "Sony Wave64"; Apple Core Audio Format 1.0; Sun,
 * "audio/basic" (AU).
 */

#include "audio/container_header.h"

#include <ctype.h>
#include <string.h>

#include "audio/byte_reader.h"
#include "audio/channel_mask.h"
#include "audio/tag_skip.h"

#define CHUNKS_MAX       4096    /* limit for a file of tiny chunks; a real one has a dozen */
#define PLACEHOLDER_SPAN 0x10000 /* a placeholder may include the header */
#define REST_MIN         16      /* bytes examined after the samples */
#define TRAILER_MAX                                                                                \
    0x40000 /* bytes of chunks that are searched for after samples of unknown size */

/** How the chunks of a container are written. */
typedef struct layout {
    const char *magic; /* at the file's start */
    const char *form;  /* at form_offset; NULL for any */
    uint64_t form_offset;
    uint64_t first;            /* offset of the first chunk */
    unsigned id_bytes;         /* W64's identifiers are 16 bytes; the first 4 identify the chunk */
    unsigned size_bytes;       /* width of a chunk's size */
    bool big_endian;           /* of sizes */
    bool size_includes_header; /* the size counts the chunk's header too */
    unsigned alignment;        /* chunks start at multiples of it */
    const char *data_name;     /* of the chunk that contains the samples */
    unsigned data_preface;     /* bytes in it before the samples */
    pt_container_format kind;
} layout;

static const layout layouts[] = {
    {"RIFF", "WAVE", 8, 12, 4, 4, false, false, 2, "data", 0, PT_CONTAINER_WAV},
    {"RIFX", "WAVE", 8, 12, 4, 4, true, false, 2, "data", 0, PT_CONTAINER_WAV},
    {"RF64", "WAVE", 8, 12, 4, 4, false, false, 2, "data", 0, PT_CONTAINER_RF64},
    {"BW64", "WAVE", 8, 12, 4, 4, false, false, 2, "data", 0, PT_CONTAINER_RF64},
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

static bool matches_at(const pt_byte_source *bytes, uint64_t offset, const char *four) {
    char found[4];
    return pt_read_exactly(bytes, offset, found, 4) && memcmp(found, four, 4) == 0;
}

static const layout *find_layout(const pt_byte_source *bytes) {
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (matches_at(bytes, 0, layouts[i].magic) &&
            (!layouts[i].form || matches_at(bytes, layouts[i].form_offset, layouts[i].form)))
            return &layouts[i];
    return NULL;
}

/** Compares the first four bytes, which in W64 are followed by the same bytes in every chunk. */
static bool has_chunk_id(const unsigned char *id, const char *name) {
    return memcmp(id, name, 4) == 0;
}

/** PCM whose samples take more bytes than their bits require, as the size and the rate of its
 * frames say. They are in the upper bits. */
static void read_container_bits(const unsigned char b[16], uint64_t body, pt_container_header *c) {
    const bool be = c->big_endian;
    const uint64_t n_channels = read_uint(b + 2, 2, be), frame_bytes = read_uint(b + 12, 2, be),
                   bits = read_uint(b + 14, 2, be);
    if ((c->wave_format != 1 && c->wave_format != 0xFFFE) || n_channels == 0 || bits <= 8) return;
    if (frame_bytes % n_channels != 0 || frame_bytes / n_channels <= (bits + 7) / 8) return;
    if (frame_bytes / n_channels > 4) return;
    if (read_uint(b + 8, 4, be) != read_uint(b + 4, 4, be) * frame_bytes) return;
    c->bits_offset = body + 14;
    c->container_bits = (unsigned)(8 * frame_bytes / n_channels);
}

/** The body of a fmt chunk: code, and the mask of an extensible one. */
static void read_format(const pt_byte_source *bytes, uint64_t body, uint64_t size,
                        pt_container_header *c) {
    unsigned char b[26] = {0};
    if (size > sizeof b) size = sizeof b;
    if (size < 2 || !pt_read_exactly(bytes, body, b, (size_t)size)) return;
    c->wave_format = (unsigned)read_uint(b, 2, c->big_endian);
    read_container_bits(b, body, c);
    if (c->wave_format != 0xFFFE || size < sizeof b) return;
    c->extensible_offset = body;
    c->wave_format = (unsigned)read_uint(b + 24, 2, c->big_endian); /* the first bytes of a GUID */
    c->channel_mask = pt_channel_mask_limit(read_uint(b + 20, 4, c->big_endian),
                                            (unsigned)read_uint(b + 2, 2, c->big_endian));
}

/** Position of a CoreAudio channel label as a bit of a mask; -1 for one without a bit. */
static int label_position(uint64_t label, bool has_rear) {
    if (label == 5 || label == 6) /* surrounds: at the side before rear ones */
        return (int)label - 5 + (has_rear ? 9 : 4);
    if (label >= 1 && label <= 4) return (int)label - 1;    /* L R C LFE */
    if (label >= 7 && label <= 11) return (int)label - 1;   /* Lc Rc Cs Lsd Rsd */
    if (label == 33 || label == 34) return (int)label - 29; /* rear surrounds */
    if (label == 35 || label == 36) return (int)label - 4;  /* wide */
    if (label == 37) return 35;                             /* LFE2 */
    return label == 42 ? 2 : -1;                            /* mono */
}

/** Labels of the layout tags that CoreAudioTypes.h defines; tag << 16 | number of channels.
 * Channels are written L R C F (LFE) l r (surrounds) u v (of centre) S (centre surround) b d
 * (rear). */
static const char *const tag_channels[] = {
    [100] = "C",        [101] = "LR",       [102] = "LR",       [103] = "LR",
    [106] = "LR",       [108] = "LRlr",     [109] = "LRlrC",    [110] = "LRlrCS",
    [113] = "LRC",      [114] = "CLR",      [115] = "LRCS",     [116] = "CLRS",
    [117] = "LRClr",    [118] = "LRlrC",    [119] = "LCRlr",    [120] = "CLRlr",
    [121] = "LRCFlr",   [122] = "LRlrCF",   [123] = "LCRlrF",   [124] = "CLRlrF",
    [125] = "LRCFlrS",  [126] = "LRCFlruv", [127] = "CuvLRlrF", [128] = "LRCFlrbd",
    [129] = "LRlrCFuv", [131] = "LRS",      [132] = "LRlr",     [133] = "LRF",
    [134] = "LRFS",     [135] = "LRFlr",    [136] = "LRCF",     [137] = "LRCFS",
    [138] = "LRlrF",    [139] = "LRlrCS",   [140] = "LRlrCbd",  [141] = "CLRlrS",
    [142] = "CLRlrSF",  [143] = "CLRlrbd",  [144] = "CLRlrbdS", [148] = "LRlrCuv",
    [183] = "CLRlrbdF",
};

static unsigned label_of(char channel) {
    static const char order[] = "LRCFlruvS";
    const char *at = strchr(order, channel);
    return at ? (unsigned)(at - order) + 1 : channel == 'b' ? 33 : 34;
}

/** The layout of CAF and AIFF: a tag, a bitmap, or a description of each channel. */
static void read_layout(const pt_byte_source *bytes, uint64_t body, uint64_t size,
                        pt_container_header *c) {
    enum { DESCRIPTION_BYTES = 20, TAG_DESCRIPTIONS = 0, TAG_BITMAP = 1 };
    unsigned char b[12 + DESCRIPTION_BYTES * PATINA_CHANNELS_MAX];
    uint64_t label[PATINA_CHANNELS_MAX];
    bool has_rear = false;

    if (size > sizeof b) size = sizeof b;
    if (size < 12 || !pt_read_exactly(bytes, body, b, (size_t)size)) return;
    const uint64_t tag = read_uint(b, 2, true), n_described = read_uint(b + 8, 4, true);
    const char *channels =
        tag < sizeof tag_channels / sizeof *tag_channels ? tag_channels[tag] : "";
    unsigned n = channels ? (unsigned)strlen(channels) : 0;

    if (tag == TAG_BITMAP) c->channel_mask = read_uint(b + 4, 4, true);
    if (tag == TAG_DESCRIPTIONS && n_described <= (size - 12) / DESCRIPTION_BYTES)
        n = (unsigned)n_described;
    for (unsigned i = 0; i < n; i++) {
        label[i] = tag == TAG_DESCRIPTIONS ? read_uint(b + 12 + DESCRIPTION_BYTES * i, 4, true)
                                           : label_of(channels[i]);
        has_rear |= label[i] == 33;
    }
    for (unsigned i = 0; i < n; i++)
        c->position[i] = label_position(label[i], has_rear);
    c->n_positions = n;
}

/** Whether a size is a placeholder of programs that cannot seek back: 7F000000, 7FFFFFFF, 7FFFF000,
 * 80000000, FFFFF000, FFFFFFFF, and in 64 bits anything near 2^63 or above. */
static bool is_placeholder(uint64_t size, unsigned size_bytes) {
    static const uint64_t values[] = {0x7F000000, 0x80000000, 0x100000000};
    if (size_bytes == 8) return size >= (uint64_t)1 << 62;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (size + PLACEHOLDER_SPAN >= values[i] && size <= values[i] + PLACEHOLDER_SPAN)
            return true;
    return false;
}

/** A chunk header at `at`: returns its size with the header, 0 if there is none. */
static uint64_t chunk_size(const layout *l, const pt_byte_source *bytes, uint64_t at,
                           unsigned char h[24]) {
    const unsigned header = l->id_bytes + l->size_bytes;
    if (!pt_read_exactly(bytes, at, h, header)) return 0;
    for (int i = 0; i < 4; i++)
        if (!isalnum(h[i]) && h[i] != ' ' && h[i] != '_' && h[i] != '(' && h[i] != ')') return 0;
    uint64_t size = read_uint(h + l->id_bytes, l->size_bytes, l->big_endian);
    if (l->size_includes_header) return size < header ? 0 : size;
    return size + header < size ? 0 : size + header;
}

static bool is_all_zero(const pt_byte_source *bytes, uint64_t at, uint64_t end) {
    unsigned char block[4096];
    while (at < end) {
        const size_t n = end - at < sizeof block ? (size_t)(end - at) : sizeof block;
        if (!pt_read_exactly(bytes, at, block, n)) return true;
        for (size_t i = 0; i < n; i++)
            if (block[i]) return false;
        at += n;
    }
    return true;
}

static bool is_metadata_chunk(const unsigned char *id) {
    static const char *const names[] = {"LIST", "list", "id3 ", "ID3 ",
                                        "bext", "FLLR", "JUNK", "junk"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (has_chunk_id(id, names[i])) return true;
    return false;
}

/** Where the chunks begin that follow samples of unknown size: the first metadata chunk from which
 * chunk follows chunk exactly to the end of the file. Without one, the end of the file. Samples
 * that look like chunks would take quadratic time, so the number of all chunks is limited. */
static uint64_t find_trailing_chunks(const layout *l, const pt_byte_source *bytes, uint64_t from) {
    const uint64_t align = l->alignment, end = bytes->size;
    unsigned char h[24], block[4096];
    unsigned n_chunks = 0;

    if (end - from > TRAILER_MAX) from = end - TRAILER_MAX;
    for (from += (align - from % align) % align; from < end; from += sizeof block - 4) {
        const size_t n = end - from < sizeof block ? (size_t)(end - from) : sizeof block;
        if (n < 4 || !pt_read_exactly(bytes, from, block, n)) break;
        for (size_t i = 0; i + 4 <= n; i += align) {
            uint64_t at = from + i, size = 0;
            if (!is_metadata_chunk(block + i)) continue;
            while (at < end && (size = chunk_size(l, bytes, at, h)) > 0 && size <= end - at) {
                if (++n_chunks > CHUNKS_MAX) return end;
                at += size + (align - (at + size) % align) % align;
            }
            if (at >= end) return from + i;
        }
    }
    return end;
}

/** Type of the data at `at`, after the samples; *n_chunks is the number of chunks. */
static pt_container_rest find_rest(const layout *l, const pt_byte_source *bytes, uint64_t at,
                                   uint64_t *rest_offset, unsigned *n_chunks) {
    unsigned char h[24];

    for (*n_chunks = 0; l && *n_chunks < CHUNKS_MAX && at < bytes->size; (*n_chunks)++) {
        const uint64_t padding = (l->alignment - at % l->alignment) % l->alignment;
        uint64_t size = chunk_size(l, bytes, at + padding, h);
        if (size > 0)
            at += padding;
        else if (padding > 0) /* some writers do not pad */
            size = chunk_size(l, bytes, at, h);
        if (size == 0) break;
        *rest_offset = at;
        if (has_chunk_id(h, l->magic)) return PT_REST_FILE;
        if (has_chunk_id(h, l->data_name)) return PT_REST_DATA;
        if (size > bytes->size - at) {
            ++*n_chunks;
            if (is_metadata_chunk(h)) return PT_REST_KNOWN; /* cut */
            break;
        }
        at += size;
    }
    *rest_offset = at;
    const uint64_t end = at < bytes->size ? pt_tag_skip_trailing(bytes, at) : at;
    return end < at + REST_MIN || is_all_zero(bytes, at, end) ? PT_REST_KNOWN : PT_REST_UNKNOWN;
}

/** The size of the data chunk, from ds64 in RF64. */
static uint64_t rf64_size(const pt_byte_source *bytes, uint64_t ds64, uint64_t size,
                          pt_container_header *c) {
    unsigned char b[8];
    if (size != 0xFFFFFFFFU || ds64 == 0 || !pt_read_exactly(bytes, ds64 + 8, b, 8)) return size;
    c->size_offset = ds64 + 8;
    c->size_bytes = 8;
    return read_uint(b, 8, false);
}

/** Fills in the declared size of the samples at data_offset, of the samples alone. */
static void set_data_size(const layout *l, const pt_byte_source *bytes, uint64_t size,
                          pt_container_header *c) {
    unsigned n_chunks = 0;

    c->has_data = true;
    c->data_available = bytes->size - c->data_offset;
    c->unknown_size = size > c->data_available && is_placeholder(size, c->size_bytes);
    if (size ==
        0) { /* an interrupted recorder; with chunks after it, a recording without samples */
        const pt_container_rest rest =
            find_rest(l, bytes, c->data_offset, &c->rest_offset, &n_chunks);
        c->unknown_size = rest != PT_REST_KNOWN || n_chunks == 0;
    } else if (size < c->data_available) {
        c->rest = find_rest(l, bytes, c->data_offset + size, &c->rest_offset, &n_chunks);
    }
    if (c->unknown_size && l)
        c->data_available = find_trailing_chunks(l, bytes, c->data_offset) - c->data_offset;
    c->data_size = c->unknown_size ? c->data_available : size;
}

/** Fills in the position and size of the samples of the chunk at `chunk`; size is of its body. */
static void set_data_chunk(const layout *l, const pt_byte_source *bytes, uint64_t chunk,
                           uint64_t size, uint64_t ds64, pt_container_header *c) {
    const unsigned header = l->id_bytes + l->size_bytes;
    const uint64_t body = chunk + header;
    uint64_t preface = l->data_preface;
    unsigned char b[4];

    c->size_offset = chunk + l->id_bytes;
    c->size_bytes = l->size_bytes;
    if (l->kind == PT_CONTAINER_RF64) size = rf64_size(bytes, ds64, size, c);
    if (l->kind == PT_CONTAINER_AIFF && pt_read_exactly(bytes, body, b, 4))
        preface += read_uint(b, 4, true); /* samples may begin later, for alignment */
    if (body + preface < body || body + preface > bytes->size) return;
    c->size_overhead = preface + (l->size_includes_header ? header : 0);
    c->data_offset = body + preface;
    set_data_size(l, bytes, size < preface ? 0 : size - preface, c);
}

/** AU has one header and no chunks. */
static bool parse_au(const pt_byte_source *bytes, pt_container_header *c) {
    unsigned char h[12];
    if (!pt_read_exactly(bytes, 0, h, sizeof h)) return false;
    c->big_endian = memcmp(h, ".snd", 4) == 0;
    if (!c->big_endian && memcmp(h, "dns.", 4) != 0) return false;
    c->kind = PT_CONTAINER_AU;
    c->data_offset = read_uint(h + 4, 4, c->big_endian);
    c->size_offset = 8;
    c->size_bytes = 4;
    if (c->data_offset <= bytes->size)
        set_data_size(NULL, bytes, read_uint(h + 8, 4, c->big_endian), c);
    return true;
}

/** The frames of a compressed CAF, from its packet table, which may follow the samples. */
static void find_packet_table(const layout *l, const pt_byte_source *bytes,
                              pt_container_header *c) {
    unsigned char h[24], b[24];
    uint64_t at = l->first, size;

    for (unsigned n = 0; n < CHUNKS_MAX && at < bytes->size; n++) {
        if ((size = chunk_size(l, bytes, at, h)) == 0) return;
        if (has_chunk_id(h, "pakt") && pt_read_exactly(bytes, at + 12, b, sizeof b)) {
            const uint64_t n_valid = read_uint(b + 8, 8, true), limit = (uint64_t)1 << 31;
            c->n_priming = read_uint(b + 16, 4, true);
            c->n_valid = n_valid >> 63 ? 0 : n_valid;
            if (c->n_priming >= limit) c->n_priming = 0; /* signed */
            return;
        }
        if (size > bytes->size - at) return;
        at += size;
    }
}

static void scan_chunks(const layout *l, const pt_byte_source *bytes, pt_container_header *c) {
    const unsigned header = l->id_bytes + l->size_bytes;
    uint64_t ds64 = 0; /* of RF64: offset of the body of the chunk with the 64-bit sizes */
    uint64_t at = l->first;
    unsigned char h[24];
    bool has_format = false; /* the first fmt counts, as it does for libsndfile */

    c->kind = l->kind;
    c->big_endian = l->big_endian;
    if (c->kind == PT_CONTAINER_CAF) find_packet_table(l, bytes, c);
    for (unsigned n = 0; n < CHUNKS_MAX && pt_read_exactly(bytes, at, h, header); n++) {
        uint64_t size = read_uint(h + l->id_bytes, l->size_bytes, l->big_endian);
        const bool is_data = has_chunk_id(h, l->data_name);
        if (l->size_includes_header) {
            if (size < header && !is_data) return;
            size = size < header ? 0 : size - header;
        }
        if (has_chunk_id(h, "ds64") && size >= 16) ds64 = at + header;
        if (has_chunk_id(h, l->kind == PT_CONTAINER_CAF ? "chan" : "CHAN"))
            read_layout(bytes, at + header, size, c);
        if (has_chunk_id(h, "fmt ") && l->kind != PT_CONTAINER_CAF && !has_format) {
            read_format(bytes, at + header, size, c);
            has_format = true;
        }
        if (is_data) {
            set_data_chunk(l, bytes, at, size, ds64, c);
            return;
        }
        if (size > bytes->size) return;
        at += header + size;
        at += (l->alignment - at % l->alignment) % l->alignment;
    }
}

void pt_container_header_parse(const pt_byte_source *bytes, pt_container_header *container) {
    const layout *l = find_layout(bytes);
    unsigned char h[2];

    *container = (pt_container_header){.kind = PT_CONTAINER_OTHER};
    if (l)
        scan_chunks(l, bytes, container);
    else if (!parse_au(bytes, container) &&
             pt_read_exactly(bytes, pt_tag_skip_leading(bytes, 0), h, 2) && h[0] == 0xFF &&
             (h[1] & 0xE0) == 0xE0 && (h[1] & 0x06) != 0) /* the layer: 0 in ADTS */
        container->kind = PT_CONTAINER_MPEG;
}
