/* SPDX-License-Identifier: MIT */
/* version.c - the version that the build was configured with */

#include <patina/patina.h>

#include "patina_config.h"

const char *patina_version(void) {
    return PT_VERSION;
}
