/* SPDX-License-Identifier: MIT */
/* dataset_path.c - finds the data set of hf://datasets/OWNER/NAME[@REV][/PATH] in the cache */

#include "hub/dataset_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/hub.h>
#include <patina/patina.h>

#include "base/error.h"

patina_status pt_dataset_path_resolve(const char *cache, const char *corpus, char **path,
                                      patina_error *err) {
    static const char scheme[] = "hf://datasets/";
    const size_t n = sizeof scheme - 1;
    char *name = NULL, *folder = NULL;
    patina_status status = PATINA_OK;

    *path = NULL;
    if (strncmp(corpus, scheme, n) != 0) {
        *path = strdup(corpus);
        return *path ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    /* OWNER/NAME[@REV]; a path in the data set and options of the corpus may follow */
    const size_t n_owner = strcspn(corpus + n, "/,"),
                 n_name =
                     n_owner +
                     (corpus[n + n_owner] == '/' ? 1 + strcspn(corpus + n + n_owner + 1, "/,") : 0);
    const char *rest = corpus + n + n_name;
    name = strndup(corpus + n, n_name);
    if (!name)
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    else if (!cache)
        status = pt_fail(err, PATINA_EUSAGE, "no cache of the hub is set");
    if (status == PATINA_OK) status = patina_hub_find_dataset(cache, name, &folder, err);
    if (status == PATINA_OK && asprintf(path, "%s%s", folder, rest) < 0) {
        *path = NULL;
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    if (status != PATINA_OK) pt_error_add_context(err, "corpus '%s'", corpus);
    patina_free(folder);
    free(name);
    return status;
}
