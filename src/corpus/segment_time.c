/* SPDX-License-Identifier: MIT */
/* segment_time.c - parses the times of segments, and rejects entries with others */

#include "corpus/segment_time.h"

#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/json_dump.h"
#include "base/utf8.h"
#include "corpus/entry_builder.h"

#define TIME_BYTES 40  /* of a time as text */
#define TIME_MAX_S 1e9 /* over 30 years */
#define SHOWN      60  /* bytes of a value in a message */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_time(double seconds) {
    return seconds >= 0.0 && seconds < TIME_MAX_S;
}

/** Seconds, with up to two parts before them that are ended by ':'. */
static bool parse_time(const char *text, size_t n, bool decimal_comma, double *seconds) {
    char copy[TIME_BYTES], *end = copy;

    if (n >= sizeof copy || memchr(text, '\0', n)) return false;
    memcpy(copy, text, n);
    copy[n] = '\0';
    if (copy[strspn(copy, "0123456789.,:+-eE")]) return false; /* "inf", "0x10" */
    char *comma = decimal_comma ? strrchr(copy, ',') : NULL;
    if (comma) *comma = '.';
    *seconds = pt_strtod(copy, &end);
    for (int i = 0; i < 2 && end > copy && *end == ':' && is_digit(end[1]); i++)
        *seconds = 60.0 * *seconds + pt_strtod(end + 1, &end);
    return end > copy && !*end && is_time(*seconds);
}

static patina_status reject_time(pt_entry *entry, const char *name, const char *text, size_t n,
                                 const char *location, patina_error *err) {
    char *shown = pt_text_dup(text, n);
    char *escaped = shown ? pt_text_escape(shown) : NULL;
    const patina_status status = pt_entry_reject(
        entry, err, PATINA_REJECT_UNDECODABLE, "%s: %s '%.*s' is not a time", location, name,
        pt_text_truncate(escaped ? escaped : "", SHOWN), escaped ? escaped : "");
    free(escaped);
    free(shown);
    return status;
}

static patina_status set_start(pt_entry *entry, double seconds) {
    entry->has_start = true;
    entry->start_s = seconds;
    return PATINA_OK;
}

static patina_status set_end(pt_entry *entry, double seconds, const char *location,
                             patina_error *err) {
    const double start_s = entry->has_start ? entry->start_s : 0.0;
    char end[32], start[32];

    entry->has_end = seconds > start_s;
    entry->end_s = seconds;
    if (entry->has_end) return PATINA_OK;
    pt_snprintf(end, sizeof end, "%.15g", seconds);
    pt_snprintf(start, sizeof start, "%.15g", start_s);
    return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                           "%s: the end of the segment, %s s, is not after its start, %s s",
                           location, end, start);
}

patina_status pt_entry_set_start(pt_entry *entry, const char *text, size_t n, bool decimal_comma,
                                 const char *location, patina_error *err) {
    double seconds;
    if (n == 0) return PATINA_OK;
    return parse_time(text, n, decimal_comma, &seconds)
               ? set_start(entry, seconds)
               : reject_time(entry, "start", text, n, location, err);
}

patina_status pt_entry_set_end(pt_entry *entry, const char *text, size_t n, bool decimal_comma,
                               const char *location, patina_error *err) {
    double seconds;
    if (n == 0) return PATINA_OK;
    return parse_time(text, n, decimal_comma, &seconds)
               ? set_end(entry, seconds, location, err)
               : reject_time(entry, "end", text, n, location, err);
}

static patina_status reject_json(pt_entry *entry, const char *name, const json_t *value,
                                 const char *location, patina_error *err) {
    char *text = pt_json_dump(value, JSON_COMPACT | JSON_ENCODE_ANY);
    const patina_status status =
        reject_time(entry, name, text ? text : "", text ? strlen(text) : 0, location, err);
    free(text);
    return status;
}

patina_status pt_entry_set_json_segment(pt_entry *entry, const json_t *start, const json_t *end,
                                        const char *location, patina_error *err) {
    if (json_is_string(start))
        PT_TRY(pt_entry_set_start(entry, json_string_value(start), json_string_length(start), false,
                                  location, err));
    else if (json_is_number(start) && is_time(json_number_value(start)))
        PT_TRY(set_start(entry, json_number_value(start)));
    else if (start)
        PT_TRY(reject_json(entry, "start", start, location, err));
    if (json_is_string(end))
        return pt_entry_set_end(entry, json_string_value(end), json_string_length(end), false,
                                location, err);
    if (json_is_number(end) && is_time(json_number_value(end)))
        return set_end(entry, json_number_value(end), location, err);
    return end ? reject_json(entry, "end", end, location, err) : PATINA_OK;
}
