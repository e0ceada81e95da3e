/* SPDX-License-Identifier: MIT */
/* model_bytes.h - model files that differ from a good one in one thing */

#ifndef PATINA_TEST_MODEL_BYTES_H
#define PATINA_TEST_MODEL_BYTES_H

#include <stddef.h>

#include "clap/checkpoint.h"

/** What to do to a model; all zero leaves its floating-point tensors as they are, in float32. */
typedef struct pt_model_change {
    pt_dtype dtype;       /* F32, or rounded to nearest even in F16 or BF16 */
    const char *reshaped; /* give this tensor another dimension, of 1 */
    const char *infinite; /* make the first value of this one infinite (not in F16) */
} pt_model_change;

/** The bytes of a safetensors file with the floating-point tensors of another; the caller frees
 * them. */
unsigned char *pt_model_bytes(const pt_checkpoint *file, const pt_model_change *change,
                              size_t *size);

/** A copy of a file's bytes in which a tensor has another name, so that its own is missing. */
unsigned char *pt_model_bytes_without(const pt_checkpoint *file, const char *name, size_t *size);

/** Writes the first n_kept bytes of a model with a change; SIZE_MAX for all. */
void pt_model_write(const char *path, const pt_checkpoint *file, const pt_model_change *change,
                    size_t n_kept);

#endif /* PATINA_TEST_MODEL_BYTES_H */
