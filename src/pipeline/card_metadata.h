/* SPDX-License-Identifier: MIT */
/* card_metadata.h - members of the data-set card that are not settings: title, licence, base
 * model */

#ifndef PATINA_PIPELINE_CARD_METADATA_H
#define PATINA_PIPELINE_CARD_METADATA_H

#include <patina/generate.h>
#include <patina/status.h>

/**
 * The card object of plan.json; NULL where there is nothing to say. `base_model` and its revision
 * come from the path of a model in the Hugging Face cache,
 * `.../models--ORG--NAME/snapshots/COMMIT`.
 *
 * json    out: to be freed
 *
 * Errors  PATINA_EUSAGE  an option that the card cannot contain
 *         PATINA_ENOMEM
 */
patina_status pt_card_metadata_to_json(const patina_generate_options *options, char **json,
                                       patina_error *err);

#endif /* PATINA_PIPELINE_CARD_METADATA_H */
