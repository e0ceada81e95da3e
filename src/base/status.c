/* SPDX-License-Identifier: MIT */
/* status.c - names of status codes, and construction of error messages */

#include <patina/status.h>

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/fault_notes.h"

typedef struct status_info {
    const char *name, *summary;
    bool retryable;
} status_info;

static const status_info errors[PATINA_ERROR_COUNT] = {
    [PATINA_OK] = {"ok", "success", false},
    [PATINA_ENOMEM] = {"out_of_memory", "out of memory", false},
    [PATINA_EIO] = {"io", "a file could not be opened, read or written", false},
    [PATINA_EFORMAT] = {"format", "an input file is invalid", false},
    [PATINA_ERANGE] = {"range", "a number is out of range", false},
    [PATINA_EUSAGE] = {"usage", "options that exclude each other, or an unknown name", false},
    [PATINA_ECANCELLED] = {"cancelled", "stopped on request", false},
    [PATINA_ETEMPORARY] = {"temporary", "a temporary fault of the machine", false},
};

#define REJECT_INFO(identifier, name, retryable, summary) {name, summary, retryable},

static const status_info rejects[PATINA_REJECT_COUNT] = {PATINA_REJECT_REASONS(REJECT_INFO)};

_Static_assert(PATINA_REJECT_COUNT <= PATINA_REJECT_MAX, "public arrays have room for all reasons");

static const status_info *find_info(patina_status status) {
    static const status_info unknown = {"unknown", "unknown status", false};
    if (patina_status_is_reject(status)) return &rejects[status - PATINA_REJECT_FIRST];
    return (unsigned)status < PATINA_ERROR_COUNT ? &errors[status] : &unknown;
}

patina_status pt_error_write(patina_error *err, patina_status status, const char *format, ...) {
    assert(status != PATINA_OK);
    if (status == PATINA_ENOMEM) pt_fault_note(ENOMEM);
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

    /* The end of the message is cut if both do not fit: the context matters more. */
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
    return find_info(status)->name;
}

const char *patina_status_summary(patina_status status) {
    return find_info(status)->summary;
}

bool pt_status_is_retryable(patina_status status) {
    return find_info(status)->retryable;
}

bool patina_status_is_reject(patina_status status) {
    return status >= PATINA_REJECT_FIRST && status < PATINA_STATUS_COUNT;
}

#ifdef strerrordesc_np
const char *strerrordesc_np(int code) {
    return strerror(code);
}
#endif
