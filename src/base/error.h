/* SPDX-License-Identifier: MIT */
/* error.h - construction of error messages (internal part of patina/status.h)
 *
 * A message is created where the fault occurs; callers add the file, entry or tensor in front of
 * it.
 */

#ifndef PATINA_BASE_ERROR_H
#define PATINA_BASE_ERROR_H

#include <patina/status.h>

#if defined(__GNUC__)
#define PT_PRINTF(format_index, first_index)                                                       \
    __attribute__((format(printf, format_index, first_index)))
#else
#define PT_PRINTF(format_index, first_index)
#endif

#ifdef strerrordesc_np
/** The text of an errno where the C library has none that does not depend on the locale. */
const char *strerrordesc_np(int code);
#endif

/** Fills err (NULL allowed) and returns status, which is not PATINA_OK. */
patina_status pt_error_write(patina_error *err, patina_status status, const char *format, ...)
    PT_PRINTF(3, 4);

/* So that compilers and analyzers see that a path after a fault is not one of success. */
static inline patina_status pt_status_of_fault(patina_status status) {
    return status != PATINA_OK ? status : PATINA_EIO;
}

/** The same; a fault is `return pt_fail(err, PATINA_EIO, "file '%s': ...", path)`. */
#define pt_fail(...) pt_status_of_fault(pt_error_write(__VA_ARGS__))

/** Prepends "<context>: " to the message of err; NULL or an empty error is left unchanged. */
void pt_error_add_context(patina_error *err, const char *format, ...) PT_PRINTF(2, 3);

/** Returns whether `--retry rejects` tries an entry again that was rejected for this reason. */
bool pt_status_is_retryable(patina_status status);

/** Returns from the calling function with the status of call unless it is PATINA_OK. */
#define PT_TRY(call)                                                                               \
    do {                                                                                           \
        patina_status pt_try_status_ = (call);                                                     \
        if (pt_try_status_ != PATINA_OK) return pt_try_status_;                                    \
    } while (0)

#endif /* PATINA_BASE_ERROR_H */
