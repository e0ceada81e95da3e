/* SPDX-License-Identifier: MIT */
/* hub_parquet.c - Parquet files as on the Hugging Face hub: one alone, or those of a folder
 *
 *   files in order ──► row groups ──► rows: id, captions, audio.path ──► entries
 *                                     audio.bytes, of those rows only whose audio is asked for
 *
 * Columns: `audio`, a struct of bytes (a whole sound file) and path, either of which may be null or
 * absent: without bytes the audio is the file of that path, below the audio root or the folder of
 * the Parquet file. The caption column is a string or a list of strings. The id is
 * <youtube_id>_<start_time> where there are such columns, else `id`, else <file>#<row>, where row
 * counts from 0 within the file. Other columns may be anything.
 *
 * Copies of AudioCaps have five rows a clip in validation and test. Rows that follow each other,
 * also into the next file, are one entry with several captions when they have the same id and the
 * same audio.path (or none): ids are what a corpus says of its clips, and comparing the audio
 * itself would mean to read it even for counting entries. A clip whose rows are scattered gives
 * several entries of one id; the pipeline rejects the later ones, and says so.
 *
 * Damage in the columns of ids and captions costs the rest of the row group, told of as one entry
 * without id; damage in the audio costs the entries of that page, each under its own id. So the
 * entries are the same whether audio is asked for or not; only then is known, though, what only
 * audio.bytes can tell: that it is missing or damaged.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "base/utf8.h"
#include "corpus/entry.h"
#include "corpus/holds.h"
#include "corpus/reader.h"
#include "corpus/walk.h"
#include "parquet/column.h"
#include "parquet/footer.h"

#define CAPTIONS_MAX                                                                               \
    (1U << 16) /* of an entry: a few bytes of dictionary can stand for billions                    \
                */

static const char *const extensions[] = {".parquet", NULL};

/** An open file. */
typedef struct table {
    char *name;   /* below the corpus; UTF-8, to be shown */
    char *folder; /* that it stands in */
    pt_bytes bytes;
    pt_parquet *parquet;
    /* audio and path may be NULL, but not both */
    pt_parquet_column *id[2], *caption, *path, *audio;
    const pt_parquet_field *id_field[2];

    size_t group;         /* the one at hand; those of n_rows 0 are passed over */
    uint64_t row, n_rows; /* of the group: the next one, and how many */
    uint64_t first_row;   /* of the group, in the file */

    bool audio_begun;    /* in this group */
    uint64_t audio_row;  /* the next one that its column gives */
    uint64_t audio_lost; /* rows before this one have none that can be read, if any */
    char *audio_fault;   /* why */
} table;

/** A row but for its audio, or something that is told of in its place (without id). */
typedef struct item {
    pt_entry entry;
    char *audio_path; /* NULL: null, or there is no such column */
    size_t n_text;    /* bytes of captions */
} item;

typedef struct hub_state {
    char *root, *audio_root, *caption_column; /* the latter two may be NULL */
    pt_walk files;                            /* below the root, in order */
    size_t n_opened;
    table table; /* name NULL: none is open */
    item ahead;  /* what follows the entry given last */
    bool has_ahead;
} hub_state;

static pt_status no_memory(pt_error *err) {
    return pt_fail(err, PT_ENOMEM, "out of memory");
}

static bool hub_matches(const pt_look *look) {
    if (look->is_folder)
        return !pt_folder_holds(look->path, pt_walk_audio) &&
               pt_folder_holds(look->path, extensions);
    return look->n_head >= 4 && memcmp(look->head, "PAR1", 4) == 0;
}

/* Files ------------------------------------------------------------------------------------- */

static void table_close(table *t) {
    pt_parquet_column_close(&t->id[0]);
    pt_parquet_column_close(&t->id[1]);
    pt_parquet_column_close(&t->caption);
    pt_parquet_column_close(&t->path);
    pt_parquet_column_close(&t->audio);
    pt_parquet_close(&t->parquet);
    pt_bytes_release(&t->bytes);
    free(t->name);
    free(t->folder);
    free(t->audio_fault);
    *t = (table){0};
}

/** A sentence that ends in the names of the columns that there are. */
static pt_status other_columns(const table *t, pt_error *err, const char *lacking) {
    pt_str names = {0};
    pt_parquet_add_columns(t->parquet, &names);
    pt_fail(err, PT_EFORMAT, "%s; its columns are %s", lacking, names.failed ? "" : names.text);
    pt_str_release(&names);
    return PT_EFORMAT;
}

static bool is_integer(const pt_parquet_field *field) {
    const int as = field->converted;
    return (field->type == PT_PARQUET_INT32 || field->type == PT_PARQUET_INT64) &&
           (as == PT_PARQUET_CONVERTED_NONE ||
            (as >= PT_PARQUET_UINT_8 && as <= PT_PARQUET_INT_64));
}

/** Opens a column that ids are made of. */
static pt_status open_id(table *t, unsigned i, size_t field, pt_error *err) {
    const pt_parquet_field *f = &t->parquet->fields[field];
    const bool is_real = f->type == PT_PARQUET_FLOAT || f->type == PT_PARQUET_DOUBLE;

    if (f->leaf == PT_PARQUET_NONE || f->max_repetition > 0 ||
        !(f->type == PT_PARQUET_BYTE_ARRAY || is_integer(f) || (i == 1 && is_real)))
        return pt_fail(err, PT_EFORMAT, "column '%s' holds neither strings nor whole numbers",
                       f->name);
    t->id_field[i] = f;
    return pt_parquet_column_open(t->parquet, f->leaf, &t->id[i], err);
}

static pt_status open_ids(table *t, pt_error *err) {
    const size_t youtube = pt_parquet_child(t->parquet, 0, "youtube_id");
    const size_t start = pt_parquet_child(t->parquet, 0, "start_time");
    const size_t id = pt_parquet_child(t->parquet, 0, "id");

    if (youtube != PT_PARQUET_NONE && start != PT_PARQUET_NONE) {
        PT_TRY(open_id(t, 0, youtube, err));
        return open_id(t, 1, start, err);
    }
    return id == PT_PARQUET_NONE ? PT_OK : open_id(t, 0, id, err);
}

static pt_status open_captions(table *t, const char *wanted, pt_error *err) {
    static const char *const names[] = {"caption", "text", "captions"};
    size_t field = PT_PARQUET_NONE;
    pt_str lacking = {0};

    if (wanted) field = pt_parquet_child(t->parquet, 0, wanted);
    for (size_t i = 0; !wanted && i < 3 && field == PT_PARQUET_NONE; i++)
        field = pt_parquet_child(t->parquet, 0, names[i]);
    if (field == PT_PARQUET_NONE) {
        pt_str_printf(&lacking, "there is no column '%.*s'%s",
                      wanted ? pt_text_shown(wanted, 64) : 7, wanted ? wanted : names[0],
                      wanted ? "" : ", 'text' or 'captions'");
        const pt_status status =
            lacking.failed ? no_memory(err) : other_columns(t, err, lacking.text);
        pt_str_release(&lacking);
        return status;
    }
    const pt_parquet_field *f = &t->parquet->fields[field];
    const size_t leaf = pt_parquet_only_leaf(t->parquet, field);
    const pt_parquet_field *of =
        leaf == PT_PARQUET_NONE ? NULL : &t->parquet->fields[t->parquet->leaves[leaf]];
    if (!of || of->type != PT_PARQUET_BYTE_ARRAY || (of != f && of->max_repetition == 0))
        return pt_fail(err, PT_EFORMAT, "column '%.*s' is neither a string nor a list of strings",
                       pt_text_shown(f->name, 64), f->name);
    return pt_parquet_column_open(t->parquet, leaf, &t->caption, err);
}

/** Opens a member of `audio` where it has the right type. */
static pt_status open_member(table *t, size_t audio, const char *name, pt_parquet_column **column,
                             pt_error *err) {
    const size_t field = pt_parquet_child(t->parquet, audio, name);
    if (field == PT_PARQUET_NONE) return PT_OK;
    const pt_parquet_field *f = &t->parquet->fields[field];
    if (f->leaf == PT_PARQUET_NONE || f->type != PT_PARQUET_BYTE_ARRAY || f->max_repetition > 0)
        return PT_OK;
    return pt_parquet_column_open(t->parquet, f->leaf, column, err);
}

static pt_status open_audio(table *t, pt_error *err) {
    const size_t audio = pt_parquet_child(t->parquet, 0, "audio");

    if (audio == PT_PARQUET_NONE) return other_columns(t, err, "there is no column 'audio'");
    PT_TRY(open_member(t, audio, "bytes", &t->audio, err));
    PT_TRY(open_member(t, audio, "path", &t->path, err));
    if (t->audio || t->path) return PT_OK;
    return pt_fail(err, PT_EFORMAT, "column 'audio' is no struct of 'bytes' and 'path'");
}

static pt_status open_columns(table *t, const char *caption_column, pt_error *err) {
    PT_TRY(open_captions(t, caption_column, err));
    PT_TRY(open_audio(t, err));
    return open_ids(t, err);
}

static void begin_group(table *t) {
    t->n_rows = t->parquet->groups[t->group].n_rows;
    t->row = 0;
    t->audio_begun = false;
    t->audio_lost = 0;
    for (size_t i = 0; i < 2; i++)
        if (t->id[i]) pt_parquet_column_begin(t->id[i], t->group);
    pt_parquet_column_begin(t->caption, t->group);
    if (t->path) pt_parquet_column_begin(t->path, t->group);
}

/** Opens files[i]. *is_parquet: if it fails, it is for its columns. */
static pt_status table_open(const hub_state *s, size_t i, table *t, bool *is_parquet,
                            pt_error *err) {
    char *path = pt_path_join(s->root, s->files.paths[i]);
    pt_status status = PT_OK;

    *is_parquet = false;
    if (!path || !(t->name = pt_text_speakable(s->files.paths[i])) ||
        !(t->folder = pt_path_folder(path)))
        status = no_memory(err);
    else if ((status = pt_bytes_open_file(path, &t->bytes, NULL)) != PT_OK)
        status = pt_fail(err, PT_EFORMAT, "it cannot be opened");
    else if ((status = pt_parquet_open(&t->bytes, &t->parquet, err)) == PT_OK) {
        *is_parquet = true;
        status = open_columns(t, s->caption_column, err);
    }
    free(path);
    if (status != PT_OK)
        table_close(t);
    else if (t->parquet->n_groups > 0)
        begin_group(t);
    return status;
}

static void item_release(item *it) {
    pt_entry_release(&it->entry);
    free(it->audio_path);
    *it = (item){0};
}

static void hub_close(void *state) {
    hub_state *s = state;
    table_close(&s->table);
    item_release(&s->ahead);
    pt_walk_release(&s->files);
    free(s->root);
    free(s->audio_root);
    free(s->caption_column);
    free(s);
}

static pt_status list_files(hub_state *s, const char *path, pt_error *err) {
    struct stat info;

    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        if (!(s->root = pt_text_copy(path, strlen(path)))) return no_memory(err);
        PT_TRY(pt_walk_read_named(&s->files, path, PT_WALK_DEPTH_MAX, extensions, 0, err));
        if (s->files.n_paths > 0) return PT_OK;
        return pt_fail(err, PT_EFORMAT, "no file in it is named like Parquet (.parquet)");
    }
    const char *name = pt_path_name(path);
    s->root = pt_path_folder(path);
    s->files.paths = malloc(sizeof *s->files.paths);
    pt_str_add_bytes(&s->files.text, name, strlen(name) + 1);
    if (!s->root || !s->files.paths || s->files.text.failed) return no_memory(err);
    s->files.paths[0] = s->files.text.text;
    s->files.n_paths = 1;
    return PT_OK;
}

/** Looks whether there is a file to read, and whether the first such has the columns. */
static pt_status try_files(const hub_state *s, pt_error *err) {
    pt_error first = {0};

    for (size_t i = 0; i < s->files.n_paths; i++) {
        table t = {0};
        pt_error why = {0};
        bool is_parquet = false;
        const pt_status status = table_open(s, i, &t, &is_parquet, &why);
        table_close(&t);
        if (status == PT_OK) return PT_OK;
        if (s->files.n_paths > 1) pt_error_in(&why, "'%s'", s->files.paths[i]);
        if (status != PT_EFORMAT || is_parquet) return pt_fail(err, status, "%s", why.message);
        if (i == 0) first = why;
    }
    return pt_fail(err, PT_EFORMAT, "%s%s", first.message,
                   s->files.n_paths > 1 ? "; nor can another of its files be read" : "");
}

static bool copy_option(const char *value, char **copy) {
    *copy = value ? pt_text_copy(value, strlen(value)) : NULL;
    return !value || *copy;
}

static pt_status hub_open(const char *path, const pt_corpus_options *options, void **state,
                          pt_error *err) {
    hub_state *s = calloc(1, sizeof *s);
    pt_status status;

    if (!s) return no_memory(err);
    if (!copy_option(options->audio_root, &s->audio_root) ||
        !copy_option(options->caption_column, &s->caption_column))
        status = no_memory(err);
    else
        status = list_files(s, path, err);
    if (status == PT_OK) status = try_files(s, err);
    if (status == PT_OK)
        *state = s;
    else
        hub_close(s);
    return status;
}

/* Rows -------------------------------------------------------------------------------------- */

static bool is_text(const unsigned char *bytes, size_t n) {
    return n > 0 && n <= PT_TEXT_MAX && !memchr(bytes, '\0', n) &&
           pt_utf8_valid((const char *)bytes, n);
}

/** Adds a part of an id; false where it is none. */
static bool add_id(const pt_parquet_field *field, const pt_parquet_slot *slot, pt_str *id) {
    const bool is_unsigned =
        field->converted >= PT_PARQUET_UINT_8 && field->converted <= PT_PARQUET_UINT_64;

    if (!slot->present) return false;
    if (field->type == PT_PARQUET_BYTE_ARRAY) {
        if (!is_text(slot->is.text.bytes, slot->is.text.n)) return false;
        pt_str_add_bytes(id, slot->is.text.bytes, slot->is.text.n);
    } else if (is_integer(field)) {
        const int64_t value = field->type == PT_PARQUET_INT64 ? slot->is.i64
                              : is_unsigned                   ? (int64_t)(uint32_t)slot->is.i32
                                                              : slot->is.i32;
        if (is_unsigned)
            pt_str_printf(id, "%llu", (unsigned long long)value);
        else
            pt_str_printf(id, "%lld", (long long)value);
    } else {
        const double value = field->type == PT_PARQUET_FLOAT ? (double)slot->is.f32 : slot->is.f64;
        if (!(fabs(value) < 0x1p53) || value != floor(value)) return false;
        pt_str_printf(id, "%lld", (long long)value);
    }
    return true;
}

/** <file>#<row>, of a row of the group at hand. */
static char *row_name(const table *t, uint64_t row) {
    pt_str name = {0};
    pt_str_printf(&name, "%s#%llu", t->name, (unsigned long long)(t->first_row + row));
    return pt_str_steal(&name);
}

static pt_status read_id(table *t, item *it, pt_error *err) {
    pt_str id = {0};
    pt_status status = PT_OK;

    if (!t->id[0]) {
        it->entry.id = row_name(t, t->row);
        return it->entry.id ? PT_OK : no_memory(err);
    }
    for (size_t i = 0; i < 2 && t->id[i] && status == PT_OK; i++) {
        pt_parquet_slot slot;
        status = pt_parquet_column_next(t->id[i], &slot, err);
        if (status != PT_OK || it->entry.status != PT_OK) continue;
        if (i > 0) pt_str_add(&id, "_");
        if (!add_id(t->id_field[i], &slot, &id))
            status =
                pt_entry_reject(&it->entry, err, PT_REJECT_UNDECODABLE,
                                slot.present ? "its %s is neither text in UTF-8 nor a whole number"
                                             : "its %s is null",
                                t->id_field[i]->name);
    }
    if (status == PT_OK && it->entry.status == PT_OK && !(it->entry.id = pt_str_steal(&id)))
        status = no_memory(err);
    pt_str_release(&id);
    return status;
}

/** A string, or the items of a list. */
static pt_status read_captions(table *t, item *it, pt_error *err) {
    bool continues = true, is_short = false;

    for (unsigned n = 0; continues; n++) {
        pt_parquet_slot slot;
        PT_TRY(pt_parquet_column_next(t->caption, &slot, err));
        if (n == CAPTIONS_MAX)
            return pt_fail(err, PT_EFORMAT, "a row has over %u captions", CAPTIONS_MAX);
        if (slot.is_item && it->n_text > PT_TEXT_MAX) {
            is_short = true;
        } else if (slot.present) {
            it->n_text += slot.is.text.n;
            PT_TRY(slot.is.text.n > PT_TEXT_MAX
                       ? pt_entry_add_bad_caption(&it->entry, "very long", err)
                       : pt_entry_add_caption(&it->entry, (const char *)slot.is.text.bytes,
                                              slot.is.text.n, err));
        } else if (slot.is_item) {
            PT_TRY(pt_entry_add_bad_caption(&it->entry, "null", err));
        }
        PT_TRY(pt_parquet_column_continues(t->caption, &continues, err));
    }
    if (!is_short) return PT_OK;
    return pt_entry_add_bad_caption(&it->entry, "left out, for there are over 16 MiB of them", err);
}

/** Of what a path could hold, only a NUL cannot be kept: it becomes an empty path, which is none.
 */
static pt_status read_path(table *t, item *it, pt_error *err) {
    pt_parquet_slot slot;

    if (!t->path) return PT_OK;
    PT_TRY(pt_parquet_column_next(t->path, &slot, err));
    if (!slot.present) return PT_OK;
    const bool sound = slot.is.text.n <= PT_TEXT_MAX &&
                       (slot.is.text.n == 0 || !memchr(slot.is.text.bytes, '\0', slot.is.text.n));
    it->audio_path = pt_text_copy((const char *)slot.is.text.bytes, sound ? slot.is.text.n : 0);
    return it->audio_path ? PT_OK : no_memory(err);
}

static pt_status read_columns(table *t, item *it, pt_error *err) {
    PT_TRY(read_id(t, it, err));
    PT_TRY(read_captions(t, it, err));
    return read_path(t, it, err);
}

/** Rejects with a sentence of the Parquet reader, whose names may have been cut through. */
static pt_status reject_for(pt_entry *entry, const char *what, const pt_error *why, pt_error *err) {
    char *sentence = pt_text_speakable(why->message);
    if (!sentence) return no_memory(err);
    const pt_status status =
        pt_entry_reject(entry, err, PT_REJECT_UNDECODABLE, "%s: %s", what, sentence);
    free(sentence);
    return status;
}

/** The rest of the row group is lost: one entry says so. */
static pt_status lose_rows(table *t, item *it, const pt_error *why, pt_error *err) {
    char what[96];

    item_release(it);
    if (!(it->entry.source = row_name(t, t->row))) return no_memory(err);
    snprintf(what, sizeof what, "rows %llu to %llu cannot be read",
             (unsigned long long)(t->first_row + t->row),
             (unsigned long long)(t->first_row + t->n_rows - 1));
    t->row = t->n_rows;
    return reject_for(&it->entry, what, why, err);
}

/** The next row of the open file; PT_OK without a source at its end. */
static pt_status read_row(table *t, item *it, pt_error *err) {
    pt_error why = {0};

    while (t->row == t->n_rows) {
        if (t->group + 1 >= t->parquet->n_groups) return PT_OK;
        t->first_row += t->n_rows;
        t->group++;
        begin_group(t);
    }
    if (!(it->entry.source = row_name(t, t->row))) return no_memory(err);
    const pt_status status = read_columns(t, it, &why);
    if (status == PT_EFORMAT) return lose_rows(t, it, &why, err);
    if (status != PT_OK) {
        pt_error_in(&why, "'%s'", t->name);
        return pt_fail(err, status, "%s", why.message);
    }
    t->row++;
    return PT_OK;
}

/** Opens the next file. One that cannot be read is told of as an entry. */
static pt_status next_file(hub_state *s, item *it, pt_error *err) {
    const size_t i = s->n_opened++;
    pt_error why = {0};
    bool is_parquet;

    table_close(&s->table);
    const pt_status status = table_open(s, i, &s->table, &is_parquet, &why);
    if (status != PT_EFORMAT)
        return status == PT_OK ? PT_OK : pt_fail(err, status, "%s", why.message);
    if (!(it->entry.source = pt_text_speakable(s->files.paths[i]))) return no_memory(err);
    return reject_for(&it->entry, "no row of the file can be read", &why, err);
}

/** Reads what follows; none is ahead at the end of the corpus. */
static pt_status look_ahead(hub_state *s, pt_error *err) {
    item it = {0};
    pt_status status = PT_OK;

    while (status == PT_OK && !it.entry.source) {
        if (s->table.name) status = read_row(&s->table, &it, err);
        if (status != PT_OK || it.entry.source) break;
        if (s->n_opened == s->files.n_paths) return PT_OK;
        status = next_file(s, &it, err);
    }
    if (status != PT_OK) {
        item_release(&it);
        return status;
    }
    s->ahead = it;
    s->has_ahead = true;
    return PT_OK;
}

/* Audio ------------------------------------------------------------------------------------- */

/** Whether a path stays below the folder that it starts from. */
static bool is_below(const char *path) {
    if (path[0] == '\0' || path[0] == '/') return false;
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '\0' || part[2] == '/')) return false;
    }
    return true;
}

/** A row without bytes: its audio is a file. */
static pt_status name_file(const hub_state *s, const char *path, pt_entry *entry, pt_error *err) {
    if (!path)
        return pt_entry_reject(entry, err, PT_REJECT_MISSING, "it has neither bytes nor a path");
    if (!is_below(path))
        return pt_entry_reject(entry, err, PT_REJECT_MISSING,
                               "it has no bytes, and its path leads out of the corpus");
    entry->path = pt_path_join(s->audio_root ? s->audio_root : s->table.folder, path);
    return entry->path ? PT_OK : no_memory(err);
}

/** The slot of audio.bytes in a row of the group at hand; rows before it are passed over. */
static pt_status find_audio(table *t, uint64_t row, pt_parquet_slot *slot, pt_error *err) {
    if (!t->audio_begun) {
        pt_parquet_column_begin(t->audio, t->group);
        t->audio_begun = true;
        t->audio_row = 0;
    }
    PT_TRY(pt_parquet_column_skip(t->audio, row - t->audio_row, err));
    PT_TRY(pt_parquet_column_next(t->audio, slot, err));
    t->audio_row = row + 1;
    return PT_OK;
}

/** Passes over the damaged page that a row lies in. */
static pt_status lose_audio(table *t, uint64_t row, const pt_error *why, pt_error *err) {
    free(t->audio_fault);
    if (!(t->audio_fault = pt_text_speakable(why->message))) return no_memory(err);
    t->audio_row = pt_parquet_column_resume(t->audio);
    t->audio_lost = t->audio_row > row ? t->audio_row : t->n_rows;
    return PT_OK;
}

/** The audio of the row that was read last. */
static pt_status read_audio(hub_state *s, const char *path, pt_entry *entry, pt_error *err) {
    table *t = &s->table;
    const uint64_t row = t->row - 1;
    pt_parquet_slot slot = {0};
    pt_error why = {0};

    if (!t->audio) return name_file(s, path, entry, err);
    if (row >= t->audio_lost) {
        const pt_status status = find_audio(t, row, &slot, &why);
        if (status == PT_EFORMAT)
            PT_TRY(lose_audio(t, row, &why, err));
        else if (status != PT_OK)
            return pt_fail(err, status, "'%s': %s", t->name, why.message);
    }
    if (row < t->audio_lost)
        return pt_entry_reject(entry, err, PT_REJECT_UNDECODABLE, "its audio cannot be read: %s",
                               t->audio_fault);
    if (!slot.present) return name_file(s, path, entry, err);
    entry->audio = malloc(slot.is.text.n > 0 ? slot.is.text.n : 1);
    if (!entry->audio) return no_memory(err);
    memcpy(entry->audio, slot.is.text.bytes, slot.is.text.n);
    entry->n_audio = slot.is.text.n;
    return PT_OK;
}

/* Entries ----------------------------------------------------------------------------------- */

/** Whether two rows are of one clip. */
static bool is_same(const item *a, const item *b) {
    if (!a->entry.id || !b->entry.id || strcmp(a->entry.id, b->entry.id) != 0) return false;
    if (!a->audio_path || !b->audio_path) return a->audio_path == b->audio_path;
    return strcmp(a->audio_path, b->audio_path) == 0;
}

static bool is_full(const item *it) {
    return it->entry.n_captions >= CAPTIONS_MAX || it->n_text > PT_TEXT_MAX;
}

static pt_status add_captions(item *to, const item *from, pt_error *err) {
    for (size_t i = 0; i < from->entry.n_captions; i++) {
        const pt_caption *c = &from->entry.captions[i];
        PT_TRY(c->text ? pt_entry_add_caption(&to->entry, c->text, strlen(c->text), err)
                       : pt_entry_add_bad_caption(&to->entry, c->fault, err));
    }
    to->n_text += from->n_text;
    return PT_OK;
}

/** Takes what is ahead, and the rows of the same clip that follow it. */
static pt_status take_rows(hub_state *s, bool with_audio, item *it, pt_error *err) {
    *it = s->ahead;
    s->ahead = (item){0};
    s->has_ahead = false;
    if (!it->entry.id) return PT_OK;
    if (with_audio) PT_TRY(read_audio(s, it->audio_path, &it->entry, err));
    for (;;) {
        PT_TRY(look_ahead(s, err));
        if (!s->has_ahead || is_full(it) || !is_same(it, &s->ahead)) return PT_OK;
        PT_TRY(add_captions(it, &s->ahead, err));
        item_release(&s->ahead);
        s->has_ahead = false;
    }
}

static pt_status hub_next(void *state, bool with_audio, pt_entry *entry, bool *end, pt_error *err) {
    hub_state *s = state;
    item it = {0};

    if (!s->has_ahead) PT_TRY(look_ahead(s, err));
    *end = !s->has_ahead;
    if (*end) return PT_OK;
    const pt_status status = take_rows(s, with_audio, &it, err);
    *entry = it.entry; /* released by the caller on failure too */
    free(it.audio_path);
    return status;
}

const pt_reader pt_reader_parquet = {
    .name = "parquet",
    .summary = "Parquet files with columns 'audio' (bytes, path) and 'caption', 'text' or "
               "'captions'",
    .matches = hub_matches,
    .open = hub_open,
    .close = hub_close,
    .next = hub_next,
};
