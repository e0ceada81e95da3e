/* SPDX-License-Identifier: MIT */
/* keep_audio.h - audio of a run for listening: FLAC files named after their entry
 *
 *     <entry>.clean.flac      the window that the targets are measured from, mono at 48 kHz
 *     <entry>.v<K>.flac       the degraded window of row variant K
 *
 * In <entry>, bytes of the id other than letters, digits, '.', '_' and '-' are written as %XX; a
 * name that is too long is cut and ends with a hash. 16 bits, clipped at full scale.
 */

#ifndef PATINA_PIPELINE_KEEP_AUDIO_H
#define PATINA_PIPELINE_KEEP_AUDIO_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/** Creates the folder if it does not exist; made: whether it did. Errors  PATINA_EIO */
patina_status pt_keep_audio_create_dir(const char *folder, bool *made, patina_error *err);

/** window: number of the window of the recording. Errors  PATINA_EIO, PATINA_ENOMEM */
patina_status pt_keep_audio_write_clean(const char *folder, const char *entry, uint32_t window,
                                        const float *x, size_t n, patina_error *err);
patina_status pt_keep_audio_write_degraded(const char *folder, const char *entry, uint32_t variant,
                                           const float *x, size_t n, patina_error *err);

#endif /* PATINA_PIPELINE_KEEP_AUDIO_H */
