/* SPDX-License-Identifier: MIT */
/* column_names.c - compares names of columns */

#include "corpus/column_names.h"

#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static bool is_separator(char c) {
    return c == ' ' || c == '_' || c == '-' || c == '\t';
}

static char to_lower(char c) {
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

bool pt_column_has_name(const char *column, size_t n, const char *name) {
    size_t i = 0;
    for (; *name; name++) {
        if (is_separator(*name)) continue;
        while (i < n && is_separator(column[i]))
            i++;
        if (i == n || to_lower(column[i++]) != to_lower(*name)) return false;
    }
    while (i < n && is_separator(column[i]))
        i++;
    return i == n;
}

bool pt_column_next_name(const char **names, char *name, size_t size) {
    const size_t n = (size_t)(strchrnul(*names, '|') - *names);
    const size_t n_copied = n < size ? n : size - 1;
    if (**names == '\0') return false;
    memcpy(name, *names, n_copied);
    name[n_copied] = '\0';
    *names += n + ((*names)[n] == '|');
    return true;
}

/** The next word of a name, in lower case: "shortCaption_2" is short, caption, 2. */
static bool next_word(const char **at, const char *end, char *word, size_t size) {
    size_t n = 0;
    while (*at < end && (is_separator(**at) || **at == '.'))
        ++*at;
    if (*at == end) return false;
    const bool is_number = is_digit(**at);
    while (*at < end && !is_separator(**at) && **at != '.' && is_digit(**at) == is_number) {
        if (n > 0 && is_upper(**at) && !is_upper((*at)[-1])) break;
        if (n + 1 < size) word[n++] = to_lower(**at);
        ++*at;
    }
    word[n] = '\0';
    return true;
}

static bool is_one_of(const char *word, const char *const *words) {
    for (; *words; words++)
        if (strcmp(word, *words) == 0) return true;
    return false;
}

bool pt_column_is_caption(const char *column, size_t n, unsigned *number) {
    static const char *const captions[] = {"caption", "captions", NULL};
    static const char *const texts[] = {"text",         "texts",         "sentence",
                                        "sentences",    "raw",           "description",
                                        "descriptions", "transcription", NULL};
    static const char *const others[] = {
        "id",    "ids",    "length",    "len",        "count",  "num",       "number", "n",
        "index", "idx",    "source",    "src",        "lang",   "language",  "type",   "kind",
        "model", "score",  "path",      "file",       "url",    "time",      "date",   "start",
        "end",   "tokens", "embedding", "embeddings", "author", "annotator", "split",  NULL};
    const char *at = column, *end = column + n;
    char word[24];
    bool is_caption = false, is_text = false, is_other = false, is_plain = true;

    *number = 0;
    for (size_t i = 0; next_word(&at, end, word, sizeof word); i++) {
        if (is_digit(word[0])) {
            *number = 0;
            for (const char *c = word; *c && *number < 100000; c++)
                *number = 10 * *number + (unsigned)(*c - '0');
            continue;
        }
        is_caption = is_caption || is_one_of(word, captions);
        is_text = is_text || (i == 0 && is_one_of(word, texts));
        is_plain = is_plain && i == 0;
        is_other = is_other || is_one_of(word, others);
    }
    if (is_caption) return !is_other;
    return is_text && is_plain && n > 0 && is_digit(end[-1]);
}

bool pt_column_is_further_caption(const char *column, size_t n) {
    static const char name[] = "caption";
    size_t i = 0;
    while (i < n && name[i] && to_lower(column[i]) == name[i])
        i++;
    if (name[i]) return false;
    while (i < n && is_separator(column[i]))
        i++;
    const size_t digits = i;
    while (i < n && is_digit(column[i]))
        i++;
    return i == n && i > digits;
}
