/* SPDX-License-Identifier: MIT */
/* entry_check.h - the invariants of an entry that hold for every kind of corpus (corpus_iterator.h)
 */

#ifndef PATINA_FUZZ_ENTRY_CHECK_H
#define PATINA_FUZZ_ENTRY_CHECK_H

#include <string.h>

#include "base/utf8.h"
#include "corpus/corpus_iterator.h"
#include "fuzz.h"

static inline void fuzz_check_text(const char *text) {
    FUZZ_ASSERT(!text || pt_utf8_is_valid(text, strlen(text))); /* it is written to JSON */
}

static inline void fuzz_check_captions(const pt_entry *e) {
    for (size_t i = 0; i < e->n_captions; i++) {
        const pt_caption *c = &e->captions[i];
        FUZZ_ASSERT(!c->text != !c->fault);
        fuzz_check_text(c->text);
        fuzz_check_text(c->fault);
        FUZZ_ASSERT(!c->text || !pt_utf8_is_blank(c->text, strlen(c->text)));
    }
}

static inline void fuzz_check_entry(const pt_entry *e) {
    fuzz_check_text(e->id);
    fuzz_check_text(e->source);
    fuzz_check_text(e->fault);
    FUZZ_ASSERT(e->source);
    FUZZ_ASSERT(!e->id || e->id[0] != '\0');
    if (e->status == PATINA_OK)
        FUZZ_ASSERT(e->id && !e->fault);
    else
        FUZZ_ASSERT(e->fault && patina_status_is_reject(e->status));
    fuzz_check_captions(e);
}

#endif /* PATINA_FUZZ_ENTRY_CHECK_H */
