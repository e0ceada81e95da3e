/* SPDX-License-Identifier: MIT */
/* audio_folder.h - a temporary folder with empty audio files, which exists until the program ends
 */

#ifndef PATINA_FUZZ_AUDIO_FOLDER_H
#define PATINA_FUZZ_AUDIO_FOLDER_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* Names that the lists of published corpora refer to in different ways. */
static const char *const fuzz_audio_names[] = {
    "a.wav",    "d/a.wav",      "d/B.mp3",     "abcdefghijk_30_40.flac", "t [0123456789_].m4a",
    "0007.mp3", "\xC3\xA9.wav", "12__u__n.ogg"};

#define FUZZ_N_AUDIO (sizeof fuzz_audio_names / sizeof fuzz_audio_names[0])

static char fuzz_audio_path[64];

/** The path of a name in the folder; the next call overwrites it. */
static inline const char *fuzz_audio_file(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", fuzz_audio_path, name);
    return path;
}

static void fuzz_audio_folder_remove(void) {
    for (size_t i = 0; i < FUZZ_N_AUDIO; i++)
        unlink(fuzz_audio_file(fuzz_audio_names[i]));
    rmdir(fuzz_audio_file("d"));
    rmdir(fuzz_audio_path);
}

static inline const char *fuzz_audio_folder(void) {
    static bool exists;
    if (exists) return fuzz_audio_path;
    fuzz_make_folder(fuzz_audio_path);
    exists = true;
    atexit(fuzz_audio_folder_remove);
    FUZZ_ASSERT(mkdir(fuzz_audio_file("d"), 0700) == 0);
    for (size_t i = 0; i < FUZZ_N_AUDIO; i++) {
        const int fd = open(fuzz_audio_file(fuzz_audio_names[i]), O_CREAT | O_WRONLY, 0600);
        FUZZ_ASSERT(fd >= 0);
        close(fd);
    }
    return fuzz_audio_path;
}

#endif /* PATINA_FUZZ_AUDIO_FOLDER_H */
