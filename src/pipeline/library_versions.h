/* SPDX-License-Identifier: MIT */
/* library_versions.h - versions of libraries whose output can differ in the last bits */

#ifndef PATINA_PIPELINE_LIBRARY_VERSIONS_H
#define PATINA_PIPELINE_LIBRARY_VERSIONS_H

/** Returns a JSON object of names and versions, as the libraries report them; the caller frees it.
 * NULL: out of memory. */
char *pt_library_versions_to_json(void);

#endif /* PATINA_PIPELINE_LIBRARY_VERSIONS_H */
