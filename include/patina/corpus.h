/* SPDX-License-Identifier: MIT */
/* corpus.h - what shapes of corpus are read */

#ifndef PATINA_CORPUS_H
#define PATINA_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

/**
 * Kind i of corpus, counted from 0 in the order in which they are tried on a path; false behind the
 * last.
 *
 * name     as options take it, "audiocaps"
 * summary  what a user has to have, without capital and full stop
 */
PATINA_API bool patina_corpus_kind_at(size_t i, const char **name, const char **summary);

#endif /* PATINA_CORPUS_H */
