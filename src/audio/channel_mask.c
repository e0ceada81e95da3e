/* SPDX-License-Identifier: MIT */
/* channel_mask.c - converts counts, masks of other formats and lists of positions to masks */

#include "audio/channel_mask.h"

#include "patina/audio.h"

uint64_t pt_channel_mask_by_count(unsigned n) {
    static const uint64_t masks[] = {
        [1] = 0x4,   /* FC */
        [2] = 0x3,   /* FL FR */
        [3] = 0x7,   /* FL FR FC */
        [4] = 0x33,  /* FL FR BL BR */
        [5] = 0x37,  /* FL FR FC BL BR */
        [6] = 0x3F,  /* FL FR FC LFE BL BR */
        [7] = 0x70F, /* FL FR FC LFE BC SL SR */
        [8] = 0x63F, /* FL FR FC LFE BL BR SL SR */
    };
    return n < sizeof masks / sizeof masks[0] ? masks[n] : 0;
}

uint64_t pt_channel_mask_limit(uint64_t mask, unsigned n) {
    uint64_t lowest = 0;
    for (; n > 0 && mask; n--) {
        lowest |= mask & (~mask + 1);
        mask &= mask - 1;
    }
    return n == 0 ? lowest : 0;
}

uint64_t pt_channel_mask_from_positions(const int *position, unsigned n, unsigned char *channel_map,
                                        bool *is_reordered) {
    uint64_t mask = 0;
    if (n > PATINA_CHANNELS_MAX) return 0;
    for (unsigned c = 0; c < n; c++) {
        if (position[c] < 0 || position[c] >= PT_CHANNEL_BITS || mask >> position[c] & 1) return 0;
        mask |= (uint64_t)1 << position[c];
    }
    for (unsigned c = 0; c < n; c++) {
        channel_map[c] = 0;
        for (unsigned other = 0; other < n; other++)
            if (position[other] < position[c]) channel_map[c]++;
        if (channel_map[c] != c) *is_reordered = true;
    }
    return mask;
}
