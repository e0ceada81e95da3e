/* SPDX-License-Identifier: MIT */
/* fuzz.h - libFuzzer's entry point, and a check that no build leaves out */

#ifndef PATINA_FUZZ_H
#define PATINA_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <patina/status.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) abort();                                                                 \
    } while (0)

/** Whether an input was accepted; all that may be wrong is its form, and that is told. */
static inline bool accepted(pt_status status, const pt_error *err) {
    MUST(status == PT_OK || (err->status == PT_EFORMAT && err->message[0] != '\0'));
    return status == PT_OK;
}

#endif /* PATINA_FUZZ_H */
