/* SPDX-License-Identifier: MIT */
/* wav_writer.h - WAV writer */

#ifndef PATINA_DATASET_WAV_WRITER_H
#define PATINA_DATASET_WAV_WRITER_H

#include <stddef.h>

#include <patina/status.h>

/** Writes a 48 kHz mono 32-bit float WAV; appears under path when complete. */
patina_status pt_wav_write(const char *path, const float *samples, size_t n_samples,
                           patina_error *err);

#endif /* PATINA_DATASET_WAV_WRITER_H */
