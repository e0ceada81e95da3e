/* SPDX-License-Identifier: MIT */
/* id_set.c - hash table with linear probing, at most half full */

#include "base/id_set.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define INITIAL_SLOTS 1024

typedef struct key {
    uint64_t low, high; /* both 0: a free slot */
} key;

struct pt_id_set {
    key *slots;
    size_t n_slots, n_used; /* n_slots a power of two */
};

patina_status pt_id_set_open(pt_id_set **set, patina_error *err) {
    pt_id_set *s = calloc(1, sizeof *s);
    if (s) s->slots = calloc(INITIAL_SLOTS, sizeof *s->slots);
    if (!s || !s->slots) {
        free(s);
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    s->n_slots = INITIAL_SLOTS;
    *set = s;
    return PATINA_OK;
}

void pt_id_set_close(pt_id_set **set) {
    if (!*set) return;
    free((*set)->slots);
    free(*set);
    *set = NULL;
}

static key hash_id(const char *id) {
    pt_sha256 hash;
    key k;
    pt_sha256_init(&hash);
    pt_sha256_update(&hash, id, strlen(id));
    pt_sha256_finish_128(&hash, &k.low, &k.high);
    if (k.low == 0 && k.high == 0) k.low = 1;
    return k;
}

/* Returns the slot of k, or the free slot where it is to be inserted. */
static key *find_slot(key *slots, size_t n_slots, key k) {
    size_t i = (size_t)k.low & (n_slots - 1);
    while ((slots[i].low | slots[i].high) != 0 &&
           (slots[i].low != k.low || slots[i].high != k.high))
        i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

static patina_status grow(pt_id_set *s, patina_error *err) {
    const size_t n_slots = 2 * s->n_slots;
    key *slots = calloc(n_slots, sizeof *slots);
    if (!slots) return pt_fail(err, PATINA_ENOMEM, "out of memory for %zu ids", s->n_used);
    for (size_t i = 0; i < s->n_slots; i++)
        if ((s->slots[i].low | s->slots[i].high) != 0)
            *find_slot(slots, n_slots, s->slots[i]) = s->slots[i];
    free(s->slots);
    s->slots = slots;
    s->n_slots = n_slots;
    return PATINA_OK;
}

patina_status pt_id_set_add(pt_id_set *s, const char *id, bool *repeated, patina_error *err) {
    if (2 * s->n_used >= s->n_slots) PT_TRY(grow(s, err));
    const key k = hash_id(id);
    key *slot = find_slot(s->slots, s->n_slots, k);
    *repeated = (slot->low | slot->high) != 0;
    if (!*repeated) {
        *slot = k;
        s->n_used++;
    }
    return PATINA_OK;
}
