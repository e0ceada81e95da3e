/* SPDX-License-Identifier: MIT */
/* filter_expr.h - the language of --require and --filter: "bandwidth_hz>=16000,codec!=mp3"
 *
 *     conditions = condition { "," condition }              all of them have to hold
 *     condition  = field operator value
 *     operator   = ">=" | "<=" | ">" | "<" | "=" | "==" | "!=" | "~" | "!~"
 *     value      = text without comma, in which "\," is one | '...' | "..."
 *
 * A quote in quotes is doubled. "=" compares numbers where both sides are numbers, and text
 * elsewhere. "~" searches for a regular expression (PCRE2, UTF-8).
 */

#ifndef PATINA_BASE_FILTER_EXPR_H
#define PATINA_BASE_FILTER_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

typedef enum pt_condition_op {
    PT_OP_GREATER_EQUAL,
    PT_OP_LESS_EQUAL,
    PT_OP_EQUAL,
    PT_OP_NOT_EQUAL,
    PT_OP_NO_MATCH,
    PT_OP_GREATER,
    PT_OP_LESS,
    PT_OP_MATCH
} pt_condition_op;

typedef struct pt_condition {
    char *field, *value;
    char *written; /* the condition as in the option, for messages */
    pt_condition_op op;
    bool is_number; /* value is one ... */
    double number;  /* ... this */
    void *pattern;  /* compiled, of MATCH and NO_MATCH */
} pt_condition;

typedef struct pt_filter_expr {
    pt_condition *item; /* owned; [n] */
    size_t n;
} pt_filter_expr; /* read-only after parsing: any number of threads may share one */

/**
 * Parses the value of an option; NULL gives none.
 *
 * Errors  PATINA_EUSAGE  no condition; the message names the option and the place
 *         PATINA_ENOMEM
 */
patina_status pt_filter_expr_parse(const char *text, const char *option, pt_filter_expr *conditions,
                                   patina_error *err);
void pt_filter_expr_release(pt_filter_expr *conditions);

/** Whether a value meets the condition. value: "" where there is none. Without memory a pattern
 * does not match, and the fault is noted (fault_notes.h). */
bool pt_condition_holds(const pt_condition *condition, const char *value);
bool pt_condition_holds_number(const pt_condition *condition, double value);

/**
 * Appends the names of an array that ends in NULL to "...: 'x' is not a field; the fields are", and
 * returns PATINA_EUSAGE.
 *
 * also  a phrase behind the names, such as a list of columns; or NULL
 */
patina_status pt_condition_fail_unknown(const pt_condition *condition, const char *option,
                                        const char *const *names, const char *also,
                                        patina_error *err);

#endif /* PATINA_BASE_FILTER_EXPR_H */
