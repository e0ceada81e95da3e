/* SPDX-License-Identifier: MIT */
/* status.c - error messages that gain their place on the way up */

#include <patina/status.h>

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "base/c_locale.h"

static const char *const names[PT_STATUS_COUNT] = {
    [PT_OK] = "ok",
    [PT_ENOMEM] = "out_of_memory",
    [PT_EIO] = "io",
    [PT_EFORMAT] = "format",
    [PT_ERANGE] = "range",
    [PT_EUSAGE] = "usage",
    [PT_ECANCELLED] = "cancelled",
    [PT_REJECT_BAD_CAPTION] = "bad_caption",
    [PT_REJECT_DUPLICATE_ID] = "duplicate_id",
    [PT_REJECT_MISSING] = "missing",
    [PT_REJECT_TIMEOUT] = "timeout",
    [PT_REJECT_UNDECODABLE] = "undecodable",
    [PT_REJECT_TRUNCATED] = "truncated",
    [PT_REJECT_UNSUPPORTED] = "unsupported",
    [PT_REJECT_TOO_SHORT] = "too_short",
    [PT_REJECT_NONFINITE] = "nonfinite",
    [PT_REJECT_SILENT] = "silent",
};

pt_status pt_fail(pt_error *err, pt_status status, const char *format, ...) {
    assert(status != PT_OK);
    if (err) {
        va_list args;
        err->status = status;
        va_start(args, format);
        pt_vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return status;
}

void pt_error_in(pt_error *err, const char *format, ...) {
    if (!err || err->message[0] == '\0') return;

    char place[sizeof err->message];
    va_list args;
    va_start(args, format);
    pt_vsnprintf(place, sizeof place, format, args);
    va_end(args);

    /* What does not fit is lost at the end of the message; the place is what a reader needs most.
     */
    const size_t room = sizeof err->message - 1;
    size_t n_place = strnlen(place, room);
    if (n_place > room - 2) n_place = room - 2;
    size_t n_message = strnlen(err->message, room);
    if (n_message > room - n_place - 2) n_message = room - n_place - 2;
    memmove(err->message + n_place + 2, err->message, n_message);
    memcpy(err->message, place, n_place);
    memcpy(err->message + n_place, ": ", 2);
    err->message[n_place + 2 + n_message] = '\0';
}

const char *pt_status_name(pt_status status) {
    return (unsigned)status < PT_STATUS_COUNT ? names[status] : "unknown";
}

bool pt_status_rejects(pt_status status) {
    return status >= PT_REJECT_FIRST && status < PT_STATUS_COUNT;
}
