/* SPDX-License-Identifier: MIT */
/* hub_cache.c - paths, references and links of the cache
 *
 * Layout of huggingface_hub 0.8 (2022) to 2.4, see its file_download.py.
 */

#include "hub/hub_cache.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patina/hub.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "fs/dir.h"

const char *const pt_hub_required_files[] = {"config.json", "preprocessor_config.json",
                                             "vocab.json", "merges.txt", NULL};
const char *const pt_hub_weight_files[] = {"model.safetensors", "pytorch_model.bin", NULL};

/* ---------------------------------------------------------------- paths */

patina_status pt_hub_cache_entry_init(const char *cache, const pt_hub_name *name,
                                      pt_hub_cache_entry *entry, patina_error *err) {
    const char *slash = strchr(name->id, '/');
    const int n_org = (int)(slash - name->id);
    const size_t n = strlen(cache);

    if (n == 0 || n > PT_HUB_CACHE_MAX)
        return pt_fail(err, PATINA_EUSAGE,
                       "the path of the Hugging Face cache must have 1 to %d bytes",
                       PT_HUB_CACHE_MAX);
    const char *type = name->type == PT_HUB_MODEL ? "models" : "datasets";
    entry->folder = pt_path_joinf(cache, "%s--%.*s--%s", type, n_org, name->id, slash + 1);
    entry->locks = pt_path_joinf(cache, ".locks/%s--%.*s--%s", type, n_org, name->id, slash + 1);
    return PATINA_OK;
}

pt_path pt_hub_snapshot_path(const pt_hub_cache_entry *entry, const char *commit) {
    return pt_path_joinf(entry->folder.text, "snapshots/%s", commit);
}

patina_status pt_hub_make_dirs(const char *path, patina_error *err) {
    patina_error cause = {0};
    if (pt_dir_create_all(path, NULL, &cause) == PATINA_OK) return PATINA_OK;
    return pt_fail(err, PATINA_EIO, "%s (set HF_HOME to a folder that can be written)",
                   cause.message);
}

/* ---------------------------------------------------------------- references */

/** Whether a path leads to a file. */
static patina_status find_file(const pt_path *path, bool *exists, patina_error *err) {
    struct stat info;
    PT_TRY(pt_path_find(path->text, exists, &info, err));
    *exists = *exists && S_ISREG(info.st_mode);
    return PATINA_OK;
}

patina_status pt_hub_resolve_revision(const pt_hub_cache_entry *entry, const char *revision,
                                      bool *known, char commit[PT_HUB_COMMIT_MAX + 1],
                                      patina_error *err) {
    const pt_path path = pt_path_joinf(entry->folder.text, "refs/%s", revision);
    char *text = NULL;
    size_t n = 0;

    *known = pt_hub_is_commit(revision);
    if (*known) {
        memcpy(commit, revision, strlen(revision) + 1);
        return PATINA_OK;
    }
    bool exists;
    PT_TRY(find_file(&path, &exists, err));
    if (!exists) return PATINA_OK;
    const patina_status status = pt_file_read_all(path.text, 4 * PT_HUB_COMMIT_MAX, &text, &n, err);
    if (status == PATINA_ERANGE) return PATINA_OK; /* text that is not a commit */
    PT_TRY(status);
    text[strcspn(text, " \r\n")] = '\0';
    *known = pt_hub_is_commit(text);
    if (*known) memcpy(commit, text, strlen(text) + 1);
    free(text);
    return PATINA_OK;
}

static patina_status ref_failed(const pt_path *path, patina_error *err) {
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be written: %s", path->text,
                   strerror(errno));
}

patina_status pt_hub_ref_write(const pt_hub_cache_entry *entry, const char *revision,
                               const char *commit, patina_error *err) {
    const pt_path path = pt_path_joinf(entry->folder.text, "refs/%s", revision);
    pt_path folder = path, tmp;
    char old[PT_HUB_COMMIT_MAX + 1];
    bool known;

    PT_TRY(pt_hub_resolve_revision(entry, revision, &known, old, err));
    if (known && strcmp(old, commit) == 0) return PATINA_OK;
    *strrchr(folder.text, '/') = '\0';
    PT_TRY(pt_hub_make_dirs(folder.text, err));

    /* As temporary files of huggingface_hub: the name, a unique part, ".tmp". */
    tmp = pt_path_joinf(folder.text, "%.200s.patina-%ld.tmp", strrchr(path.text, '/') + 1,
                        (long)getpid());
    const size_t n = strlen(commit);
    const int fd = open(tmp.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    bool ok = fd >= 0 && write(fd, commit, n) == (ssize_t)n && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0) ok = false;
    if (ok && rename(tmp.text, path.text) == 0) {
        (void)pt_dir_sync_parent(path.text, NULL);
        return PATINA_OK;
    }
    const patina_status status = ref_failed(&path, err);
    if (fd >= 0) unlink(tmp.text);
    return status;
}

/* ---------------------------------------------------------------- snapshots */

patina_status pt_hub_snapshot_has(const pt_path *snapshot, const char *file, bool *has,
                                  patina_error *err) {
    const pt_path path = pt_path_joinf(snapshot->text, "%s", file);
    return find_file(&path, has, err);
}

bool pt_hub_snapshot_etag(const pt_path *snapshot, const char *file,
                          char etag[PT_HUB_ETAG_MAX + 1]) {
    static const char prefix[] = "../../blobs/";
    const pt_path path = pt_path_joinf(snapshot->text, "%s", file);
    char target[sizeof prefix + PT_HUB_ETAG_MAX];
    const ssize_t n = readlink(path.text, target, sizeof target);

    if (n < (ssize_t)sizeof prefix || n == (ssize_t)sizeof target) return false;
    target[n] = '\0';
    if (strncmp(target, prefix, sizeof prefix - 1) != 0 || strchr(target + sizeof prefix - 1, '/'))
        return false;
    memcpy(etag, target + sizeof prefix - 1, (size_t)n + 2 - sizeof prefix);
    return true;
}

patina_status pt_hub_snapshot_missing(const pt_path *snapshot, const char **missing,
                                      patina_error *err) {
    bool has = true;
    for (size_t i = 0; has && pt_hub_required_files[i]; i++) {
        *missing = pt_hub_required_files[i];
        PT_TRY(pt_hub_snapshot_has(snapshot, *missing, &has, err));
    }
    if (!has) return PATINA_OK;
    has = false;
    for (size_t i = 0; !has && pt_hub_weight_files[i]; i++)
        PT_TRY(pt_hub_snapshot_has(snapshot, pt_hub_weight_files[i], &has, err));
    *missing = has ? NULL : pt_hub_weight_files[0];
    return PATINA_OK;
}

bool pt_hub_blob_is_complete(const pt_hub_cache_entry *entry, const char *etag, uint64_t size) {
    const pt_path blob = pt_path_joinf(entry->folder.text, "blobs/%s", etag);
    struct stat info;
    return stat(blob.text, &info) == 0 && S_ISREG(info.st_mode) &&
           (size == UINT64_MAX || (uint64_t)info.st_size == size);
}

uint64_t pt_hub_blob_partial_size(const pt_hub_cache_entry *entry, const char *etag,
                                  uint64_t size) {
    const pt_path path = pt_path_joinf(entry->folder.text, "blobs/%s.incomplete", etag);
    struct stat info;
    if (stat(path.text, &info) != 0 || !S_ISREG(info.st_mode)) return 0;
    return (uint64_t)info.st_size < size ? (uint64_t)info.st_size : size;
}

/* On file systems without symbolic links the file itself is moved to the place of the link, as in
 * huggingface_hub. */
static bool symlinks_unsupported(int why) {
    return why == EPERM || why == ENOSYS || why == EOPNOTSUPP;
}

patina_status pt_hub_snapshot_link(const pt_hub_cache_entry *entry, const char *commit,
                                   const char *file, const char *etag, patina_error *err) {
    const pt_path snapshot = pt_hub_snapshot_path(entry, commit);
    const pt_path path = pt_path_joinf(snapshot.text, "%s", file);
    const pt_path blob = pt_path_joinf(entry->folder.text, "blobs/%s", etag);
    pt_path target = pt_path_joinf("../..", "blobs/%s", etag), folder = path;

    for (const char *at = file; (at = strchr(at, '/')); at++) {
        const pt_path deeper = pt_path_joinf("..", "%s", target.text);
        target = deeper;
    }
    *strrchr(folder.text, '/') = '\0';
    PT_TRY(pt_hub_make_dirs(folder.text, err));
    if (symlink(target.text, path.text) == 0) return PATINA_OK;
    int why = errno;
    bool exists = false;
    if (why == EEXIST) PT_TRY(pt_hub_snapshot_has(&snapshot, file, &exists, err));
    if (why == EEXIST && !exists) { /* dangling */
        if (unlink(path.text) == 0 && symlink(target.text, path.text) == 0) return PATINA_OK;
        why = errno;
        if (why == EEXIST) PT_TRY(pt_hub_snapshot_has(&snapshot, file, &exists, err));
    }
    if (exists) return PATINA_OK; /* another process has made it */
    if (symlinks_unsupported(why) && rename(blob.text, path.text) == 0) return PATINA_OK;
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be created: %s", path.text, strerror(why));
}

patina_status patina_hub_find(const char *cache, const char *model, char **folder,
                              patina_error *err) {
    char commit[PT_HUB_COMMIT_MAX + 1], typed[PT_HUB_ID_MAX + PT_HUB_REVISION_MAX + 2];
    pt_hub_name name;
    pt_hub_cache_entry entry;
    const char *missing;
    bool known;

    PT_TRY(pt_hub_name_parse(model, PT_HUB_MODEL, &name, err));
    PT_TRY(pt_hub_cache_entry_init(cache, &name, &entry, err));
    pt_hub_name_format(&name, typed);
    PT_TRY(pt_hub_resolve_revision(&entry, name.revision, &known, commit, err));
    if (!known)
        return pt_fail(err, PATINA_EIO,
                       "no such folder or file, and not in the Hugging Face cache '%s'; run "
                       "'patina model fetch %s' to download it from the hub",
                       cache, typed);
    const pt_path snapshot = pt_hub_snapshot_path(&entry, commit);
    PT_TRY(pt_hub_snapshot_missing(&snapshot, &missing, err));
    if (missing)
        return pt_fail(err, PATINA_EIO,
                       "folder '%s' of the Hugging Face cache lacks '%s'; run 'patina model fetch "
                       "%s' to download it",
                       snapshot.text, missing, typed);
    *folder = strdup(snapshot.text);
    return *folder ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "model '%s': out of memory", model);
}

patina_status patina_hub_find_dataset(const char *cache, const char *dataset, char **folder,
                                      patina_error *err) {
    char commit[PT_HUB_COMMIT_MAX + 1], typed[PT_HUB_ID_MAX + PT_HUB_REVISION_MAX + 2];
    pt_hub_name name;
    pt_hub_cache_entry entry;
    struct stat info;
    bool known, exists = false;

    PT_TRY(pt_hub_name_parse(dataset, PT_HUB_DATASET, &name, err));
    PT_TRY(pt_hub_cache_entry_init(cache, &name, &entry, err));
    pt_hub_name_format(&name, typed);
    PT_TRY(pt_hub_resolve_revision(&entry, name.revision, &known, commit, err));
    const pt_path snapshot = pt_hub_snapshot_path(&entry, known ? commit : "none");
    if (known) PT_TRY(pt_path_find(snapshot.text, &exists, &info, err));
    if (!exists || !S_ISDIR(info.st_mode))
        return pt_fail(err, PATINA_EIO,
                       "data set '%s' is not in the Hugging Face cache '%s'; run 'patina fetch "
                       "dataset %s' to download it",
                       typed, cache, typed);
    *folder = strdup(snapshot.text);
    return *folder ? PATINA_OK
                   : pt_fail(err, PATINA_ENOMEM, "data set '%s': out of memory", dataset);
}
