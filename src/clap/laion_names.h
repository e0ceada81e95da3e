/* SPDX-License-Identifier: MIT */
/* laion_names.h - the tensors' names of LAION's own checkpoints, in Hugging Face's words */

#ifndef PATINA_CLAP_LAION_NAMES_H
#define PATINA_CLAP_LAION_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define PT_TENSOR_NAME_MAX 256 /* with the NUL; the longest in use has 95 characters */

/** What becomes of a tensor. */
typedef enum pt_laion_fate {
    PT_LAION_UNUSED, /* no part of the towers, or not of LAION's naming */
    PT_LAION_RENAMED,
    PT_LAION_SPLIT, /* query, key and value in one: thirds of its first dimension */
} pt_laion_fate;

/** Whether a checkpoint that has a tensor of this name follows LAION's naming. */
bool pt_laion_is(const char *name);

/**
 * The names that a tensor has in Hugging Face's ClapModel: one, or three of the thirds in their
 * order.
 */
pt_laion_fate pt_laion_rename(const char *name, char names[3][PT_TENSOR_NAME_MAX]);

#endif /* PATINA_CLAP_LAION_NAMES_H */
