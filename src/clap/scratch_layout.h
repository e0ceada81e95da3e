/* SPDX-License-Identifier: MIT */
/* scratch_layout.h - divides one block of memory into aligned buffers
 *
 * The function that lays out the buffers runs first without memory, to compute the size.
 */

#ifndef PATINA_CLAP_SCRATCH_LAYOUT_H
#define PATINA_CLAP_SCRATCH_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

typedef struct pt_scratch_layout {
    unsigned char *base; /* aligned to 64, or NULL to compute sizes */
    size_t used;         /* bytes, a multiple of 64; SIZE_MAX / 64 * 64 on overflow */
} pt_scratch_layout;

/** count elements of size bytes, aligned to 64; NULL if there is no base. */
static inline void *pt_scratch_alloc(pt_scratch_layout *layout, size_t count, size_t size) {
    const size_t max_bytes = SIZE_MAX / 64 * 64;
    void *ptr = layout->base ? layout->base + layout->used : NULL;
    if (layout->used == max_bytes || (size != 0 && count > (max_bytes - 64 - layout->used) / size))
        layout->used = max_bytes; /* the allocation of this size fails */
    else
        layout->used += (count * size + 63) / 64 * 64;
    return ptr;
}

#endif /* PATINA_CLAP_SCRATCH_LAYOUT_H */
