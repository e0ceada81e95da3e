/* SPDX-License-Identifier: MIT */
/* laion_keymap.h - the tensors' names of LAION's own checkpoints, in Hugging Face's words */

#ifndef PATINA_WEIGHTS_LAION_KEYMAP_H
#define PATINA_WEIGHTS_LAION_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

#define PT_TENSOR_NAME_MAX 256 /* with the NUL; the longest in use has 95 characters */

/** What becomes of a tensor. */
typedef enum pt_laion_key_action {
    PT_LAION_KEY_UNUSED, /* no part of the towers, or not of LAION's naming */
    PT_LAION_KEY_RENAMED,
    PT_LAION_KEY_SPLIT, /* query, key and value in one: thirds of its first dimension */
} pt_laion_key_action;

/** Whether a checkpoint that has a tensor of this name follows LAION's naming. */
bool pt_laion_keymap_detect(const char *name);

/**
 * The names that a tensor has in Hugging Face's ClapModel: one, or three of the thirds in their
 * order.
 */
pt_laion_key_action pt_laion_keymap_apply(const char *name, char names[3][PT_TENSOR_NAME_MAX]);

#endif /* PATINA_WEIGHTS_LAION_KEYMAP_H */
