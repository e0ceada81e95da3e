/* SPDX-License-Identifier: MIT */
/* fuzz_config.c - input: config.json, and after a NUL byte preprocessor_config.json
 *
 * Checks the invariants of config.h for every accepted configuration.
 */

#include <string.h>

#include <patina/clap.h>

#include "clap/config.h"
#include "fuzz.h"

static void check(const pt_clap_config *c) {
    const pt_text_config *text = &c->text;
    const pt_audio_config *audio = &c->audio;
    const size_t grid = audio->spec_size / audio->patch, last = audio->n_stages - 1;

    FUZZ_ASSERT(c->projection_dim == PATINA_EMBEDDING_SIZE);
    FUZZ_ASSERT(text->vocab_size >= 1 && text->vocab_size <= 1 << 20);
    FUZZ_ASSERT(text->hidden >= 1 && text->hidden <= 65536 && text->hidden % text->n_heads == 0);
    FUZZ_ASSERT(text->n_layers >= 1 && text->n_layers <= 256 && text->n_types >= 1);
    FUZZ_ASSERT(text->intermediate >= 1 && text->intermediate <= 65536);
    FUZZ_ASSERT(text->pad_id >= 0 && (size_t)text->pad_id < text->vocab_size);
    FUZZ_ASSERT(text->bos_id >= 0 && (size_t)text->bos_id < text->vocab_size);
    FUZZ_ASSERT(text->eos_id >= 0 && (size_t)text->eos_id < text->vocab_size);
    FUZZ_ASSERT(text->max_positions > (size_t)text->pad_id + PATINA_CAPTION_TOKENS_MAX);
    FUZZ_ASSERT(text->layer_norm_eps > 0.0F && audio->layer_norm_eps > 0.0F);
    FUZZ_ASSERT(audio->n_stages >= 1 && audio->n_stages <= PT_CLAP_STAGES_MAX);
    FUZZ_ASSERT(audio->width << last <= 65536 && audio->mlp_ratio >= 1 && audio->mlp_ratio <= 64);
    FUZZ_ASSERT(audio->spec_size % audio->n_mels == 0 && audio->spec_size % audio->patch == 0);
    for (size_t s = 0; s <= last; s++) {
        FUZZ_ASSERT(audio->depths[s] >= 1 && audio->depths[s] <= 256);
        FUZZ_ASSERT(audio->n_heads[s] >= 1 && (audio->width << s) % audio->n_heads[s] == 0);
        FUZZ_ASSERT((grid >> s) << s == grid && (grid >> s) % audio->window == 0);
    }
    FUZZ_ASSERT(!audio->fusion || audio->width / audio->aff_block_r >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    const char *nul = size > 0 ? memchr(text, '\0', size) : NULL;
    const size_t n_config = nul ? (size_t)(nul - text) : size;
    pt_clap_config config = {0};
    patina_error err = {0};

    if (pt_clap_config_parse("config.json", text, n_config, &config, &err) != PATINA_OK) {
        FUZZ_ASSERT(err.status == PATINA_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    check(&config);
    if (!nul) return 0;
    if (pt_feature_extractor_config_parse("preprocessor_config.json", nul + 1, size - n_config - 1,
                                          &config, &err) != PATINA_OK) {
        FUZZ_ASSERT(err.status == PATINA_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    FUZZ_ASSERT(config.extractor.n_mels == config.audio.n_mels);
    FUZZ_ASSERT(config.extractor.f_min_hz >= 0.0 && config.extractor.f_max_hz <= 24000.0);
    FUZZ_ASSERT(config.extractor.f_min_hz < config.extractor.f_max_hz);
    return 0;
}
