/* SPDX-License-Identifier: MIT */
/* store.c - a run's output folder, as one of its processes sees it */

#include "dataset/store.h"

#include <assert.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <patina/dataset.h>

#include "dataset/arrange.h"
#include "dataset/earlier.h"
#include "dataset/ledger.h"
#include "dataset/outfile.h"
#include "dataset/workplace.h"

#define ATTEMPTS 10 /* at a folder that other processes are changing */

/* What is known of a chunk since the store was opened. */
enum { ABSENT, THERE, TO_RETRY };

/* The files of a split that grow in the open chunk; NULL while it has no rows. */
typedef struct growing {
    pt_sink *rows;
    pt_outfile *provenance;
} growing;

struct pt_store {
    char out[PT_OUT_MAX + 1];
    const pt_sink_kind *kind;
    const pt_dataset_facts *facts;
    size_t n_splits;
    pt_metadata metadata[3];
    bool made_out, retry_rejects, alone;
    unsigned char *chunks; /* [facts->n_chunks] of the above */

    uint64_t chunk; /* the open one */
    bool open;
    bool lost; /* another process was faster: what comes is dropped */
    pt_path folder;
    growing *growing; /* [n_splits] */
    pt_outfile *rejects;
    pt_chunk_account account;
};

/* ---------------------------------------------------------------- whose folder it is */

static pt_status refuse_other(const char *out, const char *what, const char *difference,
                              pt_error *err) {
    return pt_fail(err, PT_EUSAGE,
                   "output folder '%s': holds %s run with %s; name another folder with '--out', or "
                   "remove this one",
                   out, what, difference);
}

static pt_status compare_plan(const pt_store *s, pt_error *err) {
    const pt_path plan = pt_path_below(s->out, PT_PLAN);
    char difference[256];
    pt_ledger ledger;

    PT_TRY(pt_ledger_read_plan(plan.text, &ledger, err));
    pt_facts_compare(&ledger.facts, s->facts, difference, sizeof difference);
    pt_ledger_release(&ledger);
    if (difference[0] == '\0') return PT_OK;
    return refuse_other(s->out, "an unfinished", difference, err);
}

/* The plan and the work folder appear together. Whoever comes second finds the first one's. */
static pt_status write_plan(const pt_store *s, pt_error *err) {
    const pt_path work = pt_path_below(s->out, PT_WORK);
    pt_path own;
    bool done = false;

    PT_TRY(pt_folder_make_own(s->out, PT_WORK, &own, err));
    const pt_path plan = pt_path_below(own.text, "plan.json");
    char *text = pt_plan_json(s->facts);
    pt_status status = text ? pt_outfile_write_text(plan.text, text, err)
                            : pt_fail(err, PT_ENOMEM, "out of memory");
    free(text);
    if (status == PT_OK) status = pt_folder_publish(own.text, work.text, &done, err);
    if (!done) pt_folder_remove(own.text);
    return status;
}

/* The folder itself goes when the process that made it comes to nothing, so it is made as often as
 * it is needed. */
static pt_status write_first_plan(const pt_store *s, pt_error *err) {
    PT_TRY(pt_folders_make(s->out, NULL, err));
    return write_plan(s, err);
}

/* Makes sure that the folder is this run's: by its plan, or by writing it. *state is then RUNNING,
 * or FINISHED, of which nothing was compared yet. What fails because another process changes the
 * folder goes well the next time. */
static pt_status claim(const pt_store *s, pt_out_state *state, pt_error *err) {
    pt_status status = PT_OK;
    for (int i = 0; i < ATTEMPTS; i++) {
        PT_TRY(pt_out_look(s->out, true, state, err));
        if (*state == PT_OUT_FINISHED) return PT_OK;
        if (*state == PT_OUT_FOREIGN) return pt_out_refuse(s->out, err);
        status = *state == PT_OUT_RUNNING ? compare_plan(s, err) : write_first_plan(s, err);
        if (status != PT_EIO && (status != PT_OK || *state == PT_OUT_RUNNING)) return status;
    }
    return status != PT_OK
               ? status
               : pt_fail(err, PT_EIO, "output folder '%s': other processes keep changing it",
                         s->out);
}

/* ---------------------------------------------------------------- a set that is finished */

static void take_counts(const pt_dataset_facts *from, pt_dataset_facts *to) {
    to->n_entries = from->n_entries;
    to->n_rows = from->n_rows;
    to->n_parts = from->n_parts;
    memcpy(to->split_rows, from->split_rows, sizeof to->split_rows);
    memcpy(to->split_parts, from->split_parts, sizeof to->split_parts);
    to->n_rejects = from->n_rejects;
    memcpy(to->rejects_by, from->rejects_by, sizeof to->rejects_by);
}

/* What is wrong with a caption, or an id that an earlier entry has, is so the next time too. */
static bool can_change(const uint64_t rejects_by[PT_REJECT_COUNT]) {
    for (int i = 0; i < PT_REJECT_COUNT; i++) {
        const pt_status reason = (pt_status)(PT_REJECT_FIRST + i);
        if (reason == PT_REJECT_BAD_CAPTION || reason == PT_REJECT_DUPLICATE_ID) continue;
        if (rejects_by[i] > 0) return true;
    }
    return false;
}

/* *complete unless it is opened up again. */
static pt_status meet_finished(const pt_store *s, bool *complete, pt_dataset_facts *done,
                               pt_error *err) {
    const pt_path file = pt_path_below(s->out, PT_FINISHED);
    char difference[256];
    pt_ledger ledger;

    PT_TRY(pt_ledger_read_finished(file.text, &ledger, err));
    pt_facts_compare(&ledger.facts, s->facts, difference, sizeof difference);
    pt_status status = PT_OK;
    if (difference[0] != '\0') {
        status = refuse_other(s->out, "a finished", difference, err);
    } else if (s->retry_rejects && can_change(ledger.facts.rejects_by) && !s->alone) {
        status = pt_fail(err, PT_EUSAGE,
                         "output folder '%s': the set is finished; one process alone may open it "
                         "up to try its rejects again: give '--retry rejects' once without "
                         "'--shard'",
                         s->out);
    } else if (s->retry_rejects && can_change(ledger.facts.rejects_by)) {
        status = pt_set_reopen(s->out, &ledger, err);
    } else {
        *complete = true;
        take_counts(&ledger.facts, done);
        pt_out_remove_work(s->out); /* left when the last step of all was broken off */
        pt_folder_sweep(s->out, PT_WORK ".", false);
    }
    pt_ledger_release(&ledger);
    return status;
}

static pt_status settle(const pt_store *s, bool *complete, pt_dataset_facts *done, pt_error *err) {
    pt_status status = PT_OK;
    *complete = false;
    for (int i = 0; i < ATTEMPTS; i++) {
        pt_out_state state = PT_OUT_EMPTY;
        PT_TRY(claim(s, &state, err));
        if (state == PT_OUT_RUNNING) return PT_OK;
        status = meet_finished(s, complete, done, err);
        if (*complete) return PT_OK;
        const pt_path finished = pt_path_below(s->out, PT_FINISHED);
        if (status != PT_OK && pt_path_exists(finished.text)) return status;
    }
    return status != PT_OK
               ? status
               : pt_fail(err, PT_EIO, "output folder '%s': other processes keep changing it",
                         s->out);
}

/* ---------------------------------------------------------------- the chunks that are there */

/* Reads what every finished chunk holds. One whose chunk.json is damaged counts as absent, so that
 * it is done again. */
static pt_status read_chunks(const pt_store *s, pt_ledger *ledger, bool *all, pt_error *err) {
    const pt_path plan = pt_path_below(s->out, PT_PLAN);
    PT_TRY(pt_ledger_read_plan(plan.text, ledger, err));
    pt_status status = ledger->facts.n_chunks == s->facts->n_chunks
                           ? pt_ledger_make_room(ledger, err)
                           : pt_fail(err, PT_EFORMAT, "file '%s': has changed", plan.text);
    *all = true;
    for (uint64_t c = 0; status == PT_OK && c < s->facts->n_chunks; c++)
        if (s->chunks[c] == ABSENT || pt_chunk_read(s->out, ledger, c, NULL) != PT_OK) *all = false;
    if (status == PT_OK && *all) pt_ledger_number(ledger);
    if (status != PT_OK) pt_ledger_release(ledger);
    return status;
}

/* Where a finish was broken off, or a finished set was opened up, parts have their final names,
 * whose numbers change when a chunk changes. */
static pt_status take_parts_back(const pt_store *s, const pt_ledger *ledger, pt_error *err) {
    const pt_path data = pt_path_below(s->out, "data"),
                  provenance = pt_path_below(s->out, "provenance");
    if (!pt_path_exists(data.text) && !pt_path_exists(provenance.text)) return PT_OK;
    return pt_arrange_back(s->out, ledger, err);
}

static pt_status choose_retries(pt_store *s, pt_error *err) {
    pt_ledger ledger;
    bool all;
    PT_TRY(read_chunks(s, &ledger, &all, err));
    const pt_status status = all ? take_parts_back(s, &ledger, err) : PT_OK;
    for (uint64_t c = 0; c < s->facts->n_chunks; c++) {
        const pt_chunk_account *chunk = &ledger.chunks[c];
        if (s->chunks[c] == ABSENT) continue;
        if (!chunk->known || (!chunk->retried && can_change(chunk->rejects_by)))
            s->chunks[c] = TO_RETRY;
    }
    pt_ledger_release(&ledger);
    return status;
}

static pt_status find_chunks(pt_store *s, const pt_store_options *options, pt_error *err) {
    const pt_listener listener = {options->on_note, options->context};
    const pt_path work = pt_path_below(s->out, PT_WORK);
    uint64_t n_there;

    pt_folder_sweep(s->out, PT_WORK ".", false);
    pt_folder_sweep(work.text, "", false);
    PT_TRY(pt_chunks_list(s->out, s->facts->n_chunks, s->chunks, &n_there, err));
    if (options->resume_from)
        PT_TRY(pt_chunks_copy(options->resume_from, s->out, s->facts, s->chunks, &listener, err));
    return s->retry_rejects ? choose_retries(s, err) : PT_OK;
}

bool pt_store_has_chunk(const pt_store *s, uint64_t chunk) {
    assert(chunk < s->facts->n_chunks);
    if (s->chunks[chunk] != ABSENT) return s->chunks[chunk] == THERE;
    const pt_path place = pt_chunk_place(s->out, chunk);
    return pt_path_exists(place.text);
}

/* ---------------------------------------------------------------- opening and closing */

static pt_status make_store(const char *out, const pt_sink_kind *kind,
                            const pt_dataset_facts *facts, const pt_store_options *options,
                            pt_store **store, pt_error *err) {
    pt_store *s = calloc(1, sizeof *s);
    if (!s) return pt_fail(err, PT_ENOMEM, "out of memory");
    *store = s;
    PT_TRY(pt_out_name(out, s->out, err));
    s->kind = kind;
    s->facts = facts;
    s->n_splits = pt_splits_count(facts);
    s->retry_rejects = options->retry_rejects;
    s->alone = options->alone;
    assert(s->n_splits >= 1 && s->n_splits <= PT_SPLITS_MAX);
    if (facts->n_chunks > PT_CHUNKS_MAX)
        return pt_fail(err, PT_EUSAGE,
                       "%" PRIu64 " chunks are over %" PRIu64 ": make them larger with '--chunk'",
                       facts->n_chunks, PT_CHUNKS_MAX);
    s->metadata[0] = (pt_metadata){PT_KEY_VERSION, facts->version};
    s->metadata[1] = (pt_metadata){PT_KEY_SETTINGS_HASH, facts->settings_hash};
    s->metadata[2] = (pt_metadata){PT_KEY_MODEL_HASH, facts->model_hash};
    s->chunks = calloc((size_t)facts->n_chunks + 1, 1);
    s->growing = calloc(s->n_splits, sizeof *s->growing);
    s->account.parts = calloc(s->n_splits, sizeof *s->account.parts);
    if (!s->chunks || !s->growing || !s->account.parts)
        return pt_fail(err, PT_ENOMEM, "out of memory");
    return PT_OK;
}

static void release(pt_store **store) {
    pt_store *s = *store;
    if (!s) return;
    free(s->chunks);
    free(s->growing);
    free(s->account.parts);
    free(s);
    *store = NULL;
}

/* Whether the work folder holds a plan and nothing else: no chunk, finished or under way. */
static bool is_unused(const char *work) {
    DIR *dir = opendir(work);
    const struct dirent *item;
    bool unused = dir != NULL;
    while (dir && unused && (item = readdir(dir)))
        unused = strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0 ||
                 strcmp(item->d_name, "plan.json") == 0;
    if (dir) closedir(dir);
    return unused;
}

/* A run that came to nothing is not in the way of another. */
static void withdraw_plan(const pt_store *s) {
    const pt_path work = pt_path_below(s->out, PT_WORK);
    pt_path own;
    if (!s->alone || !is_unused(work.text) ||
        pt_folder_make_own(s->out, PT_WORK, &own, NULL) != PT_OK)
        return;
    if (rename(work.text, own.text) != 0 || is_unused(own.text))
        pt_folder_remove(own.text);
    else /* another process began a chunk in this very moment */
        (void)!rename(own.text, work.text);
    if (s->made_out) rmdir(s->out);
}

/* Another process may finish the set, or withdraw its plan, while this one looks around in it. */
static pt_status enter(pt_store *s, const pt_store_options *options, bool *complete,
                       pt_dataset_facts *done, pt_error *err) {
    const pt_path finished = pt_path_below(s->out, PT_FINISHED),
                  plan = pt_path_below(s->out, PT_PLAN);
    pt_status status = PT_OK;
    for (int i = 0; i < ATTEMPTS; i++) {
        PT_TRY(settle(s, complete, done, err));
        if (*complete) return PT_OK;
        status = find_chunks(s, options, err);
        const bool changed = pt_path_exists(finished.text) || !pt_path_exists(plan.text);
        if (status != PT_EIO || !changed) break;
    }
    if (status != PT_OK) withdraw_plan(s);
    return status;
}

pt_status pt_store_open(const char *out, const pt_sink_kind *kind, const pt_dataset_facts *facts,
                        const pt_store_options *options, pt_store **store, bool *complete,
                        pt_dataset_facts *done, pt_error *err) {
    static const pt_store_options defaults = {.retry_rejects = false};
    pt_store *s = NULL;

    if (!options) options = &defaults;
    pt_status status = make_store(out, kind, facts, options, &s, err);
    if (status == PT_OK) status = pt_folders_make(s->out, &s->made_out, err);
    if (status == PT_OK) status = enter(s, options, complete, done, err);
    if (status != PT_OK && s && s->made_out) rmdir(s->out); /* goes only while it is empty */
    if (status == PT_OK && !*complete) {
        *store = s;
        s = NULL;
    }
    release(&s);
    return status;
}

void pt_store_close(pt_store **store) {
    if (!*store) return;
    pt_store_drop_chunk(*store);
    withdraw_plan(*store);
    release(store);
}

/* ---------------------------------------------------------------- a chunk */

/* A failure does not matter where another process has finished this chunk, or all, meanwhile. */
static pt_status unless_done(pt_store *s, pt_status status, pt_error *err) {
    const pt_path target = pt_chunk_place(s->out, s->chunk),
                  finished = pt_path_below(s->out, PT_FINISHED);
    if (status != PT_EIO || s->chunks[s->chunk] == TO_RETRY) return status;
    if (!pt_path_exists(target.text) && !pt_path_exists(finished.text)) return status;
    s->lost = true;
    if (err) *err = (pt_error){0};
    return PT_OK;
}

static pt_status make_chunk_folder(pt_store *s, pt_error *err) {
    const pt_path work = pt_path_below(s->out, PT_WORK), plan = pt_path_below(s->out, PT_PLAN);
    char name[PT_CHUNK_NAME_MAX];
    pt_status status = PT_OK;

    pt_chunk_name(s->chunk, name);
    for (int i = 0; i < ATTEMPTS; i++) {
        pt_out_state state = PT_OUT_EMPTY;
        PT_TRY(claim(s, &state, err));
        s->lost = state == PT_OUT_FINISHED;
        if (s->lost) return PT_OK;
        status = pt_folder_make_own(work.text, name, &s->folder, err);
        if (status == PT_OK || pt_path_exists(plan.text)) return status;
        /* withdrawn by a process that came to nothing */
    }
    return status;
}

pt_status pt_store_begin_chunk(pt_store *s, uint64_t chunk, pt_error *err) {
    pt_part_account *parts = s->account.parts;
    assert(!s->open && chunk < s->facts->n_chunks);

    memset(parts, 0, s->n_splits * sizeof *parts);
    s->account = (pt_chunk_account){.parts = parts, .retried = s->retry_rejects};
    s->chunk = chunk;
    s->lost = false;
    s->folder.text[0] = '\0';
    const pt_status status = unless_done(s, make_chunk_folder(s, err), err);
    if (status != PT_OK || s->lost) s->folder.text[0] = '\0';
    s->open = status == PT_OK;
    return status;
}

static pt_status open_split(pt_store *s, size_t split, pt_error *err) {
    growing *g = &s->growing[split];
    char name[PT_PART_NAME_MAX];

    pt_part_name_in_chunk(s->facts->splits[split], s->kind->suffix, PT_PART_ROWS, name);
    const pt_path rows = pt_path_below(s->folder.text, "%s", name);
    pt_part_name_in_chunk(s->facts->splits[split], s->kind->suffix, PT_PART_PROVENANCE, name);
    const pt_path lines = pt_path_below(s->folder.text, "%s", name);
    PT_TRY(pt_outfile_open(lines.text, &g->provenance, err));
    return s->kind->open(rows.text, s->metadata, sizeof s->metadata / sizeof *s->metadata, &g->rows,
                         err);
}

static pt_status add_rows(pt_store *s, size_t split, const pt_row *rows, size_t n_rows,
                          const char *provenance, size_t n_provenance, pt_error *err) {
    growing *g = &s->growing[split];
    if (!g->rows) PT_TRY(open_split(s, split, err));
    for (size_t i = 0; i < n_rows; i++)
        PT_TRY(pt_sink_write(g->rows, &rows[i], err));
    s->account.parts[split].n_rows += n_rows;
    return pt_outfile_write(g->provenance, provenance, n_provenance, err);
}

pt_status pt_store_add(pt_store *s, size_t split, const pt_row *rows, size_t n_rows,
                       const char *provenance, size_t n_provenance, pt_error *err) {
    assert(s->open && split < s->n_splits);
    if (n_rows == 0 || s->lost) return PT_OK;
    return unless_done(s, add_rows(s, split, rows, n_rows, provenance, n_provenance, err), err);
}

static pt_status add_reject(pt_store *s, const char *line, pt_error *err) {
    if (!s->rejects) {
        const pt_path file = pt_path_below(s->folder.text, "rejects.jsonl");
        PT_TRY(pt_outfile_open(file.text, &s->rejects, err));
    }
    return pt_outfile_write(s->rejects, line, strlen(line), err);
}

pt_status pt_store_reject(pt_store *s, pt_status reason, const char *line, pt_error *err) {
    assert(s->open && pt_status_rejects(reason));
    if (s->lost) return PT_OK;
    s->account.n_rejects++;
    s->account.rejects_by[reason - PT_REJECT_FIRST]++;
    return unless_done(s, add_reject(s, line, err), err);
}

static void take_account(const pt_outfile *file, pt_file_account *account) {
    account->n_bytes = pt_outfile_offset(file);
    memcpy(account->sha256, pt_outfile_sha256(file), PT_SHA256_HEX);
}

static pt_status complete_files(pt_store *s, pt_error *err) {
    for (size_t i = 0; i < s->n_splits; i++) {
        const growing *g = &s->growing[i];
        if (!g->rows) continue;
        PT_TRY(pt_sink_finish(g->rows, err));
        PT_TRY(pt_outfile_commit(g->provenance, err));
        take_account(pt_sink_file(g->rows), &s->account.parts[i].rows);
        take_account(g->provenance, &s->account.parts[i].provenance);
    }
    if (s->rejects) {
        PT_TRY(pt_outfile_commit(s->rejects, err));
        take_account(s->rejects, &s->account.rejects);
    }
    const pt_path file = pt_path_below(s->folder.text, "chunk.json");
    char *text = pt_chunk_json(s->facts, s->kind->suffix, s->chunk, &s->account);
    const pt_status status = text ? pt_outfile_write_text(file.text, text, err)
                                  : pt_fail(err, PT_ENOMEM, "out of memory");
    free(text);
    return status;
}

/* Gives way to a chunk that was done anew: the old one is moved into a temporary folder, so that a
 * rename can put the new one in its place. */
static pt_status move_aside(const pt_store *s, const char *target, pt_path *aside, pt_error *err) {
    const pt_path work = pt_path_below(s->out, PT_WORK);
    bool done;
    PT_TRY(pt_folder_make_own(work.text, "old", aside, err));
    return pt_folder_publish(target, aside->text, &done, err);
}

static pt_status publish(pt_store *s, pt_error *err) {
    const pt_path target = pt_chunk_place(s->out, s->chunk);
    pt_path aside = {.text = ""};
    bool done = false;

    pt_status status = pt_folder_publish(s->folder.text, target.text, &done, err);
    if (status == PT_OK && !done && s->chunks[s->chunk] == TO_RETRY) {
        status = move_aside(s, target.text, &aside, err);
        if (status == PT_OK) status = pt_folder_publish(s->folder.text, target.text, &done, err);
    }
    if (aside.text[0] != '\0') pt_folder_remove(aside.text);
    return status; /* not done: another process was faster, and ours is dropped */
}

pt_status pt_store_end_chunk(pt_store *s, uint64_t n_entries, pt_error *err) {
    assert(s->open);
    s->account.n_entries = n_entries;
    pt_status status = PT_OK;
    if (!s->lost) status = complete_files(s, err);
    if (!s->lost && status == PT_OK) status = publish(s, err);
    status = unless_done(s, status, err);
    if (status == PT_OK) s->chunks[s->chunk] = THERE;
    if (status == PT_OK) pt_store_drop_chunk(s);
    return status;
}

void pt_store_drop_chunk(pt_store *s) {
    if (!s->open) return;
    for (size_t i = 0; i < s->n_splits; i++) {
        pt_sink_close(&s->growing[i].rows);
        pt_outfile_close(&s->growing[i].provenance);
    }
    pt_outfile_close(&s->rejects);
    if (s->folder.text[0] != '\0') pt_folder_remove(s->folder.text);
    s->open = false;
}

/* ---------------------------------------------------------------- finishing */

pt_status pt_store_finish(pt_store *s, pt_dataset_facts *done, pt_error *err) {
    pt_dataset_report report = {0};
    PT_TRY(pt_dataset_finish(s->out, &report, err));
    done->n_entries = report.n_entries;
    done->n_rows = report.n_rows;
    done->n_parts = report.n_parts;
    for (size_t i = 0; i < report.n_splits; i++) {
        done->split_rows[i] = report.splits[i].n_rows;
        done->split_parts[i] = report.splits[i].n_parts;
    }
    done->n_rejects = report.n_rejects;
    memcpy(done->rejects_by, report.rejects_by, sizeof done->rejects_by);
    return PT_OK;
}
