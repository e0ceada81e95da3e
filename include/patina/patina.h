/* SPDX-License-Identifier: MIT */
/**
 * @file patina.h
 * @brief Includes all public headers.
 *
 * @par Introduction
 *
 * The library measures recordings, degrades copies of them, embeds audio and captions with CLAP,
 * and makes, finishes, verifies and inspects data sets. `pkg-config --cflags --libs patina` prints
 * the compiler and linker options. examples/c has complete programs.
 *
 *     purpose                                    header
 *     measure, degrade or embed a file           file_ops.h
 *     the same for samples in memory             buffer_ops.h
 *     make a data set                            generate.h
 *     finish, merge or verify a data set         dataset.h
 *     statistics, single rows, HTML report       inspect.h
 *     download models and data sets              hub.h
 *     parts of these: targets, effects, CLAP     measure.h, degrade.h, clap.h
 *     recipes and provenance                     provenance.h
 *     instruction sets, OpenCL devices           cpu.h, device.h
 *     errors, memory, version                    status.h, memory.h, version.h
 *
 * @par Stability
 *
 * Before 1.0 a new minor version may change the interface, and then the soname changes too
 * (version.h).
 *
 * @par Conventions
 *
 * - Functions that can fail return a patina_status (status.h). Output arguments, marked "out", are
 *   valid only after PATINA_OK unless the function says otherwise.
 * - Options structs are set up with their `_options_init` function or zeroed; a zeroed member means
 *   its default. `reserved` members must stay zero: later versions use them.
 * - patina_free(), `_close` and `_release` functions release memory (memory.h). Inputs are borrowed
 *   for the duration of the call, unless the function says otherwise.
 * - Handles (patina_meter, patina_effect_config, patina_effect_chain, patina_clap) are read-only
 *   after opening: any number of threads may use one at the same time. Different handles may be
 *   opened, used and closed by different threads at the same time. A handle must not be closed
 *   while another thread uses it. Functions say so where they have stricter rules.
 * - An arena, a stream and an output buffer belong to one thread at a time.
 * - Shapes are written [rows, columns], in row-major order. Audio has full scale 1.0. Names of
 *   quantities end in their unit: rate_hz, gain_db, length_s.
 * - Texts are UTF-8. Paths are bytes, as the system takes them.
 * - The library never calls setlocale(), prints nothing, installs no signal handler and does not
 *   read the environment, except for TMPDIR and, in downloads, the variables of libcurl. Its output
 *   has a decimal point in every locale.
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
