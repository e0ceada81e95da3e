/* SPDX-License-Identifier: MIT */
/* test_wav_writer.c - the WAV writer */

#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include <sndfile.h>

#include <patina/file_ops.h>

#include "base/byte_source.h"
#include "dataset/wav_writer.h"
#include "full_disk.h"

static uint32_t u32(const char *at) {
    const unsigned char *b = (const unsigned char *)at;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* libsndfile reads the header and returns the written samples. */
TEST(wav, libsndfile_round_trip) {
    enum { N = 4801 };
    static float samples[N], back[N + 1];
    char path[512], *bytes = NULL;
    size_t n = 0;
    SF_INFO info = {0};

    for (size_t i = 0; i < N; i++)
        samples[i] = 1.7F * (float)(i * 2654435761U % 65536) / 65536.0F - 0.9F; /* over 1 too */
    snprintf(path, sizeof path, "%s/a.wav", pt_test_tmpdir());
    REQUIRE_OK(pt_wav_write(path, samples, N, &t->err));
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    REQUIRE(file != NULL);
    CHECK_INT(info.samplerate, 48000);
    CHECK_INT(info.channels, 1);
    CHECK_INT(info.frames, N);
    CHECK_INT(info.format, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    CHECK_INT(sf_readf_float(file, back, N + 1), N);
    CHECK(memcmp(samples, back, sizeof samples) == 0);
    CHECK_INT(sf_error(file), 0);
    sf_close(file);
    /* RIFF header, fmt, fact and data, and no other chunk, such as one with the time of writing */
    REQUIRE_OK(pt_file_read_all(path, 1 << 20, &bytes, &n, &t->err));
    CHECK_INT(n, 12 + 8 + 18 + 8 + 4 + 8 + sizeof samples);
    CHECK_INT(u32(bytes + 4), n - 8);       /* of RIFF; libsndfile ignores it */
    CHECK_INT(u32(bytes + 12 + 26 + 8), N); /* of fact, likewise */
    CHECK_INT(u32(bytes + n - sizeof samples - 4), sizeof samples);
    free(bytes);
}

TEST(wav, no_samples) {
    char path[512];
    SF_INFO info = {0};

    snprintf(path, sizeof path, "%s/none.wav", pt_test_tmpdir());
    REQUIRE_OK(pt_wav_write(path, NULL, 0, &t->err));
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    REQUIRE(file != NULL);
    CHECK_INT(info.frames, 0);
    sf_close(file);
}

TEST(wav, faults_name_the_file) {
    char path[512];
    const float sample = 0.0F;

    snprintf(path, sizeof path, "%s/absent/a.wav", pt_test_tmpdir());
    CHECK_FAILS(pt_wav_write(path, &sample, 1, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "absent/a.wav'");
    const char *full = test_full_device_path();
    if (full) CHECK_FAILS(pt_wav_write(full, &sample, 1, &t->err), PATINA_EIO);
    /* the sizes in the header have 32 bits */
    snprintf(path, sizeof path, "%s/b.wav", pt_test_tmpdir());
    CHECK_FAILS(pt_wav_write(path, &sample, (size_t)1 << 30, &t->err), PATINA_ERANGE);
    CHECK_CONTAINS(t->err.message, "b.wav'");
    CHECK(access(path, F_OK) != 0);
}
