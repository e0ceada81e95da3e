/* SPDX-License-Identifier: MIT */
/* unpickler.h - safe unpickler for PyTorch checkpoints: returns tensor descriptions
 *
 * A pickle is a program for a stack machine and may call arbitrary Python functions. This machine
 * supports the opcodes that torch.save writes and an allowlist of globals. It calls nothing, and
 * objects other than tensors become opaque values. The values of tensors are not in the pickle but
 * in storages, which it names.
 */

#ifndef PATINA_WEIGHTS_UNPICKLER_H
#define PATINA_WEIGHTS_UNPICKLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "weights/checkpoint.h"

/** Element type of a storage. */
typedef struct pt_pickled_type {
    const char *name; /* in the notation of safetensors */
    pt_dtype dtype;
    unsigned n_bytes; /* of a value */
} pt_pickled_type;

/** A tensor of the state dictionary. Strings point into the pickle, without a NUL. */
typedef struct pt_pickled_tensor {
    const char *name;
    size_t n_name;
    const pt_pickled_type *type;
    size_t n_dims, dims[PT_TENSOR_DIMS_MAX];
    size_t n_values;       /* 1 for no dimension, 0 when one is 0 */
    bool is_contiguous;    /* row-major without gaps, from storage_offset on */
    size_t storage_offset; /* in values; all values are within the storage */
    const char *key;       /* of the storage */
    size_t n_key;
    uint64_t n_storage; /* bytes of the storage */
} pt_pickled_tensor;

/**
 * Runs a pickle of protocol 2 to 5 and returns the tensors of its state dictionary: the member
 * 'state_dict' of the root dictionary, or the root itself. Other members are skipped. The order is
 * that of the pickle, and names may be duplicate.
 *
 * file     used in errors
 * tensors  out, [*n], freed by the caller; its strings point into bytes
 *
 * Errors  PATINA_EFORMAT  names the byte offset and the opcode
 *         PATINA_ENOMEM
 */
patina_status pt_unpickle(const char *file, const unsigned char *bytes, size_t size,
                          pt_pickled_tensor **tensors, size_t *n, patina_error *err);

#endif /* PATINA_WEIGHTS_UNPICKLER_H */
