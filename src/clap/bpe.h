/* SPDX-License-Identifier: MIT */
/* bpe.h - byte-pair merges, lowest rank first */

#ifndef PATINA_CLAP_BPE_H
#define PATINA_CLAP_BPE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/arena.h"

/** The pair (left, right) of symbols becomes result. */
typedef struct pt_bpe_merge {
    uint32_t left, right, rank, result;
} pt_bpe_merge;

/** Merges by left, then right; those of left l are merges[first[l]] up to merges[first[l + 1]].
 * Sorted rather than hashed, so that no file can make look-ups slow. */
typedef struct pt_bpe {
    pt_bpe_merge *merges;
    uint32_t *first; /* [n_symbols + 1] */
} pt_bpe;

/**
 * Takes over merges (from malloc), also on failure; left and right are below n_symbols and ranks
 * below UINT32_MAX. *duplicate_rank is the greater rank of two merges of one pair, if that is the fault.
 *
 * Errors   PATINA_ENOMEM; PATINA_EFORMAT  a pair comes twice
 */
patina_status pt_bpe_init(pt_bpe_merge *merges, size_t n_merges, size_t n_symbols, pt_bpe *bpe,
                          size_t *duplicate_rank, patina_error *err);
void pt_bpe_release(pt_bpe *bpe);

/**
 * Merges in ids[0..*n), in place: again and again the pair of lowest rank, at all its places from
 * left to right, until no pair has a rank. Takes n log n time, whatever the ids.
 *
 * n         in and out; up to 2^31
 * Errors    PATINA_ENOMEM
 */
patina_status pt_bpe_apply(const pt_bpe *bpe, uint32_t *ids, size_t *n, pt_arena *scratch,
                           patina_error *err);

#endif /* PATINA_CLAP_BPE_H */
