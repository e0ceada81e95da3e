/* SPDX-License-Identifier: MIT */
/* id_set.c - open addressing with linear probing; at most half full */

#include "base/id_set.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define FIRST_SLOTS 1024

typedef struct key {
    uint64_t low, high; /* both 0: a free slot */
} key;

struct pt_id_set {
    key *slots;
    size_t n_slots, n_used; /* n_slots a power of two */
};

pt_status pt_id_set_open(pt_id_set **set, pt_error *err) {
    pt_id_set *s = calloc(1, sizeof *s);
    if (s) s->slots = calloc(FIRST_SLOTS, sizeof *s->slots);
    if (!s || !s->slots) {
        free(s);
        return pt_fail(err, PT_ENOMEM, "out of memory");
    }
    s->n_slots = FIRST_SLOTS;
    *set = s;
    return PT_OK;
}

void pt_id_set_close(pt_id_set **set) {
    if (!*set) return;
    free((*set)->slots);
    free(*set);
    *set = NULL;
}

static key key_of(const char *id) {
    pt_sha256 hash;
    key k;
    pt_sha256_init(&hash);
    pt_sha256_add(&hash, id, strlen(id));
    pt_sha256_first128(&hash, &k.low, &k.high);
    if (k.low == 0 && k.high == 0) k.low = 1;
    return k;
}

/* The slot that holds k, or the free one where it belongs. */
static key *slot_of(key *slots, size_t n_slots, key k) {
    size_t i = (size_t)k.low & (n_slots - 1);
    while ((slots[i].low | slots[i].high) != 0 &&
           (slots[i].low != k.low || slots[i].high != k.high))
        i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

static pt_status double_slots(pt_id_set *s, pt_error *err) {
    const size_t n_slots = 2 * s->n_slots;
    key *slots = calloc(n_slots, sizeof *slots);
    if (!slots) return pt_fail(err, PT_ENOMEM, "out of memory for %zu ids", s->n_used);
    for (size_t i = 0; i < s->n_slots; i++)
        if ((s->slots[i].low | s->slots[i].high) != 0)
            *slot_of(slots, n_slots, s->slots[i]) = s->slots[i];
    free(s->slots);
    s->slots = slots;
    s->n_slots = n_slots;
    return PT_OK;
}

pt_status pt_id_set_add(pt_id_set *s, const char *id, bool *repeated, pt_error *err) {
    if (2 * s->n_used >= s->n_slots) PT_TRY(double_slots(s, err));
    const key k = key_of(id);
    key *slot = slot_of(s->slots, s->n_slots, k);
    *repeated = (slot->low | slot->high) != 0;
    if (!*repeated) {
        *slot = k;
        s->n_used++;
    }
    return PT_OK;
}
