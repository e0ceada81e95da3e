/* SPDX-License-Identifier: MIT */
/* flac_encode.c - encodes samples to FLAC in memory, with libsndfile */

#include "audio/flac_encode.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <sndfile.h>

#include <patina/audio.h>

#include "base/error.h"
#include "fs/atomic_file.h"

/* A file in memory, for the virtual input and output of libsndfile. */
typedef struct memory_file {
    pt_strbuf *bytes;
    size_t base, at; /* start of the file in bytes, and the position */
} memory_file;

static sf_count_t memory_length(void *user) {
    const memory_file *file = user;
    return (sf_count_t)(file->bytes->length - file->base);
}

static sf_count_t memory_seek(sf_count_t offset, int whence, void *user) {
    memory_file *file = user;
    sf_count_t at = offset;
    if (whence == SEEK_CUR) at += (sf_count_t)file->at;
    if (whence == SEEK_END) at += memory_length(user);
    if (at < 0 || at > memory_length(user)) return -1;
    file->at = (size_t)at;
    return at;
}

static sf_count_t memory_read(void *to, sf_count_t count, void *user) {
    memory_file *file = user;
    const sf_count_t left = memory_length(user) - (sf_count_t)file->at;
    if (count > left) count = left;
    memcpy(to, file->bytes->text + file->base + file->at, (size_t)count);
    file->at += (size_t)count;
    return count;
}

static sf_count_t memory_write(const void *from, sf_count_t count, void *user) {
    memory_file *file = user;
    const size_t n = (size_t)count, left = (size_t)memory_length(user) - file->at;
    const size_t over = n < left ? n : left; /* existing bytes that are overwritten */
    if (over > 0) memcpy(file->bytes->text + file->base + file->at, from, over);
    pt_strbuf_append_bytes(file->bytes, (const char *)from + over, n - over);
    file->at += n;
    return file->bytes->failed ? 0 : count;
}

static sf_count_t memory_tell(void *user) {
    return (sf_count_t)((const memory_file *)user)->at;
}

/* Writes the samples in blocks, so that gain needs no copy of the whole; false on failure. */
static bool write_samples(SNDFILE *sound, const float *x, size_t n, double gain, unsigned bits) {
    enum { BLOCK = 4096 };
    const double scale = ldexp(1.0, (int)bits - 1);
    int block[BLOCK];
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t size = n - at < BLOCK ? n - at : BLOCK;
        for (size_t i = 0; i < size; i++) {
            const double scaled = floor((scale - 1.0) * gain * x[at + i] + 0.5);
            block[i] = (int)fmin(fmax(scaled, -scale), scale - 1.0) * (1 << (32 - bits));
        }
        if (sf_write_int(sound, block, (sf_count_t)size) != (sf_count_t)size) return false;
    }
    return true;
}

patina_status pt_flac_encode(const float *x, size_t n, unsigned rate_hz, double gain, unsigned bits,
                             pt_strbuf *flac, patina_error *err) {
    SF_VIRTUAL_IO io = {memory_length, memory_seek, memory_read, memory_write, memory_tell};
    SF_INFO info = {.samplerate = (int)rate_hz,
                    .channels = 1,
                    .format = SF_FORMAT_FLAC | (bits == 24 ? SF_FORMAT_PCM_24 : SF_FORMAT_PCM_16)};
    memory_file file = {.bytes = flac, .base = flac->length};
    SNDFILE *sound = sf_open_virtual(&io, SFM_WRITE, &info, &file);
    const bool good = sound && write_samples(sound, x, n, gain, bits);
    /* The format is valid and the file is in memory, so memory is all that can be missing. */
    if ((sound && sf_close(sound) != 0) || !good || flac->failed)
        return pt_fail(err, PATINA_ENOMEM, "FLAC cannot be encoded: out of memory");
    return PATINA_OK;
}

patina_status pt_flac_write(const char *path, const float *x, size_t n, unsigned bits,
                            patina_error *err) {
    pt_strbuf flac = {0};
    pt_atomic_file *file = NULL;
    patina_status status = pt_flac_encode(x, n, PATINA_RATE_HZ, 1.0, bits, &flac, err);
    if (status == PATINA_OK) status = pt_atomic_file_open(path, &file, err);
    if (status == PATINA_OK) status = pt_atomic_file_write(file, flac.text, flac.length, err);
    if (status == PATINA_OK) status = pt_atomic_file_commit(file, err);
    pt_atomic_file_close(&file);
    pt_strbuf_release(&flac);
    return status;
}
