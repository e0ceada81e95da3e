/* SPDX-License-Identifier: MIT */
/* tower_checks.h - checks shared by the tests of both towers: golden intermediate outputs, tensors */

#ifndef PATINA_TEST_TOWER_CHECKS_H
#define PATINA_TEST_TOWER_CHECKS_H

#include "clap_golden.h"
#include "test.h"
#include "weights/checkpoint.h"

/* Limits of the specification: 1e-4 of the rms for an intermediate output, 1e-5 for an embedding.
 * Float32 sums of thousands of terms in another order differ by 1e-6 to 1e-5, and by 1e-6. */
#define PT_LAYER_TOLERANCE     1e-4
#define PT_EMBEDDING_TOLERANCE 1e-5

/** Compares intermediate outputs of a tower with the goldens of an item. */
typedef struct pt_golden_trace {
    pt_test *t;
    const char *model;
    const json_t *stages; /* NULL if the item has none */
    size_t n_compared;
} pt_golden_trace;

pt_golden_trace pt_golden_trace_init(pt_test *t, const char *model, const json_t *item);

/** One output; a name without a golden is ignored. */
void pt_golden_trace_compare(pt_golden_trace *watch, const char *name, const float *values,
                             size_t n);

/** The same for an output of which the tower computes only the first values of the golden. */
void pt_golden_trace_compare_prefix(pt_golden_trace *watch, const char *name, const float *values,
                                    size_t n);

/** After a run: all goldens were compared, and raw [512], normalised here, equals the member of item. */
void pt_golden_trace_finish(const pt_golden_trace *watch, const json_t *item, const char *member,
                            float *raw);

/** Opens and closes a tower. */
typedef struct pt_tower_opener {
    const char *prefix; /* of the names of its tensors */
    void *context;
    patina_status (*open)(void *context, const pt_checkpoint *file,
                          patina_error *err); /* and closes */
} pt_tower_opener;

/** Opening fails without any one of the tensors of the tower and names it; other tensors are not
 * needed. */
void pt_check_required_tensors(pt_test *t, const pt_checkpoint *file, const pt_tower_opener *door);

/** Opening fails if one of these tensors has another shape and names it. */
void pt_check_tensor_shapes(pt_test *t, const pt_checkpoint *file, const pt_tower_opener *door,
                            const char *const *names, size_t n_names);

#endif /* PATINA_TEST_TOWER_CHECKS_H */
