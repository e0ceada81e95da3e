/* SPDX-License-Identifier: MIT */
/* unicode_classes.h - character classes of the pre-tokenizer */

#ifndef PATINA_CLAP_UNICODE_CLASSES_H
#define PATINA_CLAP_UNICODE_CLASSES_H

#include <stddef.h>
#include <stdint.h>

/** Letter is general category L, number N; marks and unassigned code points are other. */
typedef enum pt_char_class {
    PT_CHAR_OTHER,
    PT_CHAR_LETTER,
    PT_CHAR_NUMBER,
    PT_CHAR_SPACE
} pt_char_class;

/** The class of a code point; PT_CHAR_OTHER for invalid ones. */
pt_char_class pt_char_class_of(uint32_t code);

#endif /* PATINA_CLAP_UNICODE_CLASSES_H */
