/* SPDX-License-Identifier: MIT */
/* html.c - escaping, numbers, data URIs, and a minimal PNG encoder
 *
 * Source  PNG (W3C, third edition): signature, IHDR, PLTE, IDAT (zlib), IEND; indexed colours
 */

#include "report/html.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/base64.h>
#include <zlib.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

void pt_html_add_escaped(pt_strbuf *out, const char *text) {
    size_t left = strlen(text), size;
    for (; left > 0; text += size, left -= size) {
        const uint32_t c = pt_utf8_decode(text, left, &size);
        if (c == '&')
            pt_strbuf_append(out, "&amp;");
        else if (c == '<')
            pt_strbuf_append(out, "&lt;");
        else if (c == '>')
            pt_strbuf_append(out, "&gt;");
        else if (c == '"')
            pt_strbuf_append(out, "&quot;");
        else if (c == '\'')
            pt_strbuf_append(out, "&#39;");
        else if (c == '\n' || c == '\t' || c == '\r')
            pt_strbuf_append(out, " ");
        else if (c == UINT32_MAX || c == 0xFFFE || c == 0xFFFF || pt_utf8_is_control(c))
            pt_strbuf_append(out, REPLACEMENT);
        else
            pt_strbuf_append_bytes(out, text, size);
    }
}

void pt_html_add_count(pt_strbuf *out, uint64_t n) {
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) pt_strbuf_append(out, "\xE2\x80\x89"); /* U+2009 */
        pt_strbuf_append_bytes(out, &digits[i], 1);
    }
}

void pt_html_add_number(pt_strbuf *out, double value, int decimals) {
    char text[64];
    pt_snprintf(text, sizeof text, "%.*f", decimals, value);
    if (strspn(text, "-0.") == strlen(text)) /* no minus sign before zero */
        pt_strbuf_append(out, text[0] == '-' ? text + 1 : text);
    else if (text[0] == '-')
        pt_strbuf_printf(out, "\xE2\x88\x92%s", text + 1); /* U+2212 */
    else
        pt_strbuf_append(out, text);
}

void pt_html_add_data_uri(pt_strbuf *out, const char *type, const void *bytes, size_t n) {
    pt_strbuf_printf(out, "data:%s;base64,", type);
    pt_html_add_base64(out, bytes, n);
}

void pt_html_add_base64(pt_strbuf *out, const void *bytes, size_t n) {
    enum { STEP = 3 * 1024 }; /* whole base64 groups, so that only the end is padded */
    char text[BASE64_ENCODE_RAW_LENGTH(STEP)];
    for (size_t at = 0; at < n; at += STEP) {
        const size_t size = n - at < STEP ? n - at : STEP;
        base64_encode_raw(text, size, (const uint8_t *)bytes + at);
        pt_strbuf_append_bytes(out, text, BASE64_ENCODE_RAW_LENGTH(size));
    }
}

/* ---------------------------------------------------------------- PNG */

static void png_add_u32(pt_strbuf *png, uint32_t value) {
    const unsigned char bytes[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                                    (unsigned char)(value >> 8), (unsigned char)value};
    pt_strbuf_append_bytes(png, bytes, sizeof bytes);
}

static void png_add_chunk(pt_strbuf *png, const char *type, const void *data, size_t n) {
    uLong crc = crc32(crc32(0, Z_NULL, 0), (const Bytef *)type, 4);
    if (n > 0) crc = crc32(crc, data, (uInt)n);
    png_add_u32(png, (uint32_t)n);
    pt_strbuf_append_bytes(png, type, 4);
    pt_strbuf_append_bytes(png, data, n);
    png_add_u32(png, (uint32_t)crc);
}

patina_status pt_png_encode(const unsigned char *pixels, size_t width, size_t height,
                            const unsigned char (*palette)[3], pt_strbuf *png, patina_error *err) {
    patina_status status = PATINA_OK;
    const size_t n_raw = height * (width + 1);
    uLongf n_packed = compressBound(n_raw);
    unsigned char *raw = malloc(n_raw), *packed = malloc(n_packed);
    pt_strbuf head = {0};

    if (!raw || !packed) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        goto done;
    }
    for (size_t y = 0; y < height; y++) {
        raw[y * (width + 1)] = 0; /* filter 0 */
        memcpy(raw + y * (width + 1) + 1, pixels + y * width, width);
    }
    if (compress2(packed, &n_packed, raw, n_raw, Z_BEST_COMPRESSION) != Z_OK) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        goto done;
    }
    png_add_u32(&head, (uint32_t)width);
    png_add_u32(&head, (uint32_t)height);
    pt_strbuf_append_bytes(&head, "\x08\x03\0\0", 5); /* 8 bits, palette, default methods */
    pt_strbuf_append_bytes(png, "\x89PNG\r\n\x1A\n", 8);
    png_add_chunk(png, "IHDR", head.text, head.length);
    png_add_chunk(png, "PLTE", palette, 768);
    png_add_chunk(png, "IDAT", packed, n_packed);
    png_add_chunk(png, "IEND", NULL, 0);
    if (png->failed || head.failed) status = pt_fail(err, PATINA_ENOMEM, "out of memory");
done:
    free(raw);
    free(packed);
    pt_strbuf_release(&head);
    return status;
}
