/* SPDX-License-Identifier: MIT */
/* terminal.c - output of text from files, without control characters and invalid UTF-8 */

#include "terminal.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

/* Length of the UTF-8 sequence at s (Unicode 15, table 3-7), or 0 if it is invalid; a NUL ends it. */
static size_t sequence_length(const unsigned char *s) {
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
    const size_t length = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    const unsigned char second_min = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    const unsigned char second_max = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < second_min || s[1] > second_max) return 0;
    for (size_t i = 2; i < length; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    return length;
}

/* Whether a character is printed as it is: not a control character (C0, DEL or C1). */
static bool is_plain(const unsigned char *s, size_t length) {
    if (length == 1) return s[0] >= 0x20 && s[0] != 0x7F;
    return length > 1 && !(s[0] == 0xC2 && s[1] < 0xA0);
}

void pt_cli_write_escaped(FILE *out, const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        const size_t length = sequence_length(s);
        if (is_plain(s, length)) {
            fwrite(s, 1, length, out);
            s += length;
        } else {
            fprintf(out, "\\x%02x", *s++);
        }
    }
}

size_t pt_cli_display_width(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    size_t columns = 0;
    while (*s) {
        const size_t length = sequence_length(s);
        const bool plain = is_plain(s, length);
        columns += plain ? 1 : 4;
        s += plain ? length : 1;
    }
    return columns;
}

bool pt_cli_is_utf8(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        const size_t length = sequence_length(s);
        if (length == 0) return false;
        s += length;
    }
    return true;
}

void pt_cli_write_json_string(FILE *out, const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    fputc('"', out);
    while (*s) {
        const size_t length = sequence_length(s);
        if (length == 0) {
            fputs("\\ufffd", out);
            s++;
            continue;
        }
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if (*s < 0x20 || *s == 0x7F)
            fprintf(out, "\\u%04x", *s);
        else
            fwrite(s, 1, length, out);
        s += length;
    }
    fputc('"', out);
}

void pt_cli_error(const char *format, ...) {
    char sentence[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
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
