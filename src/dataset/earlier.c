/* SPDX-License-Identifier: MIT */
/* earlier.c - a finished set into chunks again; chunks from another folder */

#include "dataset/earlier.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "dataset/arrange.h"
#include "dataset/outfile.h"
#include "dataset/workplace.h"

#define BLOCK (1U << 20)

/* Lines of rejects.jsonl are handed out to their chunks in order. */
typedef struct rejects_reader {
    pt_path path;
    FILE *file;
    char *line;
    size_t capacity;
} rejects_reader;

static pt_status rejects_open(rejects_reader *reader, const char *out, pt_error *err) {
    reader->path = pt_path_below(out, "rejects.jsonl");
    reader->file = fopen(reader->path.text, "re");
    if (reader->file) return PT_OK;
    return pt_fail(err, PT_EFORMAT, "file '%s': cannot be opened: %s", reader->path.text,
                   strerror(errno));
}

static void rejects_close(rejects_reader *reader) {
    if (reader->file) fclose(reader->file);
    free(reader->line);
}

/* The next n lines, to a file or, where that is NULL, to nowhere. */
static pt_status rejects_hand_out(rejects_reader *reader, uint64_t n, pt_outfile *to,
                                  pt_error *err) {
    for (uint64_t i = 0; i < n; i++) {
        const ssize_t length = getline(&reader->line, &reader->capacity, reader->file);
        if (length <= 0)
            return pt_fail(err, PT_EFORMAT, "file '%s': has fewer lines than were written",
                           reader->path.text);
        if (to) PT_TRY(pt_outfile_write(to, reader->line, (size_t)length, err));
    }
    return PT_OK;
}

/* Puts a chunk's lines, if it has any, into its folder. */
static pt_status rejects_write(rejects_reader *reader, const char *folder, pt_chunk_account *chunk,
                               pt_error *err) {
    const pt_path path = pt_path_below(folder, "rejects.jsonl");
    pt_outfile *file = NULL;
    if (chunk->n_rejects == 0) return PT_OK;

    pt_status status = pt_outfile_open(path.text, &file, err);
    if (status == PT_OK) status = rejects_hand_out(reader, chunk->n_rejects, file, err);
    if (status == PT_OK) status = pt_outfile_commit(file, err);
    if (status == PT_OK) {
        chunk->rejects.n_bytes = pt_outfile_offset(file);
        memcpy(chunk->rejects.sha256, pt_outfile_sha256(file), PT_SHA256_HEX);
    }
    pt_outfile_close(&file);
    return status;
}

static pt_status write_account(const char *folder, const pt_ledger *ledger, uint64_t c,
                               pt_error *err) {
    const pt_path path = pt_path_below(folder, "chunk.json");
    char *text = pt_chunk_json(&ledger->facts, ledger->suffix, c, &ledger->chunks[c]);
    if (!text) return pt_fail(err, PT_ENOMEM, "out of memory");
    const pt_status status = pt_outfile_write_text(path.text, text, err);
    free(text);
    return status;
}

/* ---------------------------------------------------------------- opening up */

static pt_status fill_work(const char *work, const char *out, const pt_ledger *ledger,
                           pt_error *err) {
    const pt_path plan = pt_path_below(work, "plan.json");
    rejects_reader rejects = {.file = NULL};
    char *text = pt_plan_json(&ledger->facts);
    pt_status status = text ? pt_outfile_write_text(plan.text, text, err)
                            : pt_fail(err, PT_ENOMEM, "out of memory");
    free(text);
    if (status == PT_OK) status = rejects_open(&rejects, out, err);
    for (uint64_t c = 0; status == PT_OK && c < ledger->facts.n_chunks; c++) {
        char name[PT_CHUNK_NAME_MAX];
        pt_chunk_name(c, name);
        const pt_path folder = pt_path_below(work, "%s", name);
        status = pt_folder_make(out, folder.text, NULL, err);
        if (status == PT_OK) status = rejects_write(&rejects, folder.text, &ledger->chunks[c], err);
        if (status == PT_OK) status = write_account(folder.text, ledger, c, err);
    }
    rejects_close(&rejects);
    return status;
}

/* dataset.json moves into the new work folder, which then takes its name: whoever looks between the
 * two renames finds neither, but a work folder with both files, and does the second (pt_out_look).
 */
static pt_status switch_over(const char *out, const char *own, pt_error *err) {
    const pt_path finished = pt_path_below(out, PT_FINISHED),
                  kept = pt_path_below(own, PT_FINISHED), work = pt_path_below(out, PT_WORK),
                  plan = pt_path_below(out, PT_PLAN);
    bool done = false;

    pt_out_remove_work(out); /* left by the one who finished the set */
    if (rename(finished.text, kept.text) != 0) {
        if (errno == ENOENT) return PT_OK; /* another process was first */
        return pt_fail(err, PT_EIO, "file '%s': cannot be moved: %s", finished.text,
                       strerror(errno));
    }
    const pt_status status = pt_folder_publish(own, work.text, &done, err);
    if (status == PT_OK && done) return PT_OK;
    if (pt_path_exists(plan.text) && !pt_path_exists(own)) return PT_OK; /* done by who looked */
    (void)!rename(kept.text, finished.text);
    return status != PT_OK
               ? status
               : pt_fail(err, PT_EIO, "output folder '%s': another process works on it; run again",
                         out);
}

pt_status pt_set_reopen(const char *out, const pt_ledger *ledger, pt_error *err) {
    pt_path own;
    PT_TRY(pt_folder_make_own(out, PT_WORK, &own, err));
    pt_status status = fill_work(own.text, out, ledger, err);
    if (status == PT_OK) status = pt_outfile_flush_folder(own.text, err);
    if (status == PT_OK) status = switch_over(out, own.text, err);
    if (pt_path_exists(own.text)) pt_folder_remove(own.text);
    return status;
}

/* ---------------------------------------------------------------- copying */

/* PT_EFORMAT says that the file is damaged, or cannot be read; PT_EIO that the copy fails. */
static pt_status copy_blocks(const char *from, const pt_bytes *bytes, pt_outfile *to,
                             unsigned char *block, pt_error *err) {
    for (uint64_t at = 0; at < bytes->size;) {
        const int64_t n = pt_bytes_read_at(bytes, at, block, BLOCK);
        if (n <= 0)
            return pt_fail(err, PT_EFORMAT, "file '%s': cannot be read: %s", from,
                           n < 0 ? strerror(errno) : "it ends early");
        PT_TRY(pt_outfile_write(to, block, (size_t)n, err));
        at += (uint64_t)n;
    }
    return PT_OK;
}

static pt_status copy_file(const char *from, const char *to, const pt_file_account *account,
                           pt_error *err) {
    unsigned char *block = malloc(BLOCK);
    pt_bytes bytes = {0};
    pt_outfile *file = NULL;
    pt_status status = block ? PT_OK : pt_fail(err, PT_ENOMEM, "file '%s': out of memory", from);

    if (status == PT_OK && pt_bytes_open_file(from, &bytes, err) != PT_OK) status = PT_EFORMAT;
    if (status == PT_OK && bytes.size != account->n_bytes)
        status = pt_fail(err, PT_EFORMAT,
                         "file '%s': has %" PRIu64 " bytes, and %" PRIu64 " were written", from,
                         bytes.size, account->n_bytes);
    if (status == PT_OK) status = pt_outfile_open(to, &file, err);
    if (status == PT_OK) status = copy_blocks(from, &bytes, file, block, err);
    if (status == PT_OK) status = pt_outfile_commit(file, err);
    if (status == PT_OK && strcmp(pt_outfile_sha256(file), account->sha256) != 0)
        status =
            pt_fail(err, PT_EFORMAT, "file '%s': its bytes are not those that were written", from);
    pt_outfile_close(&file);
    pt_bytes_release(&bytes);
    free(block);
    return status;
}

static pt_status copy_parts(const char *from, const pt_ledger *ledger, uint64_t c,
                            const char *folder, pt_error *err) {
    char name[PT_PART_NAME_MAX];
    for (size_t s = 0; s < ledger->n_splits; s++) {
        const pt_part_account *part = &ledger->chunks[c].parts[s];
        if (part->n_rows == 0) continue;
        for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
            const pt_path source = pt_part_place(from, ledger, c, s, (pt_part_kind)k);
            pt_part_name_in_chunk(ledger->facts.splits[s], ledger->suffix, (pt_part_kind)k, name);
            const pt_path target = pt_path_below(folder, "%s", name);
            PT_TRY(copy_file(source.text, target.text, pt_part_file(part, (pt_part_kind)k), err));
        }
    }
    return PT_OK;
}

static pt_status copy_rejects(const char *from, const pt_ledger *ledger, uint64_t c,
                              rejects_reader *rejects, const char *folder, pt_error *err) {
    pt_chunk_account *chunk = &ledger->chunks[c];
    if (chunk->n_rejects == 0) return PT_OK;
    if (ledger->finished) return rejects_write(rejects, folder, chunk, err);
    const pt_path theirs = pt_chunk_place(from, c),
                  source = pt_path_below(theirs.text, "rejects.jsonl"),
                  target = pt_path_below(folder, "rejects.jsonl");
    return copy_file(source.text, target.text, &chunk->rejects, err);
}

static pt_status copy_chunk(const char *from, const char *out, const pt_ledger *ledger, uint64_t c,
                            rejects_reader *rejects, pt_error *err) {
    const pt_path work = pt_path_below(out, PT_WORK), target = pt_chunk_place(out, c);
    char name[PT_CHUNK_NAME_MAX];
    pt_path own;
    bool done = false;

    pt_chunk_name(c, name);
    PT_TRY(pt_folder_make_own(work.text, name, &own, err));
    /* rejects first: their reader goes on to the next chunk even where the parts are damaged */
    pt_status status = copy_rejects(from, ledger, c, rejects, own.text, err);
    if (status == PT_OK) status = copy_parts(from, ledger, c, own.text, err);
    if (status == PT_OK) status = write_account(own.text, ledger, c, err);
    if (status == PT_OK) status = pt_folder_publish(own.text, target.text, &done, err);
    if (status != PT_OK || !done) pt_folder_remove(own.text);
    return status;
}

static pt_status copy_all(const char *from, const char *out, const pt_ledger *ledger,
                          unsigned char *there, const pt_listener *listener, pt_error *err) {
    rejects_reader rejects = {.file = NULL};
    pt_status status = ledger->finished ? rejects_open(&rejects, from, err) : PT_OK;

    for (uint64_t c = 0; status == PT_OK && c < ledger->facts.n_chunks; c++) {
        const pt_path target = pt_chunk_place(out, c);
        pt_error fault = {0};
        if (!ledger->chunks[c].known) continue;
        if (there[c] || pt_path_exists(target.text)) {
            there[c] = 1;
            if (ledger->finished)
                status = rejects_hand_out(&rejects, ledger->chunks[c].n_rejects, NULL, err);
            continue;
        }
        status = copy_chunk(from, out, ledger, c, &rejects, &fault);
        if (status == PT_OK) there[c] = 1;
        if (status == PT_EFORMAT) {
            pt_error_in(&fault, "chunk %" PRIu64 " is not taken over", c);
            if (listener->note) listener->note(listener->context, fault.message);
            status = PT_OK;
        } else if (status != PT_OK) {
            pt_fail(err, status, "%s", fault.message);
        }
    }
    rejects_close(&rejects);
    return status;
}

/* ---------------------------------------------------------------- what a folder has */

static pt_status refuse(const char *from, const char *why, pt_error *err) {
    return pt_fail(err, PT_EUSAGE, "cannot resume from '%s': %s", from, why);
}

static pt_status same_run(const char *from, const pt_ledger *ledger, const pt_dataset_facts *facts,
                          pt_error *err) {
    char difference[256];
    pt_facts_compare(&ledger->facts, facts, difference, sizeof difference);
    if (difference[0] == '\0') return PT_OK;
    return pt_fail(err, PT_EUSAGE, "cannot resume from '%s': its run is one with %s", from,
                   difference);
}

/* Those chunks of an unfinished run that are there. */
static pt_status read_chunks(const char *from, pt_ledger *ledger, unsigned char *there,
                             const pt_listener *listener, pt_error *err) {
    uint64_t n_there = 0, n_known = 0;

    PT_TRY(pt_chunks_list(from, ledger->facts.n_chunks, there, &n_there, err));
    PT_TRY(pt_ledger_make_room(ledger, err));
    for (uint64_t c = 0; c < ledger->facts.n_chunks; c++) {
        pt_error fault = {0};
        if (!there[c]) continue;
        if (pt_chunk_read(from, ledger, c, &fault) == PT_OK)
            n_known++;
        else if (listener->note)
            listener->note(listener->context, fault.message);
    }
    if (n_known == ledger->facts.n_chunks) pt_ledger_number(ledger);
    return PT_OK;
}

static pt_status read_unfinished(const char *from, const pt_dataset_facts *facts, pt_ledger *ledger,
                                 const pt_listener *listener, pt_error *err) {
    const pt_path plan = pt_path_below(from, PT_PLAN);

    PT_TRY(pt_ledger_read_plan(plan.text, ledger, err));
    PT_TRY(same_run(from, ledger, facts, err));
    unsigned char *there = calloc((size_t)facts->n_chunks + 1, 1);
    if (!there) return pt_fail(err, PT_ENOMEM, "out of memory");
    const pt_status status = read_chunks(from, ledger, there, listener, err);
    free(there);
    return status;
}

static pt_status read_finished(const char *from, const pt_dataset_facts *facts, pt_ledger *ledger,
                               pt_error *err) {
    const pt_path finished = pt_path_below(from, PT_FINISHED);
    PT_TRY(pt_ledger_read_finished(finished.text, ledger, err));
    return same_run(from, ledger, facts, err);
}

static bool same_folder(const char *a, const char *b) {
    struct stat info_a, info_b;
    return stat(a, &info_a) == 0 && stat(b, &info_b) == 0 && info_a.st_dev == info_b.st_dev &&
           info_a.st_ino == info_b.st_ino;
}

pt_status pt_chunks_copy(const char *given, const char *out, const pt_dataset_facts *facts,
                         unsigned char *there, const pt_listener *listener, pt_error *err) {
    char from[PT_OUT_MAX + 1];
    pt_ledger ledger = {.finished = false};
    pt_out_state state;

    if (pt_out_name(given, from, NULL) != PT_OK) return refuse(given, "not a folder", err);
    if (!pt_path_exists(from)) return refuse(from, "no such folder", err);
    if (same_folder(from, out)) return refuse(from, "it is the output folder itself", err);
    PT_TRY(pt_out_look(from, false, &state, err));
    if (state != PT_OUT_FINISHED && state != PT_OUT_RUNNING)
        return refuse(from, "it holds no run of patina's", err);

    pt_status status = state == PT_OUT_FINISHED
                           ? read_finished(from, facts, &ledger, err)
                           : read_unfinished(from, facts, &ledger, listener, err);
    if (status == PT_OK) status = copy_all(from, out, &ledger, there, listener, err);
    pt_ledger_release(&ledger);
    return status;
}
