/* SPDX-License-Identifier: MIT */
/* fuzz_checkpoint.c - input: a weight file; reads all floating-point values */

#include <string.h>

#include "fuzz.h"
#include "weights/checkpoint.h"

static void read_all(const pt_tensor *tensor) {
    float values[256];
    for (size_t i = 0; i < tensor->n_values; i += 256) {
        const size_t n = tensor->n_values - i < 256 ? tensor->n_values - i : 256;
        pt_tensor_read(tensor, i, n, values);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pt_checkpoint *file = NULL;
    patina_error err = {0};

    if (pt_checkpoint_open_memory("weights", data, size, &file, &err) != PATINA_OK) {
        FUZZ_ASSERT(file == NULL && err.status == PATINA_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < pt_checkpoint_count(file); i++) {
        const pt_tensor *tensor = pt_checkpoint_at(file, i), *found = NULL;
        FUZZ_ASSERT(i == 0 || strcmp(pt_checkpoint_at(file, i - 1)->name, tensor->name) < 0);
        if (tensor->dtype == PT_DTYPE_OTHER || !tensor->data) continue;
        FUZZ_ASSERT(pt_checkpoint_find(file, tensor->name, tensor->n_dims, tensor->dims, &found,
                                       &err) == PATINA_OK &&
                    found == tensor);
        read_all(tensor);
    }
    (void)pt_checkpoint_metadata(file, "untrained");
    pt_checkpoint_close(&file);
    return 0;
}
