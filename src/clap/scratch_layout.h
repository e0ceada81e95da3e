/* SPDX-License-Identifier: MIT */
/* scratch_layout.h - one block of memory cut into buffers
 *
 * The same function that cuts first runs without memory, to learn how much it needs.
 */

#ifndef PATINA_CLAP_SCRATCH_LAYOUT_H
#define PATINA_CLAP_SCRATCH_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

typedef struct pt_scratch_layout {
    unsigned char *base; /* aligned to 64, or NULL while sizes are added up */
    size_t used;         /* bytes, a multiple of 64; SIZE_MAX / 64 * 64 when that overflows */
} pt_scratch_layout;

/** count elements of size bytes, aligned to 64; NULL while sizes are added up. */
static inline void *pt_scratch_alloc(pt_scratch_layout *layout, size_t count, size_t size) {
    const size_t max_bytes = SIZE_MAX / 64 * 64;
    void *ptr = layout->base ? layout->base + layout->used : NULL;
    if (layout->used == max_bytes || (size != 0 && count > (max_bytes - 64 - layout->used) / size))
        layout->used = max_bytes; /* an allocation that cannot succeed */
    else
        layout->used += (count * size + 63) / 64 * 64;
    return ptr;
}

#endif /* PATINA_CLAP_SCRATCH_LAYOUT_H */
