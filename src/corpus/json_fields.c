/* SPDX-License-Identifier: MIT */
/* json_fields.c - finds members of a JSON object, and makes captions of them */

#include "corpus/json_fields.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "corpus/caption_template.h"
#include "corpus/column_names.h"
#include "corpus/entry_builder.h"

#define NAME_BYTES 64
#define SOUND_OF   "The sound of {label}"

/* Members ---------------------------------------------------------------------------------- */

static const json_t *find_member(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    json_t *of = (json_t *)(uintptr_t)object, *other; /* it is not changed */
    const char *key;

    if (value) return value;
    json_object_foreach(of, key, other) {
        if (pt_column_has_name(key, strlen(key), name)) return other;
    }
    return NULL;
}

/** A bit for each first letter of a name, in any case. Most names of the tables of usual names are
 * skipped by it, since objects have few members. */
static uint32_t first_letter(const char *name) {
    while (*name && !isalnum((unsigned char)*name))
        name++;
    return UINT32_C(1) << (*name & 31);
}

static uint32_t first_letters(const json_t *object) {
    json_t *of = (json_t *)(uintptr_t)object, *value; /* it is not changed */
    const char *key;
    uint32_t letters = 0;
    json_object_foreach(of, key, value) {
        (void)value;
        letters |= first_letter(key);
    }
    return letters;
}

/** The member of a name, "a" or "a.b"; NULL: none, or null. `letters` are those of the object. */
static const json_t *find_path(const json_t *object, uint32_t letters, char *name) {
    const json_t *value = object;
    if ((letters & first_letter(name)) == 0) return NULL;
    for (char *next; name && value; name = next) {
        next = strchr(name, '.');
        if (next) *next++ = '\0';
        if (json_is_array(value)) value = json_array_get(value, 0);
        value = find_member(value, name);
    }
    return json_is_null(value) ? NULL : value;
}

const json_t *pt_json_find(const json_t *object, const char *names) {
    const uint32_t letters = first_letters(object);
    const json_t *value = NULL;
    char name[NAME_BYTES];
    while (!value && pt_column_next_name(&names, name, sizeof name))
        value = find_path(object, letters, name);
    return value;
}

const json_t *pt_json_find_audio(const json_t *object) {
    const char *names = "audio|recording.sources.source|" PT_FILE_COLUMNS;
    const uint32_t letters = first_letters(object);
    const json_t *any = NULL;
    char name[NAME_BYTES];
    while (pt_column_next_name(&names, name, sizeof name)) {
        const json_t *value = find_path(object, letters, name);
        if (json_is_object(value)) value = pt_json_find(value, PT_FILE_COLUMNS);
        if (json_is_string(value)) return value;
        if (!any) any = value;
    }
    return any;
}

const json_t *pt_json_find_text(const json_t *element) {
    const json_t *text = NULL;
    if (json_is_object(element)) text = pt_json_find(element, PT_CAPTION_COLUMNS "|raw|value");
    return json_is_string(text) ? text : element;
}

bool pt_json_is_in_split(pt_split_filter *splits, const json_t *object) {
    const json_t *split = pt_json_find(object, PT_SPLIT_COLUMNS);
    return !json_is_string(split) ||
           pt_split_filter_accepts(splits, json_string_value(split), json_string_length(split));
}

static bool is_text(const json_t *value) {
    return json_is_string(value) || (json_is_array(value) && json_array_size(value) > 0);
}

static const json_t *find_captions(const json_t *object) {
    const char *names = PT_CAPTION_COLUMNS "|supervisions.text";
    const uint32_t letters = first_letters(object);
    char name[NAME_BYTES];
    while (pt_column_next_name(&names, name, sizeof name)) {
        const json_t *value = find_path(object, letters, name);
        if (is_text(value)) return value;
    }
    return NULL;
}

static const json_t *find_label(const json_t *object) {
    const json_t *label = pt_json_find(object, PT_LABEL_COLUMNS);
    return is_text(label) ? label : NULL;
}

/** The turns of a conversation about the clip, [{"from": "human", "value": "..."}, ...]. */
static const json_t *find_conversation(const json_t *object) {
    const json_t *turns = pt_json_find(object, "conversations|conversation|messages");
    return json_is_object(json_array_get(turns, 0)) ? turns : NULL;
}

/** Adds the answers of a conversation. */
static patina_status add_answers(pt_entry *entry, const json_t *turns, bool repaired,
                                 patina_error *err) {
    for (size_t i = 0; i < json_array_size(turns); i++) {
        const json_t *turn = json_array_get(turns, i);
        const char *speaker = json_string_value(pt_json_find(turn, "from|role|speaker"));
        const json_t *text = pt_json_find(turn, "value|content|text");
        if (speaker && text && (strcmp(speaker, "gpt") == 0 || strcmp(speaker, "assistant") == 0))
            PT_TRY(pt_entry_add_json(entry, text, repaired, err));
    }
    return PATINA_OK;
}

/** A member of one caption. */
typedef struct family_member {
    const json_t *value;
    unsigned number; /* in its name */
    size_t i;        /* among those of the object */
} family_member;

static int compare_members(const void *a, const void *b) {
    const family_member *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

/** Lists the members of one caption each in `members`, unless it is NULL; returns their number. */
static size_t list_family(const json_t *object, family_member *members) {
    json_t *of = (json_t *)(uintptr_t)object, *value; /* it is not changed */
    const char *key;
    unsigned number;
    size_t n = 0;
    json_object_foreach(of, key, value) {
        if (!is_text(value) || !pt_column_is_caption(key, strlen(key), &number)) continue;
        if (members) members[n] = (family_member){value, number, n};
        n++;
    }
    return n;
}

/** Adds the members of one caption each, in the order of their numbers. */
static patina_status add_family(pt_entry *entry, const json_t *object, bool repaired, bool *some,
                                patina_error *err) {
    const size_t n = list_family(object, NULL);
    patina_status status = PATINA_OK;

    *some = n > 0;
    if (!*some) return PATINA_OK;
    family_member *members = malloc(n * sizeof *members);
    if (!members) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    (void)list_family(object, members);
    qsort(members, n, sizeof *members, compare_members);
    for (size_t i = 0; i < n && status == PATINA_OK; i++)
        status = pt_entry_add_json(entry, members[i].value, repaired, err);
    free(members);
    return status;
}

bool pt_json_has_captions(const json_t *object) {
    return find_captions(object) || find_label(object) || find_conversation(object) ||
           list_family(object, NULL) > 0;
}

/** The members that an option names; an absent one has no captions. */
static patina_status add_columns(pt_entry *entry, const json_t *object, const char *columns,
                                 bool repaired, patina_error *err) {
    const json_t *whole = find_member(object, columns);
    if (whole) return pt_entry_add_json(entry, whole, repaired, err);
    while (*columns) {
        char name[NAME_BYTES];
        const size_t n = strcspn(columns, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, columns);
        columns += n + (columns[n] == ',');
        const json_t *value = find_member(object, name);
        if (value) PT_TRY(pt_entry_add_json(entry, value, repaired, err));
    }
    return PATINA_OK;
}

/** Adds "caption2", "caption_3" ... to "caption". */
static patina_status add_further(pt_entry *entry, json_t *object, bool repaired,
                                 patina_error *err) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (is_text(value) && pt_column_is_further_caption(key, strlen(key)))
            PT_TRY(pt_entry_add_json(entry, value, repaired, err));
    }
    return PATINA_OK;
}

patina_status pt_entry_add_json_captions(pt_entry *entry, json_t *object, const char *column,
                                         bool repaired, patina_error *err) {
    bool some = false;
    if (column) return add_columns(entry, object, column, repaired, err);
    const json_t *captions = find_captions(object);
    if (captions) PT_TRY(pt_entry_add_json(entry, captions, repaired, err));
    if (captions && captions == find_member(object, "caption"))
        return add_further(entry, object, repaired, err);
    if (captions) return PATINA_OK;
    PT_TRY(add_family(entry, object, repaired, &some, err));
    if (some) return PATINA_OK;
    const json_t *turns = find_conversation(object);
    if (turns) return add_answers(entry, turns, repaired, err);
    if (find_label(object)) return pt_entry_add_json_template(entry, SOUND_OF, object, err);
    /* A value of another type is a bad caption. */
    const char *names = PT_CAPTION_COLUMNS;
    char name[NAME_BYTES];
    while (!captions && pt_column_next_name(&names, name, sizeof name))
        captions = find_member(object, name);
    return captions ? pt_entry_add_json(entry, captions, repaired, err) : PATINA_OK;
}

/* Templates -------------------------------------------------------------------------------- */

typedef struct fields {
    json_t *object;
    const char *source;
} fields;

/** Appends a string or a number; false for other values. */
static bool append_scalar(const json_t *value, pt_strbuf *out) {
    char text[40];
    if (json_is_string(value)) {
        pt_strbuf_append_bytes(out, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        pt_strbuf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        pt_snprintf(text, sizeof text, "%.15g", json_real_value(value));
        pt_strbuf_append(out, text);
    } else {
        return false;
    }
    return true;
}

static bool append_value(json_t *value, bool is_label, pt_strbuf *out) {
    pt_strbuf all = {0};
    json_t *item;
    size_t i;
    bool is_valid = true;
    char separator = '\n';

    if (!is_label && !json_is_array(value)) return append_scalar(value, out);
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            if (i > 0) pt_strbuf_append(&all, "\n");
            is_valid = is_valid && append_scalar(item, &all);
        }
    } else if (json_is_string(value)) {
        separator = pt_labels_read(json_string_value(value), json_string_length(value), '\0', &all);
    } else {
        is_valid = append_scalar(value, &all);
    }
    if (is_valid && all.length > 0)
        pt_labels_join(all.text, all.length, separator, NULL, false, out);
    out->failed = out->failed || all.failed;
    pt_strbuf_release(&all);
    return is_valid;
}

static bool append_field(void *context, const char *name, size_t n, pt_strbuf *out) {
    const fields *f = context;
    char key[NAME_BYTES];
    json_t *value = NULL;

    if (n >= sizeof key) return false;
    memcpy(key, name, n);
    key[n] = '\0';
    const bool is_label = strcmp(key, "label") == 0;
    if (is_label) value = (json_t *)(uintptr_t)find_label(f->object);
    if (!value) value = json_object_get(f->object, key);
    if (value) return append_value(value, is_label, out);
    return f->source && pt_template_path_field(f->source, name, n, out);
}

patina_status pt_entry_add_json_template(pt_entry *entry, const char *template, json_t *object,
                                         patina_error *err) {
    fields f = {object, entry->source};
    pt_strbuf caption = {0};
    const char *unknown;
    char fault[NAME_BYTES + 80];

    pt_template_expand(template, append_field, &f, &caption, &unknown);
    patina_status status;
    if (caption.failed) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    } else if (unknown) {
        snprintf(fault, sizeof fault, "the field '%.*s' of its template is absent",
                 (int)strcspn(unknown, "}") < NAME_BYTES ? (int)strcspn(unknown, "}") : NAME_BYTES,
                 unknown);
        status = pt_entry_add_bad_caption(entry, fault, err);
    } else {
        status = pt_entry_add_caption(entry, caption.text ? caption.text : "", caption.length, err);
    }
    pt_strbuf_release(&caption);
    return status;
}

void pt_json_describe_members(json_t *object, pt_strbuf *text) {
    const char *key;
    json_t *value;
    size_t n = 0;
    json_object_foreach(object, key, value) {
        (void)value;
        pt_strbuf_printf(text, "%s'%s'", n++ > 0 ? ", " : "", key);
    }
}

/** The next name of "a,b"; false at the end. */
static bool next_name(const char **columns, char *name) {
    const size_t n = strcspn(*columns, ",");
    if (!**columns) return false;
    snprintf(name, NAME_BYTES, "%.*s", (int)n, *columns);
    *columns += n + ((*columns)[n] == ',');
    return true;
}

void pt_caption_members_note(pt_caption_members *members, const char *column, json_t *object) {
    const char *at = column;
    char name[NAME_BYTES];
    if (!column) return;
    if (members->n_objects++ == 0) pt_json_describe_members(object, &members->names);
    if (find_member(object, column)) members->found = UINT64_MAX;
    for (size_t i = 0; i < 64 && members->found != UINT64_MAX && next_name(&at, name); i++)
        if (find_member(object, name)) members->found |= UINT64_C(1) << i;
}

patina_status pt_caption_members_check(const pt_caption_members *members, const char *column,
                                       patina_error *err) {
    const char *at = column;
    char name[NAME_BYTES];
    for (size_t i = 0; column && members->n_objects > 0 && i < 64 && next_name(&at, name); i++)
        if (!(members->found >> i & 1))
            return pt_fail(
                err, PATINA_EUSAGE, "option '--caption-column': no member '%s'; the members are %s",
                name, members->names.text && !members->names.failed ? members->names.text : "");
    return PATINA_OK;
}

patina_status pt_entry_set_json_split(pt_entry *entry, const char *member, const json_t *object,
                                      patina_error *err) {
    pt_strbuf value = {0};
    if (!member || !append_scalar(json_object_get(object, member), &value)) return PATINA_OK;
    entry->split_value = pt_strbuf_detach(&value);
    return entry->split_value ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}
