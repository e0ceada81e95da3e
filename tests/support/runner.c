/* SPDX-License-Identifier: MIT */
/* runner.c - main function of the test programs */

#include "test.h"

#include <dirent.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static pt_test *first_test, **last = &first_test;
static char tmpdir[256];

void pt_test_register(pt_test *test) {
    *last = test;
    last = &test->next;
}

bool pt_test_check(pt_test *t, bool ok, const char *file, int line, const char *format, ...) {
    t->n_checks++;
    if (ok) return true;
    t->n_failed++;
    if (t->n_failed > 20) return false; /* limits the output for a wrong array */
    va_list args;
    va_start(args, format);
    printf("  %s:%d: ", file, line);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    return false;
}

void pt_test_skip(pt_test *t, const char *why) {
    t->skipped = true;
    printf("skip %s.%s: %s\n", t->suite, t->name, why);
}

static const char *join_path(const char *root, const char *relative) {
    static char buffers[8][1024];
    static unsigned next;
    char *buffer = buffers[next++ % 8];
    snprintf(buffer, sizeof buffers[0], "%s/%s", root, relative);
    return buffer;
}

const char *pt_test_golden_path(const char *relative) {
    const char *root = getenv("PATINA_TEST_GOLDEN");
    return join_path(root ? root : PT_TEST_SOURCE_ROOT "/tests/golden", relative);
}

const char *pt_test_data_path(const char *relative) {
    return join_path(PT_TEST_SOURCE_ROOT "/tests/data", relative);
}

const char *pt_test_shared_path(const char *relative) {
    const char *root = getenv("PATINA_SHARED");
    if (!root) root = PT_TEST_SOURCE_ROOT "/../shared";
    const char *path = join_path(root, relative);
    return access(path, R_OK) == 0 ? path : NULL;
}

static void remove_tree(const char *path) {
    DIR *dir = opendir(path);
    struct dirent *item;
    while (dir && (item = readdir(dir))) {
        char child[1024];
        struct stat info;
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
        snprintf(child, sizeof child, "%s/%s", path, item->d_name);
        if (lstat(child, &info) == 0 && S_ISDIR(info.st_mode))
            remove_tree(child);
        else
            unlink(child);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

const char *pt_test_tmpdir(void) {
    if (tmpdir[0] == '\0') {
        const char *root = getenv("TMPDIR");
        snprintf(tmpdir, sizeof tmpdir, "%s/patina-test-XXXXXX", root ? root : "/tmp");
        if (!mkdtemp(tmpdir)) {
            perror("mkdtemp");
            exit(2);
        }
    }
    return tmpdir;
}

bool pt_test_set_comma_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0)
            return true;
    setlocale(LC_ALL, "C");
    return false;
}

static bool is_selected(const pt_test *test, int argc, char **argv) {
    char full[256];
    snprintf(full, sizeof full, "%s.%s", test->suite, test->name);
    for (int i = 1; i < argc; i++)
        if (strstr(full, argv[i])) return true;
    return argc < 2;
}

int main(int argc, char **argv) {
    unsigned passed = 0, failed = 0, skipped = 0;

    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (pt_test *t = first_test; t; t = t->next)
            printf("%s.%s\n", t->suite, t->name);
        return 0;
    }
    for (pt_test *t = first_test; t; t = t->next) {
        if (!is_selected(t, argc, argv)) continue;
        fflush(stdout);
        t->run(t);
        if (!t->skipped && t->n_checks == 0) {
            printf("  %s.%s made no check\n", t->suite, t->name);
            t->n_failed++;
        }
        if (t->n_failed) {
            printf("FAIL %s.%s\n", t->suite, t->name);
            failed++;
        } else if (t->skipped) {
            skipped++;
        } else {
            passed++;
        }
    }
    if (tmpdir[0]) remove_tree(tmpdir);
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed ? 1 : 0;
}
