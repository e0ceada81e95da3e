/* SPDX-License-Identifier: MIT */
/* library_versions.h - which libraries a run used: they can change last bits */

#ifndef PATINA_PIPELINE_LIBRARY_VERSIONS_H
#define PATINA_PIPELINE_LIBRARY_VERSIONS_H

/** A JSON object of name to version, from the libraries themselves; the caller frees it. */
char *pt_library_versions_to_json(void);

#endif /* PATINA_PIPELINE_LIBRARY_VERSIONS_H */
