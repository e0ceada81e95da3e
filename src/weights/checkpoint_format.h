/* SPDX-License-Identifier: MIT */
/* checkpoint_format.h - what one file format is to checkpoint.c
 *
 * A format is one file that ends in a const pt_checkpoint_format, named once in checkpoint.c's
 * table. It fills the table of tensors; opening, order and look-up are checkpoint.c's.
 */

#ifndef PATINA_WEIGHTS_CHECKPOINT_FORMAT_H
#define PATINA_WEIGHTS_CHECKPOINT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <patina/status.h>

#include "weights/checkpoint.h"

typedef struct pt_checkpoint_format {
    const char *name; /* as `patina model info` prints it */

    /** Whether the file's first bytes are of this format. */
    bool (*probe)(const unsigned char *bytes, size_t size);

    /** Fills file->tensors and n, in any order; names may be there twice. What it fails with,
     * checkpoint.c cleans up. */
    patina_status (*parse)(pt_checkpoint *file, patina_error *err);
} pt_checkpoint_format;

struct pt_checkpoint {
    char *name;                 /* for errors */
    const unsigned char *bytes; /* the whole file */
    size_t size;
    bool mapped;
    const pt_checkpoint_format *format;
    pt_tensor *tensors; /* [n], by name once the file is open */
    size_t n;
    json_t *header;  /* safetensors: owns the tensors' names */
    bool owns_names; /* pytorch: they are freed one by one */
    bool is_laion;   /* names were LAION's own */
};

extern const pt_checkpoint_format pt_checkpoint_safetensors;
extern const pt_checkpoint_format pt_checkpoint_pytorch;
extern const pt_checkpoint_format pt_checkpoint_pytorch_legacy; /* recognised and refused */

#endif /* PATINA_WEIGHTS_CHECKPOINT_FORMAT_H */
