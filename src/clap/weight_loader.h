/* SPDX-License-Identifier: MIT */
/* weight_loader.h - from the model file's tensors to what the kernels take
 *
 * A tower's loader names its tensors one after another. It runs twice: first without memory, which
 * checks that each tensor is there in its shape and adds up what all of them need; then once more
 * into one block of exactly that size. So nothing is allocated that the file has not got.
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

/** A load that is under way. */
typedef struct pt_weight_loader {
    const pt_checkpoint *file;
    const pt_nn_ops *ops;
    pt_scratch_layout layout;
    float *staging; /* for one tensor on its way; NULL in the first run */
    size_t n_staging;
    size_t n_resident; /* bytes of the file read since its pages were given back */
    patina_error *err;
} pt_weight_loader;

typedef patina_status pt_weight_load_fn(pt_weight_loader *weights, void *tower);

/**
 * Runs a loader twice. What it takes lies in one new block, which the caller frees; the tower's
 * pointers into it are set by the second run.
 *
 * Errors  PATINA_ENOMEM, and those of the loader
 */
patina_status pt_weight_loader_run(const pt_checkpoint *file, const pt_nn_ops *ops,
                                   pt_weight_load_fn *loader, void *tower, void **block,
                                   patina_error *err);

/* For loaders. A tensor's name is prefix and name together. Results are set in both runs and mean
 * something after the second. Errors name the tensor. */

/** Elements of the block, with arbitrary content: NULL in the first run. */
void *pt_weight_loader_alloc(pt_weight_loader *weights, size_t count, size_t size);

/** A tensor as float32 in the staging buffer, until the next call: NULL in the first run. */
patina_status pt_weight_loader_stage(pt_weight_loader *weights, const char *prefix,
                                     const char *name, size_t n_dims, const size_t *dims,
                                     float **values);

patina_status pt_weight_load_vector(pt_weight_loader *weights, const char *prefix, const char *name,
                                    size_t n, const float **vector);

/** A tensor in the dtype of the file, for pt_tensor_read: in the block, without its name. */
patina_status pt_weight_load_raw(pt_weight_loader *weights, const char *prefix, const char *name,
                                 size_t n_dims, const size_t *dims, pt_tensor *copy);

/** `name`.weight and .bias of a layer norm. */
patina_status pt_weight_load_layer_norm(pt_weight_loader *weights, const char *prefix,
                                        const char *name, size_t n, pt_layer_norm_weights *norm);

/** `name`.weight, .bias, .running_mean and .running_var of a batch norm, eps 1e-5. */
patina_status pt_weight_load_batch_norm(pt_weight_loader *weights, const char *prefix,
                                        const char *name, size_t n, pt_batch_norm_weights *norm);

/** `name`.weight [n_out, n_in] and, if it has one, .bias of a linear layer, packed. */
patina_status pt_weight_load_linear(pt_weight_loader *weights, const char *prefix, const char *name,
                                    size_t n_out, size_t n_in, bool has_bias, pt_nn_linear *map);

/** Several linear layers of one input, [n_out, n_in] each, as one of n_names * n_out outputs. */
patina_status pt_weight_load_stacked_linear(pt_weight_loader *weights, const char *prefix,
                                            const char *const *names, size_t n_names, size_t n_out,
                                            size_t n_in, bool has_bias, pt_nn_linear *map);

/**
 * A convolution [n_out, n_in, height, width] with bias as a linear layer of its unrolled input.
 * With norm, the name of a batch norm that follows it, that one is folded into the weights.
 */
patina_status pt_weight_load_conv(pt_weight_loader *weights, const char *prefix, const char *name,
                                  const char *norm, const size_t dims[4], pt_nn_linear *map);

#endif /* PATINA_CLAP_WEIGHT_LOADER_H */
