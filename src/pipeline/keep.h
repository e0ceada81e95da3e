/* SPDX-License-Identifier: MIT */
/* keep.h - sound of a run to listen to: FLAC files named after their entry
 *
 *     <entry>.clean.flac      the window that the targets were measured of, mono at 48 kHz
 *     <entry>.v<K>.flac       the same, damaged as row variant K has it
 *
 * In <entry> every byte of the id but letters, digits, '.', '_' and '-' is written %XX; a name that
 * would be too long is cut and gets a hash instead. 16 bits, cut at full scale.
 */

#ifndef PATINA_PIPELINE_KEEP_H
#define PATINA_PIPELINE_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/** Makes the folder where it is not there. Errors  PT_EIO */
pt_status pt_keep_open(const char *folder, pt_error *err);

/** Errors  PT_EIO, PT_ENOMEM */
pt_status pt_keep_clean(const char *folder, const char *entry, const float *x, size_t n,
                        pt_error *err);
pt_status pt_keep_degraded(const char *folder, const char *entry, uint32_t variant, const float *x,
                           size_t n, pt_error *err);

#endif /* PATINA_PIPELINE_KEEP_H */
