/* SPDX-License-Identifier: MIT */
/* test_config.c - config.json and preprocessor_config.json: defaults, ranges, errors */

#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "clap/config.h"

static patina_status parse(const char *text, pt_clap_config *config, patina_error *err) {
    return pt_clap_config_parse("config.json", text, strlen(text), config, err);
}

static patina_status parse_extractor(const char *text, pt_clap_config *config, patina_error *err) {
    return pt_feature_extractor_config_parse("preprocessor_config.json", text, strlen(text), config,
                                             err);
}

static void check_sizes(pt_test *t, const size_t *sizes, size_t n, const size_t *expected) {
    for (size_t i = 0; i < n; i++)
        CHECK_INT(sizes[i], expected[i]);
}

/* The defaults of ClapConfig, as the table of docs/MODEL.md lists them. */
static void check_defaults(pt_test *t, const pt_clap_config *c) {
    CHECK_INT(c->text.vocab_size, 50265);
    CHECK_INT(c->text.hidden, 768);
    CHECK_INT(c->text.n_layers, 12);
    CHECK_INT(c->text.n_heads, 12);
    CHECK_INT(c->text.intermediate, 3072);
    CHECK_INT(c->text.max_positions, 514);
    CHECK_INT(c->text.n_types, 1);
    CHECK(c->text.layer_norm_eps == 1e-12F);
    CHECK_INT(c->text.pad_id, 1);
    CHECK_INT(c->text.bos_id, 0);
    CHECK_INT(c->text.eos_id, 2);
    CHECK_INT(c->audio.width, 96);
    CHECK_INT(c->audio.n_stages, 4);
    check_sizes(t, c->audio.depths, 4, (size_t[]){2, 2, 6, 2});
    check_sizes(t, c->audio.n_heads, 4, (size_t[]){4, 8, 16, 32});
    CHECK_INT(c->audio.window, 8);
    CHECK_INT(c->audio.spec_size, 256);
    CHECK_INT(c->audio.n_mels, 64);
    CHECK_INT(c->audio.patch, 4);
    CHECK_INT(c->audio.aff_block_r, 4);
    CHECK_INT(c->audio.mlp_ratio, 4);
    CHECK(c->audio.layer_norm_eps == 1e-5F);
    CHECK(c->audio.qkv_bias);
    CHECK(c->audio.patch_norm);
    CHECK(!c->audio.fusion);
    CHECK_INT(c->projection_dim, 512);
}

TEST(config, empty_object_has_every_default) {
    pt_clap_config config = {0};
    REQUIRE_OK(parse("{}", &config, &t->err));
    check_defaults(t, &config);
}

TEST(config, null_means_absent) {
    pt_clap_config config = {0};
    REQUIRE_OK(parse("{\"text_config\": null, \"projection_dim\": null, \"model_type\": null,"
                     " \"audio_config\": {\"depths\": null, \"num_attention_heads\": null,"
                     " \"mlp_ratio\": null, \"qkv_bias\": null, \"patch_size\": null,"
                     " \"hidden_act\": null, \"window_size\": null, \"layer_norm_eps\": null}}",
                     &config, &t->err));
    check_defaults(t, &config);
}

TEST(config, mini_lists_every_member) {
    pt_clap_config config = {0};
    REQUIRE_OK(pt_clap_config_read(pt_test_golden_path("clap/mini"), &config, &t->err));
    CHECK_INT(config.text.vocab_size, 2401);
    CHECK_INT(config.text.hidden, 48);
    CHECK_INT(config.text.n_layers, 3);
    CHECK_INT(config.text.n_heads, 4);
    CHECK_INT(config.text.intermediate, 112);
    CHECK_INT(config.audio.width, 16);
    check_sizes(t, config.audio.depths, 4, (size_t[]){2, 2, 2, 2});
    check_sizes(t, config.audio.n_heads, 4, (size_t[]){1, 2, 4, 8});
    CHECK_INT(config.audio.patch, 4);

    REQUIRE_OK(
        pt_feature_extractor_config_read(pt_test_golden_path("clap/mini"), &config, &t->err));
    CHECK_INT(config.extractor.n_fft, 1024);
    CHECK_INT(config.extractor.hop, 480);
    CHECK_INT(config.extractor.n_mels, 64);
    CHECK_INT(config.extractor.rate_hz, 48000);
    CHECK_INT(config.extractor.n_samples, 480000);
    CHECK(config.extractor.f_min_hz == 50.0);
    CHECK(config.extractor.f_max_hz == 14000.0);
    CHECK_INT(config.extractor.scale, PT_MEL_SLANEY);
    CHECK_INT(config.extractor.padding, PT_PAD_REPEATPAD);
}

TEST(config, tiny_fused_lists_only_what_differs) {
    pt_clap_config config = {0};
    REQUIRE_OK(pt_clap_config_read(pt_test_golden_path("clap/tiny_fused"), &config, &t->err));
    CHECK(config.audio.fusion);
    CHECK_INT(config.audio.width, 16);
    CHECK_INT(config.audio.window, 8);
    CHECK_INT(config.audio.aff_block_r, 4);
    CHECK_INT(config.text.vocab_size, 64);
    CHECK_INT(config.text.max_positions, 514);
    REQUIRE_OK(
        pt_feature_extractor_config_read(pt_test_golden_path("clap/tiny_fused"), &config, &t->err));
    CHECK_INT(config.extractor.scale, PT_MEL_HTK);
    CHECK(config.extractor.f_min_hz == 50.0);
}

/* The three published layouts; the files of the larger ones list little else. */
TEST(config, larger_layout) {
    pt_clap_config config = {0};
    REQUIRE_OK(parse("{\"audio_config\": {\"depths\": [2, 2, 12, 2], \"hidden_size\": 1024,"
                     " \"patch_embeds_hidden_size\": 128, \"patch_size\": [4, 4],"
                     " \"patch_stride\": 4}}",
                     &config, &t->err));
    CHECK_INT(config.audio.width, 128);
    check_sizes(t, config.audio.depths, 4, (size_t[]){2, 2, 12, 2});
}

TEST(config, non_default_members) {
    pt_clap_config config = {0};
    REQUIRE_OK(parse("{\"audio_config\": {\"enable_patch_layer_norm\": false, \"qkv_bias\": false,"
                     " \"depths\": [1, 3], \"num_attention_heads\": [2, 4], \"hidden_size\": 16,"
                     " \"patch_embeds_hidden_size\": 8, \"window_size\": 16, \"mlp_ratio\": 2,"
                     " \"layer_norm_eps\": 0.001},"
                     " \"text_config\": {\"pad_token_id\": 5, \"bos_token_id\": 6,"
                     " \"eos_token_id\": 7, \"type_vocab_size\": 2, \"layer_norm_eps\": 1e-05,"
                     " \"max_position_embeddings\": 83}}",
                     &config, &t->err));
    CHECK(!config.audio.patch_norm);
    CHECK(!config.audio.qkv_bias);
    CHECK_INT(config.audio.n_stages, 2);
    check_sizes(t, config.audio.depths, 2, (size_t[]){1, 3});
    check_sizes(t, config.audio.n_heads, 2, (size_t[]){2, 4});
    CHECK_INT(config.audio.window, 16);
    CHECK_INT(config.audio.mlp_ratio, 2);
    CHECK(config.audio.layer_norm_eps == 0.001F);
    CHECK(config.text.layer_norm_eps == 1e-5F);
    CHECK_INT(config.text.pad_id, 5);
    CHECK_INT(config.text.bos_id, 6);
    CHECK_INT(config.text.eos_id, 7);
    CHECK_INT(config.text.n_types, 2);
    CHECK_INT(config.text.max_positions, 83);
}

/* Every error is PATINA_EFORMAT, names the member and leaves the config unchanged. */
static const struct {
    const char *text, *says;
} faults[] = {
    {"", "is empty"},
    {"[1, 2]", "must contain a JSON object"},
    {"{\n\"a\": }", "line 2: not JSON"},
    {"{} x", "not JSON"},
    {"{\"text_config\": {\"hidden_size\": 1e999}}", "not JSON"},
    {"{\"text_config\": 3}", "'text_config' must be an object"},
    {"{\"audio_config\": []}", "'audio_config' must be an object"},
    {"{\"model_type\": \"bert\"}", "'model_type' is 'bert'"},
    {"{\"projection_dim\": 256}", "'projection_dim' must be 512, the size"},
    {"{\"projection_dim\": \"512\"}", "'projection_dim' must be an integer"},
    {"{\"projection_hidden_act\": \"gelu\"}", "'projection_hidden_act' is 'gelu'; only 'relu'"},
    {"{\"text_config\": {\"hidden_act\": \"gelu_new\"}}",
     "'text_config.hidden_act' is 'gelu_new'; only 'gelu' is supported"},
    {"{\"text_config\": {\"hidden_act\": true}}", "'text_config.hidden_act' must be a string"},
    {"{\"text_config\": {\"model_type\": \"clip_text_model\"}}", "'text_config.model_type'"},
    {"{\"text_config\": {\"is_decoder\": true}}", "'text_config.is_decoder' is true"},
    {"{\"text_config\": {\"position_embedding_type\": \"relative_key\"}}",
     "'text_config.position_embedding_type' is 'relative_key'"},
    {"{\"text_config\": {\"hidden_size\": 0}}", "'text_config.hidden_size' must be an integer"},
    {"{\"text_config\": {\"hidden_size\": -768}}", "'text_config.hidden_size'"},
    {"{\"text_config\": {\"hidden_size\": 768.0}}", "'text_config.hidden_size'"},
    {"{\"text_config\": {\"hidden_size\": 65537}}", "from 1 to 65536"},
    {"{\"text_config\": {\"num_hidden_layers\": 257}}", "'text_config.num_hidden_layers'"},
    {"{\"text_config\": {\"num_attention_heads\": 7}}",
     "'text_config.num_attention_heads' does not divide hidden_size"},
    {"{\"text_config\": {\"intermediate_size\": [3072]}}", "'text_config.intermediate_size'"},
    {"{\"text_config\": {\"vocab_size\": 1}}",
     "'text_config.vocab_size' is too small for the ids of padding, beginning and end"},
    {"{\"text_config\": {\"vocab_size\": 2}}", "'text_config.vocab_size' is too small"},
    {"{\"text_config\": {\"vocab_size\": 1048577}}", "'text_config.vocab_size'"},
    {"{\"text_config\": {\"type_vocab_size\": 0}}", "'text_config.type_vocab_size'"},
    {"{\"text_config\": {\"max_position_embeddings\": 78}}",
     "'text_config.max_position_embeddings' is too small"},
    {"{\"text_config\": {\"pad_token_id\": 50265}}", "'text_config.pad_token_id'"},
    {"{\"text_config\": {\"bos_token_id\": -1}}", "'text_config.bos_token_id'"},
    {"{\"text_config\": {\"eos_token_id\": [2]}}", "'text_config.eos_token_id'"},
    {"{\"text_config\": {\"layer_norm_eps\": 0}}", "'text_config.layer_norm_eps'"},
    {"{\"text_config\": {\"layer_norm_eps\": \"1e-12\"}}", "'text_config.layer_norm_eps'"},
    {"{\"audio_config\": {\"model_type\": \"clap\"}}", "'audio_config.model_type'"},
    {"{\"audio_config\": {\"hidden_act\": \"relu\"}}", "'audio_config.hidden_act' is 'relu'"},
    {"{\"audio_config\": {\"hidden_size\": 1024}}",
     "'audio_config.hidden_size' is not patch_embeds_hidden_size * 2^(stages - 1)"},
    {"{\"audio_config\": {\"depths\": [2, 2, 6]}}",
     "'audio_config.num_attention_heads' must have as many elements as depths"},
    {"{\"audio_config\": {\"depths\": []}}", "'audio_config.depths' must be a list of 1 to 8"},
    {"{\"audio_config\": {\"depths\": [1,1,1,1,1,1,1,1,1]}}", "'audio_config.depths'"},
    {"{\"audio_config\": {\"depths\": 2}}", "'audio_config.depths'"},
    {"{\"audio_config\": {\"depths\": [2, 2, 0, 2]}}", "'audio_config.depths'"},
    {"{\"audio_config\": {\"depths\": [2, 2, null, 2]}}", "'audio_config.depths'"},
    {"{\"audio_config\": {\"num_attention_heads\": [4, 8, 16, 31]}}",
     "'audio_config.num_attention_heads' does not divide"},
    {"{\"audio_config\": {\"window_size\": 7}}", "'audio_config.window_size' does not divide"},
    {"{\"audio_config\": {\"window_size\": 16}}", "'audio_config.window_size' does not divide"},
    {"{\"audio_config\": {\"window_size\": 257}}", "'audio_config.window_size'"},
    {"{\"audio_config\": {\"spec_size\": 4097}}", "'audio_config.spec_size'"},
    {"{\"audio_config\": {\"num_mel_bins\": 60}}",
     "'audio_config.num_mel_bins' does not divide spec_size"},
    {"{\"audio_config\": {\"patch_stride\": [2, 2]}}",
     "'audio_config.patch_stride' differs from patch_size"},
    {"{\"audio_config\": {\"patch_size\": [4, 8]}}", "'audio_config.patch_size' has two different"},
    {"{\"audio_config\": {\"patch_size\": [4]}}", "'audio_config.patch_size'"},
    {"{\"audio_config\": {\"patch_size\": \"4\"}}", "'audio_config.patch_size'"},
    {"{\"audio_config\": {\"patch_size\": 3, \"patch_stride\": 3}}",
     "'audio_config.patch_size' does not divide spec_size"},
    {"{\"audio_config\": {\"patch_embed_input_channels\": 2}}",
     "'audio_config.patch_embed_input_channels' must be 1"},
    {"{\"audio_config\": {\"flatten_patch_embeds\": false}}",
     "'audio_config.flatten_patch_embeds' is false"},
    {"{\"audio_config\": {\"qkv_bias\": 1}}", "'audio_config.qkv_bias' must be true or false"},
    {"{\"audio_config\": {\"mlp_ratio\": 3.5}}", "'audio_config.mlp_ratio' must be an integer"},
    {"{\"audio_config\": {\"mlp_ratio\": 1e300}}", "'audio_config.mlp_ratio'"},
    {"{\"audio_config\": {\"enable_fusion\": true, \"fusion_type\": \"channel_map\"}}",
     "'audio_config.fusion_type' must be null"},
    {"{\"audio_config\": {\"enable_fusion\": true, \"aff_block_r\": 97}}",
     "'audio_config.aff_block_r'"},
};

TEST(config, faults_name_the_member) {
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        pt_clap_config config = {0};
        CHECK_FAILS(parse(faults[i].text, &config, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "file 'config.json': ");
        CHECK_CONTAINS(t->err.message, faults[i].says);
        CHECK_INT(config.text.vocab_size, 0);
    }
}

/* Without fusion its members have no effect. */
TEST(config, unused_members_are_ignored) {
    pt_clap_config config = {0};
    CHECK_OK(parse("{\"audio_config\": {\"fusion_type\": \"aff_2d\", \"aff_block_r\": 97,"
                   " \"hidden_dropout_prob\": 0.5, \"projection_dim\": 7},"
                   " \"text_config\": {\"projection_hidden_act\": \"gelu\"}, \"other\": [{}]}",
                   &config, &t->err));
    CHECK(!config.audio.fusion);
    CHECK_INT(config.projection_dim, 512);
}

static const struct {
    const char *text, *says;
} extractor_faults[] = {
    {"null", "not JSON"},
    {"{\"truncation\": \"fusion\"}", "'truncation' is 'fusion', but config.json has"},
    {"{}", "'truncation' is 'fusion', but config.json has"}, /* the default of the class */
    {"{\"truncation\": \"center\"}", "'truncation' must be"},
    {"{\"truncation\": \"rand_trunc\", \"padding\": \"reflect\"}", "'padding' must be"},
    {"{\"truncation\": \"rand_trunc\", \"sampling_rate\": 44100}", "'sampling_rate' must be 48000"},
    {"{\"truncation\": \"rand_trunc\", \"fft_window_size\": 2048}",
     "'fft_window_size' must be 1024"},
    {"{\"truncation\": \"rand_trunc\", \"n_fft\": 512}", "'n_fft' must be 1024"},
    {"{\"truncation\": \"rand_trunc\", \"hop_length\": 320}", "'hop_length' must be 480"},
    {"{\"truncation\": \"rand_trunc\", \"max_length_s\": 5}", "'max_length_s' must be 10"},
    {"{\"truncation\": \"rand_trunc\", \"nb_max_samples\": 240000}", "'nb_max_samples'"},
    {"{\"truncation\": \"rand_trunc\", \"feature_size\": 128}",
     "'feature_size' differs from num_mel_bins"},
    {"{\"truncation\": \"rand_trunc\", \"top_db\": 80}", "'top_db' must be null"},
    {"{\"truncation\": \"rand_trunc\", \"frequency_min\": 14000}", "'frequency_min' is not below"},
    {"{\"truncation\": \"rand_trunc\", \"frequency_max\": 24001}", "'frequency_max'"},
    {"{\"truncation\": \"rand_trunc\", \"frequency_min\": -1}", "'frequency_min'"},
    {"{\"feature_extractor_type\": \"WhisperFeatureExtractor\"}", "'feature_extractor_type'"},
};

TEST(config, extractor_faults_name_the_member) {
    pt_clap_config config = {0};
    REQUIRE_OK(parse("{}", &config, &t->err));
    for (size_t i = 0; i < sizeof extractor_faults / sizeof extractor_faults[0]; i++) {
        CHECK_FAILS(parse_extractor(extractor_faults[i].text, &config, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, extractor_faults[i].says);
        CHECK_INT(config.extractor.n_fft, 0);
    }
    config.audio.fusion = true;
    CHECK_FAILS(parse_extractor("{\"truncation\": \"rand_trunc\"}", &config, &t->err),
                PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "'truncation' is 'rand_trunc', but config.json has");
}

TEST(config, extractor_defaults) {
    pt_clap_config config = {0};
    REQUIRE_OK(parse("{}", &config, &t->err));
    REQUIRE_OK(parse_extractor("{\"truncation\": \"rand_trunc\", \"padding\": \"pad\"}", &config,
                               &t->err));
    CHECK(config.extractor.f_min_hz == 0.0); /* of the class; published files say 50 */
    CHECK(config.extractor.f_max_hz == 14000.0);
    CHECK_INT(config.extractor.n_mels, 64);
    CHECK_INT(config.extractor.padding, PT_PAD_ZEROS);
    REQUIRE_OK(parse_extractor("{\"truncation\": \"rand_trunc\", \"padding\": \"repeat\"}", &config,
                               &t->err));
    CHECK_INT(config.extractor.padding, PT_PAD_REPEAT);
}

/* 10 s are 1001 frames; an image of 128 with 64 bins contains 2 strips of 128. */
TEST(config, extractor_frames_fit_the_image) {
    pt_clap_config config = {0};
    REQUIRE_OK(
        parse("{\"audio_config\": {\"spec_size\": 128, \"window_size\": 4}}", &config, &t->err));
    CHECK_FAILS(parse_extractor("{\"truncation\": \"rand_trunc\"}", &config, &t->err),
                PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "more frames than the image of spec_size");
}

TEST(config, missing_and_oversized_files) {
    char path[512];
    pt_clap_config config = {0};

    snprintf(path, sizeof path, "%s/nowhere", pt_test_tmpdir());
    CHECK_FAILS(pt_clap_config_read(path, &config, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "nowhere/config.json': not found");
    CHECK_FAILS(pt_feature_extractor_config_read(path, &config, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "nowhere/preprocessor_config.json': not found");

    snprintf(path, sizeof path, "%s/config.json", pt_test_tmpdir());
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    CHECK_INT(fseek(file, 2 << 20, SEEK_SET), 0);
    CHECK_INT(fputs("{}", file) >= 0, 1);
    CHECK_INT(fclose(file), 0);
    CHECK_FAILS(pt_clap_config_read(pt_test_tmpdir(), &config, &t->err), PATINA_EFORMAT);
    CHECK_INT(t->err.status, PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "config.json': has 2097154 bytes");
}
