/* SPDX-License-Identifier: MIT */
/* finish.c - finished chunks become a data set
 *
 *     all chunks there?            if not, the sentence says which are missing
 *     parts to their final names   renames; done ones are passed over when it is repeated
 *     rejects.jsonl, README.md     written anew each time
 *     dataset.json                 from now on the set is finished
 *     .patina                      goes
 *
 * Until dataset.json is there every chunk.json stays, so that a finish that was killed is repeated
 * from the same knowledge and ends in the same bytes.
 */

#include <patina/dataset.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/str.h"
#include "dataset/arrange.h"
#include "dataset/ledger.h"
#include "dataset/outfile.h"
#include "dataset/workplace.h"

#define REJECTS_MAX (1U << 30) /* bytes of one chunk's rejects.jsonl */

/* ---------------------------------------------------------------- which chunks are there */

/* "chunks 3, 7 and 12 more of 40 are missing" */
static pt_status tell_missing(const char *out, const pt_dataset_report *report, pt_error *err) {
    const uint64_t n = report->n_missing, n_named = n < PT_MISSING_MAX ? n : PT_MISSING_MAX;
    pt_str text = {0};

    for (uint64_t i = 0; i < n_named; i++) {
        const bool last = i + 1 == n_named && n == n_named;
        pt_str_printf(&text, "%s%" PRIu64, i == 0 ? "" : last ? " and " : ", ", report->missing[i]);
    }
    if (n > n_named) pt_str_printf(&text, " and %" PRIu64 " more", n - n_named);
    const pt_status status =
        pt_fail(err, PT_EFORMAT,
                "output folder '%s': chunk%s %s of %" PRIu64 " %s missing: run generate again, "
                "with the options it was begun with",
                out, n == 1 ? "" : "s", text.failed ? "" : text.text, report->n_chunks,
                n == 1 ? "is" : "are");
    pt_str_release(&text);
    return status;
}

static pt_status find_missing(const char *out, uint64_t n_chunks, pt_dataset_report *report,
                              pt_error *err) {
    uint64_t n_there = 0;
    unsigned char *there = calloc((size_t)n_chunks + 1, 1);
    if (!there) return pt_fail(err, PT_ENOMEM, "out of memory for %" PRIu64 " chunks", n_chunks);
    const pt_status status = pt_chunks_list(out, n_chunks, there, &n_there, err);
    report->n_chunks = n_chunks;
    report->n_missing = 0;
    for (uint64_t c = 0; status == PT_OK && c < n_chunks; c++) {
        if (there[c]) continue;
        if (report->n_missing < PT_MISSING_MAX) report->missing[report->n_missing] = c;
        report->n_missing++;
    }
    free(there);
    return status;
}

static pt_status read_run(const char *out, pt_ledger *ledger, pt_dataset_report *report,
                          pt_error *err) {
    const pt_path plan = pt_path_below(out, PT_PLAN);

    PT_TRY(pt_ledger_read_plan(plan.text, ledger, err));
    PT_TRY(find_missing(out, ledger->facts.n_chunks, report, err));
    if (report->n_missing > 0) return tell_missing(out, report, err);
    PT_TRY(pt_ledger_make_room(ledger, err));
    for (uint64_t c = 0; c < ledger->facts.n_chunks; c++) {
        const pt_status status = pt_chunk_read(out, ledger, c, err);
        if (status == PT_EFORMAT) {
            const pt_path folder = pt_chunk_place(out, c);
            pt_error_in(err, "chunk %" PRIu64 " is damaged (remove '%s' and run generate again)", c,
                        folder.text);
        }
        if (status != PT_OK) return status;
    }
    pt_ledger_number(ledger);
    return PT_OK;
}

/* ---------------------------------------------------------------- what is written */

static pt_status add_rejects(const char *out, const pt_ledger *ledger, uint64_t c, pt_outfile *file,
                             pt_error *err) {
    const pt_chunk_account *chunk = &ledger->chunks[c];
    const pt_path folder = pt_chunk_place(out, c),
                  path = pt_path_below(folder.text, "rejects.jsonl");
    char *text = NULL;
    size_t n = 0;

    if (chunk->n_rejects == 0) return PT_OK;
    PT_TRY(pt_file_read_all(path.text, REJECTS_MAX, &text, &n, err));
    pt_sha256 hash;
    char hex[PT_SHA256_HEX];
    pt_sha256_init(&hash);
    pt_sha256_add(&hash, text, n);
    pt_sha256_finish(&hash, hex);
    const pt_status status =
        strcmp(hex, chunk->rejects.sha256) == 0
            ? pt_outfile_write(file, text, n, err)
            : pt_fail(err, PT_EFORMAT,
                      "chunk %" PRIu64 " is damaged (remove '%s' and run generate again): file "
                      "'%s': its bytes are not those that were written",
                      c, folder.text, path.text);
    free(text);
    return status;
}

static pt_status write_rejects(const char *out, const char *own, pt_ledger *ledger, pt_error *err) {
    const pt_path path = pt_path_below(own, "rejects.jsonl");
    pt_outfile *file = NULL;
    pt_status status = pt_outfile_open(path.text, &file, err);

    for (uint64_t c = 0; status == PT_OK && c < ledger->facts.n_chunks; c++)
        status = add_rejects(out, ledger, c, file, err);
    if (status == PT_OK) status = pt_outfile_commit(file, err);
    if (status == PT_OK) {
        ledger->rejects.n_bytes = pt_outfile_offset(file);
        memcpy(ledger->rejects.sha256, pt_outfile_sha256(file), PT_SHA256_HEX);
    }
    pt_outfile_close(&file);
    return status;
}

static pt_status write_text(const char *own, const char *name, char *text, pt_error *err) {
    const pt_path path = pt_path_below(own, "%s", name);
    const pt_status status = text ? pt_outfile_write_text(path.text, text, err)
                                  : pt_fail(err, PT_ENOMEM, "out of memory");
    free(text);
    return status;
}

/* In the order of dataset.json. */
static void hash_files(const pt_ledger *ledger, char hex[PT_SHA256_HEX]) {
    pt_sha256 hash;
    pt_sha256_init(&hash);
    for (uint64_t c = 0; c < ledger->facts.n_chunks; c++)
        for (size_t s = 0; s < ledger->n_splits; s++) {
            const pt_part_account *part = &ledger->chunks[c].parts[s];
            if (part->n_rows == 0) continue;
            pt_sha256_add_string(&hash, part->rows.sha256);
            pt_sha256_add_string(&hash, part->provenance.sha256);
        }
    pt_sha256_add_string(&hash, ledger->rejects.sha256);
    pt_sha256_finish(&hash, hex);
}

/* Everything is written in a folder of our own and renamed: another process may be finishing, too.
 */
static pt_status write_results(const char *out, const char *own, pt_ledger *ledger, pt_error *err) {
    static const char *const names[] = {"rejects.jsonl", "README.md", PT_FINISHED};
    char files_hash[PT_SHA256_HEX];

    PT_TRY(write_rejects(out, own, ledger, err));
    hash_files(ledger, files_hash);
    ledger->facts.files_hash = files_hash;
    char *card = pt_dataset_card(&ledger->facts);
    ledger->facts.files_hash = NULL;
    PT_TRY(write_text(own, "README.md", card, err));
    PT_TRY(write_text(own, PT_FINISHED, pt_dataset_json(ledger), err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const pt_path from = pt_path_below(own, "%s", names[i]),
                      to = pt_path_below(out, "%s", names[i]);
        PT_TRY(pt_outfile_rename(from.text, to.text, err));
    }
    return PT_OK;
}

/* ---------------------------------------------------------------- finishing */

static void clean_up(const char *out) {
    pt_out_remove_work(out);
    pt_folder_sweep(out, PT_WORK ".", true);
}

static pt_status finish_run(const char *out, pt_dataset_report *report, pt_error *err) {
    const pt_path work = pt_path_below(out, PT_WORK);
    pt_ledger ledger = {.finished = false};
    pt_path own = {.text = ""};

    pt_status status = read_run(out, &ledger, report, err);
    if (status == PT_OK) status = pt_arrange_finally(out, &ledger, err);
    if (status == PT_OK) status = pt_folder_make_own(work.text, "finish", &own, err);
    if (status == PT_OK) status = write_results(out, own.text, &ledger, err);
    if (status == PT_OK) {
        pt_facts_report(&ledger.facts, report);
        report->was_complete = false;
        clean_up(out);
    }
    if (own.text[0] != '\0') pt_folder_remove(own.text);
    pt_ledger_release(&ledger);
    return status;
}

static pt_status report_finished(const char *out, pt_dataset_report *report, pt_error *err) {
    const pt_path finished = pt_path_below(out, PT_FINISHED);
    pt_ledger ledger;
    PT_TRY(pt_ledger_read_finished(finished.text, &ledger, err));
    pt_facts_report(&ledger.facts, report);
    report->n_missing = 0;
    report->was_complete = true;
    pt_ledger_release(&ledger);
    clean_up(out);
    return PT_OK;
}

pt_status pt_dataset_finish(const char *given, pt_dataset_report *report, pt_error *err) {
    char out[PT_OUT_MAX + 1];
    pt_out_state state;

    PT_TRY(pt_out_name(given, out, err));
    PT_TRY(pt_out_look(out, true, &state, err));
    if (state == PT_OUT_FINISHED) return report_finished(out, report, err);
    if (state == PT_OUT_EMPTY)
        return pt_fail(err, PT_EUSAGE, "output folder '%s': there is nothing in it to finish", out);
    if (state == PT_OUT_FOREIGN) return pt_out_refuse(out, err);

    const pt_status status = finish_run(out, report, err);
    if (status == PT_OK) return status;
    /* Another process may have finished the set meanwhile: then chunks are missing, too. */
    if (pt_out_look(out, true, &state, NULL) != PT_OK || state != PT_OUT_FINISHED) return status;
    return report_finished(out, report, err);
}
