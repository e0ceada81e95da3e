/* SPDX-License-Identifier: MIT */
/* version.c - version of the library */

#include <patina/version.h>

#include "patina_config.h"

const char *patina_version(void) {
    return PT_VERSION;
}

unsigned patina_version_number(void) {
    return PATINA_VERSION_NUMBER;
}
