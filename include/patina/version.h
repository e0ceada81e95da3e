/* SPDX-License-Identifier: MIT */
/**
 * @file version.h
 * @brief Version of the headers and of the library.
 *
 * Versions follow semantic versioning: before 1.0 a new minor version may change the interface, and
 * then the soname changes too. The macros are the version of the headers that a program was
 * compiled with; the functions return the version of the library that it runs with.
 *
 * @code
 * if (patina_version_number() < PATINA_VERSION_NUMBER)
 *     fprintf(stderr, "libpatina %s is older than its headers\n", patina_version());
 * @endcode
 */

#ifndef PATINA_VERSION_H
#define PATINA_VERSION_H

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_VERSION_MAJOR 0 /**< incompatible changes, from 1.0 */
#define PATINA_VERSION_MINOR 2 /**< additions; before 1.0 also incompatible changes */
#define PATINA_VERSION_PATCH 0 /**< corrections */

/** 10000 major + 100 minor + patch; 200 for version 0.2.0. */
#define PATINA_VERSION_NUMBER                                                                      \
    (10000 * PATINA_VERSION_MAJOR + 100 * PATINA_VERSION_MINOR + PATINA_VERSION_PATCH)

/**
 * Returns the version of the library as text, "0.2.0". The string is static. Safe from any thread.
 */
PATINA_API const char *patina_version(void);

/** Returns the version of the library as a number, see PATINA_VERSION_NUMBER. Safe from any
 * thread. */
PATINA_API unsigned patina_version_number(void);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_VERSION_H */
