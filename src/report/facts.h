/* SPDX-License-Identifier: MIT */
/* facts.h - what dataset.json says, as names and values to print */

#ifndef PATINA_REPORT_FACTS_H
#define PATINA_REPORT_FACTS_H

#include <jansson.h>
#include <patina/inspect.h>

/** Fills account, untrained, and the lists of facts; what is absent is left out. */
pt_status pt_facts_read(const json_t *account, const char *account_text, pt_inspection *shown,
                        pt_error *err);

void pt_facts_release(pt_fact *facts, size_t n);

#endif /* PATINA_REPORT_FACTS_H */
