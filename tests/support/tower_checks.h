/* SPDX-License-Identifier: MIT */
/* tower_checks.h - checks of both towers: golden values of every step, and required tensors */

#ifndef PATINA_TEST_TOWER_CHECKS_H
#define PATINA_TEST_TOWER_CHECKS_H

#include "clap_golden.h"
#include "test.h"
#include "weights/checkpoint.h"

/* The limits of the specification: a step may differ by 1e-4 of its rms, an embedding by 1e-5.
 * Float32 sums of some thousand terms in another order give 1e-6 to 1e-5 and 1e-6. */
#define PT_LAYER_TOLERANCE     1e-4
#define PT_EMBEDDING_TOLERANCE 1e-5

/** Compares the steps of a tower with the golden values of an item. */
typedef struct pt_golden_trace {
    pt_test *t;
    const char *model;
    const json_t *stages; /* NULL if the item has none */
    size_t n_compared;
} pt_golden_trace;

pt_golden_trace pt_golden_trace_init(pt_test *t, const char *model, const json_t *item);

/** One step; a name without a golden value is ignored. */
void pt_golden_trace_compare(pt_golden_trace *watch, const char *name, const float *values,
                             size_t n);

/** The same for a step of which the tower computes only the first values. */
void pt_golden_trace_compare_prefix(pt_golden_trace *watch, const char *name, const float *values,
                                    size_t n);

/** After a run: checks that every golden step was compared, and that raw [512], normalised, equals
 * the item's member. */
void pt_golden_trace_finish(const pt_golden_trace *watch, const json_t *item, const char *member,
                            float *raw);

/** How to open a tower from a file. */
typedef struct pt_tower_opener {
    const char *prefix; /* of the names of its tensors */
    void *context;
    patina_status (*open)(void *context, const pt_checkpoint *file,
                          patina_error *err); /* and closes it */
} pt_tower_opener;

/** Checks that a tower does not open if any of its tensors is missing, with an error that names it,
 * and that it opens without the tensors of the other tower. */
void pt_check_required_tensors(pt_test *t, const pt_checkpoint *file,
                               const pt_tower_opener *opener);

/** Checks that a tower does not open if one of these tensors has another shape, and that the error
 * names it. */
void pt_check_tensor_shapes(pt_test *t, const pt_checkpoint *file, const pt_tower_opener *opener,
                            const char *const *names, size_t n_names);

#endif /* PATINA_TEST_TOWER_CHECKS_H */
