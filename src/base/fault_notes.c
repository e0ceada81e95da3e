/* SPDX-License-Identifier: MIT */
/* fault_notes.c - one count and the last errno value in each thread */

#include "base/fault_notes.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

static _Thread_local unsigned n_noted;
static _Thread_local int last_error;

void pt_fault_note(int error) {
    n_noted++;
    last_error = error;
}

unsigned pt_fault_count(void) {
    return n_noted;
}

patina_status pt_fault_check(unsigned before, patina_error *err) {
    if (n_noted == before) return PATINA_OK;
    return last_error == ENOMEM
               ? pt_fail(err, PATINA_ENOMEM, "out of memory")
               : pt_fail(err, PATINA_ETEMPORARY, "cannot be read: %s", strerrordesc_np(last_error));
}
