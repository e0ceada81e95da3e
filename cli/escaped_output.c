/* SPDX-License-Identifier: MIT */
/* escaped_output.c - output of text from files, without control characters and invalid UTF-8 */

#include "escaped_output.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "options.h"

/* Whether the character at s, of size bytes, is printed as it is: valid UTF-8 and no control. */
static bool is_plain(const char *s, size_t *size) {
    const uint32_t code = pt_utf8_decode(s, strlen(s), size);
    return code != UINT32_MAX && !pt_utf8_is_control(code);
}

void pt_cli_write_escaped(FILE *out, const char *text) {
    for (size_t size; *text; text += size)
        if (is_plain(text, &size))
            fwrite(text, 1, size, out);
        else
            for (size_t i = 0; i < size; i++)
                fprintf(out, "\\x%02x", (unsigned char)text[i]);
}

bool pt_cli_is_utf8(const char *text) {
    return pt_utf8_is_valid(text, strlen(text));
}

/* One character, of size bytes, without its quoting by a backslash. */
static void write_json_character(FILE *out, const char *s, size_t *size) {
    const uint32_t code = pt_utf8_decode(s, strlen(s), size);
    if (code == UINT32_MAX)
        fputs("\\ufffd", out);
    else if (pt_utf8_is_control(code)) /* all are below U+10000 */
        fprintf(out, "\\u%04x", (unsigned)code);
    else
        fwrite(s, 1, *size, out);
}

void pt_cli_write_json(FILE *out, const char *json) {
    for (size_t size = 1; *json; json += size, size = 1)
        if (strchr("\t\n\r", *json)) /* between tokens; in strings they are escaped already */
            fputc(*json, out);
        else
            write_json_character(out, json, &size);
}

void pt_cli_write_json_string(FILE *out, const char *text) {
    fputc('"', out);
    for (size_t size; *text; text += size) {
        if (*text == '"' || *text == '\\') fputc('\\', out);
        write_json_character(out, text, &size);
    }
    fputc('"', out);
}

void pt_cli_error(const char *format, ...) {
    char sentence[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    fflush(stdout); /* in the order of events, also where both go to one file */
    fputs("patina: ", stderr);
    pt_cli_write_escaped(stderr, sentence);
    fputc('\n', stderr);
}

int pt_cli_report_error(const patina_error *err) {
    pt_cli_error("%s", err->message[0] ? err->message : patina_status_name(err->status));
    return err->status == PATINA_EUSAGE ? PT_CLI_EXIT_USAGE : 1;
}

bool pt_cli_locale_is_utf8(void) {
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return false;
}

enum { STEP_DB = 6 }; /* per level of the drawn spectrum, below the loudest band */

void pt_cli_write_spectrum(FILE *out, const double ltas[PATINA_LTAS_BANDS]) {
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    enum { N = PATINA_LTAS_BANDS / 2, TOP = 8 };
    const char *const *shade = pt_cli_locale_is_utf8() ? blocks : plain;
    double level[N], loudest = -INFINITY;

    for (size_t i = 0; i < N; i++) {
        level[i] = 10 * log10(pow(10, ltas[2 * i] / 10) + pow(10, ltas[2 * i + 1] / 10));
        loudest = fmax(loudest, level[i]);
    }
    for (size_t i = 0; i < N; i++) {
        const double down = floor((loudest - level[i]) / STEP_DB);
        fputs(shade[down < TOP ? TOP - (int)down : 0], out);
    }
}

bool pt_cli_flush(FILE *out) {
    return fflush(out) == 0 && !ferror(out);
}
