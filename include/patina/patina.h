/* SPDX-License-Identifier: MIT */
/* patina.h - all public headers
 *
 * The library sets no locale, and numbers have a point in its texts, pages and files whatever
 * setlocale was told.
 */

#ifndef PATINA_H
#define PATINA_H

#include <patina/arena.h>
#include <patina/audio.h>
#include <patina/bench.h>
#include <patina/clap.h>
#include <patina/corpus_kinds.h>
#include <patina/dataset.h>
#include <patina/degrade.h>
#include <patina/files.h>
#include <patina/generate.h>
#include <patina/hub.h>
#include <patina/inspect.h>
#include <patina/isa.h>
#include <patina/measure.h>
#include <patina/provenance.h>
#include <patina/sound.h>
#include <patina/status.h>

/** The library's version, "0.1.0". */
PT_API const char *pt_version(void);

#endif /* PATINA_H */
