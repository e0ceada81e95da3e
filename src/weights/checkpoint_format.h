/* SPDX-License-Identifier: MIT */
/* checkpoint_format.h - interface between checkpoint.c and the parsers of weight file formats
 *
 * A format is one source file that defines a pt_checkpoint_format, and one entry in the table of
 * checkpoint.c. It fills the list of tensors; checkpoint.c opens, sorts and looks up.
 */

#ifndef PATINA_WEIGHTS_CHECKPOINT_FORMAT_H
#define PATINA_WEIGHTS_CHECKPOINT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <patina/status.h>

#include "weights/checkpoint.h"

typedef struct pt_checkpoint_format {
    const char *name; /* as printed by `patina model info` */

    /** Whether the first bytes of a file have the signature of this format. */
    bool (*probe)(const unsigned char *bytes, size_t size);

    /** Fills file->tensors and n, in any order; duplicate names are detected by the caller, which
     * also cleans up after a failure. */
    patina_status (*parse)(pt_checkpoint *file, patina_error *err);
} pt_checkpoint_format;

struct pt_checkpoint {
    char *name;                 /* for errors */
    const unsigned char *bytes; /* the whole file */
    size_t size;
    bool mapped;
    const pt_checkpoint_format *format;
    pt_tensor *tensors; /* [n], sorted by name after opening */
    size_t n;
    json_t *header;  /* safetensors: owns the tensors' names */
    bool owns_names; /* pytorch: each name is allocated */
    bool is_laion;   /* names were mapped from LAION's */
};

extern const pt_checkpoint_format pt_checkpoint_safetensors;
extern const pt_checkpoint_format pt_checkpoint_pytorch;
extern const pt_checkpoint_format pt_checkpoint_pytorch_legacy; /* detected and rejected */

#endif /* PATINA_WEIGHTS_CHECKPOINT_FORMAT_H */
