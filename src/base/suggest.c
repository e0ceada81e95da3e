/* SPDX-License-Identifier: MIT */
/* suggest.c - the name that is most similar to a mistyped one, by edit distance */

#include "base/suggest.h"

#include <stdbool.h>
#include <string.h>

/** Edits (insert, delete, replace, swap neighbours) between two short words; 99: too long. */
static size_t edit_distance(const char *a, const char *b) {
    enum { MAX = 32 };
    const size_t n = strlen(a), m = strlen(b);
    size_t row[3][MAX + 1]; /* of prefixes of a: two back, one back, this */
    if (n > MAX || m > MAX) return 99;
    for (size_t j = 0; j <= m; j++)
        row[1][j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[2][0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t min_distance = row[1][j - 1] + (a[i - 1] != b[j - 1]);
            if (row[1][j] + 1 < min_distance) min_distance = row[1][j] + 1;
            if (row[2][j - 1] + 1 < min_distance) min_distance = row[2][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                row[0][j - 2] + 1 < min_distance)
                min_distance = row[0][j - 2] + 1;
            row[2][j] = min_distance;
        }
        memcpy(row[0], row[1], sizeof row[0]);
        memcpy(row[1], row[2], sizeof row[1]);
    }
    return row[1][m];
}

const char *pt_suggest_name(const char *word, const char *const *names, size_t n_names) {
    const char *nearest = NULL;
    const size_t length = strlen(word);
    size_t min_distance = length / 3 + 2; /* more edits are not a typing error */
    for (size_t i = 0; i < n_names; i++) {
        const bool is_prefix = length >= 2 && strncmp(word, names[i], length) == 0;
        const size_t distance = is_prefix ? 1 : edit_distance(word, names[i]);
        if (distance < min_distance && distance < strlen(names[i])) {
            min_distance = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
