/* SPDX-License-Identifier: MIT */
/* fuzz_user_files.c - input: a letter, then JSON or text that users write
 *
 *     r   a recipe, as a line of provenance
 *     s   an effect configuration
 *     j   the .json beside an audio file
 *     t   the .txt beside one
 *
 * Accepted input is within the documented limits, and is the same after printing and reading it
 * again.
 */

#include <string.h>

#include <patina/degrade.h>
#include <patina/measure.h>
#include <patina/provenance.h>

#include "corpus/sidecar.h"
#include "degrade/effect_config.h"
#include "entry_check.h"
#include "fuzz.h"

static void fuzz_chain(const char *text) {
    patina_effect_chain *chain = NULL, *same = NULL;
    patina_error err = {0};

    if (!accepted(patina_effect_chain_from_json(text, &chain, &err), &err)) return;
    char *first = patina_effect_chain_to_json(chain),
         *description = patina_effect_chain_describe(chain);
    FUZZ_ASSERT(first && description &&
                patina_effect_chain_from_json(first, &same, &err) == PATINA_OK);
    char *second = patina_effect_chain_to_json(same);
    FUZZ_ASSERT(second && strcmp(first, second) == 0);
    free(first);
    free(second);
    free(description);
    patina_effect_chain_close(&chain);
    patina_effect_chain_close(&same);
}

static void fuzz_recipe(const char *text) {
    patina_recipe recipe = {0};
    patina_error err = {0};

    if (!accepted(patina_recipe_from_json(text, &recipe, &err), &err)) return;
    const patina_window *window = &recipe.window;
    FUZZ_ASSERT(recipe.entry && recipe.seed <= PATINA_SEED_MAX && recipe.variant < 1U << 24);
    FUZZ_ASSERT(window->rate_hz >= 4000 && window->rate_hz <= 384000);
    FUZZ_ASSERT(window->channels >= 1 && window->channels <= 64);
    FUZZ_ASSERT(window->frames >= 1 && window->frames <= UINT64_C(10) * window->rate_hz);
    FUZZ_ASSERT(window->start <= INT64_MAX - window->frames);
    fuzz_chain(recipe.chain_json);
    patina_recipe_release(&recipe);
}

static void fuzz_effect_config(const char *text) {
    patina_effect_config first = {0}, second = {0};
    patina_error err = {0};

    if (!accepted(pt_effect_config_parse(text, &first, &err), &err)) return;
    char *printed = patina_effect_config_to_json(&first);
    FUZZ_ASSERT(printed && pt_effect_config_parse(printed, &second, &err) == PATINA_OK);
    char *again = patina_effect_config_to_json(&second);
    FUZZ_ASSERT(again && strcmp(printed, again) == 0);
    FUZZ_ASSERT(first.clean == second.clean && first.clean >= 0.0 && first.clean <= 1.0);
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        FUZZ_ASSERT(first.probability[e] == second.probability[e]);
        for (size_t i = 0; i < PT_SETTINGS_MAX; i++)
            for (size_t w = 0; w < PT_CHOICES_MAX; w++)
                FUZZ_ASSERT(first.setting[e][i][w] == second.setting[e][i][w]);
    }
    free(printed);
    free(again);
}

static void fuzz_sidecar(bool is_json, const char *text, size_t n) {
    const pt_sidecar file = {.text = text, .n = n}, absent = {0};
    pt_entry entry = {0};
    patina_error err = {0};
    json_error_t error = {0};
    bool was_repaired = false;

    json_t *json = is_json ? pt_sidecar_parse(text, n, &was_repaired, &error) : NULL;
    FUZZ_ASSERT(pt_sidecar_add_captions(&entry, is_json ? &file : &absent, json, &error,
                                        was_repaired, is_json ? &absent : &file,
                                        &err) == PATINA_OK);
    fuzz_check_captions(&entry);
    FUZZ_ASSERT(is_json || entry.n_captions <= n);
    json_decref(json);
    pt_entry_release(&entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const char letter = (char)data[0];
    char *text = malloc(size); /* the rest, and a NUL */
    FUZZ_ASSERT(text);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (letter == 'r') fuzz_recipe(text);
    if (letter == 's') fuzz_effect_config(text);
    if (letter == 'j' || letter == 't') fuzz_sidecar(letter == 'j', text, size - 1);
    free(text);
    return 0;
}
