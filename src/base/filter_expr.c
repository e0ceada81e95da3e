/* SPDX-License-Identifier: MIT */
/* filter_expr.c - parses and evaluates conditions on fields */

#define PCRE2_CODE_UNIT_WIDTH 8

#include "base/filter_expr.h"

#include <errno.h>
#include <math.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/fault_notes.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#define HEAP_KIB_MAX (64 << 10) /* of a match */

/* An operator that begins like another one comes first. */
static const struct {
    const char *text;
    pt_condition_op op;
} operators[] = {
    {">=", PT_OP_GREATER_EQUAL}, {"<=", PT_OP_LESS_EQUAL}, {"==", PT_OP_EQUAL},
    {"!=", PT_OP_NOT_EQUAL},     {"!~", PT_OP_NO_MATCH},   {">", PT_OP_GREATER},
    {"<", PT_OP_LESS},           {"=", PT_OP_EQUAL},       {"~", PT_OP_MATCH},
};

static bool parse_number(const char *text, double *number) {
    char *end = NULL;
    const locale_t before = pt_c_locale_enter();
    *number = strtod(text, &end);
    pt_c_locale_leave(before);
    return end > text && end[strspn(end, " \t")] == '\0' && isfinite(*number);
}

static bool compares_size(pt_condition_op op) {
    return op == PT_OP_GREATER || op == PT_OP_GREATER_EQUAL || op == PT_OP_LESS ||
           op == PT_OP_LESS_EQUAL;
}

/* Parsing ---------------------------------------------------------------------------------- */

/** The field, and the operator behind it; moves *at behind both. */
static patina_status parse_field(const char **at, const char *option, pt_condition *c,
                                 patina_error *err) {
    *at += strspn(*at, " ");
    size_t n = strcspn(*at, "<>=!~,");
    const char *op = *at + n;
    while (n > 0 && (*at)[n - 1] == ' ')
        n--;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        const size_t n_op = strlen(operators[i].text);
        if (strncmp(op, operators[i].text, n_op) != 0) continue;
        if (n == 0) break;
        c->op = operators[i].op;
        c->field = pt_text_dup(*at, n);
        *at = op + n_op;
        return c->field ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    return pt_fail(err, PATINA_EUSAGE,
                   "option '--%s': '%s' is not a condition such as 'field>=1', 'field=text' or "
                   "'field~pattern'",
                   option, *at);
}

/** The value, up to the next comma; moves *at behind it. */
static patina_status parse_value(const char **at, const char *option, pt_condition *c,
                                 patina_error *err) {
    pt_strbuf value = {0};
    const char *s = *at + strspn(*at, " ");
    const char quote = *s == '\'' || *s == '"' ? *s++ : '\0';
    bool is_closed = !quote;

    pt_strbuf_append(&value, "");
    for (; *s && (quote || *s != ','); s++) {
        if (quote && *s == quote) {
            if (s[1] != quote) {
                is_closed = true;
                s++;
                break;
            }
            s++;
        } else if (!quote && s[0] == '\\' && s[1] == ',') {
            s++;
        }
        pt_strbuf_append_bytes(&value, s, 1);
    }
    while (!quote && !value.failed && value.length > 0 && value.text[value.length - 1] == ' ')
        value.text[--value.length] = '\0';
    s += strspn(s, " ");
    c->value = pt_strbuf_detach(&value);
    if (!c->value) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (!is_closed || (*s && *s != ','))
        return pt_fail(err, PATINA_EUSAGE, "option '--%s': the value of '%s' %s", option, c->field,
                       is_closed ? "has text after its closing quote" : "has no closing quote");
    *at = s;
    return PATINA_OK;
}

static patina_status compile_value(const char *option, pt_condition *c, patina_error *err) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    PCRE2_UCHAR why[128] = "";

    c->is_number = parse_number(c->value, &c->number);
    if (compares_size(c->op) && !c->is_number)
        return pt_fail(err, PATINA_EUSAGE, "option '--%s': '%s': '%s' is not a number", option,
                       c->written, c->value);
    if (c->op != PT_OP_MATCH && c->op != PT_OP_NO_MATCH) return PATINA_OK;
    c->pattern = pcre2_compile((PCRE2_SPTR)c->value, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP,
                               &code, &offset, NULL);
    if (c->pattern) return PATINA_OK;
    (void)pcre2_get_error_message(code, why, sizeof why);
    return pt_fail(err, PATINA_EUSAGE, "option '--%s': pattern '%s', character %zu: %s", option,
                   c->value, (size_t)offset + 1, (const char *)why);
}

static patina_status parse_condition(const char **at, const char *option, pt_condition *c,
                                     patina_error *err) {
    const char *from = *at + strspn(*at, " ");
    PT_TRY(parse_field(at, option, c, err));
    PT_TRY(parse_value(at, option, c, err));
    c->written = pt_text_dup(from, (size_t)(*at - from));
    if (!c->written) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    return compile_value(option, c, err);
}

patina_status pt_filter_expr_parse(const char *text, const char *option, pt_filter_expr *conditions,
                                   patina_error *err) {
    *conditions = (pt_filter_expr){0};
    if (text && !pt_utf8_is_valid(text, strlen(text)))
        return pt_fail(err, PATINA_EUSAGE, "option '--%s': not valid UTF-8", option);
    while (text) {
        pt_condition *grown = realloc(conditions->item, (conditions->n + 1) * sizeof *grown);
        patina_status status = grown ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
        if (grown) {
            conditions->item = grown;
            grown[conditions->n] = (pt_condition){.field = NULL};
            status = parse_condition(&text, option, &grown[conditions->n++], err);
        }
        if (status != PATINA_OK) {
            pt_filter_expr_release(conditions);
            return status;
        }
        text = *text == ',' ? text + 1 : NULL;
    }
    return PATINA_OK;
}

void pt_filter_expr_release(pt_filter_expr *conditions) {
    for (size_t i = 0; i < conditions->n; i++) {
        pt_condition *c = &conditions->item[i];
        free(c->field);
        free(c->value);
        free(c->written);
        pcre2_code_free(c->pattern);
    }
    free(conditions->item);
    *conditions = (pt_filter_expr){0};
}

/* Evaluation ------------------------------------------------------------------------------- */

/** Where a pattern exceeds PCRE2's limits, it does not match. Its limit of memory is 20 GB. */
static bool matches(const pt_condition *c, const char *value) {
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int n = PCRE2_ERROR_NOMEMORY;
    if (limits && data) {
        pcre2_set_heap_limit(limits, HEAP_KIB_MAX);
        n = pcre2_match(c->pattern, (PCRE2_SPTR)value, strlen(value), 0, 0, data, limits);
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(limits);
    if (n == PCRE2_ERROR_NOMEMORY) pt_fault_note(ENOMEM);
    return n >= 0;
}

static bool holds_number(const pt_condition *c, double v) {
    switch (c->op) {
    case PT_OP_GREATER_EQUAL:
        return v >= c->number;
    case PT_OP_LESS_EQUAL:
        return v <= c->number;
    case PT_OP_GREATER:
        return v > c->number;
    case PT_OP_LESS:
        return v < c->number;
    default:
        return (v == c->number) == (c->op == PT_OP_EQUAL);
    }
}

bool pt_condition_holds(const pt_condition *c, const char *value) {
    double number;
    if (c->pattern) return matches(c, value) == (c->op == PT_OP_MATCH);
    if (c->is_number && parse_number(value, &number)) return holds_number(c, number);
    if (compares_size(c->op)) return false;
    return (strcmp(value, c->value) == 0) == (c->op == PT_OP_EQUAL);
}

bool pt_condition_holds_number(const pt_condition *c, double value) {
    char text[40];
    pt_snprintf(text, sizeof text, "%.17g", value);
    return c->is_number && !c->pattern ? holds_number(c, value) : pt_condition_holds(c, text);
}

patina_status pt_condition_fail_unknown(const pt_condition *condition, const char *option,
                                        const char *const *names, const char *also,
                                        patina_error *err) {
    pt_strbuf list = {0};
    for (size_t i = 0; names[i]; i++)
        pt_strbuf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    pt_fail(err, PATINA_EUSAGE, "option '--%s': '%s' is not a field; the fields are %s%s%s", option,
            condition->field, list.text && !list.failed ? list.text : "", also ? ", " : "",
            also ? also : "");
    pt_strbuf_release(&list);
    return PATINA_EUSAGE;
}
