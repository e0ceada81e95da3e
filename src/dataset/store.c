/* SPDX-License-Identifier: MIT */
/* store.c - a run's output folder, from its claim to its final names */

#include "dataset/store.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "dataset/outfile.h"

#define WORK     ".patina"
#define RUN_JSON WORK "/run.json"

#define OUT_MAX   3800 /* bytes of a folder's path, so that every name below it fits PATH_SIZE */
#define PATH_SIZE 4096
#define JSON_MAX  (16u << 20) /* of a dataset.json or run.json that is read back */

struct pt_store {
    char out[OUT_MAX + 1];
    const pt_sink_kind *kind;
    pt_metadata metadata[3];
    char *metadata_text[3];
    bool made_out, finished;

    uint64_t chunk; /* number of the open one */
    pt_sink *rows;  /* of the open chunk; NULL while it has none */
    pt_outfile *provenance;
    pt_outfile *rejects;
    uint64_t *parts; /* numbers of the chunks that have rows */
    size_t n_parts, parts_capacity;

    uint64_t n_rows, n_rejects, rejects_by[PT_REJECT_COUNT];
};

/* ---------------------------------------------------------------- paths */

typedef struct path {
    char text[PATH_SIZE];
} path;

static path below(const char *out, const char *format, ...) PT_PRINTF(2, 3);

/* OUT/<format>; both lengths are bounded, so it always fits. */
static path below(const char *out, const char *format, ...) {
    path p;
    const int n = snprintf(p.text, sizeof p.text, "%s/", out);
    va_list args;
    va_start(args, format);
    vsnprintf(p.text + n, sizeof p.text - (size_t)n, format, args);
    va_end(args);
    return p;
}

static path chunk_rows(const pt_store *s, uint64_t chunk) {
    return below(s->out, WORK "/rows-%08" PRIu64 "%s", chunk, s->kind->suffix);
}

static path chunk_provenance(const pt_store *s, uint64_t chunk) {
    return below(s->out, WORK "/provenance-%08" PRIu64 ".jsonl", chunk);
}

/* out is the folder that was asked for, for messages: name, or something below it. */
static pt_status make_folder(const char *out, const char *name, bool *made, pt_error *err) {
    if (made) *made = false;
    if (mkdir(name, 0777) == 0) {
        if (made) *made = true;
        return PT_OK;
    }
    const int why = errno;
    struct stat info;
    if (why == EEXIST && stat(name, &info) == 0 && S_ISDIR(info.st_mode)) return PT_OK;
    if (why == EEXIST)
        return pt_fail(err, PT_EUSAGE, "output folder '%s': '%s' is a file", out, name);
    return pt_fail(err, PT_EIO, "output folder '%s': '%s' cannot be made: %s", out, name,
                   strerror(why));
}

/* Makes a folder with its parents. */
static pt_status make_folders(const char *name, bool *made, pt_error *err) {
    char partial[OUT_MAX + 1];
    const size_t n = strlen(name);
    for (size_t i = 1; i < n; i++) {
        if (name[i] != '/') continue;
        memcpy(partial, name, i);
        partial[i] = '\0';
        PT_TRY(make_folder(name, partial, NULL, err));
    }
    return make_folder(name, name, made, err);
}

/* Removes a folder's plain files whose name starts with prefix; what is left is not ours. */
static void remove_files(const char *folder, const char *prefix) {
    DIR *dir = opendir(folder);
    const struct dirent *item;
    while (dir && (item = readdir(dir))) {
        if (item->d_name[0] == '.' || strncmp(item->d_name, prefix, strlen(prefix)) != 0) continue;
        const path file = below(folder, "%.255s", item->d_name);
        unlink(file.text);
    }
    if (dir) closedir(dir);
}

static bool is_empty(const char *folder) {
    DIR *dir = opendir(folder);
    const struct dirent *item;
    bool empty = true;
    while (dir && empty && (item = readdir(dir)))
        empty = strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0;
    if (dir) closedir(dir);
    return empty;
}

static void remove_work(const char *out) {
    const path work = below(out, WORK);
    remove_files(work.text, "");
    rmdir(work.text);
}

/* What an interrupted finish may have left under final names. */
static void remove_results(const char *out) {
    static const char *const folders[] = {"data", "provenance"};
    static const char *const files[] = {"rejects.jsonl", "README.md", "dataset.json"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        const path folder = below(out, "%s", folders[i]);
        remove_files(folder.text, "train-");
        rmdir(folder.text);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const path file = below(out, "%s", files[i]);
        unlink(file.text);
    }
}

/* ---------------------------------------------------------------- whose folder it is */

/* The first member of the settings that differs; NULL if none does. */
static const char *setting_that_differs(json_t *theirs, json_t *ours) {
    const char *key;
    json_t *value;
    json_object_foreach(ours, key, value) {
        if (!json_equal(value, json_object_get(theirs, key))) return key;
    }
    json_object_foreach(theirs, key, value) {
        if (!json_object_get(ours, key)) return key;
    }
    return NULL;
}

/* What a record of an earlier run has otherwise than this one, as words; "" when all is equal. */
static void compare(const pt_dataset_facts *facts, const char *record, char *difference, size_t n) {
    json_t *ours = NULL, *theirs = json_loads(record, 0, NULL);
    const char *setting = NULL;

    difference[0] = '\0';
    if (!json_is_object(theirs)) {
        snprintf(difference, n, "a file that cannot be read as one of patina's");
        goto done;
    }
    char *text = pt_dataset_json(facts);
    ours = text ? json_loads(text, 0, NULL) : NULL;
    free(text);

    setting = setting_that_differs(json_object_get(theirs, "settings"),
                                   json_object_get(ours, "settings"));
    if (setting) {
        snprintf(difference, n, "another setting '%s'", setting);
        goto done;
    }
    static const struct {
        const char *member, *words;
    } others[] = {{"corpus_hash", "another corpus"},
                  {"model_hash", "another model"},
                  {"version", "another version of the program"},
                  {"kernels", "another instruction set"},
                  {"libraries", "another version of a library"}};
    for (size_t i = 0; i < sizeof others / sizeof *others && difference[0] == '\0'; i++)
        if (!json_equal(json_object_get(theirs, others[i].member),
                        json_object_get(ours, others[i].member)))
            snprintf(difference, n, "%s", others[i].words);
done:
    json_decref(ours);
    json_decref(theirs);
}

static uint64_t count_in(const json_t *object, const char *name) {
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static void read_counts(const char *record, pt_dataset_facts *done) {
    json_t *root = json_loads(record, 0, NULL);
    const json_t *by = json_object_get(root, "rejects_by_reason");
    done->n_entries = count_in(root, "entries");
    done->n_rows = count_in(root, "rows");
    done->n_parts = count_in(root, "parts");
    done->n_rejects = count_in(root, "rejects");
    for (int i = 0; i < PT_REJECT_COUNT; i++)
        done->rejects_by[i] = count_in(by, pt_status_name((pt_status)(PT_REJECT_FIRST + i)));
    json_decref(root);
}

/* Judges a folder that is there. *record gets the text of its own account, if it has one. */
static pt_status inspect(const char *out, const pt_dataset_facts *facts, bool *complete,
                         char **record, pt_error *err) {
    const path finished = below(out, "dataset.json"), running = below(out, RUN_JSON);
    char difference[256];
    size_t n;

    *complete = false;
    if (is_empty(out)) return PT_OK;
    if (access(finished.text, F_OK) == 0) {
        PT_TRY(pt_file_read_all(finished.text, JSON_MAX, record, &n, err));
        *complete = true;
    } else if (access(running.text, F_OK) == 0) {
        PT_TRY(pt_file_read_all(running.text, JSON_MAX, record, &n, err));
    } else {
        return pt_fail(err, PT_EUSAGE,
                       "output folder '%s': is not empty and holds no data set of patina's; name "
                       "another folder with '--out'",
                       out);
    }
    compare(facts, *record, difference, sizeof difference);
    if (difference[0] != '\0')
        return pt_fail(err, PT_EUSAGE,
                       "output folder '%s': holds a %s run with %s; name another folder with "
                       "'--out', or remove this one",
                       out, *complete ? "finished" : "broken-off", difference);
    return PT_OK;
}

/* ---------------------------------------------------------------- opening */

static pt_status set_metadata(pt_store *s, const pt_dataset_facts *facts, pt_error *err) {
    const pt_metadata all[] = {{PT_KEY_VERSION, facts->version},
                               {PT_KEY_SETTINGS_HASH, facts->settings_hash},
                               {PT_KEY_MODEL_HASH, facts->model_hash}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        s->metadata_text[i] = strdup(all[i].value);
        if (!s->metadata_text[i]) return pt_fail(err, PT_ENOMEM, "out of memory");
        s->metadata[i] = (pt_metadata){all[i].key, s->metadata_text[i]};
    }
    return PT_OK;
}

static pt_status claim(pt_store *s, const pt_dataset_facts *facts, pt_error *err) {
    const path work = below(s->out, WORK), run = below(s->out, RUN_JSON),
               rejects = below(s->out, WORK "/rejects.jsonl");
    pt_status status;
    char *text = pt_dataset_json(facts);
    if (!text) return pt_fail(err, PT_ENOMEM, "out of memory");

    remove_work(s->out); /* of this same run, broken off; inspect made sure of that */
    remove_results(s->out);
    status = make_folder(s->out, work.text, NULL, err);
    if (status == PT_OK) status = pt_outfile_write_text(run.text, text, err);
    if (status == PT_OK) status = pt_outfile_open(rejects.text, &s->rejects, err);
    free(text);
    return status;
}

pt_status pt_store_open(const char *out, const pt_sink_kind *kind, const pt_dataset_facts *facts,
                        pt_store **store, bool *complete, pt_dataset_facts *done, pt_error *err) {
    size_t n_out = strlen(out);
    char *record = NULL;
    pt_store *s = NULL;
    pt_status status;

    while (n_out > 1 && out[n_out - 1] == '/')
        n_out--;
    if (n_out == 0 || n_out > OUT_MAX)
        return pt_fail(err, PT_EUSAGE, "output folder: a path of 1 to %d bytes is needed", OUT_MAX);
    s = calloc(1, sizeof *s);
    if (!s) return pt_fail(err, PT_ENOMEM, "out of memory");
    memcpy(s->out, out, n_out);
    s->kind = kind;

    status = make_folders(s->out, &s->made_out, err);
    if (status == PT_OK) status = inspect(s->out, facts, complete, &record, err);
    if (status != PT_OK) s->finished = true; /* nothing of this folder is ours to clean up */
    if (status != PT_OK) goto done;
    if (*complete) {
        read_counts(record, done);
        remove_work(s->out); /* left when the last step of all was broken off */
        s->finished = true;
        goto done;
    }
    status = set_metadata(s, facts, err);
    if (status == PT_OK) status = claim(s, facts, err);
    if (status != PT_OK) goto done;
    *store = s;
    s = NULL;
done:
    free(record);
    pt_store_close(&s);
    return status;
}

/* ---------------------------------------------------------------- adding */

pt_status pt_store_add(pt_store *s, const pt_row *rows, size_t n_rows, const char *provenance,
                       size_t n_provenance, pt_error *err) {
    if (n_rows == 0) return PT_OK;
    if (!s->rows) {
        const path data = chunk_rows(s, s->chunk), lines = chunk_provenance(s, s->chunk);
        PT_TRY(s->kind->open(data.text, s->metadata, sizeof s->metadata / sizeof *s->metadata,
                             &s->rows, err));
        PT_TRY(pt_outfile_open(lines.text, &s->provenance, err));
    }
    for (size_t i = 0; i < n_rows; i++)
        PT_TRY(pt_sink_write(s->rows, &rows[i], err));
    PT_TRY(pt_outfile_write(s->provenance, provenance, n_provenance, err));
    s->n_rows += n_rows;
    return PT_OK;
}

pt_status pt_store_reject(pt_store *s, pt_status reason, const char *line, pt_error *err) {
    PT_TRY(pt_outfile_write(s->rejects, line, strlen(line), err));
    s->n_rejects++;
    s->rejects_by[reason - PT_REJECT_FIRST]++;
    return PT_OK;
}

pt_status pt_store_end_chunk(pt_store *s, pt_error *err) {
    if (s->rows) {
        if (s->n_parts == s->parts_capacity) {
            const size_t capacity = s->parts_capacity ? 2 * s->parts_capacity : 64;
            uint64_t *parts = realloc(s->parts, capacity * sizeof *parts);
            if (!parts) return pt_fail(err, PT_ENOMEM, "out of memory");
            s->parts = parts;
            s->parts_capacity = capacity;
        }
        PT_TRY(pt_sink_finish(s->rows, err));
        PT_TRY(pt_outfile_commit(s->provenance, err));
        pt_sink_close(&s->rows);
        pt_outfile_close(&s->provenance);
        s->parts[s->n_parts++] = s->chunk;
    }
    s->chunk++;
    return PT_OK;
}

/* ---------------------------------------------------------------- finishing */

static pt_status name_parts(const pt_store *s, pt_error *err) {
    const path data = below(s->out, "data"), provenance = below(s->out, "provenance");
    PT_TRY(make_folder(s->out, data.text, NULL, err));
    PT_TRY(make_folder(s->out, provenance.text, NULL, err));
    for (size_t i = 0; i < s->n_parts; i++) {
        const path rows = chunk_rows(s, s->parts[i]), lines = chunk_provenance(s, s->parts[i]);
        const path rows_final =
            below(s->out, "data/train-%05zu-of-%05zu%s", i, s->n_parts, s->kind->suffix);
        const path lines_final =
            below(s->out, "provenance/train-%05zu-of-%05zu.jsonl", i, s->n_parts);
        PT_TRY(pt_outfile_rename(rows.text, rows_final.text, err));
        PT_TRY(pt_outfile_rename(lines.text, lines_final.text, err));
    }
    return PT_OK;
}

static pt_status write_text(const pt_store *s, const char *name, char *text, pt_error *err) {
    const path file = below(s->out, "%s", name);
    const pt_status status = text ? pt_outfile_write_text(file.text, text, err)
                                  : pt_fail(err, PT_ENOMEM, "out of memory");
    free(text);
    return status;
}

pt_status pt_store_finish(pt_store *s, pt_dataset_facts *facts, pt_error *err) {
    const path rejects = below(s->out, WORK "/rejects.jsonl"),
               rejects_final = below(s->out, "rejects.jsonl");

    facts->n_rows = s->n_rows;
    facts->n_parts = s->n_parts;
    facts->n_rejects = s->n_rejects;
    memcpy(facts->rejects_by, s->rejects_by, sizeof facts->rejects_by);

    PT_TRY(name_parts(s, err));
    PT_TRY(pt_outfile_commit(s->rejects, err));
    PT_TRY(pt_outfile_rename(rejects.text, rejects_final.text, err));
    PT_TRY(write_text(s, "README.md", pt_dataset_card(facts), err));
    PT_TRY(write_text(s, "dataset.json", pt_dataset_json(facts), err));
    s->finished = true;
    remove_work(s->out);
    return PT_OK;
}

void pt_store_close(pt_store **store) {
    pt_store *s = *store;
    if (!s) return;
    pt_sink_close(&s->rows);
    pt_outfile_close(&s->provenance);
    pt_outfile_close(&s->rejects);
    if (!s->finished) {
        remove_work(s->out);
        remove_results(s->out);
    }
    if (s->made_out) rmdir(s->out); /* goes only while it is empty */
    for (size_t i = 0; i < sizeof s->metadata_text / sizeof *s->metadata_text; i++)
        free(s->metadata_text[i]);
    free(s->parts);
    free(s);
    *store = NULL;
}
