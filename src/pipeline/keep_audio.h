/* SPDX-License-Identifier: MIT */
/* keep_audio.h - sound of a run to listen to: FLAC files named after their entry
 *
 *     <entry>.clean.flac      the window that the targets were measured of, mono at 48 kHz
 *     <entry>.v<K>.flac       the same, damaged as row variant K has it
 *
 * In <entry> every byte of the id but letters, digits, '.', '_' and '-' is written %XX; a name that
 * would be too long is cut and gets a hash instead. 16 bits, cut at full scale.
 */

#ifndef PATINA_PIPELINE_KEEP_AUDIO_H
#define PATINA_PIPELINE_KEEP_AUDIO_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/** Makes the folder where it is not there. Errors  PATINA_EIO */
patina_status pt_keep_audio_create_dir(const char *folder, patina_error *err);

/** Errors  PATINA_EIO, PATINA_ENOMEM */
patina_status pt_keep_audio_write_clean(const char *folder, const char *entry, const float *x,
                                        size_t n, patina_error *err);
patina_status pt_keep_audio_write_degraded(const char *folder, const char *entry, uint32_t variant,
                                           const float *x, size_t n, patina_error *err);

#endif /* PATINA_PIPELINE_KEEP_AUDIO_H */
