/* SPDX-License-Identifier: MIT */
/**
 * @file patina.h
 * @brief Includes all public headers.
 *
 * Conventions of the whole interface:
 * - Functions that can fail return a patina_status (status.h).
 * - Options structs are set up with their `_options_init` function or zeroed; a zeroed member means
 *   its default. `reserved` members must stay zero: later versions use them.
 * - patina_free(), `_close` and `_release` functions release memory (memory.h).
 * - Handles (patina_meter, patina_effect_config, patina_effect_chain, patina_clap) are read-only
 *   after opening: any number of threads may use one at the same time. Different handles may be
 *   opened, used and closed by different threads at the same time. A handle must not be closed
 *   while another thread uses it. Functions say so where they have stricter rules.
 * - An arena, a stream and an output buffer belong to one thread at a time.
 * - Texts are UTF-8. The library never calls setlocale(), and its output has a decimal point in
 *   every locale.
 *
 * @code
 * printf("patina %s, %u CPUs, best instruction set %s\n", patina_version(), patina_cpu_count(),
 *        patina_isa_name(patina_isa_detect()));
 * @endcode
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
#include <patina/device.h>
#include <patina/file_ops.h>
#include <patina/generate.h>
#include <patina/hub.h>
#include <patina/inspect.h>
#include <patina/measure.h>
#include <patina/memory.h>
#include <patina/provenance.h>
#include <patina/status.h>
#include <patina/version.h>

#endif /* PATINA_H */
