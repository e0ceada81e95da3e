/* SPDX-License-Identifier: MIT */
/* brace_expand.h - brace expansion of paths: train/{0..99}.tar
 *
 * A group is a range {first..last} of integers, ascending or descending, or a list {a,b,...} of
 * strings, which may be empty. Where a bound has leading zeros, as in {000..099}, all numbers are
 * padded to the width of the longer bound. Other braces are literal.
 */

#ifndef PATINA_CORPUS_BRACE_EXPAND_H
#define PATINA_CORPUS_BRACE_EXPAND_H

#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"

#define PT_BRACE_GROUPS_MAX 8
#define PT_BRACE_PATHS_MAX  100000 /* paths of one pattern */

/** The first group of a pattern; NULL where it has none. */
const char *pt_brace_find(const char *pattern);

/**
 * Appends all paths of a pattern, each followed by a NUL, in the order of bash: the last group
 * varies fastest.
 *
 * Errors   PATINA_EFORMAT  too many groups or paths
 */
patina_status pt_brace_expand(const char *pattern, pt_strbuf *paths, size_t *n_paths,
                              patina_error *err);

#endif /* PATINA_CORPUS_BRACE_EXPAND_H */
