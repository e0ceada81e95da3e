/* SPDX-License-Identifier: MIT */
/* style.h - how the page looks: light, dark, on a phone, and on paper */

#ifndef PATINA_REPORT_STYLE_H
#define PATINA_REPORT_STYLE_H

/** The text of a style element in pieces, then NULL. */
extern const char *const pt_report_css[];

#endif /* PATINA_REPORT_STYLE_H */
