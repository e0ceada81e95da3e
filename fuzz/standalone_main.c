/* SPDX-License-Identifier: MIT */
/* standalone_main.c - runs a fuzz target on the files of the given folders, in place of libFuzzer
 *
 * Prints the name of each file before its run. A fault ends the process with a sanitizer report or
 * a signal.
 */

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/byte_source.h"
#include "fuzz.h"

/* A block of the exact size, so that a read past the end is detected. */
static int run(const char *path) {
    char *text = NULL;
    size_t n = 0;
    patina_error err = {0};

    if (pt_file_read_all(path, 16 << 20, &text, &n, &err) != PATINA_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    uint8_t *exact_size_copy = malloc(n > 0 ? n : 1);
    if (exact_size_copy) {
        memcpy(exact_size_copy, text, n);
        fprintf(stderr, "%s\n", path);
        LLVMFuzzerTestOneInput(exact_size_copy, n);
    }
    free(text);
    free(exact_size_copy);
    return exact_size_copy ? 0 : 1;
}

int main(int argc, char **argv) {
    unsigned n_passed = 0, n_failed = 0;

    for (int i = 1; i < argc; i++) {
        struct dirent **items = NULL;
        const int n_items = scandir(argv[i], &items, NULL, alphasort);
        for (int k = 0; k < n_items; k++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], items[k]->d_name);
            if (items[k]->d_name[0] != '.') {
                if (run(path) == 0)
                    n_passed++;
                else
                    n_failed++;
            }
            free(items[k]);
        }
        free(items);
    }
    if (n_passed == 0) n_failed++; /* no input at all is a failure */
    printf("%u passed, %u failed\n", n_passed, n_failed);
    return n_failed > 0;
}
