/* SPDX-License-Identifier: MIT */
/* carve.h - one block of memory cut into buffers
 *
 * The same function that cuts first runs without memory, to learn how much it needs.
 */

#ifndef PATINA_CLAP_CARVE_H
#define PATINA_CLAP_CARVE_H

#include <stddef.h>
#include <stdint.h>

typedef struct pt_carver {
    unsigned char *base; /* aligned to 64, or NULL while sizes are added up */
    size_t used;         /* bytes, a multiple of 64; SIZE_MAX / 64 * 64 when that overflows */
} pt_carver;

/** count elements of size bytes, aligned to 64; NULL while sizes are added up. */
static inline void *pt_carve(pt_carver *carver, size_t count, size_t size) {
    const size_t most = SIZE_MAX / 64 * 64;
    void *taken = carver->base ? carver->base + carver->used : NULL;
    if (carver->used == most || (size != 0 && count > (most - 64 - carver->used) / size))
        carver->used = most; /* an allocation that cannot succeed */
    else
        carver->used += (count * size + 63) / 64 * 64;
    return taken;
}

#endif /* PATINA_CLAP_CARVE_H */
