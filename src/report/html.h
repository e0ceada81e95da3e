/* SPDX-License-Identifier: MIT */
/* html.h - text, numbers and data URIs for HTML */

#ifndef PATINA_REPORT_HTML_H
#define PATINA_REPORT_HTML_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/strbuf.h"

/**
 * Untrusted text, as content or as an attribute value: special characters are escaped, control
 * characters and bytes that are not UTF-8 become U+FFFD.
 */
void pt_html_add_escaped(pt_strbuf *out, const char *text);

/** A count with thin spaces between thousands. */
void pt_html_add_count(pt_strbuf *out, uint64_t n);

/** A number with the given number of decimals and U+2212 as minus sign. */
void pt_html_add_number(pt_strbuf *out, double value, int decimals);

/** Bytes in base64. */
void pt_html_add_base64(pt_strbuf *out, const void *bytes, size_t n);

/** "data:<type>;base64,..." */
void pt_html_add_data_uri(pt_strbuf *out, const char *type, const void *bytes, size_t n);

/**
 * Encodes [height, width] indices into a palette ([256][3] sRGB) as PNG.
 *
 * Errors  PATINA_ENOMEM
 */
patina_status pt_png_encode(const unsigned char *pixels, size_t width, size_t height,
                            const unsigned char (*palette)[3], pt_strbuf *png, patina_error *err);

#endif /* PATINA_REPORT_HTML_H */
