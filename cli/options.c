/* SPDX-License-Identifier: MIT */
/* options.c - how a command line is read */

#include "options.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

#include "base/error.h"

int pt_cli_usage_error(const pt_cli_command *command, const char *format, ...) {
    char sentence[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    pt_cli_error("%s: %s", command->name, sentence);
    fprintf(stderr, "try 'patina %s --help'\n", command->name);
    return PT_CLI_EXIT_USAGE;
}

/* Edits (insert, delete, replace, swap of neighbours) between two short words; 99 when too long. */
static size_t edit_distance(const char *a, const char *b) {
    enum { MAX = 32 };
    const size_t n = strlen(a), m = strlen(b);
    size_t row[3][MAX + 1]; /* of prefixes of a: two back, one back, this */
    if (n > MAX || m > MAX) return 99;
    for (size_t j = 0; j <= m; j++)
        row[1][j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[2][0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t min_distance = row[1][j - 1] + (a[i - 1] != b[j - 1]);
            if (row[1][j] + 1 < min_distance) min_distance = row[1][j] + 1;
            if (row[2][j - 1] + 1 < min_distance) min_distance = row[2][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                row[0][j - 2] + 1 < min_distance)
                min_distance = row[0][j - 2] + 1;
            row[2][j] = min_distance;
        }
        memcpy(row[0], row[1], sizeof row[0]);
        memcpy(row[1], row[2], sizeof row[1]);
    }
    return row[1][m];
}

const char *pt_cli_suggest(const char *word, const char *const *names, size_t n_names) {
    const char *nearest = NULL;
    const size_t length = strlen(word);
    size_t min_distance = length / 3 + 2; /* further off is no slip of the finger */
    for (size_t i = 0; i < n_names; i++) {
        const bool begins = length >= 2 && strncmp(word, names[i], length) == 0;
        const size_t distance = begins ? 1 : edit_distance(word, names[i]);
        if (distance < min_distance && distance < strlen(names[i])) {
            min_distance = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

static const pt_cli_option *find_option(const pt_cli_command *command, const char *name,
                                        size_t length) {
    for (size_t i = 0; i < command->n_options; i++)
        if (strlen(command->options[i].name) == length &&
            memcmp(command->options[i].name, name, length) == 0)
            return &command->options[i];
    return NULL;
}

static patina_status unknown_option(const pt_cli_command *command, const char *typed) {
    const char *names[PT_CLI_OPTIONS_MAX + 1];
    char word[64];
    size_t n_names = 0;
    for (; n_names < command->n_options; n_names++)
        names[n_names] = command->options[n_names].name;
    names[n_names++] = "help";

    const char *bare = typed + strspn(typed, "-");
    snprintf(word, sizeof word, "%.*s", (int)strcspn(bare, "="), bare);
    const char *nearest = pt_cli_suggest(word, names, n_names);
    if (nearest)
        pt_cli_usage_error(command, "unknown option '%s': did you mean '--%s'?", typed, nearest);
    else if (typed[1] != '-')
        pt_cli_usage_error(command, "unknown option '%s' (for a file of that name write './%s')",
                           typed, typed);
    else
        pt_cli_usage_error(command, "unknown option '%s'", typed);
    return PATINA_EUSAGE;
}

/* Digits only: no sign, no blanks, no overflow. */
static bool parse_number(const char *text, uint64_t max, uint64_t *number) {
    uint64_t n = 0;
    if (*text == '\0') return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        const uint64_t digit = (uint64_t)(*text - '0');
        if (digit > max || n > (max - digit) / 10) return false;
        n = n * 10 + digit;
    }
    *number = n;
    return true;
}

/* Numbers with a unit each, the larger units first: 1d12h, 11h30m, 90s. */
static bool parse_duration(const char *text, uint64_t max, uint64_t *seconds) {
    static const struct {
        char letter;
        uint64_t seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    uint64_t sum = 0;
    if (parse_number(text, max, seconds)) return true;
    for (size_t u = 0; *text; u++) {
        char digits[20];
        uint64_t n = 0;
        const size_t length = strspn(text, "0123456789");
        while (u < 4 && units[u].letter != text[length])
            u++;
        if (u == 4 || length == 0 || length >= sizeof digits) return false;
        memcpy(digits, text, length);
        digits[length] = '\0';
        if (!parse_number(digits, (max - sum) / units[u].seconds, &n)) return false;
        sum += n * units[u].seconds;
        text += length + 1;
    }
    *seconds = sum;
    return true;
}

static void list_choices(const pt_cli_option *option, const char *between, char *text,
                         size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < PT_CLI_CHOICES_MAX && option->choices[i]; i++) {
        const int n =
            snprintf(text + used, size - used, "%s%s", i ? between : "", option->choices[i]);
        if (n < 0 || (size_t)n >= size - used) return;
        used += (size_t)n;
    }
}

/* Checks a value and fills it. */
static patina_status read_value(const pt_cli_command *command, const pt_cli_option *option,
                                const char *text, pt_cli_value *value) {
    value->text = text;
    switch (option->kind) {
    case PT_CLI_FLAG:
    case PT_CLI_TEXT:
        return PATINA_OK;
    case PT_CLI_NUMBER:
        if (parse_number(text, option->max, &value->number) && value->number >= option->min)
            return PATINA_OK;
        pt_cli_usage_error(command, "option '--%s': '%s' is not a whole number from %llu to %llu",
                           option->name, text, (unsigned long long)option->min,
                           (unsigned long long)option->max);
        return PATINA_EUSAGE;
    case PT_CLI_DURATION:
        if (*text && parse_duration(text, option->max, &value->number) &&
            value->number >= option->min)
            return PATINA_OK;
        pt_cli_usage_error(
            command,
            "option '--%s': '%s' is no time from %llu to %llu seconds, such as 90s, 45m "
            "or 11h30m",
            option->name, text, (unsigned long long)option->min, (unsigned long long)option->max);
        return PATINA_EUSAGE;
    case PT_CLI_CHOICE:
        for (size_t i = 0; i < PT_CLI_CHOICES_MAX && option->choices[i]; i++)
            if (strcmp(option->choices[i], text) == 0) {
                value->number = i;
                return PATINA_OK;
            }
        break;
    }
    char choices[128];
    list_choices(option, ", ", choices, sizeof choices);
    pt_cli_usage_error(command, "option '--%s': '%s' is not one of %s", option->name, text,
                       choices);
    return PATINA_EUSAGE;
}

/* The option at argv[*i]; its value may be the argument after it. */
static patina_status read_option(const pt_cli_command *command, int argc, char **argv, int *i,
                                 pt_cli_args *args) {
    const char *typed = argv[*i], *equals = strchr(typed, '='), *text = NULL;
    if (strncmp(typed, "--", 2) != 0) return unknown_option(command, typed);
    const size_t length = (equals ? (size_t)(equals - typed) : strlen(typed)) - 2;
    const pt_cli_option *option = find_option(command, typed + 2, length);
    if (!option) return unknown_option(command, typed);

    const size_t index = (size_t)(option - command->options);
    if (args->value[index].given && !option->repeatable) {
        pt_cli_usage_error(command, "option '--%s' is given twice", option->name);
        return PATINA_EUSAGE;
    }
    if (option->kind == PT_CLI_FLAG) {
        if (equals) {
            pt_cli_usage_error(command, "option '--%s' takes no value", option->name);
            return PATINA_EUSAGE;
        }
    } else if (equals) {
        text = equals + 1;
    } else {
        const char *next = *i + 1 < argc ? argv[*i + 1] : NULL;
        if (!next) {
            pt_cli_usage_error(command, "option '--%s' needs a value", option->name);
            return PATINA_EUSAGE;
        }
        /* `--out --seed 1` is a slip far more often than a folder of that name. */
        if (strncmp(next, "--", 2) == 0 && find_option(command, next + 2, strcspn(next + 2, "="))) {
            pt_cli_usage_error(command,
                               "option '--%s' needs a value (if '%s' is meant, write '--%s=%s')",
                               option->name, next, option->name, next);
            return PATINA_EUSAGE;
        }
        text = next;
        ++*i;
    }

    pt_cli_value value = {.given = true};
    if (text) PT_TRY(read_value(command, option, text, &value));
    args->value[index] = value;
    args->given[args->n_given++] = (pt_cli_given){.option = index, .value = value};
    return PATINA_OK;
}

static patina_status check_complete(const pt_cli_command *command, const pt_cli_args *args) {
    for (size_t i = 0; i < command->n_options; i++)
        if (command->options[i].alone && args->value[i].given) return PATINA_OK;
    for (size_t i = 0; i < command->n_options; i++) {
        const pt_cli_option *option = &command->options[i];
        if (!option->required || args->value[i].given) continue;
        pt_cli_usage_error(command, "option '--%s %s' is missing", option->name, option->argument);
        return PATINA_EUSAGE;
    }
    if (args->n_operands < command->n_operands_min) {
        pt_cli_usage_error(command, "%s expected", command->operands);
        return PATINA_EUSAGE;
    }
    if (args->n_operands > command->n_operands_max) {
        pt_cli_usage_error(command, "'%s' is one argument too many", /* the first of them */
                           args->operands[command->n_operands_max]);
        return PATINA_EUSAGE;
    }
    return PATINA_OK;
}

patina_status pt_cli_parse(const pt_cli_command *command, int argc, char **argv, pt_cli_args *args,
                           bool *help) {
    *args = (pt_cli_args){0};
    *help = false;
    args->given = calloc((size_t)argc + 1, sizeof *args->given);
    args->operands = calloc((size_t)argc + 1, sizeof *args->operands);
    if (!args->given || !args->operands) {
        pt_cli_error("out of memory");
        return PATINA_ENOMEM;
    }
    for (size_t i = 0; i < command->n_options; i++)
        if (command->options[i].fallback)
            PT_TRY(read_value(command, &command->options[i], command->options[i].fallback,
                              &args->value[i]));

    bool only_operands = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        const bool looks_numeric = word[0] == '-' && word[1] >= '0' && word[1] <= '9';
        if (only_operands || word[0] != '-' || word[1] == '\0' || looks_numeric) {
            args->operands[args->n_operands++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            *help = true;
            return PATINA_OK;
        } else {
            PT_TRY(read_option(command, argc, argv, &i, args));
        }
    }
    return check_complete(command, args);
}

void pt_cli_args_release(pt_cli_args *args) {
    free(args->given);
    free(args->operands);
    *args = (pt_cli_args){0};
}

/* ---- help ------------------------------------------------------------------------------------ */

enum { WIDTH = 80, HELP_COLUMN = 24 };

/* Words of text from column `column` on; a line end in text ends the line, later lines start after
 * indent blanks. */
static void wrap_from(FILE *out, const char *text, int column, int indent) {
    bool fresh = true; /* nothing on this line yet, not even its indent */
    while (*text) {
        if (*text == '\n') {
            fputc('\n', out);
            column = 0;
            fresh = true;
            text++;
            continue;
        }
        text += strspn(text, " ");
        const int length = (int)strcspn(text, " \n");
        if (length == 0) continue;
        if (!fresh && column + 1 + length > WIDTH) {
            fputc('\n', out);
            column = 0;
            fresh = true;
        }
        if (fresh && column < indent) column += fprintf(out, "%*s", indent - column, "");
        if (!fresh) column += fprintf(out, " ");
        column += fprintf(out, "%.*s", length, text);
        fresh = false;
        text += length;
    }
    fputc('\n', out);
}

void pt_cli_write_wrapped(FILE *out, const char *text, int indent) {
    wrap_from(out, text, 0, indent);
}

static void help_option(const pt_cli_option *option, FILE *out) {
    char choices[128], text[768];
    int column = fprintf(out, "  --%s", option->name);
    list_choices(option, "|", choices, sizeof choices);
    if (option->kind == PT_CLI_CHOICE)
        column += fprintf(out, " %s", choices);
    else if (option->kind != PT_CLI_FLAG)
        column += fprintf(out, " %s", option->argument);
    if (column + 2 > HELP_COLUMN) {
        fputc('\n', out);
        column = 0;
    }
    snprintf(text, sizeof text, "%s%s%s%s%s", option->help, option->fallback ? " (default " : "",
             option->fallback ? option->fallback : "", option->fallback ? ")" : "",
             option->required ? " (required)" : "");
    wrap_from(out, text, column, HELP_COLUMN);
}

void pt_cli_write_help(const pt_cli_command *command, FILE *out) {
    fprintf(out, "usage: patina %s %s\n\n", command->name, command->usage);
    pt_cli_write_wrapped(out, command->description, 0);
    fputs("\noptions:\n", out);
    for (size_t i = 0; i < command->n_options; i++)
        help_option(&command->options[i], out);
    fprintf(out, "  %-*s%s\n", HELP_COLUMN - 2, "--help", "print this text");
    if (command->after) fprintf(out, "\n%s", command->after);
}
