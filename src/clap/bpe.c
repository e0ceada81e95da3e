/* SPDX-License-Identifier: MIT */
/* bpe.c - byte-pair encoding with a linked list of symbols and a heap of pairs by (rank, index)
 *
 * A round pops all pairs of the lowest rank and merges them from left to right. Pairs created by it
 * wait for the next round even if their rank is lower, as in the original algorithm, which looks
 * for the lowest rank only after merging a pair everywhere. Pairs removed by a merge stay in the
 * heap and are skipped when popped.
 */

#include "clap/bpe.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"

#define NONE UINT32_MAX /* no symbol, or no rank */

static int by_pair(const void *a, const void *b) {
    const pt_bpe_merge *x = a, *y = b;
    if (x->left != y->left) return x->left < y->left ? -1 : 1;
    if (x->right != y->right) return x->right < y->right ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

patina_status pt_bpe_init(pt_bpe_merge *merges, size_t n_merges, size_t n_symbols, pt_bpe *bpe,
                          size_t *duplicate_rank, patina_error *err) {
    uint32_t *first = calloc(n_symbols + 1, sizeof *first);
    if (!first) {
        free(merges);
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    if (n_merges > 0) qsort(merges, n_merges, sizeof *merges, by_pair);
    for (size_t i = 0; i + 1 < n_merges; i++)
        if (merges[i].left == merges[i + 1].left && merges[i].right == merges[i + 1].right) {
            *duplicate_rank = merges[i + 1].rank;
            free(first);
            free(merges);
            return pt_fail(err, PATINA_EFORMAT, "the pair is duplicate");
        }
    for (size_t i = 0; i < n_merges; i++)
        first[merges[i].left + 1]++;
    for (size_t s = 0; s < n_symbols; s++)
        first[s + 1] += first[s];
    *bpe = (pt_bpe){merges, first};
    return PATINA_OK;
}

void pt_bpe_release(pt_bpe *bpe) {
    free(bpe->merges);
    free(bpe->first);
    *bpe = (pt_bpe){0};
}

static const pt_bpe_merge *find_merge(const pt_bpe *bpe, uint32_t left, uint32_t right) {
    uint32_t low = bpe->first[left], high = bpe->first[left + 1];

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const pt_bpe_merge *merge = &bpe->merges[middle];
        if (merge->right == right) return merge;
        if (merge->right < right)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---------------------------------------------------------------- one piece */

typedef struct symbol {
    uint32_t id, previous, next;
    uint32_t rank; /* of the pair with next; NONE if none, or merged into the previous */
} symbol;

typedef struct piece {
    const pt_bpe *bpe;
    symbol *symbols; /* [n] */
    uint64_t *heap;  /* [2n], rank << 32 | index; a merge pops one and pushes at most two */
    size_t n_heap;
} piece;

static void heap_push(piece *p, uint64_t key) {
    size_t i = p->n_heap++;
    while (i > 0 && p->heap[(i - 1) / 2] > key) {
        p->heap[i] = p->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    p->heap[i] = key;
}

static uint64_t heap_pop(piece *p) {
    const uint64_t min_key = p->heap[0], key = p->heap[--p->n_heap];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < p->n_heap) {
        if (child + 1 < p->n_heap && p->heap[child + 1] < p->heap[child]) child++;
        if (p->heap[child] >= key) break;
        p->heap[i] = p->heap[child];
        i = child;
    }
    p->heap[i] = key;
    return min_key;
}

/* Pushes the pair of a symbol and its successor if it has a rank. */
static void rank_pair(piece *p, uint32_t index) {
    symbol *left = &p->symbols[index];
    const pt_bpe_merge *merge =
        left->next == NONE ? NULL : find_merge(p->bpe, left->id, p->symbols[left->next].id);

    left->rank = merge ? merge->rank : NONE;
    if (merge) heap_push(p, (uint64_t)merge->rank << 32 | index);
}

static void merge_pair(piece *p, uint32_t index) {
    symbol *left = &p->symbols[index], *right = &p->symbols[left->next];

    left->id = find_merge(p->bpe, left->id, right->id)->result;
    left->next = right->next;
    right->rank = NONE;
    if (left->next != NONE) p->symbols[left->next].previous = index;
    rank_pair(p, index);
    if (left->previous != NONE) rank_pair(p, left->previous);
}

static void merge_pairs(piece *p, uint32_t *round) {
    while (p->n_heap > 0) {
        const uint32_t rank = (uint32_t)(p->heap[0] >> 32);
        size_t n_round = 0;
        while (p->n_heap > 0 && p->heap[0] >> 32 == rank)
            round[n_round++] = (uint32_t)heap_pop(p);
        for (size_t i = 0; i < n_round; i++)
            if (p->symbols[round[i]].rank == rank) merge_pair(p, round[i]);
    }
}

patina_status pt_bpe_apply(const pt_bpe *bpe, uint32_t *ids, size_t *n, pt_arena *scratch,
                           patina_error *err) {
    if (*n < 2) return PATINA_OK;

    const pt_arena_marker mark = pt_arena_mark(scratch);
    piece p = {.bpe = bpe};
    p.symbols = pt_arena_alloc_array(scratch, *n, sizeof *p.symbols);
    p.heap = pt_arena_alloc_array(scratch, 2 * *n, sizeof *p.heap);
    uint32_t *round = pt_arena_alloc_array(scratch, 2 * *n, sizeof *round);
    if (!p.symbols || !p.heap || !round) {
        pt_arena_rewind(scratch, mark);
        return pt_fail(err, PATINA_ENOMEM, "out of memory for a word of %zu bytes", *n);
    }

    const uint32_t last = (uint32_t)(*n - 1);
    for (uint32_t i = 0; i <= last; i++)
        p.symbols[i] = (symbol){ids[i], i > 0 ? i - 1 : NONE, i < last ? i + 1 : NONE, NONE};
    for (uint32_t i = 0; i < last; i++)
        rank_pair(&p, i);
    merge_pairs(&p, round);

    size_t n_left = 0;
    for (uint32_t i = 0; i != NONE; i = p.symbols[i].next)
        ids[n_left++] = p.symbols[i].id;
    *n = n_left;
    pt_arena_rewind(scratch, mark);
    return PATINA_OK;
}
