/* SPDX-License-Identifier: MIT */
/* html.h - pieces of a page: text, numbers, and bytes as data URIs */

#ifndef PATINA_REPORT_HTML_H
#define PATINA_REPORT_HTML_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/strbuf.h"

/**
 * Foreign text, for between tags and inside quotes: what means something to HTML is escaped, and
 * control characters and bytes that are no UTF-8 become U+FFFD.
 */
void pt_html_add_escaped(pt_strbuf *out, const char *text);

/** A count with thin spaces between thousands. */
void pt_html_add_count(pt_strbuf *out, uint64_t n);

/** A number in so many decimals, with a true minus sign. */
void pt_html_add_number(pt_strbuf *out, double value, int decimals);

/** "data:<type>;base64,..." */
void pt_html_add_data_uri(pt_strbuf *out, const char *type, const void *bytes, size_t n);

/**
 * A picture of [height, width] indices into 256 colours ([256][3] sRGB), as the bytes of a PNG.
 *
 * Errors  PATINA_ENOMEM
 */
patina_status pt_png_encode(const unsigned char *pixels, size_t width, size_t height,
                            const unsigned char (*palette)[3], pt_strbuf *png, patina_error *err);

#endif /* PATINA_REPORT_HTML_H */
