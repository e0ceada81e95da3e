/* SPDX-License-Identifier: MIT */
/* patina.h - all public headers
 *
 * The library sets no locale, and numbers have a point in its texts, pages and files whatever
 * setlocale was told.
 */

#ifndef PATINA_H
#define PATINA_H

#include <patina/audio.h>
#include <patina/buffer_ops.h>
#include <patina/clap.h>
#include <patina/corpus.h>
#include <patina/cpu.h>
#include <patina/dataset.h>
#include <patina/degrade.h>
#include <patina/file_ops.h>
#include <patina/generate.h>
#include <patina/hub.h>
#include <patina/inspect.h>
#include <patina/measure.h>
#include <patina/provenance.h>
#include <patina/scratch.h>
#include <patina/status.h>

/** The library's version, "0.1.0". */
PATINA_API const char *patina_version(void);

#endif /* PATINA_H */
