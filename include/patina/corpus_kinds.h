/* SPDX-License-Identifier: MIT */
/* corpus_kinds.h - what shapes of corpus are read */

#ifndef PATINA_CORPUS_KINDS_H
#define PATINA_CORPUS_KINDS_H

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
PT_API bool pt_corpus_kinds(size_t i, const char **name, const char **summary);

#endif /* PATINA_CORPUS_KINDS_H */
