/* SPDX-License-Identifier: MIT */
/* checkpoint.h - weight files (safetensors, PyTorch): validated, memory-mapped tensors */

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
    const char *dtype_name; /* in the notation of safetensors: "F32", "I64" */
    pt_dtype dtype;
    size_t n_dims, dims[PT_TENSOR_DIMS_MAX];
    size_t n_values;           /* 1 for no dimension, 0 when one is 0 */
    const unsigned char *data; /* little-endian, row-major, unaligned; NULL if not contiguous */
} pt_tensor;

typedef struct pt_checkpoint pt_checkpoint;

/**
 * Maps a weight file and validates its structure. The format is detected from the first bytes:
 *
 * In safetensors files these are the header length, the JSON, every dtype, shape and offset; as in
 * the reference implementation, tensors fill the file after the header without overlaps, gaps or
 * trailing bytes. In PyTorch files (torch.save since version 1.6) they are the zip directory, the
 * pickle and every storage. The pickle is not executed. The prefix "module." of names is removed,
 * and names of LAION checkpoints are mapped to those of Hugging Face's ClapModel.
 *
 * The file must not be truncated while it is open: reading a mapped page past its end raises
 * SIGBUS.
 *
 * Errors  PATINA_EIO, PATINA_EFORMAT; the message names the file and the tensor
 */
patina_status pt_checkpoint_open(const char *path, pt_checkpoint **file, patina_error *err);

/**
 * Opens the weights of a model: a weight file, or a folder with model.safetensors,
 * pytorch_model.bin or a single .pt file, in this order.
 */
patina_status pt_checkpoint_open_model(const char *model, pt_checkpoint **file, patina_error *err);
void pt_checkpoint_close(pt_checkpoint **file);

/** Opens a weight file in memory, which must be valid until close; name is used in errors. */
patina_status pt_checkpoint_open_memory(const char *name, const void *bytes, size_t size,
                                        pt_checkpoint **file, patina_error *err);

/** The path or name that was passed to open. */
const char *pt_checkpoint_path(const pt_checkpoint *file);

/** "safetensors" or "pytorch". */
const char *pt_checkpoint_format_name(const pt_checkpoint *file);

/** Whether the file uses the tensor names of LAION checkpoints. */
bool pt_checkpoint_is_laion(const pt_checkpoint *file);

/** Tensors, sorted by name (bytewise). */
size_t pt_checkpoint_count(const pt_checkpoint *file);
const pt_tensor *pt_checkpoint_at(const pt_checkpoint *file, size_t i);

/** A value of the `__metadata__` of safetensors, or NULL. */
const char *pt_checkpoint_metadata(const pt_checkpoint *file, const char *key);

/** The bytes of the file. */
const unsigned char *pt_checkpoint_bytes(const pt_checkpoint *file, size_t *size);

/**
 * Looks up a floating-point tensor and checks its shape.
 *
 * Errors  PATINA_EFORMAT  missing, of another shape or dtype, or not contiguous
 */
patina_status pt_checkpoint_find(const pt_checkpoint *file, const char *name, size_t n_dims,
                                 const size_t *dims, const pt_tensor **tensor, patina_error *err);

/** Converts n values from index first on to float32; exact for F32, F16 and BF16. */
void pt_tensor_read(const pt_tensor *tensor, size_t first, size_t n, float *out);

/** Releases the resident pages of the map (MADV_DONTNEED); they are read again on access. */
void pt_checkpoint_drop_pages(const pt_checkpoint *file);

#endif /* PATINA_WEIGHTS_CHECKPOINT_H */
