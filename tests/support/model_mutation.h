/* SPDX-License-Identifier: MIT */
/* model_mutation.h - variants of a valid model file, each with one change */

#ifndef PATINA_TEST_MODEL_MUTATION_H
#define PATINA_TEST_MODEL_MUTATION_H

#include <stddef.h>

#include "weights/checkpoint.h"

/** The change; all zero keeps the floating-point tensors, in float32. */
typedef struct pt_model_mutation {
    pt_dtype dtype;              /* F32, or rounded to nearest even in F16 or BF16 */
    const char *reshaped_tensor; /* adds a dimension of 1 to this tensor */
    const char *infinite_tensor; /* make the first value of this one infinite (not in F16) */
} pt_model_mutation;

/** The bytes of a safetensors file with the floating-point tensors of another; the caller frees
 * them. */
unsigned char *pt_model_mutate(const pt_checkpoint *file, const pt_model_mutation *change,
                               size_t *size);

/** A copy of a file's bytes without a tensor: its name is replaced. */
unsigned char *pt_model_drop_tensor(const pt_checkpoint *file, const char *name, size_t *size);

/** Writes the first truncate_to bytes of a changed model; SIZE_MAX for all. */
void pt_model_write_mutated(const char *path, const pt_checkpoint *file,
                            const pt_model_mutation *change, size_t truncate_to);

#endif /* PATINA_TEST_MODEL_MUTATION_H */
