/* SPDX-License-Identifier: MIT */
/* fuzz.h - libFuzzer's entry point, and an assertion that is active in every build */

#ifndef PATINA_FUZZ_H
#define PATINA_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <patina/status.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ASSERT(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) abort();                                                                 \
    } while (0)

/** Makes a temporary folder, in memory where there is /dev/shm: flushing to a disk takes longer
 * than a run. */
static inline void fuzz_make_folder(char path[64]) {
    snprintf(path, 64, "%s/patina-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    FUZZ_ASSERT(mkdtemp(path));
}

/** Whether an input was accepted. The only permitted error is PATINA_EFORMAT, with a message. */
static inline bool accepted(patina_status status, const patina_error *err) {
    FUZZ_ASSERT(status == PATINA_OK || (err->status == PATINA_EFORMAT && err->message[0] != '\0'));
    return status == PATINA_OK;
}

#endif /* PATINA_FUZZ_H */
