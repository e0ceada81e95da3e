/* SPDX-License-Identifier: MIT */
/* unpickler.h - the tensors that a PyTorch pickle describes
 *
 * A pickle is a program for Python's stack machine, and may call what it likes. This machine knows
 * the instructions that torch.save writes and the few names that a checkpoint needs; nothing is
 * looked up or called, and what is no tensor becomes a value without content. Values of tensors are
 * not in the pickle: it names the storages where they are.
 */

#ifndef PATINA_WEIGHTS_UNPICKLER_H
#define PATINA_WEIGHTS_UNPICKLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "weights/checkpoint.h"

/** What a storage holds. */
typedef struct pt_pickled_type {
    const char *name; /* as safetensors spells it */
    pt_dtype dtype;
    unsigned n_bytes; /* of a value */
} pt_pickled_type;

/** A tensor of the state dictionary. Texts lie in the pickle and are not terminated. */
typedef struct pt_pickled_tensor {
    const char *name;
    size_t n_name;
    const pt_pickled_type *type;
    size_t n_dims, dims[PT_TENSOR_DIMS_MAX];
    size_t n_values;       /* 1 for no dimension, 0 when one is 0 */
    bool is_contiguous;    /* without gaps; its values are storage[first] to [first + n_values) */
    size_t storage_offset; /* value of the storage; all values lie within it */
    const char *key;       /* of the storage */
    size_t n_key;
    uint64_t n_storage; /* bytes of the storage */
} pt_pickled_tensor;

/**
 * Runs a pickle of protocol 2 to 5 and gives the tensors of its state dictionary: the one under
 * 'state_dict' of the dictionary that the pickle holds, or else that one itself. Members that are
 * no tensors are left out; the order is the pickle's, and names may be there twice.
 *
 * file     for errors
 * tensors  out, [*n], freed by the caller; valid as long as the bytes are
 *
 * Errors  PATINA_EFORMAT  names the byte, the instruction and what is wrong with it
 *         PATINA_ENOMEM
 */
patina_status pt_unpickle(const char *file, const unsigned char *bytes, size_t size,
                          pt_pickled_tensor **tensors, size_t *n, patina_error *err);

#endif /* PATINA_WEIGHTS_UNPICKLER_H */
