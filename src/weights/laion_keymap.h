/* SPDX-License-Identifier: MIT */
/* laion_keymap.h - maps tensor names of LAION checkpoints to those of Hugging Face's ClapModel */

#ifndef PATINA_WEIGHTS_LAION_KEYMAP_H
#define PATINA_WEIGHTS_LAION_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

#define PT_TENSOR_NAME_MAX 256 /* with the NUL; the longest in use has 95 characters */

/** How a tensor is mapped. */
typedef enum pt_laion_key_action {
    PT_LAION_KEY_UNUSED, /* not part of the towers, or not a LAION name */
    PT_LAION_KEY_RENAMED,
    PT_LAION_KEY_SPLIT, /* query, key and value, stacked along the first dimension */
} pt_laion_key_action;

/** Whether a tensor name shows that the checkpoint uses LAION's naming. */
bool pt_laion_keymap_detect(const char *name);

/**
 * Maps a name: writes names[0], or with PT_LAION_KEY_SPLIT all three, in the order of the parts.
 */
pt_laion_key_action pt_laion_keymap_apply(const char *name, char names[3][PT_TENSOR_NAME_MAX]);

#endif /* PATINA_WEIGHTS_LAION_KEYMAP_H */
