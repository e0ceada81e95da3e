/* SPDX-License-Identifier: MIT */
/* test_plan.c - entries, chunks and shards of a run */

#include "corpus_fixture.h"

#include "pipeline/plan.h"

static const char five[] = "{\"id\":\"a\",\"audio\":\"a.wav\",\"caption\":[\"x\",\"y\",7]}\n"
                           "{\"id\":\"b\",\"audio\":\"b.wav\",\"caption\":\"x\"}\n"
                           "no json\n"
                           "{\"id\":\"c\",\"audio\":\"c.wav\"}\n"
                           "{\"id\":\"d\",\"audio\":\"d.wav\",\"caption\":\"z\"}\n";

static patina_status make(pt_plan *plan, patina_generate_options o, patina_error *err) {
    patina_effect_config *suite = NULL;
    *plan = (pt_plan){0};
    if (!o.corpus) o.corpus = write_tmp_text("five.jsonl", five);
    o.model = "model";
    o.out = "out";
    o.keep_going = true;
    patina_status status = patina_effect_config_open(NULL, &suite, err);
    if (status == PATINA_OK) status = pt_plan_resolve_options(plan, &o, suite, err);
    if (status == PATINA_OK) status = pt_plan_scan_corpus(plan, o.stop, err);
    patina_effect_config_close(&suite);
    return status;
}

TEST(plan, counts_entries_chunks_and_rows) {
    static const struct {
        patina_generate_options options;
        uint64_t n_entries, n_chunks, n_rows_max, chunk_rows[5];
    } cases[] = {
        {{.chunk = 2}, 5, 3, 4, {3, 0, 1}},
        {{.chunk = 5, .variants = 3}, 5, 1, 12, {12}},
        {{.chunk = 1, .captions = PATINA_CAPTIONS_FIRST}, 5, 5, 3, {1, 1, 0, 0, 1}},
        {{.chunk = 2, .limit = 2}, 2, 1, 3, {3}},
        {{.limit = 2000}, 5, 1, 4, {4}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pt_plan plan;
        if (CHECK_OK(make(&plan, cases[i].options, &t->err))) {
            CHECK_INT(plan.n_entries, cases[i].n_entries);
            CHECK_INT(plan.n_chunks, cases[i].n_chunks);
            CHECK_INT(plan.n_rows_max, cases[i].n_rows_max);
            for (uint64_t c = 0; c < plan.n_chunks; c++)
                CHECK_INT(plan.chunk_rows[c], cases[i].chunk_rows[c]);
        }
        pt_plan_release(&plan);
    }
}

/* Every chunk belongs to exactly one shard, and the entries of the chunks are all entries. */
TEST(plan, shards_share_the_chunks) {
    for (uint64_t n = 1; n <= 4; n++) {
        unsigned owners[3] = {0};
        uint64_t n_entries = 0;
        for (uint64_t i = 0; i < n; i++) {
            pt_plan plan;
            REQUIRE_OK(make(&plan, (patina_generate_options){.chunk = 2, .shard = i, .n_shards = n},
                            &t->err));
            for (uint64_t c = 0; c < plan.n_chunks; c++)
                if (pt_plan_owns_chunk(&plan, c)) {
                    owners[c]++;
                    n_entries += pt_plan_chunk_entries(&plan, c);
                }
            pt_plan_release(&plan);
        }
        CHECK(owners[0] == 1 && owners[1] == 1 && owners[2] == 1);
        CHECK_INT(n_entries, 5);
    }
}

/* The hash of the corpus depends on ids and captions, and not on whether a clip exists. */
TEST(plan, hashes) {
    pt_plan one, other;
    REQUIRE_OK(make(&one, (patina_generate_options){.seed = 1}, &t->err));
    REQUIRE_OK(make(&other,
                    (patina_generate_options){
                        .seed = 1, .threads = 7, .shard = 1, .n_shards = 9, .entry_timeout_s = 3.0},
                    &t->err));
    CHECK_STR(one.settings_hash, other.settings_hash);
    CHECK_STR(one.corpus_hash, other.corpus_hash);
    pt_plan_release(&other);
    REQUIRE_OK(make(&other, (patina_generate_options){.seed = 1, .split = "a=0.5,b=0.5"}, &t->err));
    CHECK(strcmp(one.settings_hash, other.settings_hash) != 0);
    CHECK_CONTAINS(other.settings, "\"split\":{\"a\":0.5,\"b\":0.5}");
    pt_plan_release(&other);

    const char *table = write_tmp_text("t/t.csv", "youtube_id,start_time,caption\nabc,30,a dog\n");
    REQUIRE_OK(make(&other, (patina_generate_options){.corpus = table}, &t->err));
    char without[PT_SHA256_HEX_SIZE];
    memcpy(without, other.corpus_hash, sizeof without);
    CHECK(strcmp(one.corpus_hash, without) != 0);
    pt_plan_release(&other);
    write_tmp_text("t/abc_30.wav", "it is enough that it is there");
    REQUIRE_OK(make(&other, (patina_generate_options){.corpus = table}, &t->err));
    CHECK_STR(other.corpus_hash, without);
    pt_plan_release(&other);
    pt_plan_release(&one);
}

TEST(plan, invalid_options) {
    static const struct {
        patina_generate_options options;
        const char *says;
    } cases[] = {
        {{.shard = 3, .n_shards = 3}, "shard 3 of 3"},
        {{.n_shards = 1000001}, "more than the maximum of 1000000"},
        {{.variants = 65537}, "65537 variants"},
        {{.threads = 1025}, "1025 threads"},
        {{.split = "train=0.5"}, "sum to"},
        {{.corpus_kind = "tapes"}, "unknown corpus kind 'tapes'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pt_plan plan;
        CHECK_FAILS(make(&plan, cases[i].options, &t->err), PATINA_EUSAGE);
        CHECK_CONTAINS(t->err.message, cases[i].says);
        pt_plan_release(&plan);
    }
    atomic_bool stop = true;
    pt_plan plan;
    CHECK_FAILS(make(&plan, (patina_generate_options){.stop = &stop}, &t->err), PATINA_ECANCELLED);
    pt_plan_release(&plan);
}
