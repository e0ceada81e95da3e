/* SPDX-License-Identifier: MIT */
/* audio_filter.c - evaluates conditions on the audio of an entry */

#include "pipeline/audio_filter.h"

#include <string.h>

#include "base/error.h"
#include "corpus/entry_filter.h"

/** A field of source_quality: a number, or a text. */
typedef struct quality_value {
    double number;
    const char *text; /* NULL: number */
} quality_value;

static const char *const quality_fields[] = {
    "bandwidth_hz", "flat_run", "peak_share", "peak_dbfs", "noise_floor_dbfs",
    "silent_share", "codec",    "lossy",      "bits",      NULL};

static quality_value get_quality(const patina_source_quality *q, int field) {
    const quality_value values[] = {{q->bandwidth_hz, NULL},
                                    {(double)q->flat_run, NULL},
                                    {q->peak_share, NULL},
                                    {q->peak_dbfs, NULL},
                                    {q->noise_floor_dbfs, NULL},
                                    {q->silent_share, NULL},
                                    {0.0, q->codec ? q->codec : ""},
                                    {0.0, q->is_lossy ? "true" : "false"},
                                    {q->bits, q->bits > 0 ? NULL : ""}};
    return values[field];
}

static int find_field(const char *const *names, const char *name) {
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

patina_status pt_audio_filter_check_fields(const pt_filter_expr *require, patina_error *err) {
    for (size_t i = 0; i < require->n; i++)
        if (find_field(quality_fields, require->item[i].field) < 0)
            return pt_condition_fail_unknown(&require->item[i], "require", quality_fields, NULL,
                                             err);
    return PATINA_OK;
}

static patina_status check(const pt_condition *c, quality_value value, patina_status reason,
                           patina_error *err) {
    if (value.text ? pt_condition_holds(c, value.text) : pt_condition_holds_number(c, value.number))
        return PATINA_OK;
    if (value.text)
        return pt_fail(err, reason, "%s is '%s', which does not meet '%s'", c->field, value.text,
                       c->written);
    return pt_fail(err, reason, "%s is %.6g, which does not meet '%s'", c->field, value.number,
                   c->written);
}

patina_status pt_audio_filter_check_audio(const pt_filter_expr *filter, const pt_segment *segment,
                                          patina_error *err) {
    const patina_window *window = &segment->window;
    const double values[PT_FILTER_AUDIO_FIELDS] = {(double)segment->n_frames / window->rate_hz,
                                                   window->rate_hz, window->channels};
    for (size_t i = 0; i < filter->n; i++) {
        const int field = find_field(pt_filter_fields, filter->item[i].field);
        if (field >= 0 && field < PT_FILTER_AUDIO_FIELDS)
            PT_TRY(check(&filter->item[i], (quality_value){values[field], NULL},
                         PATINA_REJECT_FILTERED, err));
    }
    return PATINA_OK;
}

patina_status pt_audio_filter_check_quality(const pt_filter_expr *require,
                                            const patina_source_quality *quality,
                                            patina_error *err) {
    for (size_t i = 0; i < require->n; i++) {
        const int field = find_field(quality_fields, require->item[i].field);
        PT_TRY(
            check(&require->item[i], get_quality(quality, field), PATINA_REJECT_LOW_QUALITY, err));
    }
    return PATINA_OK;
}
