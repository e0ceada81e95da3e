// SPDX-License-Identifier: MIT
// all_headers.cpp - every public header compiles as C++, and a function of each links
//
// Each header is included alone and first once, by the test that builds this file with -DHEADER.

#ifdef HEADER
#include HEADER
#else

#include <patina/audio.h>
#include <patina/buffer_ops.h>
#include <patina/clap.h>
#include <patina/corpus.h>
#include <patina/cpu.h>
#include <patina/dataset.h>
#include <patina/degrade.h>
#include <patina/file_ops.h>
#include <patina/generate.h>
#include <patina/hub.h>
#include <patina/inspect.h>
#include <patina/measure.h>
#include <patina/memory.h>
#include <patina/patina.h>
#include <patina/provenance.h>
#include <patina/status.h>
#include <patina/version.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

static int n_failed = 0;

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                   \
            n_failed++;                                                                            \
        }                                                                                          \
    } while (0)

int main() {
    patina_error err = {PATINA_OK, ""};

    EXPECT(std::strcmp(patina_status_name(PATINA_REJECT_SILENT), "silent") == 0); // status.h
    EXPECT(patina_version_number() == PATINA_VERSION_NUMBER);                     // version.h
    EXPECT(patina_cpu_count() > 0 && patina_isa_detect() > PATINA_ISA_AUTO);      // cpu.h

    const char *name = nullptr, *summary = nullptr;
    EXPECT(patina_corpus_kind_at(0, &name, &summary) && name && summary); // corpus.h

    std::vector<float> x(2 * PATINA_RATE_HZ); // audio.h
    for (std::size_t i = 0; i < x.size(); i++)
        x[i] = (float)(0.5 * std::sin(0.1 * (double)i));
    const patina_audio sound = {x.data(), x.size(), 1, PATINA_RATE_HZ};
    double lufs = 0.0;
    EXPECT(patina_loudness_measure(&sound, &lufs, &err) == PATINA_OK && lufs < 0.0); // measure.h

    patina_arena *scratch = nullptr;
    EXPECT(patina_arena_create(&scratch, &err) == PATINA_OK); // memory.h
    patina_meter *meter = nullptr;
    patina_targets with, without;
    EXPECT(patina_meter_open(&meter, &err) == PATINA_OK);
    EXPECT(patina_targets_measure(meter, &sound, x.data(), x.size(), &with, scratch, &err) ==
           PATINA_OK);
    EXPECT(patina_targets_measure(meter, &sound, x.data(), x.size(), &without, nullptr, &err) ==
           PATINA_OK);
    EXPECT(std::memcmp(&with, &without, sizeof with) == 0);
    patina_meter_close(&meter);

    patina_effect_config *config = nullptr;
    EXPECT(patina_effect_config_open(nullptr, &config, &err) == PATINA_OK); // degrade.h
    patina_degraded degraded = {nullptr, 0, nullptr};
    EXPECT(patina_buffer_degrade(config, &sound, 1, "x", 0, PATINA_EFFECT_ORDER_RANDOM, &degraded,
                                 &err) == PATINA_OK); // buffer_ops.h
    patina_recipe recipe;
    EXPECT(patina_recipe_from_json(degraded.provenance_json, &recipe, &err) == PATINA_OK);
    EXPECT(recipe.seed == 1); // provenance.h
    patina_recipe_release(&recipe);
    patina_degraded_release(&degraded);
    patina_window window;
    EXPECT(patina_file_measure(nullptr, "/nonexistent", 0, PATINA_FRAMES_TO_END, &window, &with,
                               &err) == PATINA_REJECT_MISSING); // file_ops.h
    char *text = patina_effect_config_to_json(config);
    EXPECT(text != nullptr);
    patina_free(text);
    patina_effect_config_close(&config);
    patina_arena_destroy(&scratch);

    patina_clap *clap = nullptr;
    EXPECT(patina_clap_open("/nonexistent", PATINA_CLAP_TEXT, PATINA_ISA_AUTO, PATINA_PRECISION_F32,
                            &clap, &err) != PATINA_OK); // clap.h
    patina_clap_close(&clap);

    patina_generate_options generate;
    patina_generate_options_init(&generate);
    patina_atomic_bool stop(false);
    generate.stop = &stop;
    patina_generate_report report;
    EXPECT(patina_generate(&generate, &report, &err) == PATINA_EUSAGE); // generate.h
    patina_event event = {};
    event.kind = PATINA_EVENT_NOTE;
    EXPECT(event.kind != PATINA_EVENT_PROGRESS);

    patina_dataset_report set;
    EXPECT(patina_dataset_finish("/nonexistent", &set, &err) != PATINA_OK); // dataset.h

    patina_hub_options hub;
    patina_hub_options_init(&hub);
    EXPECT(hub.cache == nullptr && patina_hub_is_name("org/name")); // hub.h

    patina_report_options page;
    patina_report_options_init(&page);
    patina_inspection *inspection = nullptr;
    EXPECT(patina_inspect("/nonexistent", &inspection, &err) != PATINA_OK); // inspect.h
    EXPECT(inspection == nullptr);
    return n_failed == 0 ? 0 : 1;
}

#endif
