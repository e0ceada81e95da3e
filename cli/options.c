/* SPDX-License-Identifier: MIT */
/* options.c - parses command lines and prints help */

#include "options.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "escaped_output.h"

#include "base/error.h"
#include "base/suggest.h"

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

/* ---- tables ---------------------------------------------------------------------------------- */

/* What every command has. A command that has an option of the same name keeps its own. */
static const pt_cli_option common_options[] = {
    {.name = "out",
     .letter = 'o',
     .kind = PT_CLI_FILE,
     .argument = "FILE",
     .help = "write the output to FILE instead of standard output"},
    {.name = "quiet",
     .letter = 'q',
     .help = "print results and errors only: no progress, no notes, no summary"},
    {.name = "version", .letter = 'V', .help = "print the version and exit"},
    {.name = "help", .letter = 'h', .help = "print this help and exit"},
};
enum { N_COMMON = sizeof common_options / sizeof common_options[0] };

bool pt_cli_has_own_option(const pt_cli_command *command, const char *name) {
    for (size_t i = 0; i < command->n_options; i++)
        if (strcmp(command->options[i].name, name) == 0) return true;
    return false;
}

const pt_cli_option *pt_cli_option_at(const pt_cli_command *command, size_t i) {
    if (i < command->n_options) return &command->options[i];
    i -= command->n_options;
    for (size_t k = 0; k < N_COMMON; k++)
        if (!pt_cli_has_own_option(command, common_options[k].name) && i-- == 0)
            return &common_options[k];
    return NULL;
}

const char *pt_cli_choice_at(const pt_cli_option *option, size_t i) {
    if (option->choice_at) return option->choice_at(i);
    return option->choices ? option->choices[i] : NULL;
}

/* An option by name, or by letter where letter is not 0; NULL when there is none. */
static const pt_cli_option *find_option(const pt_cli_command *command, const char *name,
                                        size_t length, char letter, size_t *index) {
    const pt_cli_option *option;
    for (size_t i = 0; (option = pt_cli_option_at(command, i)); i++) {
        const bool is_match =
            letter ? option->letter == letter
                   : strlen(option->name) == length && strncmp(option->name, name, length) == 0;
        if (!is_match) continue;
        if (index) *index = i;
        return option;
    }
    return NULL;
}

const pt_cli_value *pt_cli_get(const pt_cli_args *args, const char *name) {
    size_t i;
    if (find_option(args->command, name, strlen(name), 0, &i)) return &args->value[i];
    pt_cli_error("%s: no option '%s' in the table", args->command->name, name);
    abort();
}

bool pt_cli_given(const pt_cli_args *args, const char *name) {
    return pt_cli_get(args, name)->given;
}

const char *pt_cli_text(const pt_cli_args *args, const char *name) {
    return pt_cli_get(args, name)->text;
}

uint64_t pt_cli_number(const pt_cli_args *args, const char *name) {
    return pt_cli_get(args, name)->number;
}

/* ---- parsing --------------------------------------------------------------------------------- */

static patina_status unknown_option(const pt_cli_command *command, const char *typed) {
    const char *names[64];
    char word[64];
    size_t n_names = 0;
    const pt_cli_option *option;
    while (n_names < PT_CLI_LENGTH(names) && (option = pt_cli_option_at(command, n_names)))
        names[n_names++] = option->name;

    const char *bare = typed + strspn(typed, "-");
    snprintf(word, sizeof word, "%.*s", (int)strcspn(bare, "="), bare);
    const char *nearest = pt_suggest_name(word, names, n_names);
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

/* Bytes, or a number with K, M, G or T: powers of 1024. */
static bool parse_size(const char *text, uint64_t max, uint64_t *n_bytes) {
    static const char units[] = "KMGT";
    char digits[20];
    const size_t length = strspn(text, "0123456789");
    const char *unit = text[length] ? strchr(units, toupper((unsigned char)text[length])) : NULL;
    const unsigned shift = unit ? 10 * ((unsigned)(unit - units) + 1) : 0;

    if (length == 0 || length >= sizeof digits || (text[length] && (!unit || text[length + 1])))
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!parse_number(digits, max >> shift, n_bytes)) return false;
    *n_bytes <<= shift;
    return true;
}

static void list_choices(const pt_cli_option *option, const char *between, char *text,
                         size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; pt_cli_choice_at(option, i); i++) {
        const int n = snprintf(text + used, size - used, "%s%s", i ? between : "",
                               pt_cli_choice_at(option, i));
        if (n < 0 || (size_t)n >= size - used) return;
        used += (size_t)n;
    }
}

/* Checks a value and stores it. */
static patina_status read_value(const pt_cli_command *command, const pt_cli_option *option,
                                const char *text, pt_cli_value *value) {
    value->text = text;
    switch (option->kind) {
    case PT_CLI_FLAG:
    case PT_CLI_TEXT:
    case PT_CLI_FILE:
    case PT_CLI_DIR:
    case PT_CLI_KIND_COUNT:
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
            "option '--%s': '%s' is not a duration from %llu to %llu seconds; write it as 90s, "
            "45m or 11h30m",
            option->name, text, (unsigned long long)option->min, (unsigned long long)option->max);
        return PATINA_EUSAGE;
    case PT_CLI_SIZE:
        if (parse_size(text, option->max, &value->number) && value->number >= option->min)
            return PATINA_OK;
        pt_cli_usage_error(
            command,
            "option '--%s': '%s' is not a size from %lluM to %lluT; write it as 512M or 2G",
            option->name, text, (unsigned long long)option->min >> 20,
            (unsigned long long)option->max >> 40);
        return PATINA_EUSAGE;
    case PT_CLI_CHOICE:
        for (size_t i = 0; pt_cli_choice_at(option, i); i++)
            if (strcmp(pt_cli_choice_at(option, i), text) == 0) {
                value->number = i;
                return PATINA_OK;
            }
        break;
    }
    char choices[128];
    if (!pt_cli_choice_at(option, 1)) {
        pt_cli_usage_error(command,
                           "option '--%s': '%s' is not a valid value; the only one is '%s'",
                           option->name, text, pt_cli_choice_at(option, 0));
        return PATINA_EUSAGE;
    }
    list_choices(option, ", ", choices, sizeof choices);
    pt_cli_usage_error(command, "option '--%s': '%s' is not one of %s", option->name, text,
                       choices);
    return PATINA_EUSAGE;
}

/* Whether a word is an option of the command, which is then not the value of the one before it:
 * `--out --seed 1` is a forgotten folder far more often than a folder named "--seed". */
static bool is_option(const pt_cli_command *command, const char *word) {
    if (strncmp(word, "--", 2) == 0)
        return find_option(command, word + 2, strcspn(word + 2, "="), 0, NULL) != NULL;
    return word[0] == '-' && word[1] && !word[2] && find_option(command, "", 0, word[1], NULL);
}

/* Records an option; its value is in text, or in the argument after argv[*i]. */
static patina_status record_option(const pt_cli_option *option, size_t index, const char *text,
                                   int argc, char **argv, int *i, pt_cli_args *args) {
    const pt_cli_command *command = args->command;
    pt_cli_value value = {.given = true};

    if (args->value[index].given && !option->repeatable) {
        pt_cli_usage_error(command, "option '--%s' is given twice", option->name);
        return PATINA_EUSAGE;
    }
    if (option->kind == PT_CLI_FLAG && text) {
        pt_cli_usage_error(command, "option '--%s' takes no value", option->name);
        return PATINA_EUSAGE;
    }
    if (option->kind != PT_CLI_FLAG && !text) {
        text = *i + 1 < argc ? argv[*i + 1] : NULL;
        if (!text) {
            pt_cli_usage_error(command, "option '--%s' needs a value", option->name);
            return PATINA_EUSAGE;
        }
        if (is_option(command, text)) {
            pt_cli_usage_error(command,
                               "option '--%s' needs a value (if '%s' is the value, write "
                               "'--%s=%s')",
                               option->name, text, option->name, text);
            return PATINA_EUSAGE;
        }
        ++*i;
    }
    if (text) PT_TRY(read_value(command, option, text, &value));
    args->value[index] = value;
    args->occurrence[args->n_occurrences++] = (pt_cli_occurrence){option, value};
    return PATINA_OK;
}

/* The long option at argv[*i]. */
static patina_status read_long(int argc, char **argv, int *i, pt_cli_args *args) {
    const char *typed = argv[*i], *equals = strchr(typed, '=');
    const size_t length = (equals ? (size_t)(equals - typed) : strlen(typed)) - 2;
    size_t index;
    const pt_cli_option *option = find_option(args->command, typed + 2, length, 0, &index);
    if (!option) return unknown_option(args->command, typed);
    return record_option(option, index, equals ? equals + 1 : NULL, argc, argv, i, args);
}

/* The letters at argv[*i]: flags, and at the end an option with its value. */
static patina_status read_letters(int argc, char **argv, int *i, pt_cli_args *args) {
    const char *typed = argv[*i];
    for (const char *letter = typed + 1; *letter; letter++) {
        size_t index;
        const pt_cli_option *option = find_option(args->command, "", 0, *letter, &index);
        if (!option) return unknown_option(args->command, typed);
        const bool has_value = option->kind != PT_CLI_FLAG && letter[1];
        PT_TRY(record_option(option, index, has_value ? letter + 1 : NULL, argc, argv, i, args));
        if (option->kind != PT_CLI_FLAG) break;
    }
    return PATINA_OK;
}

static patina_status check_complete(const pt_cli_args *args) {
    const pt_cli_command *command = args->command;
    for (size_t i = 0; i < command->n_options; i++)
        if (command->options[i].exclusive && args->value[i].given) return PATINA_OK;
    char missing[256] = "";
    unsigned n_missing = 0;
    for (size_t i = 0; i < command->n_options; i++) {
        const pt_cli_option *option = &command->options[i];
        if (!option->required || args->value[i].given ||
            (option->alternative && pt_cli_given(args, option->alternative)))
            continue;
        const size_t used = strlen(missing);
        snprintf(missing + used, sizeof missing - used, "%s'--%s %s'", n_missing++ ? ", " : "",
                 option->name, option->argument);
    }
    if (n_missing > 0) {
        pt_cli_usage_error(command, "option%s %s %s missing", n_missing > 1 ? "s" : "", missing,
                           n_missing > 1 ? "are" : "is");
        return PATINA_EUSAGE;
    }
    if (args->n_operands < command->n_operands_min) {
        pt_cli_usage_error(command, "%s expected", command->operands);
        return PATINA_EUSAGE;
    }
    if (args->n_operands > command->n_operands_max) {
        pt_cli_usage_error(command, "unexpected argument '%s'", /* the first of them */
                           args->operands[command->n_operands_max]);
        return PATINA_EUSAGE;
    }
    return PATINA_OK;
}

static patina_status alloc_args(const pt_cli_command *command, int argc, pt_cli_args *args) {
    size_t n_options = 0, n_letters = (size_t)argc + 1;
    while (pt_cli_option_at(command, n_options))
        n_options++;
    /* a cluster of letters has as many occurrences as the command has options, for none but the
     * last can be given twice */
    n_letters += n_options;
    *args = (pt_cli_args){.command = command};
    args->value = calloc(n_options, sizeof *args->value);
    args->occurrence = calloc(n_letters, sizeof *args->occurrence);
    args->operands = calloc((size_t)argc + 1, sizeof *args->operands);
    if (args->value && args->occurrence && args->operands) return PATINA_OK;
    pt_cli_error("out of memory");
    return PATINA_ENOMEM;
}

patina_status pt_cli_parse(const pt_cli_command *command, int argc, char **argv, pt_cli_args *args,
                           pt_cli_request *request) {
    *request = PT_CLI_RUN;
    PT_TRY(alloc_args(command, argc, args));
    const pt_cli_option *option;
    for (size_t i = 0; (option = pt_cli_option_at(command, i)); i++)
        if (option->fallback)
            PT_TRY(read_value(command, option, option->fallback, &args->value[i]));

    bool only_operands = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        const bool is_numeric = word[0] == '-' && word[1] >= '0' && word[1] <= '9';
        if (only_operands || word[0] != '-' || word[1] == '\0' || is_numeric)
            args->operands[args->n_operands++] = word;
        else if (strcmp(word, "--") == 0)
            only_operands = true;
        else
            PT_TRY((word[1] == '-' ? read_long : read_letters)(argc, argv, &i, args));
        if (pt_cli_given(args, "help") || pt_cli_given(args, "version")) {
            *request = pt_cli_given(args, "help") ? PT_CLI_HELP : PT_CLI_VERSION;
            return PATINA_OK;
        }
    }
    return check_complete(args);
}

void pt_cli_args_release(pt_cli_args *args) {
    free(args->value);
    free(args->occurrence);
    free(args->operands);
    *args = (pt_cli_args){0};
}

/* ---- help ------------------------------------------------------------------------------------ */

enum { WIDTH = 80, HELP_COLUMN = 24 };

/* Wraps text, which begins at a column; every further line is indented. A line end in the text ends
 * the line. */
static void wrap_from(FILE *out, const char *text, int column, int indent) {
    bool is_empty = true; /* the line, which has no indent yet either */
    while (*text) {
        if (*text == '\n') {
            fputc('\n', out);
            column = 0;
            is_empty = true;
            text++;
            continue;
        }
        text += strspn(text, " ");
        const int length = (int)strcspn(text, " \n");
        if (length == 0) continue;
        if (!is_empty && column + 1 + length > WIDTH) {
            fputc('\n', out);
            column = 0;
            is_empty = true;
        }
        if (is_empty && column < indent) column += fprintf(out, "%*s", indent - column, "");
        if (!is_empty) column += fprintf(out, " ");
        column += fprintf(out, "%.*s", length, text);
        is_empty = false;
        text += length;
    }
    fputc('\n', out);
}

void pt_cli_write_wrapped(FILE *out, const char *text, int indent) {
    wrap_from(out, text, 0, indent);
}

static void help_option(const pt_cli_option *option, FILE *out) {
    char choices[128], text[1024];
    int column = fprintf(out, "  ");
    if (option->letter) column += fprintf(out, "-%c, ", option->letter);
    column += fprintf(out, "--%s", option->name);
    list_choices(option, "|", choices, sizeof choices);
    if (option->kind == PT_CLI_CHOICE && column + (int)strlen(choices) < WIDTH)
        column += fprintf(out, " %s", choices);
    else if (option->kind != PT_CLI_FLAG)
        column += fprintf(out, " %s", option->argument);
    if (column + 2 > HELP_COLUMN) {
        fputc('\n', out);
        column = 0;
    }
    snprintf(text, sizeof text, "%s%s%s%s%s%s", option->help, option->fallback ? " (default " : "",
             option->fallback ? option->fallback : "", option->fallback ? ")" : "",
             option->required && !option->alternative ? " (required)" : "",
             option->repeatable ? " (may be given more than once)" : "");
    wrap_from(out, text, column, HELP_COLUMN);
}

void pt_cli_write_help(const pt_cli_command *command, FILE *out) {
    const pt_cli_option *option;
    fprintf(out, "usage: patina %s %s\n\n", command->name, command->usage);
    pt_cli_write_wrapped(out, command->description, 0);
    fputs("\noptions:\n", out);
    for (size_t i = 0; (option = pt_cli_option_at(command, i)); i++)
        help_option(option, out);
    if (command->epilog) fprintf(out, "\n%s", command->epilog);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void write_member(FILE *out, const char *name, const char *text) {
    fprintf(out, ", \"%s\": ", name);
    if (text)
        pt_cli_write_json_string(out, text);
    else
        fputs("null", out);
}

static void write_option(const pt_cli_option *option, bool is_common, FILE *out) {
    static const char *const kinds[PT_CLI_KIND_COUNT] = {"flag",   "text",     "file", "dir",
                                                         "number", "duration", "size", "choice"};
    const char letter[2] = {option->letter, '\0'};
    fputs("{\"name\": ", out);
    pt_cli_write_json_string(out, option->name);
    write_member(out, "letter", option->letter ? letter : NULL);
    write_member(out, "kind", kinds[option->kind]);
    write_member(out, "argument", option->argument);
    fputs(", \"choices\": [", out);
    for (size_t i = 0; option->kind == PT_CLI_CHOICE && pt_cli_choice_at(option, i); i++) {
        if (i > 0) fputs(", ", out);
        pt_cli_write_json_string(out, pt_cli_choice_at(option, i));
    }
    fprintf(out, "], \"min\": %" PRIu64 ", \"max\": %" PRIu64, option->min, option->max);
    write_member(out, "default", option->fallback);
    fprintf(out, ", \"required\": %s, \"repeatable\": %s, \"exclusive\": %s, \"common\": %s",
            option->required && !option->alternative ? "true" : "false",
            option->repeatable ? "true" : "false", option->exclusive ? "true" : "false",
            is_common ? "true" : "false");
    write_member(out, "help", option->help);
    putc('}', out);
}

static void write_command(const pt_cli_command *command, FILE *out) {
    const pt_cli_option *option;
    fputs("{\"name\": ", out);
    pt_cli_write_json_string(out, command->name);
    write_member(out, "summary", command->summary);
    write_member(out, "usage", command->usage);
    write_member(out, "description", command->description);
    write_member(out, "epilog", command->epilog);
    write_member(out, "operand",
                 command->n_operands_max == 0          ? NULL
                 : command->operand_kind == PT_CLI_DIR ? "dir"
                                                       : "file");
    fputs(", \"words\": [", out);
    for (size_t i = 0; i < PT_CLI_WORDS_MAX && command->words[i]; i++) {
        if (i > 0) fputs(", ", out);
        pt_cli_write_json_string(out, command->words[i]);
    }
    fputs("], \"options\": [", out);
    for (size_t i = 0; (option = pt_cli_option_at(command, i)); i++) {
        fputs(i > 0 ? ",\n  " : "\n  ", out);
        write_option(option, i >= command->n_options, out);
    }
    fputs("]}", out);
}

void pt_cli_write_options_json(const pt_cli_program *program, FILE *out) {
    fputs("{\"version\": ", out);
    pt_cli_write_json_string(out, patina_version());
    write_member(out, "introduction", program->introduction);
    fputs(", \"commands\": [", out);
    for (size_t i = 0; i < program->n_commands; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        write_command(program->commands[i], out);
    }
    fputs("]}\n", out);
}
