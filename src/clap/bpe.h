/* SPDX-License-Identifier: MIT */
/* bpe.h - byte-pair encoding: merges pairs of symbols, lowest rank first */

#ifndef PATINA_CLAP_BPE_H
#define PATINA_CLAP_BPE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/arena.h"

/** Merges the pair of symbols (left, right) to result. */
typedef struct pt_bpe_merge {
    uint32_t left, right, rank, result;
} pt_bpe_merge;

/** Merges sorted by left, then right; those of left l are merges[first[l]] up to merges[first[l +
 * 1]]. Sorted instead of hashed, so that no file can cause slow look-ups. */
typedef struct pt_bpe {
    pt_bpe_merge *merges;
    uint32_t *first; /* [n_symbols + 1] */
} pt_bpe;

/**
 * Takes ownership of merges (from malloc), also on failure. left and right are below n_symbols,
 * ranks below UINT32_MAX.
 *
 * Errors   PATINA_ENOMEM
 *          PATINA_EFORMAT  a pair is duplicate; *duplicate_rank is the greater of its ranks
 */
patina_status pt_bpe_init(pt_bpe_merge *merges, size_t n_merges, size_t n_symbols, pt_bpe *bpe,
                          size_t *duplicate_rank, patina_error *err);
void pt_bpe_release(pt_bpe *bpe);

/**
 * Encodes ids[0..*n) in place: repeatedly merges all occurrences of the pair of lowest rank, from
 * left to right, until no pair has a rank. Takes O(n log n) time for any input.
 *
 * n         in and out; up to 2^31
 * Errors    PATINA_ENOMEM
 */
patina_status pt_bpe_apply(const pt_bpe *bpe, uint32_t *ids, size_t *n, pt_arena *scratch,
                           patina_error *err);

#endif /* PATINA_CLAP_BPE_H */
