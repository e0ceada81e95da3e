/* SPDX-License-Identifier: MIT */
/* card_metadata.c - the card object from the options of a run */

#include "pipeline/card_metadata.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/error.h"
#include "base/json_dump.h"
#include "base/utf8.h"

#define TITLE_MAX 200 /* bytes */

static patina_status check_license(const char *text, patina_error *err) {
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._+";
    size_t n = 0;
    while (text && text[n] && strchr(letters, text[n]))
        n++;
    if (!text || (text[n] == '\0' && n > 0 && n <= 96)) return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE,
                   "option '--license': '%.96s' is not an identifier such as cc-by-4.0", text);
}

static patina_status check_title(const char *text, patina_error *err) {
    const size_t n = text ? strlen(text) : 1;
    const char *fault = n == 0                               ? "is empty"
                        : n > TITLE_MAX                      ? "is too long"
                        : text && !pt_utf8_is_valid(text, n) ? "is not UTF-8"
                                                             : NULL;
    for (size_t i = 0; text && !fault && i < n; i++)
        if ((unsigned char)text[i] < ' ')
            fault = "contains a line end or another control character";
    if (!fault) return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE,
                   "option '--title': '%.40s' %s; a title is one line of 1 to %d bytes of UTF-8",
                   text, fault, TITLE_MAX);
}

/* A language of ISO 639, with a region or script at most: "en", "yue", "pt-BR", "zh-Hant". */
static patina_status check_language(const char *text, patina_error *err) {
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
    const size_t n = text ? strspn(text, lower) : 2;
    const char *more = text && text[n] == '-' ? text + n + 1 : NULL;
    size_t n_more = 0;
    while (more && ((more[n_more] | 0x20) >= 'a' && (more[n_more] | 0x20) <= 'z'))
        n_more++;
    if ((n == 2 || n == 3) &&
        (!text || text[n] == '\0' || (more && n_more >= 2 && n_more <= 4 && more[n_more] == '\0')))
        return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE,
                   "option '--language': '%.96s' is not a language code such as en or pt-BR", text);
}

/* ".../models--laion--clap/snapshots/0123": {"base_model": "laion/clap", "base_model_revision":
 * "0123"}. Names on the hub contain no "--". */
static bool add_base_model(json_t *card, const char *model) {
    const char *repository = NULL;
    for (const char *at = model; (at = strstr(at, "models--")); at++)
        if (at == model || at[-1] == '/') repository = at + strlen("models--");
    const char *separator = repository ? strstr(repository, "--") : NULL,
               *snapshots = separator ? strstr(separator, "/snapshots/") : NULL;
    if (!snapshots || !pt_utf8_is_valid(repository, strlen(repository))) return true;
    const char *name = separator + 2, *commit = snapshots + strlen("/snapshots/");
    return json_object_set_new(card, "base_model",
                               json_sprintf("%.*s/%.*s", (int)(separator - repository), repository,
                                            (int)(snapshots - name), name)) == 0 &&
           json_object_set_new(card, "base_model_revision",
                               json_stringn(commit, strcspn(commit, "/"))) == 0;
}

patina_status pt_card_metadata_to_json(const patina_generate_options *o, char **json,
                                       patina_error *err) {
    const struct {
        const char *name, *value;
    } given[] = {{"title", o->title}, {"license", o->license}, {"language", o->language}};

    PT_TRY(check_title(o->title, err));
    PT_TRY(check_license(o->license, err));
    PT_TRY(check_language(o->language, err));
    json_t *card = json_object();
    bool failed = !card;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].value &&
            json_object_set_new(card, given[i].name, json_string(given[i].value)) != 0)
            failed = true;
    if (!failed && o->model) failed = !add_base_model(card, o->model);
    *json = !failed && json_object_size(card) > 0 ? pt_json_dump(card, JSON_COMPACT) : NULL;
    failed = failed || (json_object_size(card) > 0 && !*json);
    json_decref(card);
    return failed ? pt_fail(err, PATINA_ENOMEM, "out of memory") : PATINA_OK;
}
