/* SPDX-License-Identifier: MIT */
/* croissant.h - croissant.json: description of a set for data-set search engines and loaders
 *
 * Source  MLCommons, Croissant Format Specification 1.0
 */

#ifndef PATINA_DATASET_CROISSANT_H
#define PATINA_DATASET_CROISSANT_H

#include "dataset/manifest.h"

/** The file of a finished set. To be freed; NULL: out of memory. */
char *pt_croissant_to_json(const pt_manifest *manifest);

#endif /* PATINA_DATASET_CROISSANT_H */
