/* SPDX-License-Identifier: MIT */
/* fuzz_zip.c - input: a zip archive; reads all members */

#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "weights/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pt_zip *zip = NULL;
    patina_error err = {0};

    if (pt_zip_open("archive.zip", data, size, &zip, &err) != PATINA_OK) {
        FUZZ_ASSERT(zip == NULL && err.status == PATINA_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < pt_zip_count(zip); i++) {
        const pt_zip_member *member = pt_zip_at(zip, i);
        const unsigned char *content = NULL;
        char name[1 << 16];
        unsigned sum = 0;
        memcpy(name, member->name, member->n_name);
        name[member->n_name] = '\0';
        FUZZ_ASSERT(pt_zip_find(zip, name) == member);
        if (pt_zip_view(zip, member, &content, &err) != PATINA_OK) continue;
        FUZZ_ASSERT(content >= data && member->size <= size - (size_t)(content - data));
        for (size_t k = 0; k < member->size && k < 4096; k++)
            sum += content[k] + content[member->size - 1 - k];
        snprintf(name, sizeof name, "%u", sum); /* keeps the reads from being optimised away */
    }
    pt_zip_close(&zip);
    return 0;
}
