/* SPDX-License-Identifier: MIT */
/* account.h - what applying a chain gave, as provenance tells it */

#ifndef PATINA_PIPELINE_ACCOUNT_H
#define PATINA_PIPELINE_ACCOUNT_H

#include <patina/degrade.h>
#include <patina/provenance.h>

/**
 * The provenance of a degraded excerpt on one line, without a line end; the caller frees it. NULL
 * when memory runs out.
 *
 * known  all that does not follow from chain and damage; what does is overwritten here
 */
char *pt_account_print(pt_provenance known, const pt_chain *chain, const pt_damage *damage);

#endif /* PATINA_PIPELINE_ACCOUNT_H */
