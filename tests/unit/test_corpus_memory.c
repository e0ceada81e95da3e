/* SPDX-License-Identifier: MIT */
/* test_corpus_memory.c - peak memory while lists are read
 *
 * Lists are streamed: only the index of ids grows with the number of rows. Each list is read in a
 * child process, whose peak of resident memory is measured.
 */

#include <sys/resource.h>
#include <sys/wait.h>

#include "corpus_fixture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEASURABLE false /* sanitizers keep freed memory */
#else
#define MEASURABLE true
#endif

#define CAPTION "A man speaks while a dog barks and birds sing in the far distance"

static const struct {
    const char *kind, *before, *after;
} shapes[] = {
    {"jsonl", "", ""},
    {"clotho", "file_name,caption_1\n", ""},
    {"labels", "filename,label\n", ""},
    {"wavcaps", "{\"data\": [\n", "{}]}\n"},
    {"audiocaps", "audiocap_id,youtube_id,start_time,caption\n", ""},
};

static void write_entry(FILE *out, size_t shape, size_t i) {
    switch (shape) {
    case 0:
        fprintf(out,
                "{\"id\": \"clip-%08zu\", \"audio\": \"clips/%08zu.wav\", \"caption\": \"%s\"}\n",
                i, i, CAPTION);
        break;
    case 3:
        fprintf(out, "{\"id\": \"clip-%08zu\", \"caption\": \"%s\"},\n", i, CAPTION);
        break;
    case 4:
        fprintf(out, "%zu,-id%08zu,30,%s\n", i, i, CAPTION);
        break;
    default:
        fprintf(out, "%08zu.wav,%s\n", i, CAPTION);
    }
}

static const char *write_corpus(size_t shape, size_t n) {
    const char *path = write_tmp_text("memory/table", "");
    FILE *out = fopen(path, "w");
    fputs(shapes[shape].before, out);
    for (size_t i = 0; i < n; i++)
        write_entry(out, shape, i);
    fputs(shapes[shape].after, out);
    fclose(out);
    return path;
}

static long peak_kb(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

typedef struct read_result {
    size_t n;
    long before_kb, after_kb;
} read_result;

static read_result read_all(const char *path, const char *kind) {
    const pt_corpus_options options = {.kind = kind};
    read_result o = {.before_kb = peak_kb()};
    pt_corpus *corpus = NULL;
    bool end = false;
    patina_status status = pt_corpus_open(path, &options, &corpus, NULL);
    while (status == PATINA_OK && !end) {
        pt_entry entry = {0};
        status = pt_corpus_next(corpus, false, &entry, &end, NULL);
        o.n += status == PATINA_OK && !end && entry.source;
        pt_entry_release(&entry);
    }
    pt_corpus_close(&corpus);
    o.after_kb = peak_kb();
    return o;
}

/** Calls read_all in a child process. */
static read_result read_in_child(const char *path, const char *kind) {
    read_result o = {0};
    int ends[2];
    if (pipe(ends) != 0) return o;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        o = read_all(path, kind);
        _exit(write(ends[1], &o, sizeof o) != (ssize_t)sizeof o);
    }
    close(ends[1]);
    if (read(ends[0], &o, sizeof o) != (ssize_t)sizeof o) o.n = 0;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return o;
}

/* The files have 5 to 8 MB; a reader needs a block and a line, 64 KB each, the overhead of malloc,
 * and the index of ids. */
TEST(corpus_memory, at_most_100_bytes_per_row) {
    enum { n = 60000 };
    if (!MEASURABLE) SKIP("memory cannot be measured under a sanitizer");
    if (getenv("PATINA_EMULATED")) SKIP("the memory would include that of the emulator");
    for (size_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++) {
        const char *kind = shapes[shape].kind;
        const read_result o = read_in_child(write_corpus(shape, n), kind);
        const long max_kb = n * 100L / 1024 + 1024;
        CHECK_INT(o.n, n + (strcmp(kind, "wavcaps") == 0));
        pt_test_check(t, o.after_kb - o.before_kb < max_kb, __FILE__, __LINE__,
                      "%s: %ld KB more, expected under %ld", kind, o.after_kb - o.before_kb,
                      max_kb);
    }
}

TEST(corpus_memory, a_million_lines_in_200_mb) {
    if (!MEASURABLE) SKIP("memory cannot be measured under a sanitizer");
    if (!getenv("PATINA_FULL_TESTS")) SKIP("writes 130 MB: set PATINA_FULL_TESTS to run it");
    const char *path = write_corpus(0, 1000000);
    const read_result o = read_in_child(path, "jsonl");
    unlink(path);
    printf("  a million lines: peak of %ld KB\n", o.after_kb);
    CHECK_INT(o.n, 1000000);
    CHECK(o.after_kb < 200 * 1024);
}
