/* SPDX-License-Identifier: MIT */
/* checkpoint.h - a checked, memory-mapped view of a file of weights */

#ifndef PATINA_WEIGHTS_CHECKPOINT_H
#define PATINA_WEIGHTS_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#define PT_TENSOR_DIMS_MAX 8

typedef enum pt_dtype { PT_DTYPE_F32, PT_DTYPE_F16, PT_DTYPE_BF16, PT_DTYPE_OTHER } pt_dtype;

typedef struct pt_tensor {
    const char *name;
    const char *dtype_name; /* as safetensors spells it: "F32", "I64" */
    pt_dtype dtype;
    size_t n_dims, dims[PT_TENSOR_DIMS_MAX];
    size_t n_values;           /* 1 for no dimension, 0 when one is 0 */
    const unsigned char *data; /* little-endian, row-major; aligned to nothing. NULL where the file
                                * has them in another order */
} pt_tensor;

typedef struct pt_checkpoint pt_checkpoint;

/**
 * Maps a file and checks all of it that says where tensors lie. The bytes tell the format:
 *
 * safetensors  header length, JSON, every dtype, shape and offset. As in the reference
 *              implementation the tensors have to fill the file from the header's end to its own
 *              without overlap, gap or rest
 * pytorch      what torch.save writes since version 1.6: the zip archive's directory, the pickle,
 *              every storage. Nothing of the pickle is executed. A "module." in front of names is
 *              dropped, and names of LAION's own checkpoints become those of Hugging Face's layout
 *
 * The map follows the file: one that is shortened while it is open ends the process at the next
 * access, as with every map.
 *
 * Errors  PATINA_EIO, PATINA_EFORMAT naming the file and the tensor
 */
patina_status pt_checkpoint_open(const char *path, pt_checkpoint **file, patina_error *err);

/**
 * The weights of a model: of a folder its model.safetensors, or else pytorch_model.bin, or else the
 * only file in it that ends in .pt; or the file that is named itself.
 */
patina_status pt_checkpoint_open_model(const char *model, pt_checkpoint **file, patina_error *err);
void pt_checkpoint_close(pt_checkpoint **file);

/** The same over size bytes that stay where they are until close; name is for errors. */
patina_status pt_checkpoint_open_memory(const char *name, const void *bytes, size_t size,
                                        pt_checkpoint **file, patina_error *err);

/** The name that it was opened by. */
const char *pt_checkpoint_path(const pt_checkpoint *file);

/** The format: "safetensors" or "pytorch". */
const char *pt_checkpoint_format_name(const pt_checkpoint *file);

/** Whether the file has the names of LAION's own checkpoints. */
bool pt_checkpoint_is_laion(const pt_checkpoint *file);

/** Tensors in the order of their names' bytes. */
size_t pt_checkpoint_count(const pt_checkpoint *file);
const pt_tensor *pt_checkpoint_at(const pt_checkpoint *file, size_t i);

/** A value of the `__metadata__` of safetensors, or NULL. */
const char *pt_checkpoint_metadata(const pt_checkpoint *file, const char *key);

/** The whole file. */
const unsigned char *pt_checkpoint_bytes(const pt_checkpoint *file, size_t *size);

/**
 * The tensor of this name and shape in a floating-point dtype.
 *
 * Errors  PATINA_EFORMAT  absent, of another shape or dtype, or not in row-major order; names it and
 *                     says what was expected
 */
patina_status pt_checkpoint_find(const pt_checkpoint *file, const char *name, size_t n_dims,
                                 const size_t *dims, const pt_tensor **tensor, patina_error *err);

/** Copies n values from index first on as float32, exact for all three dtypes. */
void pt_tensor_read(const pt_tensor *tensor, size_t first, size_t n, float *out);

/** Tells the kernel that the mapped pages are not needed for now (after packing). */
void pt_checkpoint_drop_pages(const pt_checkpoint *file);

#endif /* PATINA_WEIGHTS_CHECKPOINT_H */
