/* SPDX-License-Identifier: MIT */
/* fuzz_unpickler.c - input: the pickle of a PyTorch checkpoint
 *
 * Checks what unpickler.h promises of every tensor of a pickle that is accepted.
 */

#include "clap/unpickler.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pt_pickled_tensor *tensors = NULL;
    size_t n = 0;
    pt_error err = {0};

    if (pt_unpickle("data.pkl", data, size, &tensors, &n, &err) != PT_OK) {
        MUST(tensors == NULL && err.status == PT_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    MUST(n > 0 && n < size);
    for (size_t i = 0; i < n; i++) {
        const pt_pickled_tensor *tensor = &tensors[i];
        const char *text = (const char *)data;
        size_t n_values = 1;
        MUST(tensor->name >= text && tensor->name + tensor->n_name <= text + size);
        MUST(tensor->key >= text && tensor->key + tensor->n_key <= text + size);
        MUST(tensor->n_dims <= PT_TENSOR_DIMS_MAX && tensor->type && tensor->type->n_bytes > 0);
        for (size_t d = 0; d < tensor->n_dims; d++)
            n_values *= tensor->dims[d];
        MUST(n_values == tensor->n_values);
        const uint64_t room = tensor->n_storage / tensor->type->n_bytes;
        MUST(tensor->first <= room);
        MUST(!tensor->row_major || tensor->n_values <= room - tensor->first);
    }
    free(tensors);
    return 0;
}
