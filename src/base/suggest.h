/* SPDX-License-Identifier: MIT */
/* suggest.h - suggestions for mistyped names */

#ifndef PATINA_BASE_SUGGEST_H
#define PATINA_BASE_SUGGEST_H

#include <stddef.h>

/** The name most similar to a mistyped one, or NULL when none is similar. */
const char *pt_suggest_name(const char *word, const char *const *names, size_t n_names);

#endif /* PATINA_BASE_SUGGEST_H */
