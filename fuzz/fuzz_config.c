/* SPDX-License-Identifier: MIT */
/* fuzz_config.c - input: config.json, and after a NUL byte preprocessor_config.json
 *
 * Checks what config.h promises of every configuration that is accepted.
 */

#include <string.h>

#include <patina/clap.h>

#include "clap/config.h"
#include "fuzz.h"

static void check(const pt_clap_config *c) {
    const pt_text_config *text = &c->text;
    const pt_audio_config *audio = &c->audio;
    const size_t grid = audio->spec_size / audio->patch, last = audio->n_stages - 1;

    MUST(c->projection_dim == PT_EMBEDDING);
    MUST(text->vocab_size >= 1 && text->vocab_size <= 1 << 20);
    MUST(text->hidden >= 1 && text->hidden <= 65536 && text->hidden % text->n_heads == 0);
    MUST(text->n_layers >= 1 && text->n_layers <= 256 && text->n_types >= 1);
    MUST(text->intermediate >= 1 && text->intermediate <= 65536);
    MUST(text->pad_id >= 0 && (size_t)text->pad_id < text->vocab_size);
    MUST(text->bos_id >= 0 && (size_t)text->bos_id < text->vocab_size);
    MUST(text->eos_id >= 0 && (size_t)text->eos_id < text->vocab_size);
    MUST(text->max_positions > (size_t)text->pad_id + PT_CAPTION_TOKENS);
    MUST(text->layer_norm_eps > 0.0F && audio->layer_norm_eps > 0.0F);
    MUST(audio->n_stages >= 1 && audio->n_stages <= PT_CLAP_STAGES_MAX);
    MUST(audio->width << last <= 65536 && audio->mlp_ratio >= 1 && audio->mlp_ratio <= 64);
    MUST(audio->spec_size % audio->n_mels == 0 && audio->spec_size % audio->patch == 0);
    for (size_t s = 0; s <= last; s++) {
        MUST(audio->depths[s] >= 1 && audio->depths[s] <= 256);
        MUST(audio->n_heads[s] >= 1 && (audio->width << s) % audio->n_heads[s] == 0);
        MUST((grid >> s) << s == grid && (grid >> s) % audio->window == 0);
    }
    MUST(!audio->fusion || audio->width / audio->aff_block_r >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    const char *nul = size > 0 ? memchr(text, '\0', size) : NULL;
    const size_t n_config = nul ? (size_t)(nul - text) : size;
    pt_clap_config config = {0};
    pt_error err = {0};

    if (pt_clap_config_parse("config.json", text, n_config, &config, &err) != PT_OK) {
        MUST(err.status == PT_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    check(&config);
    if (!nul) return 0;
    if (pt_extractor_config_parse("preprocessor_config.json", nul + 1, size - n_config - 1, &config,
                                  &err) != PT_OK) {
        MUST(err.status == PT_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    MUST(config.extractor.n_mels == config.audio.n_mels);
    MUST(config.extractor.f_min_hz >= 0.0 && config.extractor.f_max_hz <= 24000.0);
    MUST(config.extractor.f_min_hz < config.extractor.f_max_hz);
    return 0;
}
