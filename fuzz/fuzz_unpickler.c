/* SPDX-License-Identifier: MIT */
/* fuzz_unpickler.c - input: the pickle of a PyTorch checkpoint
 *
 * Checks the invariants of unpickler.h for every tensor of an accepted pickle.
 */

#include "fuzz.h"
#include "weights/unpickler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pt_pickled_tensor *tensors = NULL;
    size_t n = 0;
    patina_error err = {0};

    if (pt_unpickle("data.pkl", data, size, &tensors, &n, &err) != PATINA_OK) {
        FUZZ_ASSERT(tensors == NULL && err.status == PATINA_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    FUZZ_ASSERT(n > 0 && n < size);
    for (size_t i = 0; i < n; i++) {
        const pt_pickled_tensor *tensor = &tensors[i];
        const char *text = (const char *)data;
        size_t n_values = 1;
        FUZZ_ASSERT(tensor->name >= text && tensor->name + tensor->n_name <= text + size);
        FUZZ_ASSERT(tensor->key >= text && tensor->key + tensor->n_key <= text + size);
        FUZZ_ASSERT(tensor->n_dims <= PT_TENSOR_DIMS_MAX && tensor->type &&
                    tensor->type->n_bytes > 0);
        for (size_t d = 0; d < tensor->n_dims; d++)
            n_values *= tensor->dims[d];
        FUZZ_ASSERT(n_values == tensor->n_values);
        const uint64_t room = tensor->n_storage / tensor->type->n_bytes;
        FUZZ_ASSERT(tensor->storage_offset <= room);
        FUZZ_ASSERT(!tensor->is_contiguous || tensor->n_values <= room - tensor->storage_offset);
    }
    free(tensors);
    return 0;
}
