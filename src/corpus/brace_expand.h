/* SPDX-License-Identifier: MIT */
/* brace_expand.h - paths of several files in one: train/{0..99}.tar
 *
 * A group is {first..last}, two numbers of which the first may be the larger, or {a,b,...}, texts
 * of which some may be empty. Where a number of a range begins with 0, as in {000..099}, all of it
 * are padded to the longer of the two. Other braces stand for themselves.
 */

#ifndef PATINA_CORPUS_BRACE_EXPAND_H
#define PATINA_CORPUS_BRACE_EXPAND_H

#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"

#define PT_BRACE_GROUPS_MAX 8
#define PT_BRACE_PATHS_MAX  100000 /* that one pattern may stand for */

/** The first group of a pattern; NULL where there is none. */
const char *pt_brace_find(const char *pattern);

/**
 * Appends all paths that a pattern stands for, each ended by a NUL, in the order of bash: the last
 * group changes fastest.
 *
 * Errors   PATINA_EFORMAT  too many groups or paths
 */
patina_status pt_brace_expand(const char *pattern, pt_strbuf *paths, size_t *n_paths,
                              patina_error *err);

#endif /* PATINA_CORPUS_BRACE_EXPAND_H */
