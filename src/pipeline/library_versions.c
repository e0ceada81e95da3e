/* SPDX-License-Identifier: MIT */
/* library_versions.c - versions of the libraries that decode and transform audio */

#include "pipeline/library_versions.h"

#include <jansson.h>

#include "audio/decoder.h"
#include "base/json_dump.h"
#include "dsp/resample.h"

char *pt_library_versions_to_json(void) {
    const char *name, *version;
    char *text = NULL;
    json_t *object = json_object();
    bool ok = object != NULL;

    for (size_t i = 0; pt_decoder_library(i, &name, &version); i++)
        ok = ok && json_object_set_new(object, name, json_string(version)) == 0;
    ok = ok &&
         json_object_set_new(object, "libsoxr", json_string(pt_resampler_library_version())) == 0;
    if (ok) text = pt_json_dump(object, JSON_COMPACT);
    json_decref(object);
    return text;
}
