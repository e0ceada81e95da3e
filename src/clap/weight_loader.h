/* SPDX-License-Identifier: MIT */
/* weight_loader.h - loads tensors of a weight file into the packed layout of the kernels
 *
 * The load function of a tower requests its tensors in turn. It runs twice: first without memory,
 * to check names and shapes and to compute the size; then into one block of that size. So no more
 * is allocated than the file has tensors for.
 */

#ifndef PATINA_CLAP_WEIGHT_LOADER_H
#define PATINA_CLAP_WEIGHT_LOADER_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "clap/scratch_layout.h"
#include "nn/ops.h"
#include "weights/checkpoint.h"

/** Gain and shift of a layer norm, [n] each. */
typedef struct pt_layer_norm_weights {
    const float *gain, *shift;
} pt_layer_norm_weights;

/** A batch norm with running statistics: (x - mean) * scale + shift, [n] each. */
typedef struct pt_batch_norm_weights {
    const float *mean, *scale, *shift;
} pt_batch_norm_weights;

/** State of a load. */
typedef struct pt_weight_loader {
    const pt_checkpoint *file;
    const pt_nn_ops *ops;
    pt_scratch_layout layout;
    float *staging; /* buffer for one tensor; NULL in the first run */
    size_t n_staging;
    size_t n_resident; /* bytes of the file read since its pages were dropped */
    patina_error *err;
} pt_weight_loader;

typedef patina_status pt_weight_load_fn(pt_weight_loader *weights, void *tower);

/** Memory of all weights of a tower, aligned to 64. */
typedef struct pt_weight_block {
    void *data;
    size_t n_bytes;
} pt_weight_block;

/**
 * Runs a load function twice. block->data is new memory for all weights, which the caller frees;
 * the second run sets the pointers of the tower into it.
 *
 * Errors  PATINA_ENOMEM, and those of the load function
 */
patina_status pt_weight_loader_run(const pt_checkpoint *file, const pt_nn_ops *ops,
                                   pt_weight_load_fn *loader, void *tower, pt_weight_block *block,
                                   patina_error *err);

/* For load functions. The name of a tensor is the concatenation of prefix and name. Results are set
 * in both runs and valid after the second. Errors name the tensor. */

/** Uninitialised elements of the block; NULL in the first run. */
void *pt_weight_loader_alloc(pt_weight_loader *weights, size_t count, size_t size);

/** A tensor as float32 in the staging buffer, valid until the next call; NULL in the first run. */
patina_status pt_weight_loader_stage(pt_weight_loader *weights, const char *prefix,
                                     const char *name, size_t n_dims, const size_t *dims,
                                     float **values);

patina_status pt_weight_load_vector(pt_weight_loader *weights, const char *prefix, const char *name,
                                    size_t n, const float **vector);

/** A copy of a tensor in the block in the dtype of the file, for pt_tensor_read; its name is
 * NULL. */
patina_status pt_weight_load_raw(pt_weight_loader *weights, const char *prefix, const char *name,
                                 size_t n_dims, const size_t *dims, pt_tensor *copy);

/** `name`.weight and .bias of a layer norm. */
patina_status pt_weight_load_layer_norm(pt_weight_loader *weights, const char *prefix,
                                        const char *name, size_t n, pt_layer_norm_weights *norm);

/** `name`.weight, .bias, .running_mean and .running_var of a batch norm, eps 1e-5. */
patina_status pt_weight_load_batch_norm(pt_weight_loader *weights, const char *prefix,
                                        const char *name, size_t n, pt_batch_norm_weights *norm);

/** `name`.weight [n_out, n_in] and optional .bias of a linear layer, packed. */
patina_status pt_weight_load_linear(pt_weight_loader *weights, const char *prefix, const char *name,
                                    size_t n_out, size_t n_in, bool has_bias, pt_nn_linear *map);

/** Linear layers [n_out, n_in] with the same input, stacked to one with n_names * n_out outputs. */
patina_status pt_weight_load_stacked_linear(pt_weight_loader *weights, const char *prefix,
                                            const char *const *names, size_t n_names, size_t n_out,
                                            size_t n_in, bool has_bias, pt_nn_linear *map);

/**
 * A convolution [n_out, n_in, height, width] with bias, as a linear layer of its unrolled input
 * (im2col). norm: name of the batch norm after it, which is folded into the weights, or NULL.
 */
patina_status pt_weight_load_conv(pt_weight_loader *weights, const char *prefix, const char *name,
                                  const char *norm, const size_t dims[4], pt_nn_linear *map);

#endif /* PATINA_CLAP_WEIGHT_LOADER_H */
