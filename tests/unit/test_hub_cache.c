/* SPDX-License-Identifier: MIT */
/* test_hub_cache.c - paths, references and links of the model cache */

#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patina/hub.h>

#include "base/byte_source.h"
#include "hub/hub_cache.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define OTHER  "fedcba9876543210fedcba9876543210fedcba98"

/* The entry of org/name in a cache of the test. */
static pt_hub_cache_entry entry_in(pt_test *t, const char *cache, char path[512]) {
    const pt_hub_name name = {.id = "org/name", .revision = "main"};
    pt_hub_cache_entry entry;
    snprintf(path, 512, "%s/%s", pt_test_tmpdir(), cache);
    CHECK_OK(pt_hub_cache_entry_init(path, &name, &entry, &t->err));
    return entry;
}

static void put(pt_test *t, const char *folder, const char *name, const char *text) {
    const pt_path path = pt_path_joinf(folder, "%s", name);
    CHECK_OK(pt_hub_make_dirs(folder, &t->err));
    FILE *file = fopen(path.text, "w");
    CHECK(file && fputs(text, file) >= 0);
    if (file) fclose(file);
}

/* Whether a file contains exactly this text. */
static bool file_equals(const pt_path *path, const char *expected) {
    char *text = NULL;
    size_t n = 0;
    const bool same = pt_file_read_all(path->text, 4096, &text, &n, NULL) == PATINA_OK &&
                      strcmp(text, expected) == 0;
    free(text);
    return same;
}

/* As in repo_folder_name of huggingface_hub. */
static bool resolves(pt_test *t, const pt_hub_cache_entry *entry, const char *revision,
                     char commit[PT_HUB_COMMIT_MAX + 1]) {
    bool known = false;
    CHECK_OK(pt_hub_resolve_revision(entry, revision, &known, commit, &t->err));
    return known;
}

static bool has(pt_test *t, const pt_path *snapshot, const char *file) {
    bool exists = false;
    CHECK_OK(pt_hub_snapshot_has(snapshot, file, &exists, &t->err));
    return exists;
}

static const char *missing(pt_test *t, const pt_path *snapshot) {
    const char *file = NULL;
    CHECK_OK(pt_hub_snapshot_missing(snapshot, &file, &t->err));
    return file;
}

TEST(hub_cache, entry) {
    const pt_hub_name name = {.id = "laion/clap-htsat-unfused", .revision = "main"};
    char path[PT_HUB_CACHE_MAX + 2];
    pt_hub_cache_entry entry;

    REQUIRE_OK(pt_hub_cache_entry_init("/c/hub", &name, &entry, &t->err));
    CHECK_STR(entry.folder.text, "/c/hub/models--laion--clap-htsat-unfused");
    CHECK_STR(entry.locks.text, "/c/hub/.locks/models--laion--clap-htsat-unfused");
    CHECK_FAILS(pt_hub_cache_entry_init("", &name, &entry, &t->err), PATINA_EUSAGE);
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[PT_HUB_CACHE_MAX + 1] = '\0';
    CHECK_FAILS(pt_hub_cache_entry_init(path, &name, &entry, &t->err), PATINA_EUSAGE);
    /* the longest names fit */
    pt_hub_name longest;
    char typed[PT_HUB_ID_MAX + PT_HUB_REVISION_MAX + 2];
    snprintf(typed, sizeof typed, "%0*d/%0*d@%0*d", PT_HUB_PART_MAX, 0, PT_HUB_PART_MAX, 0,
             PT_HUB_REVISION_MAX, 0);
    REQUIRE_OK(pt_hub_name_parse(typed, PT_HUB_MODEL, &longest, &t->err));
    path[PT_HUB_CACHE_MAX] = '\0';
    REQUIRE_OK(pt_hub_cache_entry_init(path, &longest, &entry, &t->err));
    char commit[PT_HUB_COMMIT_MAX + 1];
    CHECK(!resolves(t, &entry, longest.revision, commit));
    CHECK_FAILS(pt_hub_ref_write(&entry, longest.revision, COMMIT, &t->err), PATINA_EIO);
}

TEST(hub_cache, references) {
    char cache[512], commit[PT_HUB_COMMIT_MAX + 1];
    const pt_hub_cache_entry entry = entry_in(t, "refs", cache);
    const pt_path main = pt_path_joinf(entry.folder.text, "refs/main");
    const pt_path branch = pt_path_joinf(entry.folder.text, "refs/a/b");
    struct stat before, after;

    CHECK(!resolves(t, &entry, "main", commit));
    REQUIRE_OK(pt_hub_ref_write(&entry, "main", COMMIT, &t->err));
    CHECK(file_equals(&main, COMMIT)); /* no line end: huggingface_hub compares all of it */
    CHECK(resolves(t, &entry, "main", commit));
    CHECK_STR(commit, COMMIT);
    REQUIRE(stat(main.text, &before) == 0);
    CHECK_OK(pt_hub_ref_write(&entry, "main", COMMIT, &t->err)); /* nothing to write */
    REQUIRE(stat(main.text, &after) == 0);
    CHECK_INT(after.st_ino, before.st_ino);
    CHECK_OK(pt_hub_ref_write(&entry, "main", OTHER, &t->err));
    CHECK(file_equals(&main, OTHER));
    CHECK_OK(pt_hub_ref_write(&entry, "a/b", COMMIT, &t->err));
    CHECK(file_equals(&branch, COMMIT));
    /* a commit resolves to itself, whatever the cache contains */
    CHECK(resolves(t, &entry, COMMIT, commit));
    CHECK_STR(commit, COMMIT);

    /* text that is not a commit is rejected: it would become a path */
    static const char *const bad[] = {"", "main", "../../../etc", COMMIT "0",
                                      "ref: refs/heads/main"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const pt_path folder = pt_path_joinf(entry.folder.text, "refs");
        put(t, folder.text, "bad", bad[i]);
        CHECK(!resolves(t, &entry, "bad", commit));
    }
}

TEST(hub_cache, links) {
    char cache[512], target[256] = "";
    const pt_hub_cache_entry entry = entry_in(t, "links", cache);
    const pt_path blobs = pt_path_joinf(entry.folder.text, "blobs");
    const pt_path snapshot = pt_hub_snapshot_path(&entry, COMMIT);
    const pt_path path = pt_path_joinf(snapshot.text, "vocab.json");

    put(t, blobs.text, "etag", "{}");
    REQUIRE_OK(pt_hub_snapshot_link(&entry, COMMIT, "vocab.json", "etag", &t->err));
    CHECK(readlink(path.text, target, sizeof target - 1) > 0);
    CHECK_STR(target, "../../blobs/etag");
    CHECK(file_equals(&path, "{}"));
    CHECK_OK(
        pt_hub_snapshot_link(&entry, COMMIT, "vocab.json", "etag", &t->err)); /* already exists */
    CHECK(has(t, &snapshot, "vocab.json"));
    /* a dangling link is replaced */
    CHECK(unlink(path.text) == 0 && symlink("../../blobs/gone", path.text) == 0);
    CHECK(!has(t, &snapshot, "vocab.json"));
    CHECK_OK(pt_hub_snapshot_link(&entry, COMMIT, "vocab.json", "etag", &t->err));
    CHECK(file_equals(&path, "{}"));
    /* a folder in its place is not */
    const pt_path folder = pt_path_joinf(snapshot.text, "merges.txt");
    CHECK(mkdir(folder.text, 0700) == 0);
    CHECK_FAILS(pt_hub_snapshot_link(&entry, COMMIT, "merges.txt", "etag", &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "merges.txt': cannot be created");
}

TEST(hub_cache, blobs) {
    char cache[512];
    const pt_hub_cache_entry entry = entry_in(t, "blobs", cache);
    const pt_path blobs = pt_path_joinf(entry.folder.text, "blobs");

    CHECK(!pt_hub_blob_is_complete(&entry, "e", 5));
    CHECK_INT(pt_hub_blob_partial_size(&entry, "e", 5), 0);
    put(t, blobs.text, "e.incomplete", "abc");
    CHECK(!pt_hub_blob_is_complete(&entry, "e", 3));
    CHECK_INT(pt_hub_blob_partial_size(&entry, "e", 5), 3);
    CHECK_INT(pt_hub_blob_partial_size(&entry, "e", 2), 2);
    put(t, blobs.text, "e", "abcde");
    CHECK(pt_hub_blob_is_complete(&entry, "e", 5));
    CHECK(pt_hub_blob_is_complete(&entry, "e", UINT64_MAX));
    CHECK(!pt_hub_blob_is_complete(&entry, "e", 6));
}

TEST(hub_cache, find) {
    char cache[512];
    const pt_hub_cache_entry entry = entry_in(t, "find", cache);
    const pt_path snapshot = pt_hub_snapshot_path(&entry, COMMIT);
    char *folder = NULL;

    CHECK_FAILS(patina_hub_find(cache, "no name", &folder, &t->err), PATINA_EUSAGE);
    CHECK_FAILS(patina_hub_find(cache, "org/name", &folder, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "run 'patina model fetch org/name'");
    REQUIRE_OK(pt_hub_ref_write(&entry, "main", COMMIT, &t->err));
    for (size_t i = 0; pt_hub_required_files[i]; i++) {
        CHECK_STR(missing(t, &snapshot), pt_hub_required_files[i]);
        CHECK_FAILS(patina_hub_find(cache, "org/name", &folder, &t->err), PATINA_EIO);
        CHECK_CONTAINS(t->err.message, pt_hub_required_files[i]);
        put(t, snapshot.text, pt_hub_required_files[i], "");
    }
    CHECK_STR(missing(t, &snapshot), "model.safetensors");
    CHECK(folder == NULL);
    put(t, snapshot.text, "pytorch_model.bin", "");
    CHECK(missing(t, &snapshot) == NULL);
    REQUIRE_OK(patina_hub_find(cache, "org/name", &folder, &t->err));
    CHECK_STR(folder, snapshot.text);
    free(folder);
    REQUIRE_OK(patina_hub_find(cache, "org/name@" COMMIT, &folder, &t->err));
    CHECK_STR(folder, snapshot.text);
    free(folder);
    CHECK_FAILS(patina_hub_find(cache, "org/name@v1", &folder, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "run 'patina model fetch org/name@v1'");
    CHECK_FAILS(patina_hub_find(cache, "org/name@" OTHER, &folder, &t->err), PATINA_EIO);
    CHECK_FAILS(patina_hub_find("", "org/name", &folder, &t->err), PATINA_EUSAGE);
}
