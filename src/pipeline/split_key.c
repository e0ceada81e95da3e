/* SPDX-License-Identifier: MIT */
/* split_key.c - finds the split key of an entry */

#include "pipeline/split_key.h"

#include <string.h>

#include "corpus/exclude_list.h"
#include "fs/path.h"

#define YOUTUBE_ID_BYTES 11

pt_split_key pt_split_key_parse(const char *text) {
    static const char *const names[] = {"content", "youtube_id", "parent", "sound"};
    if (!text) return PT_SPLIT_KEY_CONTENT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) return (pt_split_key)i;
    return PT_SPLIT_KEY_COLUMN;
}

static const char *find_parent(const char *source, size_t *n) {
    const char *end = source ? pt_path_basename(source) : NULL;
    if (!source || end == source) return NULL;
    const char *begin = --end; /* at the slash */
    while (begin > source && begin[-1] != '/')
        begin--;
    *n = (size_t)(end - begin);
    return *n > 0 ? begin : NULL;
}

const char *pt_split_key_find(pt_split_key key, const pt_entry *entry, size_t *n) {
    const char *found = NULL;
    if (key == PT_SPLIT_KEY_YOUTUBE_ID) {
        *n = YOUTUBE_ID_BYTES;
        if (entry->id) found = pt_youtube_id_find(entry->id);
        if (!found && entry->source) found = pt_youtube_id_find(entry->source);
    } else if (key == PT_SPLIT_KEY_PARENT) {
        found = find_parent(entry->source, n);
    } else if (key == PT_SPLIT_KEY_COLUMN) {
        found = entry->split_value;
        *n = found ? strlen(found) : 0;
    }
    return found && *n > 0 ? found : NULL;
}
