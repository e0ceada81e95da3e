/* SPDX-License-Identifier: MIT */
/**
 * @file corpus.h
 * @brief The corpus formats that patina_generate() reads.
 *
 * @code
 * const char *name, *summary;
 * for (size_t i = 0; patina_corpus_kind_at(i, &name, &summary); i++)
 *     printf("%-12s %s\n", name, summary);
 * @endcode
 */

#ifndef PATINA_CORPUS_H
#define PATINA_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Returns format i, from 0, in the order in which a path is checked for them. docs/CORPORA.md
 * describes them. Safe from any thread.
 *
 * - `name`: out; as patina_generate_options.corpus_kind takes it, "audiocaps"; static
 * - `summary`: out; the files that make it up, without capital and full stop; static
 *
 * Returns false after the last format.
 */
PATINA_API bool patina_corpus_kind_at(size_t i, const char **name, const char **summary);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_CORPUS_H */
