/* SPDX-License-Identifier: MIT */
/* dataset_card.h - the data-set card, README.md */

#ifndef PATINA_DATASET_DATASET_CARD_H
#define PATINA_DATASET_DATASET_CARD_H

#include "dataset/run_metadata.h"

/** README.md with the YAML that load_dataset needs. To be freed; NULL: out of memory. */
char *pt_dataset_card_to_markdown(const pt_run_metadata *run_meta);

/** Title and licence as in README.md. To be freed; NULL: out of memory. */
char *pt_dataset_card_title(const pt_run_metadata *run_meta);
char *pt_dataset_card_license(const pt_run_metadata *run_meta);

#endif /* PATINA_DATASET_DATASET_CARD_H */
