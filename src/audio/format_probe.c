/* SPDX-License-Identifier: MIT */
/* format_probe.c - signatures, and checks of the element sizes of MP4, Matroska and ASF
 *
 * Sources: ISO/IEC 14496-12, 4.2 (boxes); RFC 8794, 4 and 5 (EBML), and Matroska, RFC 9559;
 * Microsoft, "Advanced Systems Format Specification" 2; ISO/IEC 14496-3, 1.A.2.2 (ADTS);
 * ETSI TS 102 366, 4.3 and E.1.2 (AC-3); RFC 4867, 5 (AMR).
 */

#include "audio/format_probe.h"

#include <stddef.h>
#include <string.h>

#include "audio/byte_reader.h"
#include "audio/flac_header.h"
#include "audio/tag_skip.h"
#include "base/error.h"

#define ELEMENTS_MAX 65536 /* a fragment of a streamed MP4 is two of them, and lasts seconds */

static const struct {
    size_t offset;
    const char *bytes;
    pt_format_info probed;
} signatures[] = {
    {4, "ftyp", {"MP4 or M4A", "mp4", "mov", PT_LAYOUT_ISOBMFF}},
    {4, "moov", {"QuickTime", "mov", "mov", PT_LAYOUT_ISOBMFF}},
    {4, "wide", {"QuickTime", "mov", "mov", PT_LAYOUT_ISOBMFF}},
    {0, "\x1A\x45\xDF\xA3", {"WebM or Matroska", "webm", "matroska", PT_LAYOUT_EBML}},
    {0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11", {"WMA", "wma", "asf", PT_LAYOUT_ASF}},
    {0, "MAC ", {"Monkey's Audio", "ape", "ape", PT_LAYOUT_NONE}},
    {0, "wvpk", {"WavPack", "wavpack", "wv", PT_LAYOUT_NONE}},
    {0, "TTA1", {"True Audio", "tta", "tta", PT_LAYOUT_NONE}},
    {0, "#!AMR", {"AMR", "amr", "amr", PT_LAYOUT_NONE}},
    {28,
     "\x7F"
     "FLAC",
     {"FLAC in Ogg", "ogg", "ogg", PT_LAYOUT_NONE}},
    {0,
     "caff",
     {"CAF with a codec that libsndfile does not support", "caf", "caf", PT_LAYOUT_NONE}},
    {28, "Speex", {"Speex", "ogg", NULL, PT_LAYOUT_NONE}},
    {28, "\x80theora", {"Ogg with video", "ogg", NULL, PT_LAYOUT_NONE}},
    {28, "fishead", {"Ogg with a skeleton track", "ogg", NULL, PT_LAYOUT_NONE}},
    {28, "BBCD", {"Ogg with video", "ogg", NULL, PT_LAYOUT_NONE}},
    {8, "AVI ", {"AVI", "avi", NULL, PT_LAYOUT_NONE}},
    {0, "nut/multimedia container", {"NUT", "nut", NULL, PT_LAYOUT_NONE}},
    {0, "FLV\1", {"FLV", "flv", NULL, PT_LAYOUT_NONE}},
};

/* FLAC of bit depths other than the 8, 16 and 24 that libsndfile reads. */
static const pt_format_info flac[] = {
    {"12-bit FLAC", "flac", "flac", PT_LAYOUT_NONE},
    {"20-bit FLAC", "flac", "flac", PT_LAYOUT_NONE},
    {"32-bit FLAC", "flac", "flac", PT_LAYOUT_NONE},
    {"FLAC of an unusual bit depth", "flac", "flac", PT_LAYOUT_NONE},
};
/* WAV that libsndfile does not read; with it, FFmpeg reads only what has another codec, so that a
 * damaged file is not taken for samples. */
static const pt_format_info wav = {"WAV with a codec that libsndfile does not support", "wav",
                                   "wav", PT_LAYOUT_NONE};
/* The same for AIFF-C. libsndfile (1.2) also decodes IMA4, but takes 9 bits of the first sample of
 * a packet, where decoders continue with all 16 of the packet before: noise at -48 dB of the full
 * scale. */
static const pt_format_info aiff = {"AIFF-C with a codec that libsndfile does not support", "aiff",
                                    "aiff", PT_LAYOUT_NONE};
static const pt_format_info mpeg_ps = {"MPEG program stream", "mpeg", NULL, PT_LAYOUT_NONE};
static const pt_format_info mpeg_ts = {"MPEG transport stream", "mpegts", NULL, PT_LAYOUT_NONE};
static const pt_format_info aac = {"AAC (ADTS)", "aac", "aac", PT_LAYOUT_NONE};
static const pt_format_info ac3 = {"AC-3", "ac3", "ac3", PT_LAYOUT_NONE};
static const pt_format_info eac3 = {"E-AC-3", "eac3", "eac3", PT_LAYOUT_NONE};

/** FLAC that libsndfile does not support; NULL for other data. */
static const pt_format_info *probe_flac(const pt_byte_source *bytes) {
    pt_flac_header header;
    if (!pt_flac_read_header(bytes, &header)) return NULL;
    switch (header.bits) {
    case 8:
    case 16:
    case 24:
        return NULL;
    case 12:
        return &flac[0];
    case 20:
        return &flac[1];
    case 32:
        return &flac[2];
    default:
        return &flac[3];
    }
}

/** Whether a WAV has a codec that is neither PCM nor float. */
static bool is_coded_wav(const unsigned char *head, int64_t n) {
    static const unsigned plain[] = {1, 3, 0xFFFE}; /* PCM, float, extensible */
    if (n < 22 || memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVEfmt ", 8) != 0)
        return false;
    const unsigned tag = head[20] | (unsigned)head[21] << 8;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (tag == plain[i]) return false;
    return true;
}

/** Whether an AIFF-C has a codec that is neither PCM, float nor G.711. */
static bool is_coded_aiff(const pt_byte_source *bytes, const unsigned char *head, int64_t n) {
    static const char plain[][5] = {"NONE", "twos", "sowt", "raw ", "in24", "in32", "23ni", "fl32",
                                    "FL32", "fl64", "FL64", "ulaw", "ULAW", "alaw", "ALAW"};
    unsigned char h[8 + 22];
    uint64_t at = 12, size;

    if (n < 12 || memcmp(head, "FORM", 4) != 0 || memcmp(head + 8, "AIFC", 4) != 0) return false;
    for (unsigned k = 0; k < 64 && pt_read_exactly(bytes, at, h, 8); k++) {
        size = pt_read_be(h + 4, 4);
        if (memcmp(h, "COMM", 4) != 0) {
            at += 8 + size + size % 2;
            continue;
        }
        if (size < 22 || !pt_read_exactly(bytes, at, h, sizeof h)) return false;
        for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
            if (memcmp(h + 8 + 18, plain[i], 4) == 0) return false;
        return true;
    }
    return false;
}

/** Whether packets of 188 bytes begin with the synchronisation byte. */
static bool is_mpeg_ts(const pt_byte_source *bytes) {
    unsigned char b = 0;
    for (uint64_t i = 0; i < 5; i++)
        if (!pt_read_exactly(bytes, 188 * i, &b, 1) || b != 0x47) return false;
    return true;
}

/** Length of the ADTS frame whose header is at `at`; 0 without one. */
static unsigned adts_length(const pt_byte_source *bytes, uint64_t at) {
    unsigned char h[7];
    if (!pt_read_exactly(bytes, at, h, sizeof h) || h[0] != 0xFF || (h[1] & 0xF6) != 0xF0) return 0;
    const unsigned length = (h[3] & 3U) << 11 | h[4] << 3 | h[5] >> 5;
    const unsigned rate = h[2] >> 2 & 15;
    return length > 7 && rate < 13 ? length : 0;
}

/** Two consecutive frames, or a single frame up to the end. */
static bool is_adts(const pt_byte_source *bytes) {
    const uint64_t first = pt_tag_skip_leading(bytes, 0);
    const unsigned length = adts_length(bytes, first);
    return length > 0 && (first + length >= bytes->size || adts_length(bytes, first + length) > 0);
}

const pt_format_info *pt_format_probe(const pt_byte_source *bytes) {
    unsigned char head[64] = {0};
    const int64_t n = pt_byte_source_read_at(bytes, 0, head, sizeof head);

    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const size_t length = strlen(signatures[i].bytes);
        if (n >= (int64_t)(signatures[i].offset + length) &&
            memcmp(head + signatures[i].offset, signatures[i].bytes, length) == 0)
            return &signatures[i].probed;
    }
    if (n >= 6 && head[0] == 0x0B && head[1] == 0x77) /* bsid: 16 and some below are E-AC-3 */
        return head[5] >> 3 <= 10 ? &ac3 : head[5] >> 3 <= 16 ? &eac3 : NULL;
    if (n >= 4 && memcmp(head, "fLaC", 4) == 0) return probe_flac(bytes);
    if (is_coded_wav(head, n)) return &wav;
    if (is_coded_aiff(bytes, head, n)) return &aiff;
    if (n >= 4 && memcmp(head, "\0\0\1\xBA", 4) == 0) return &mpeg_ps;
    if (is_mpeg_ts(bytes)) return &mpeg_ts;
    return is_adts(bytes) ? &aac : NULL;
}

/* Element sizes --------------------------------------------------------------------------- */

static patina_status check_element_size(const char *what, uint64_t at, uint64_t size,
                                        const pt_byte_source *bytes, patina_error *err) {
    if (size <= bytes->size - at) return PATINA_OK;
    return pt_fail(err, PATINA_REJECT_TRUNCATED,
                   "%s at byte %llu declares %llu bytes, but %llu remain in the file", what,
                   (unsigned long long)at, (unsigned long long)size,
                   (unsigned long long)(bytes->size - at));
}

static patina_status fail_joined(uint64_t at, patina_error *err) {
    return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                   "another file is joined at byte %llu and would not be read; split the file",
                   (unsigned long long)at);
}

/** Boxes that contain or describe audio; any other bytes may follow them. A second moov is that of
 * another file. */
static patina_status check_boxes(const pt_byte_source *bytes, patina_error *err) {
    static const char *const known_boxes[] = {"ftyp", "moov", "mdat", "moof",
                                              "wide", "free", "sidx"};
    unsigned char h[16];
    uint64_t at = 0;
    bool has_moov = false;

    for (unsigned n = 0; n < ELEMENTS_MAX && pt_read_exactly(bytes, at, h, 8); n++) {
        const char *name = NULL;
        uint64_t size = pt_read_be(h, 4);
        for (size_t i = 0; i < sizeof known_boxes / sizeof known_boxes[0]; i++)
            if (memcmp(h + 4, known_boxes[i], 4) == 0) name = known_boxes[i];
        const bool is_moov = memcmp(h + 4, "moov", 4) == 0;
        if (size == 1 && pt_read_exactly(bytes, at, h, 16)) size = pt_read_be(h + 8, 8);
        if (size < 8) return PATINA_OK; /* 0: to the end of the file; others are not boxes */
        if (is_moov && has_moov) return fail_joined(at, err);
        has_moov = has_moov || is_moov;
        if (name) PT_TRY(check_element_size(name, at, size, bytes, err));
        if (size > bytes->size - at) return PATINA_OK;
        at += size;
    }
    return PATINA_OK;
}

/** A number whose first byte has as many leading zeros as bytes follow it; returns its length, 0
 * where it is not one. A size is read without its marker bit, and is unknown where all its bits are
 * ones. */
static unsigned read_ebml_vint(const unsigned char *b, bool is_size, uint64_t *value) {
    unsigned n = 1;
    while (n <= 8 && !(b[0] & 0x100U >> n))
        n++;
    if (n > 8) return 0;
    *value = pt_read_be(b, n);
    if (is_size) {
        const uint64_t mark = (uint64_t)1 << (7 * n);
        *value &= mark - 1;
        if (*value == mark - 1) *value = UINT64_MAX;
    }
    return n;
}

/** Checks the data after the segment of a Matroska file: another file, or clusters that its size
 * excludes. */
static patina_status check_behind_segment(const pt_byte_source *bytes, uint64_t at,
                                          patina_error *err) {
    unsigned char h[4];
    if (!pt_read_exactly(bytes, at, h, sizeof h)) return PATINA_OK;
    if (memcmp(h, "\x1A\x45\xDF\xA3", 4) == 0) return fail_joined(at, err);
    if (memcmp(h, "\x1F\x43\xB6\x75", 4) != 0 && (h[0] & 0xF0) != 0xA0) return PATINA_OK;
    return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                   "audio data follow at byte %llu, after the end of the segment; correct the size "
                   "of the segment",
                   (unsigned long long)at);
}

static patina_status check_ebml(const pt_byte_source *bytes, patina_error *err) {
    unsigned char h[16] = {0};
    uint64_t at = 0, id, size;

    for (unsigned n = 0; n < 16 && pt_byte_source_read_at(bytes, at, h, sizeof h) >= 5; n++) {
        const unsigned n_id = read_ebml_vint(h, false, &id);
        const unsigned n_size = n_id > 0 && n_id <= 4 ? read_ebml_vint(h + n_id, true, &size) : 0;
        if (n_size == 0 || size == UINT64_MAX) return PATINA_OK;
        at += n_id + n_size;
        if (at > bytes->size) return PATINA_OK;
        if (id == 0x18538067) {
            PT_TRY(check_element_size("the segment", at, size, bytes, err));
            return check_behind_segment(bytes, at + size, err);
        }
        if (size > bytes->size - at) return PATINA_OK;
        at += size;
    }
    return PATINA_OK;
}

static patina_status check_asf(const pt_byte_source *bytes, patina_error *err) {
    static const unsigned char data[4] = {0x36, 0x26, 0xB2, 0x75}; /* of its identifier */
    unsigned char h[24];
    uint64_t at = 0;

    for (unsigned n = 0; n < ELEMENTS_MAX && pt_read_exactly(bytes, at, h, sizeof h); n++) {
        uint64_t size = 0;
        for (int i = 23; i >= 16; i--)
            size = size << 8 | h[i];
        if (size < sizeof h) return PATINA_OK; /* 0: a placeholder */
        if (n == 0) PT_TRY(check_element_size("the header", at, size, bytes, err));
        if (memcmp(h, data, sizeof data) == 0)
            return check_element_size("the data", at, size, bytes, err);
        if (size > bytes->size - at) return PATINA_OK;
        at += size;
    }
    return PATINA_OK;
}

patina_status pt_format_check_size(const pt_format_info *probed, const pt_byte_source *bytes,
                                   patina_error *err) {
    switch (probed->layout) {
    case PT_LAYOUT_ISOBMFF:
        return check_boxes(bytes, err);
    case PT_LAYOUT_EBML:
        return check_ebml(bytes, err);
    case PT_LAYOUT_ASF:
        return check_asf(bytes, err);
    default:
        return PATINA_OK;
    }
}
