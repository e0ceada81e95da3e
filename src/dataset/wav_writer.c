/* SPDX-License-Identifier: MIT */
/* wav_writer.c - 32-bit float WAV, 48 kHz mono
 *
 * By hand, since libsndfile adds a PEAK chunk with the time of writing, and equal samples should
 * give equal files.
 *
 * Source  Microsoft, "Multiple Channel Audio Data and WAVE Files": formats other than PCM have a
 *         `fmt ` chunk with the size of its extension, and a `fact` chunk
 */

#include <patina/file_ops.h>

#include <string.h>

#include "base/error.h"
#include "dataset/wav_writer.h"
#include "fs/atomic_file.h"

enum { HEADER = 58, WAVE_FORMAT_IEEE_FLOAT = 3 };

static unsigned char *put(unsigned char *at, uint32_t value, unsigned n_bytes) {
    for (unsigned i = 0; i < n_bytes; i++)
        *at++ = (unsigned char)(value >> (8 * i));
    return at;
}

static unsigned char *put_name(unsigned char *at, const char *name) {
    memcpy(at, name, 4);
    return at + 4;
}

static void make_header(unsigned char header[HEADER], uint32_t n_samples) {
    const uint32_t n_bytes = n_samples * (uint32_t)sizeof(float);
    unsigned char *at = header;

    at = put(put_name(at, "RIFF"), HEADER - 8 + n_bytes, 4);
    at = put_name(at, "WAVE");
    at = put(put_name(at, "fmt "), 18, 4);
    at = put(at, WAVE_FORMAT_IEEE_FLOAT, 2);
    at = put(at, 1, 2); /* channel */
    at = put(at, PATINA_RATE_HZ, 4);
    at = put(at, PATINA_RATE_HZ * (uint32_t)sizeof(float), 4); /* bytes a second */
    at = put(at, sizeof(float), 2);                            /* bytes a frame */
    at = put(at, 8 * sizeof(float), 2);                        /* bits a sample */
    at = put(at, 0, 2);                                        /* bytes of extension */
    at = put(put_name(at, "fact"), 4, 4);
    at = put(at, n_samples, 4);
    put(put_name(at, "data"), n_bytes, 4);
}

patina_status pt_wav_write(const char *path, const float *samples, size_t n_samples,
                           patina_error *err) {
    unsigned char header[HEADER];
    pt_atomic_file *file = NULL;

    if (n_samples > (UINT32_MAX - HEADER) / sizeof *samples)
        return pt_fail(err, PATINA_ERANGE,
                       "file '%s': %zu samples exceed the maximum size of a WAV file, 4 GB", path,
                       n_samples);
    make_header(header, (uint32_t)n_samples);
    patina_status status = pt_atomic_file_open(path, &file, err);
    if (status == PATINA_OK) status = pt_atomic_file_write(file, header, sizeof header, err);
    if (status == PATINA_OK) status = pt_atomic_file_write_floats(file, samples, n_samples, err);
    if (status == PATINA_OK) status = pt_atomic_file_commit(file, err);
    pt_atomic_file_close(&file);
    return status;
}
