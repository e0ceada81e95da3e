/* SPDX-License-Identifier: MIT */
/* tower_checks.c - checks of both towers */

#include "tower_checks.h"

#include <math.h>
#include <stdlib.h>

#include "model_mutation.h"

#define N_PROJECTED 512

pt_golden_trace pt_golden_trace_init(pt_test *t, const char *model, const json_t *item) {
    return (pt_golden_trace){.t = t, .model = model, .stages = json_object_get(item, "stages")};
}

static void compare(pt_golden_trace *w, const char *name, const float *values, size_t n,
                    bool begin) {
    const json_t *stage = json_object_get(w->stages, name);
    pt_npy expected = {0};
    if (!stage) return; /* not every block has a golden */
    w->n_compared++;
    if (pt_golden_read_array(w->t, w->model, stage, "file", &expected) &&
        pt_test_check(w->t, begin ? expected.n_values > n : expected.n_values == n, __FILE__,
                      __LINE__, "%s has %zu values", name, n))
        pt_check_allclose_rms(w->t, name, values, expected.values, n, PT_LAYER_TOLERANCE);
    pt_npy_release(&expected);
}

void pt_golden_trace_compare(pt_golden_trace *w, const char *name, const float *values, size_t n) {
    compare(w, name, values, n, false);
}

void pt_golden_trace_compare_prefix(pt_golden_trace *w, const char *name, const float *values,
                                    size_t n) {
    compare(w, name, values, n, true);
}

static void normalise(float *x) {
    double power = 0.0;
    for (size_t i = 0; i < N_PROJECTED; i++)
        power += (double)x[i] * (double)x[i];
    for (size_t i = 0; i < N_PROJECTED; i++)
        x[i] = (float)(x[i] / sqrt(power));
}

void pt_golden_trace_finish(const pt_golden_trace *w, const json_t *item, const char *member,
                            float *raw) {
    pt_test *t = w->t;
    pt_npy expected = {0};
    CHECK_INT(w->n_compared, json_object_size(w->stages));
    normalise(raw);
    if (pt_golden_read_array(t, w->model, item, member, &expected))
        pt_check_allclose(t, pt_golden_get_string(item, "name"), raw, expected.values, N_PROJECTED,
                          PT_EMBEDDING_TOLERANCE);
    pt_npy_release(&expected);
}

void pt_check_required_tensors(pt_test *t, const pt_checkpoint *file,
                               const pt_tower_opener *opener) {
    for (size_t i = 0; i < pt_checkpoint_count(file); i++) {
        const pt_tensor *tensor = pt_checkpoint_at(file, i);
        const bool needed = tensor->dtype != PT_DTYPE_OTHER &&
                            strncmp(tensor->name, opener->prefix, strlen(opener->prefix)) == 0;
        pt_checkpoint *changed = NULL;
        size_t size;
        unsigned char *bytes = pt_model_drop_tensor(file, tensor->name, &size);
        if (CHECK_OK(pt_checkpoint_open_memory("model", bytes, size, &changed, &t->err))) {
            const patina_status status = opener->open(opener->context, changed, &t->err);
            if (pt_test_check(t, status == (needed ? PATINA_EFORMAT : PATINA_OK), __FILE__,
                              __LINE__, "without '%s': %s", tensor->name,
                              patina_status_name(status)) &&
                needed)
                CHECK_CONTAINS(t->err.message, tensor->name);
        }
        pt_checkpoint_close(&changed);
        free(bytes);
    }
}

void pt_check_tensor_shapes(pt_test *t, const pt_checkpoint *file, const pt_tower_opener *opener,
                            const char *const *names, size_t n_names) {
    for (size_t i = 0; i < n_names; i++) {
        pt_checkpoint *changed = NULL;
        size_t size;
        unsigned char *bytes =
            pt_model_mutate(file, &(pt_model_mutation){.reshaped_tensor = names[i]}, &size);
        if (CHECK_OK(pt_checkpoint_open_memory("model", bytes, size, &changed, &t->err))) {
            CHECK_FAILS(opener->open(opener->context, changed, &t->err), PATINA_EFORMAT);
            CHECK_CONTAINS(t->err.message, names[i]);
        }
        pt_checkpoint_close(&changed);
        free(bytes);
    }
}
