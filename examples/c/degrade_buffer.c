/* SPDX-License-Identifier: MIT */
/* degrade_buffer.c - degrades samples in memory and replays the recipe
 *
 *     degrade_buffer SEED
 *
 * Prints the drawn effects and the purity. A real program has decoded samples where this one makes
 * a decaying tone.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

enum { N_FRAMES = 3 * 44100 };
static float samples[N_FRAMES];

static patina_status degrade(const patina_effect_config *config, const patina_audio *sound,
                             uint64_t seed, patina_degraded *degraded, patina_error *err) {
    return patina_buffer_degrade(config, sound, seed, "tone", 0, PATINA_EFFECT_ORDER_PHYSICAL,
                                 degraded, err);
}

/* Degrades the same audio again from the recipe of the first result. */
static patina_status replay(const patina_effect_config *config, const patina_audio *sound,
                            const char *json, patina_degraded *degraded, patina_error *err) {
    patina_recipe recipe;
    patina_status status = patina_recipe_from_json(json, &recipe, err);
    if (status != PATINA_OK) return status;
    status = patina_buffer_replay(config, sound, &recipe, degraded, err);
    patina_recipe_release(&recipe);
    return status;
}

int main(int argc, char **argv) {
    const patina_audio sound = {samples, N_FRAMES, 1, 44100};
    patina_error err = {PATINA_OK, ""};
    patina_effect_config *config = NULL;
    patina_degraded first = {NULL, 0, NULL}, second = {NULL, 0, NULL};

    if (argc != 2) {
        fprintf(stderr, "usage: degrade_buffer SEED\n");
        return 2;
    }
    for (int i = 0; i < N_FRAMES; i++)
        samples[i] =
            (float)(0.5 * exp(-i / 44100.0) * sin(6.283185307179586 * 440.0 * i / 44100.0));

    patina_status status = patina_effect_config_open(NULL, &config, &err);
    if (status == PATINA_OK)
        status = degrade(config, &sound, strtoull(argv[1], NULL, 10), &first, &err);
    if (status == PATINA_OK) status = replay(config, &sound, first.provenance_json, &second, &err);
    if (status == PATINA_OK) {
        const int same =
            first.n_samples == second.n_samples &&
            memcmp(first.samples, second.samples, first.n_samples * sizeof *first.samples) == 0;
        printf("%s\nreplay: %s\n", first.provenance_json, same ? "identical" : "different");
    } else {
        fprintf(stderr, "%s\n", err.message);
    }
    patina_degraded_release(&first);
    patina_degraded_release(&second);
    patina_effect_config_close(&config);
    return status == PATINA_OK ? 0 : 1;
}
