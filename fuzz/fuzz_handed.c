/* SPDX-License-Identifier: MIT */
/* fuzz_handed.c - input: a letter, then JSON or text that users hand in
 *
 *     r   a recipe, as a line of provenance
 *     s   a suite
 *     j   the .json beside a file of audio
 *     t   the .txt beside one
 *
 * What is accepted keeps to the limits that are stated, and is the same when it is printed and read
 * again.
 */

#include <string.h>

#include <patina/degrade.h>
#include <patina/measure.h>
#include <patina/provenance.h>

#include "base/utf8.h"
#include "corpus/sidecar.h"
#include "degrade/suite.h"
#include "fuzz.h"

static void look_at_chain(const char *text) {
    pt_chain *chain = NULL, *same = NULL;
    pt_error err = {0};

    if (!accepted(pt_chain_parse(text, &chain, &err), &err)) return;
    char *first = pt_chain_print(chain), *told = pt_chain_tell(chain);
    MUST(first && told && pt_chain_parse(first, &same, &err) == PT_OK);
    char *second = pt_chain_print(same);
    MUST(second && strcmp(first, second) == 0);
    free(first);
    free(second);
    free(told);
    pt_chain_close(&chain);
    pt_chain_close(&same);
}

static void look_at_recipe(const char *text) {
    pt_recipe recipe = {0};
    pt_error err = {0};

    if (!accepted(pt_recipe_parse(text, &recipe, &err), &err)) return;
    const pt_window *window = &recipe.window;
    MUST(recipe.entry && recipe.seed <= PT_SEED_MAX && recipe.variant < 1U << 24);
    MUST(window->rate_hz >= 4000 && window->rate_hz <= 384000);
    MUST(window->channels >= 1 && window->channels <= 64);
    MUST(window->frames >= 1 && window->frames <= UINT64_C(10) * window->rate_hz);
    MUST(window->start <= INT64_MAX - window->frames);
    look_at_chain(recipe.chain_json);
    pt_recipe_release(&recipe);
}

static void look_at_suite(const char *text) {
    pt_suite first = {0}, second = {0};
    pt_error err = {0};

    if (!accepted(pt_suite_read(text, &first, &err), &err)) return;
    char *printed = pt_suite_print(&first);
    MUST(printed && pt_suite_read(printed, &second, &err) == PT_OK);
    char *again = pt_suite_print(&second);
    MUST(again && strcmp(printed, again) == 0);
    MUST(first.clean == second.clean && first.clean >= 0.0 && first.clean <= 1.0);
    for (size_t e = 0; e < PT_EFFECTS; e++) {
        MUST(first.probability[e] == second.probability[e]);
        for (size_t i = 0; i < PT_SETTINGS_MAX; i++)
            for (size_t w = 0; w < PT_WORDS_MAX; w++)
                MUST(first.setting[e][i][w] == second.setting[e][i][w]);
    }
    free(printed);
    free(again);
}

static void check_captions(const pt_entry *entry) {
    for (size_t i = 0; i < entry->n_captions; i++) {
        const pt_caption *c = &entry->captions[i];
        const char *text = c->text ? c->text : c->fault;
        MUST(!c->text != !c->fault);
        MUST(pt_utf8_valid(text, strlen(text)));
        MUST(!c->text || !pt_utf8_blank(c->text, strlen(c->text)));
    }
}

static void look_beside(bool is_json, const char *text, size_t n) {
    static const char *const members[] = {"caption", "captions", "text", NULL};
    pt_entry entry = {0};
    pt_error err = {0};
    bool mended = false;

    json_t *json = is_json ? pt_sidecar_parse(text, n, &mended) : NULL;
    MUST((is_json ? pt_sidecar_add_json(&entry, json, mended, members, &err)
                  : pt_sidecar_add_lines(&entry, text, n, &err)) == PT_OK);
    check_captions(&entry);
    MUST(is_json || entry.n_captions <= n);
    json_decref(json);
    pt_entry_release(&entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const char letter = (char)data[0];
    char *text = malloc(size); /* the rest, and a NUL */
    MUST(text);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (letter == 'r') look_at_recipe(text);
    if (letter == 's') look_at_suite(text);
    if (letter == 'j' || letter == 't') look_beside(letter == 'j', text, size - 1);
    free(text);
    return 0;
}
