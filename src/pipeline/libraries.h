/* SPDX-License-Identifier: MIT */
/* libraries.h - which libraries a run used: they can change last bits */

#ifndef PATINA_PIPELINE_LIBRARIES_H
#define PATINA_PIPELINE_LIBRARIES_H

/** A JSON object of name to version, from the libraries themselves; the caller frees it. */
char *pt_libraries_json(void);

#endif /* PATINA_PIPELINE_LIBRARIES_H */
