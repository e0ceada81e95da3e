/* SPDX-License-Identifier: MIT */
/* ogg_page.c - parses pages: header, segment table, body, checksum */

#include "audio/ogg_page.h"

#include <stdlib.h>
#include <string.h>

#include "audio/vorbis_setup.h"
#include "base/error.h"

#define HEADER_BYTES    27
#define PAGE_BYTES      (HEADER_BYTES + 255 + 255 * 255)
#define VERSION_OFFSET  4
#define FLAGS_OFFSET    5
#define GRANULE_OFFSET  6
#define SEQUENCE_OFFSET 18
#define CRC_OFFSET      22
#define GRANULE_MAX     INT64_MAX
#define NO_GRANULE      UINT64_MAX /* no packet ends on the page */
#define OPUS_RATE_HZ    48000
#define SETUP_MAX       ((size_t)4 << 20) /* bytes; encoders write some thousands */
/* After 9 bytes of the mapping, the marker, a block header and 13 bytes of STREAMINFO */
#define FLAC_TOTAL_OFFSET 30

enum { FLAG_CONTINUED = 1, FLAG_FIRST = 2, FLAG_LAST = 4 };

typedef struct page {
    uint64_t offset;
    const unsigned char *b;
    size_t n, body; /* bytes, and where its body begins */
} page;

/** A setup header that is being collected over pages. */
typedef struct setup_packet {
    unsigned char *b; /* owned; [capacity] */
    size_t n, capacity;
    bool in_setup, in_packet; /* in_packet: any packet continues on the next page */
    int64_t sequence;         /* number of the last page */
} setup_packet;

/** A walk over the pages of a link. */
typedef struct link_scan {
    const pt_byte_source *bytes;
    pt_ogg_link *link;
    uint32_t crc_table[256];
    uint32_t serial;    /* of the first stream */
    unsigned n_packets; /* of it, that ended */
    bool has_position, in_packet;
    uint32_t sequence;    /* number of its last page */
    uint64_t last_offset; /* of that */
    unsigned last_flags;
    unsigned char *buffer; /* [PAGE_BYTES], for pages that are read again */
    unsigned block_max;    /* Vorbis: samples that a packet gives at most */
    setup_packet setup;    /* of Vorbis */
    /* of Opus: */
    uint64_t shift;    /* position of the first packet */
    uint64_t end;      /* of the last page with a position, which is the corrected position */
    uint64_t last_end; /* the same if no page follows */
    uint64_t granule;  /* its position in the file */
} link_scan;

static uint64_t read_le(const unsigned char *b, unsigned n) {
    uint64_t value = 0;
    while (n-- > 0)
        value = value << 8 | b[n];
    return value;
}

static void write_le(unsigned char *b, uint64_t value, unsigned n) {
    for (unsigned i = 0; i < n; i++)
        b[i] = (unsigned char)(value >> (8 * i));
}

/* Checksums -------------------------------------------------------------------------------- */

/** Remainders of each byte: polynomial 04C11DB7, most significant bit first. */
static void make_crc_table(uint32_t table[256]) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t r = i << 24;
        for (int k = 0; k < 8; k++)
            r = r & 0x80000000U ? r << 1 ^ 0x04C11DB7U : r << 1;
        table[i] = r;
    }
}

/** The checksum of a page, in which it counts as zeros itself. */
static uint32_t page_crc(const uint32_t table[256], const unsigned char *b, size_t n) {
    uint32_t crc = 0;
    for (size_t i = 0; i < n; i++) {
        const bool own = i >= CRC_OFFSET && i < CRC_OFFSET + 4;
        crc = crc << 8 ^ table[crc >> 24 ^ (own ? 0 : b[i])];
    }
    return crc;
}

/** Length of the page that b begins with; 0 if it begins with none, or its end is missing. */
static size_t page_length(const unsigned char *b, size_t n) {
    if (n < HEADER_BYTES || memcmp(b, "OggS", 4) != 0) return 0;
    size_t length = HEADER_BYTES + b[26];
    if (n < length) return 0;
    for (size_t i = 0; i < b[26]; i++)
        length += b[HEADER_BYTES + i];
    return length <= n ? length : 0;
}

/** Whether another page follows anywhere after `at`. */
static bool has_later_page(const pt_byte_source *bytes, uint64_t at, unsigned char *b) {
    int64_t n;
    while ((n = pt_byte_source_read_at(bytes, at, b, PAGE_BYTES)) >= HEADER_BYTES) {
        if (memmem(b, (size_t)n, "OggS", 4)) return true;
        at += (uint64_t)n - 3;
    }
    return false;
}

/* Links ------------------------------------------------------------------------------------ */

patina_status pt_ogg_find_links(const pt_byte_source *bytes, uint64_t from, uint64_t end,
                                pt_joined_streams *streams, patina_error *err) {
    unsigned char b[HEADER_BYTES + 255];
    bool was_first = false;

    for (uint64_t at = from; at < end || streams->n == 0;) {
        const int64_t n = pt_byte_source_read_at(bytes, at, b, sizeof b);
        const bool is_page =
            n >= HEADER_BYTES && memcmp(b, "OggS", 4) == 0 && n >= HEADER_BYTES + b[26];
        const bool is_first = is_page && b[FLAGS_OFFSET] & FLAG_FIRST;
        if ((is_first && !was_first) || streams->n == 0)
            PT_TRY(pt_joined_streams_add(streams, at, end, err));
        if (!is_page) break; /* pt_ogg_read_link reports it */
        was_first = is_first;
        at += HEADER_BYTES + b[26];
        for (size_t i = 0; i < b[26]; i++)
            at += b[HEADER_BYTES + i];
    }
    return PATINA_OK;
}

/* Patches ---------------------------------------------------------------------------------- */

/** Adds a patch at its place by offset; replaces one of that offset, which has as many bytes. */
static patina_status add_patch(pt_ogg_link *link, uint64_t offset, const unsigned char *b,
                               unsigned n, patina_error *err) {
    const size_t count = link->n_patches;
    size_t i = count;
    while (i > 0 && link->patch[i - 1].offset >= offset)
        i--;
    if (i == count || link->patch[i].offset != offset) {
        if ((count & (count - 1)) == 0) { /* full: the capacity is a power of two */
            pt_byte_patch *patch = realloc(link->patch, (count ? 2 * count : 1) * sizeof *patch);
            if (!patch) return pt_fail(err, PATINA_ENOMEM, "out of memory");
            link->patch = patch;
        }
        memmove(&link->patch[i + 1], &link->patch[i], (count - i) * sizeof *link->patch);
        link->n_patches++;
    }
    link->patch[i] = (pt_byte_patch){.offset = offset, .n = n};
    memcpy(link->patch[i].bytes, b, n);
    return PATINA_OK;
}

/** Patches the header of a page: its flags, its position and the checksum, which is that of the
 * page with its other patches. */
static patina_status patch_header(link_scan *s, const page *p, unsigned flags, uint64_t position,
                                  patina_error *err) {
    const pt_ogg_link *link = s->link;

    if (p->b != s->buffer) memcpy(s->buffer, p->b, p->n);
    for (size_t i = link->n_patches; i > 0 && link->patch[i - 1].offset > p->offset; i--) {
        const pt_byte_patch *patch = &link->patch[i - 1];
        const uint64_t at = patch->offset - p->offset;
        if (at + patch->n <= p->n) memcpy(s->buffer + at, patch->bytes, patch->n);
    }
    s->buffer[FLAGS_OFFSET] = (unsigned char)flags;
    write_le(s->buffer + GRANULE_OFFSET, position, 8);
    write_le(s->buffer + CRC_OFFSET, page_crc(s->crc_table, s->buffer, p->n), 4);
    return add_patch(s->link, p->offset, s->buffer, HEADER_BYTES, err);
}

/** The last page of the stream so far, with these flags. */
static patina_status patch_last_page(link_scan *s, unsigned flags, patina_error *err) {
    const int64_t n = pt_byte_source_read_at(s->bytes, s->last_offset, s->buffer, PAGE_BYTES);
    const size_t length = n > 0 ? page_length(s->buffer, (size_t)n) : 0;
    const page p = {s->last_offset, s->buffer, length, HEADER_BYTES};
    if (length == 0) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read");
    if (read_le(p.b + GRANULE_OFFSET, 8) > GRANULE_MAX)
        return patch_header(s, &p, flags, NO_GRANULE, err);
    return patch_header(s, &p, flags, flags & FLAG_LAST ? s->last_end : s->end, err);
}

/* Streams ---------------------------------------------------------------------------------- */

/** Samples at 48 kHz of an Opus packet that begins with b (RFC 6716, section 3.1). */
static unsigned opus_duration(const unsigned char *b, size_t n) {
    static const unsigned silk[] = {480, 960, 1920, 2880}, celt[] = {120, 240, 480, 960};
    const unsigned config = n > 0 ? b[0] >> 3 : 0, code = n > 0 ? b[0] & 3 : 0;
    const unsigned frame = config < 12   ? silk[config & 3]
                           : config < 16 ? silk[config & 1]
                                         : celt[config & 3];
    if (n == 0) return 0;
    return frame * (code == 0 ? 1 : code < 3 ? 2 : n > 1 ? b[1] & 63U : 0);
}

/** Whether a page has one packet, which ends on it. */
static bool is_one_packet(const page *p) {
    for (size_t i = 0; i < p->b[26]; i++)
        if (p->b[HEADER_BYTES + i] < 255) return i + 1 == p->b[26];
    return false;
}

/** Reads the identification header: the codec, and the values to patch. */
static patina_status read_first_page(link_scan *s, const page *p, patina_error *err) {
    const unsigned char *packet = p->b + p->body;
    const size_t n = p->n - p->body;
    pt_ogg_link *link = s->link;

    s->serial = (uint32_t)read_le(p->b + 14, 4);
    if (n >= 30 && memcmp(packet, "\x01vorbis", 7) == 0) {
        link->codec = PT_OGG_VORBIS;
        s->block_max = 1U << (packet[28] >> 4);
    } else if (n >= FLAC_TOTAL_OFFSET + 5 && memcmp(packet,
                                                    "\x7f"
                                                    "FLAC",
                                                    5) == 0) {
        const unsigned char *total = packet + FLAC_TOTAL_OFFSET; /* 36 bits */
        link->flac_frames = (uint64_t)(total[0] & 15) << 32 | (uint64_t)total[1] << 24 |
                            (uint64_t)total[2] << 16 | (uint64_t)total[3] << 8 | total[4];
    } else if (n >= 19 && memcmp(packet, "OpusHead", 8) == 0) {
        link->codec = PT_OGG_OPUS;
        link->has_opus_positions = packet[18] <= 1;
        if (!is_one_packet(p)) /* RFC 7845, section 3; the patches rely on it */
            return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                           "opus: the first page has more than the header");
        if (read_le(packet + 12, 4) != OPUS_RATE_HZ) {
            unsigned char rate[4];
            write_le(rate, OPUS_RATE_HZ, 4);
            patina_status status = add_patch(link, p->offset + p->body + 12, rate, 4, err);
            if (status == PATINA_OK)
                status =
                    patch_header(s, p, p->b[FLAGS_OFFSET], read_le(p->b + GRANULE_OFFSET, 8), err);
            return status;
        }
    }
    return PATINA_OK;
}

/** Adds n bytes to the setup header. */
static patina_status add_to_setup(setup_packet *setup, const unsigned char *b, size_t n,
                                  patina_error *err) {
    if (n > SETUP_MAX - setup->n)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                       "ogg: the setup header of Vorbis has more than %zu bytes", SETUP_MAX);
    if (setup->n + n > setup->capacity) {
        const size_t capacity = 2 * (setup->n + n);
        unsigned char *grown = realloc(setup->b, capacity);
        if (!grown) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        setup->b = grown;
        setup->capacity = capacity;
    }
    memcpy(setup->b + setup->n, b, n);
    setup->n += n;
    return PATINA_OK;
}

/**
 * Checks the setup headers of Vorbis that end on a page, wherever they are in the stream. Packets
 * are put together as libogg does it, also where pages are missing or their flags are wrong, so
 * that libvorbis gets none that was not checked.
 */
static patina_status check_setup(setup_packet *setup, const page *p, patina_error *err) {
    const unsigned char *lacing = p->b + HEADER_BYTES, *b = p->b + p->body;
    const int64_t sequence = (int32_t)read_le(p->b + SEQUENCE_OFFSET, 4);
    bool is_rest; /* of a packet whose beginning is missing */

    if (sequence != setup->sequence + 1) setup->in_packet = false;
    setup->sequence = sequence;
    is_rest = p->b[FLAGS_OFFSET] & FLAG_CONTINUED && !setup->in_packet;
    for (size_t i = 0; i < p->b[26];) {
        bool ends = false;
        size_t n = 0;
        for (; i < p->b[26] && !ends; i++) {
            n += lacing[i];
            ends = lacing[i] < 255;
        }
        if (!setup->in_packet) {
            setup->in_setup = !is_rest && pt_vorbis_is_setup(b, n);
            setup->n = 0;
        }
        if (setup->in_setup) PT_TRY(add_to_setup(setup, b, n, err));
        if (setup->in_setup && ends) {
            const patina_status status = pt_vorbis_check_setup(setup->b, setup->n, err);
            if (status != PATINA_OK) {
                pt_error_add_context(err, "ogg");
                return status;
            }
        }
        setup->in_packet = !ends && !is_rest;
        is_rest = false;
        b += n;
    }
    return PATINA_OK;
}

/** Counts the packets of the first stream that end on a page; *samples: of those with audio, what
 * Opus packets give, and the most that Vorbis packets do. */
static unsigned count_packets(link_scan *s, const page *p, uint64_t *samples) {
    const unsigned n_headers = s->link->codec == PT_OGG_VORBIS ? 3 : 2;
    const unsigned char *packet = p->b + p->body;
    size_t length = 0;
    unsigned n = 0;

    *samples = 0;
    for (size_t i = 0; i < p->b[26]; i++) {
        const unsigned lacing = p->b[HEADER_BYTES + i];
        length += lacing;
        if (lacing == 255) continue;
        if (s->n_packets + n >= n_headers)
            *samples +=
                s->link->codec == PT_OGG_OPUS ? opus_duration(packet, length) : s->block_max;
        packet += length;
        length = 0;
        n++;
    }
    s->in_packet = length > 0;
    return n;
}

/**
 * Where a page of Opus with samples begin to end - 1 ends if it is the last one, which may give
 * fewer samples than its packets: by the first position, or by that of the page before. A larger
 * position is kept: the decoder finds that frames are missing.
 */
static uint64_t end_of_last_page(const link_scan *s, uint64_t granule, uint64_t begin,
                                 uint64_t end) {
    if (granule >= s->shift + begin && granule <= s->shift + end) return granule - s->shift;
    return granule >= s->granule ? begin + (granule - s->granule) : end;
}

/**
 * Corrects the position of a page of Opus to the number of samples up to its end. Decoders compare
 * the two, and fail: some recordings begin late or have gaps in which nothing was sent, and some
 * programs write positions that are slightly wrong.
 */
static patina_status correct_position(link_scan *s, const page *p, uint64_t n_new, bool is_next,
                                      patina_error *err) {
    const uint64_t granule = read_le(p->b + GRANULE_OFFSET, 8);
    const bool is_last = p->b[FLAGS_OFFSET] & FLAG_LAST;
    const uint64_t begin = s->end;

    s->end += n_new;
    if (granule > GRANULE_MAX) return PATINA_OK;
    if (n_new > 0 && !s->has_position && !is_last) {
        if (granule > s->end) s->shift = granule - s->end;
        if (granule < s->end) s->end = granule; /* its first samples are before position 0 */
    }
    if (!is_next && granule > s->shift + s->end)
        return pt_fail(err, PATINA_REJECT_TRUNCATED,
                       "ogg: pages are missing before that at byte %llu",
                       (unsigned long long)p->offset);
    s->last_end = end_of_last_page(s, granule, begin, s->end);
    s->granule = granule;
    const uint64_t position = is_last ? s->last_end : s->end;
    if (position == granule) return PATINA_OK;
    return patch_header(s, p, p->b[FLAGS_OFFSET], position, err);
}

/** A page of the first stream. */
static patina_status read_page(link_scan *s, const page *p, patina_error *err) {
    const unsigned flags = p->b[FLAGS_OFFSET];
    const uint64_t granule = read_le(p->b + GRANULE_OFFSET, 8);
    const uint32_t sequence = (uint32_t)read_le(p->b + SEQUENCE_OFFSET, 4);
    const bool is_next = s->last_offset == 0 || sequence == s->sequence + 1;
    pt_ogg_link *link = s->link;
    uint64_t samples;

    link->has_gap = link->has_gap || !is_next;
    if (s->last_flags & FLAG_LAST && link->codec == PT_OGG_OPUS)
        PT_TRY(patch_last_page(s, s->last_flags & ~(unsigned)FLAG_LAST, err)); /* it is not */
    s->n_packets += count_packets(s, p, &samples);
    if (link->codec == PT_OGG_OPUS) PT_TRY(correct_position(s, p, samples, is_next, err));
    if (granule <= GRANULE_MAX) {
        link->last_position = granule;
        if (samples > 0 && !s->has_position) link->starts_late = granule > samples;
        s->has_position = s->has_position || samples > 0;
    }
    s->sequence = sequence;
    s->last_offset = p->offset;
    s->last_flags = flags;
    return PATINA_OK;
}

static patina_status judge_end(link_scan *s, patina_error *err) {
    s->link->ends_marked = s->last_flags & FLAG_LAST;
    if (s->link->ends_marked) return PATINA_OK;
    if (s->in_packet)
        return pt_fail(err, PATINA_REJECT_TRUNCATED, "ogg: the last packet is truncated");
    if (s->link->codec != PT_OGG_OPUS || s->link->n_streams > 1) return PATINA_OK;
    if (s->last_offset == 0) return PATINA_OK; /* the header alone */
    return patch_last_page(s, s->last_flags | FLAG_LAST, err);
}

static patina_status scan_pages(link_scan *s, unsigned char *b, patina_error *err) {
    const pt_byte_source *bytes = s->bytes;

    for (uint64_t at = 0; at < bytes->size;) {
        const int64_t n = pt_byte_source_read_at(bytes, at, b, PAGE_BYTES);
        const page p = {at, b, n > 0 ? page_length(b, (size_t)n) : 0,
                        n >= HEADER_BYTES ? HEADER_BYTES + (size_t)b[26] : 0};
        if (n < 0) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read");
        if (p.n == 0) {
            if (at == 0) return PATINA_OK; /* not Ogg: the decoder reports it */
            const size_t known = n < 4 ? (size_t)n : 4;
            if (memcmp(b, "OggS", known) == 0)
                return pt_fail(err, PATINA_REJECT_TRUNCATED, "ogg: the last page is truncated");
            if (has_later_page(bytes, at + 1, b))
                return pt_fail(err, PATINA_REJECT_TRUNCATED,
                               "ogg: no page begins at byte %llu, although pages follow",
                               (unsigned long long)at);
            break;
        }
        if (page_crc(s->crc_table, b, p.n) != read_le(b + CRC_OFFSET, 4))
            return pt_fail(err, PATINA_REJECT_TRUNCATED, "ogg: the page at byte %llu is damaged",
                           (unsigned long long)at);
        if (at == 0) PT_TRY(read_first_page(s, &p, err));
        if (b[FLAGS_OFFSET] & FLAG_FIRST) s->link->n_streams++;
        if (read_le(b + 14, 4) == s->serial) {
            if (b[VERSION_OFFSET] == 0) /* libogg ignores others */
                PT_TRY(check_setup(&s->setup, &p, err));
            PT_TRY(read_page(s, &p, err));
        }
        at += p.n;
        s->link->n_bytes = at;
    }
    return judge_end(s, err);
}

patina_status pt_ogg_read_link(const pt_byte_source *bytes, pt_ogg_link *link, patina_error *err) {
    unsigned char *b = malloc(2 * (size_t)PAGE_BYTES);
    link_scan s = {.bytes = bytes, .link = link};

    if (!b) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    *link = (pt_ogg_link){0};
    s.buffer = b + PAGE_BYTES;
    make_crc_table(s.crc_table);
    const patina_status status = scan_pages(&s, b, err);
    free(s.setup.b);
    free(b);
    if (status != PATINA_OK) pt_ogg_link_release(link);
    return status;
}

void pt_ogg_link_release(pt_ogg_link *link) {
    free(link->patch);
    *link = (pt_ogg_link){0};
}
