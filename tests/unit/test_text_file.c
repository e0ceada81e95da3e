/* SPDX-License-Identifier: MIT */
/* test_text_file.c - configurations and recipes from files and pipes */

#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include <patina/file_ops.h>

#include "fs/text_file.h"

static const char *write_file(const char *name, const void *bytes, size_t n) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", pt_test_tmpdir(), name);
    FILE *file = fopen(path, "wb");
    if (!file) return NULL;
    const bool whole = fwrite(bytes, 1, n, file) == n;
    return fclose(file) == 0 && whole ? path : NULL;
}

TEST(text_file, content_is_unchanged) {
    char *text = NULL;
    const char *path = write_file("a", "{\"a\": 1}\n", 9);

    REQUIRE(path != NULL);
    CHECK_OK(pt_text_read(path, &text, &t->err));
    CHECK_STR(text, "{\"a\": 1}\n");
    free(text);
    text = NULL;
    path = write_file("empty", "", 0);
    REQUIRE(path != NULL);
    CHECK_OK(pt_text_read(path, &text, &t->err));
    CHECK_STR(text, "");
    free(text);
}

/* Larger than one read, and than the capacity of a pipe. */
TEST(text_file, pipe) {
    enum { N = 200000 };
    int ends[2];
    char path[64], *text = NULL;

    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        for (int i = 0; i < N; i++)
            if (write(ends[1], "x", 1) != 1) _exit(1);
        _exit(0);
    }
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    CHECK_OK(pt_text_read(path, &text, &t->err));
    if (text) CHECK_INT(strspn(text, "x"), N);
    free(text);
    close(ends[0]);
}

TEST(text_file, faults_name_the_file) {
    char *text = NULL;
    const size_t n = (16U << 20) + 1;
    char *large = malloc(n);

    REQUIRE(large != NULL);
    memset(large, ' ', n);
    CHECK_FAILS(pt_text_read("/absent/recipe.json", &text, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "'/absent/recipe.json'");
    CHECK_FAILS(pt_text_read(pt_test_tmpdir(), &text, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, pt_test_tmpdir());
    CHECK_FAILS(pt_text_read(write_file("zero", "a\0b", 3), &text, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "zero'");
    CHECK_FAILS(pt_text_read(write_file("large", large, n), &text, &t->err), PATINA_ERANGE);
    CHECK(text == NULL);
    free(large);
}
