/* SPDX-License-Identifier: MIT */
/* status.c - error messages that gain their context on the way up */

#include <patina/status.h>

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/error.h"

static const char *const names[PATINA_STATUS_COUNT] = {
    [PATINA_OK] = "ok",
    [PATINA_ENOMEM] = "out_of_memory",
    [PATINA_EIO] = "io",
    [PATINA_EFORMAT] = "format",
    [PATINA_ERANGE] = "range",
    [PATINA_EUSAGE] = "usage",
    [PATINA_ECANCELLED] = "cancelled",
    [PATINA_REJECT_BAD_CAPTION] = "bad_caption",
    [PATINA_REJECT_DUPLICATE_ID] = "duplicate_id",
    [PATINA_REJECT_MISSING] = "missing",
    [PATINA_REJECT_TIMEOUT] = "timeout",
    [PATINA_REJECT_UNDECODABLE] = "undecodable",
    [PATINA_REJECT_TRUNCATED] = "truncated",
    [PATINA_REJECT_UNSUPPORTED] = "unsupported",
    [PATINA_REJECT_TOO_SHORT] = "too_short",
    [PATINA_REJECT_NONFINITE] = "nonfinite",
    [PATINA_REJECT_SILENT] = "silent",
};

patina_status pt_fail(patina_error *err, patina_status status, const char *format, ...) {
    assert(status != PATINA_OK);
    if (err) {
        va_list args;
        err->status = status;
        va_start(args, format);
        pt_vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return status;
}

void pt_error_add_context(patina_error *err, const char *format, ...) {
    if (!err || err->message[0] == '\0') return;

    char context[sizeof err->message];
    va_list args;
    va_start(args, format);
    pt_vsnprintf(context, sizeof context, format, args);
    va_end(args);

    /* What does not fit is lost at the end of the message; the context is what a reader needs most.
     */
    const size_t room = sizeof err->message - 1;
    size_t n_context = strnlen(context, room);
    if (n_context > room - 2) n_context = room - 2;
    size_t n_message = strnlen(err->message, room);
    if (n_message > room - n_context - 2) n_message = room - n_context - 2;
    memmove(err->message + n_context + 2, err->message, n_message);
    memcpy(err->message, context, n_context);
    memcpy(err->message + n_context, ": ", 2);
    err->message[n_context + 2 + n_message] = '\0';
}

const char *patina_status_name(patina_status status) {
    return (unsigned)status < PATINA_STATUS_COUNT ? names[status] : "unknown";
}

bool patina_status_is_reject(patina_status status) {
    return status >= PATINA_REJECT_FIRST && status < PATINA_STATUS_COUNT;
}
