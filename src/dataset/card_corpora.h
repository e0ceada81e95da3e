/* SPDX-License-Identifier: MIT */
/* card_corpora.h - the corpora of a data set in its card */

#ifndef PATINA_DATASET_CARD_CORPORA_H
#define PATINA_DATASET_CARD_CORPORA_H

#include "base/strbuf.h"

/** Appends a section with the corpora of the settings, where they have names. */
void pt_card_add_corpora(pt_strbuf *out, const char *settings_json);

#endif /* PATINA_DATASET_CARD_CORPORA_H */
