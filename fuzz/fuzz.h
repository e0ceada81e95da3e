/* SPDX-License-Identifier: MIT */
/* fuzz.h - libFuzzer's entry point, and a check that no build leaves out */

#ifndef PATINA_FUZZ_H
#define PATINA_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) abort();                                                                 \
    } while (0)

#endif /* PATINA_FUZZ_H */
