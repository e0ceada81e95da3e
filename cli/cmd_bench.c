/* SPDX-License-Identifier: MIT */
/* cmd_bench.c - patina bench: speed of this machine */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"
#include "hf_env.h"
#include "progress.h"
#include "signals.h"

#include "bench/bench.h"

static const pt_cli_option options[] = {
    PT_CLI_MODEL_OPTION,
    PT_CLI_THREADS_OPTION,
    PT_CLI_ISA_OPTION,
    PT_CLI_PRECISION_OPTION,
    PT_CLI_DEVICE_OPTIONS,
    {.name = "rounds",
     .kind = PT_CLI_NUMBER,
     .argument = "R",
     .min = 1,
     .max = PT_BENCH_ROUNDS_MAX,
     .help = "number of rounds; each measures everything once (default: until three consecutive "
             "rounds improve no best time by 2 %; with --quick: 2)"},
    {.name = "max-seconds",
     .kind = PT_CLI_NUMBER,
     .argument = "S",
     .min = 1,
     .max = 86400,
     .help = "without --rounds: start no new round after S seconds (default: 300)"},
    {.name = "corpus",
     .kind = PT_CLI_FILE,
     .argument = "SRC",
     .help = "corpus for the end-to-end measurement, processed whole in every round, in any format "
             "of generate (default: synthetic clips of 3 to 12 s)"},
    {.name = "only",
     .kind = PT_CLI_CHOICE,
     .choices = PT_CLI_CHOICES("all", "towers", "stages", "rows"),
     .fallback = "all",
     .help = "measure this part only; the register peak is always measured"},
    {.name = "no-scaling", .help = "omit the runs with one thread"},
    {.name = "quick", .help = "short rounds: a functional test, not a benchmark"},
    {.name = "json", .help = "print one JSON object; times in seconds, rates per second"},
};

static const pt_bench_parts parts_of[] = {PT_BENCH_ALL, PT_BENCH_TOWERS, PT_BENCH_STAGES,
                                          PT_BENCH_ROWS};

#define QUICK_ROUNDS 2    /* the least that have a best and a median */
#define NOISY        0.10 /* a larger deviation of the median from the best is reported */
#define BUSY         0.25 /* a larger load average per CPU is reported */

/* ---- statistics ------------------------------------------------------------------------------ */

static bool is_measured(pt_bench_stats s) {
    return s.best > 0.0;
}

static double inverse(double x) {
    return x > 0.0 ? 1.0 / x : 0.0;
}

static pt_bench_stats rate_of(pt_bench_stats times) {
    return (pt_bench_stats){inverse(times.best), inverse(times.median), inverse(times.worst)};
}

/* Relative deviation of the median from the best: 0.05 is 5 %. */
static double median_deviation(pt_bench_stats s) {
    if (!is_measured(s)) return 0.0;
    return (s.median > s.best ? s.median / s.best : s.best / s.median) - 1.0;
}

/* The time of the towers' arithmetic at the register peak, over the time of a row. */
static double share_of_limit(const pt_bench_report *r, const pt_bench_speed *s) {
    const bool is_known =
        is_measured(s->row_s) && is_measured(s->peak) && r->text_flop > 0.0 && r->device.n == 0;
    return is_known ? (r->audio_flop + r->text_flop) / s->peak.best / s->row_s.best : 0.0;
}

/* The largest deviation among the long measurements: over 1 ms. */
static double max_noise(const pt_bench_report *r) {
    double max = 0.0;
    for (unsigned i = 0; i < r->n_speeds; i++) {
        const pt_bench_speed *s = &r->speed[i];
        const pt_bench_stats spreads[] = {s->peak, s->audio_s, s->text_s, s->row_s};
        for (size_t k = 0; k < sizeof spreads / sizeof *spreads; k++)
            if (median_deviation(spreads[k]) > max) max = median_deviation(spreads[k]);
    }
    for (unsigned i = 0; i < r->n_stages; i++)
        if (r->stage[i].s.best > 1e-3 && median_deviation(r->stage[i].s) > max)
            max = median_deviation(r->stage[i].s);
    return max;
}

static bool is_busy(const pt_bench_report *r) {
    return r->load > BUSY * r->n_cpus;
}

static const pt_bench_speed *all_threads_run(const pt_bench_report *r) {
    return &r->speed[r->n_speeds - 1];
}

/* Speed-up of all threads over one, from the best times. */
static double scaling(pt_bench_stats one, pt_bench_stats all) {
    return is_measured(all) ? one.best / all.best : 0.0;
}

static double stages_sum(const pt_bench_report *r) {
    double sum = 0.0;
    for (unsigned i = 0; i < r->n_stages; i++)
        if (!r->stage[i].inner) sum += r->stage[i].s.best;
    return sum;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_head(const pt_bench_report *r, const pt_bench_options *o) {
    printf("patina %s on ", patina_version());
    pt_cli_write_escaped(stdout, r->cpu);
    printf(", %u CPU%s, %s kernels, %s\nmodel ", r->n_cpus, r->n_cpus == 1 ? "" : "s",
           patina_isa_name(o->isa), patina_precision_name(o->precision));
    pt_cli_write_escaped(stdout, o->model);
    printf("; best and median of %u round%s\n", r->rounds, r->rounds == 1 ? "" : "s");
}

static void print_peak(const pt_bench_speed *s) {
    if (is_measured(s->peak))
        printf("  %-26s%10s %10s %10.1f %10.1f\n", "register peak", "", "", 1e-9 * s->peak.best,
               1e-9 * s->peak.median);
    else
        printf("  %-26sunknown for these kernels\n", "register peak");
}

static void print_tower(const char *name, pt_bench_stats time, double flop, pt_bench_stats peak) {
    if (!is_measured(time)) return;
    printf("  %-26s%10.2f %10.2f %10.1f %10.1f", name, 1e3 * time.best, 1e3 * time.median,
           1e-9 * flop / time.best, 1e-9 * flop / time.median);
    if (is_measured(peak)) printf(" %6.1f %%", 100.0 * flop / time.best / peak.best);
    putchar('\n');
}

static void print_towers(const pt_bench_report *r) {
    char audio[64], text[64];
    snprintf(audio, sizeof audio, "audio tower, %.2f GFLOP", 1e-9 * r->audio_flop);
    snprintf(text, sizeof text, "text tower, %.2f GFLOP", 1e-9 * r->text_flop);

    printf("\n%-28s%21s %21s  of peak\n", "a clip of 10 s; a caption", "ms", "GFLOP/s");
    for (unsigned i = 0; i < r->n_speeds; i++) {
        const pt_bench_speed *s = &r->speed[i];
        printf("%u thread%s\n", s->threads, s->threads == 1 ? "" : "s");
        print_peak(s);
        print_tower(audio, s->audio_s, r->audio_flop, s->peak);
        print_tower(text, s->text_s, r->text_flop, s->peak);
    }
    if (r->text_tokens > 0.0)
        printf("captions have %.1f tokens on average, without padding\n", r->text_tokens);
}

static void print_device(const pt_bench_report *r) {
    const pt_bench_device *d = &r->device;
    const pt_bench_stats no_peak = {0};
    if (d->n == 0) return;
    printf("%u device%s, ", d->n, d->n == 1 ? "" : "s");
    pt_cli_write_escaped(stdout, d->name);
    printf(", batches of %u, tile %s\n", d->batch, d->tile);
    print_tower("audio tower", d->audio_s, r->audio_flop, no_peak);
    print_tower("text tower", d->text_s, r->text_flop, no_peak);
    printf("  %.2f CPUs are busy while the devices compute\n", d->cpu_share.best);
}

/* Names a GPU that is not used. Looks only where the CPU ran alone. */
static void print_unused_gpu(const pt_bench_report *r, const pt_bench_options *o) {
    char name[128];
    if (r->device.n > 0 || !pt_cli_find_gpu(o->device.opencl_library, name)) return;
    printf("\nnote: this machine has a GPU, ");
    pt_cli_write_escaped(stdout, name);
    printf("; '--device opencl' measures the encoders on it\n");
}

static void print_stages(const pt_bench_report *r) {
    if (r->n_stages == 0) return;
    printf("\n%-28s%21s\n", "other stages,", "ms");
    printf("%s\n", "10 s stereo WAV, 1 thread");
    for (unsigned i = 0; i < r->n_stages; i++) {
        const pt_bench_stage *s = &r->stage[i];
        printf("  %s%-*s%10.2f %10.2f\n", s->inner ? "  " : "", s->inner ? 24 : 26, s->name,
               1e3 * s->s.best, 1e3 * s->s.median);
    }
    printf("  %-26s%10.2f\n", "total", 1e3 * stages_sum(r));
}

static void print_rows(const pt_bench_report *r) {
    const pt_bench_speed *all = all_threads_run(r);
    if (!is_measured(all->row_s)) return;
    printf("\n%-28s%21s %21s%s\n", "end to end", "rows/s", "first row after s",
           share_of_limit(r, all) > 0.0 ? " of limit" : "");
    for (unsigned i = 0; i < r->n_speeds; i++) {
        const pt_bench_speed *s = &r->speed[i];
        const pt_bench_stats rate = rate_of(s->row_s);
        printf("  %-4u%-22s%10.2f %10.2f %10.2f %10.2f", s->threads,
               s->threads == 1 ? "thread" : "threads", rate.best, rate.median, s->start_s.best,
               s->start_s.median);
        if (share_of_limit(r, s) > 0.0) printf(" %6.1f %%", 100.0 * share_of_limit(r, s));
        putchar('\n');
    }
    printf("%" PRIu64 " rows per run; rows/s excludes start-up; ", r->n_rows);
    printf("peak memory %.0f MB with %u thread%s\n", 1e-6 * (double)r->peak_bytes, all->threads,
           all->threads == 1 ? "" : "s");
}

static void print_scaling(const pt_bench_report *r) {
    const pt_bench_speed *one = &r->speed[0], *all = all_threads_run(r);
    const struct {
        const char *name;
        double factor;
    } of[] = {{"peak", is_measured(one->peak) ? all->peak.best / one->peak.best : 0.0},
              {"audio tower", scaling(one->audio_s, all->audio_s)},
              {"text tower", scaling(one->text_s, all->text_s)},
              {"rows", scaling(one->row_s, all->row_s)}};
    const char *between = "  ";

    if (r->n_speeds < 2) return;
    printf("\nspeed-up of %u threads over one\n", all->threads);
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        if (of[i].factor <= 0.0) continue;
        printf("%s%s %.2f", between, of[i].name, of[i].factor);
        between = ", ";
    }
    putchar('\n');
}

static void print_warnings(const pt_bench_report *r, bool quick) {
    if (!quick)
        printf("\nmedians are up to %.0f %% worse than the best; the best figures have %ssettled\n",
               100.0 * max_noise(r), r->settled ? "" : "not ");
    if (quick) printf("\nnote: --quick does too little work for reliable figures\n");
    if (is_busy(r))
        printf("\nnote: the load average was %.1f at the start; other processes take CPU time\n",
               r->load);
    if (max_noise(r) > NOISY)
        printf("\nnote: the median deviates from the best by up to %.0f %%: the machine is noisy,\n"
               "absolute times and small differences are unreliable\n",
               100.0 * max_noise(r));
}

static void print_text(const pt_bench_report *r, const pt_bench_options *o) {
    print_head(r, o);
    print_towers(r);
    print_device(r);
    print_stages(r);
    print_rows(r);
    print_scaling(r);
    print_unused_gpu(r, o);
    print_warnings(r, o->quick);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void print_json_stats(const char *name, pt_bench_stats s) {
    printf(", \"%s\": ", name);
    if (is_measured(s))
        printf("{\"best\": %.9g, \"median\": %.9g, \"worst\": %.9g}", s.best, s.median, s.worst);
    else
        printf("null");
}

static void print_json_share(const char *name, double flop, pt_bench_stats time,
                             pt_bench_stats peak) {
    printf(", \"%s\": ", name);
    if (is_measured(time) && is_measured(peak))
        printf("%.6g", flop / time.best / peak.best);
    else
        printf("null");
}

static void print_json_speed(const pt_bench_report *r, const pt_bench_speed *s) {
    printf("{\"threads\": %u", s->threads);
    print_json_stats("peak_flops", s->peak);
    print_json_stats("audio_s", s->audio_s);
    print_json_share("audio_share_of_peak", r->audio_flop, s->audio_s, s->peak);
    print_json_stats("text_s", s->text_s);
    print_json_share("text_share_of_peak", r->text_flop, s->text_s, s->peak);
    print_json_stats("rows_per_s", rate_of(s->row_s));
    print_json_stats("first_row_s", s->start_s);
    if (share_of_limit(r, s) > 0.0)
        printf(", \"row_share_of_limit\": %.6g", share_of_limit(r, s));
    else
        printf(", \"row_share_of_limit\": null");
    putchar('}');
}

static void print_json_device(const pt_bench_report *r) {
    const pt_bench_device *d = &r->device;
    if (d->n == 0) {
        printf("null");
        return;
    }
    printf("{\"name\": ");
    pt_cli_write_json_string(stdout, d->name);
    printf(", \"n\": %u, \"batch\": %u, \"tile\": \"%s\"", d->n, d->batch, d->tile);
    print_json_stats("audio_s", d->audio_s);
    print_json_stats("text_s", d->text_s);
    print_json_stats("cpu_share", d->cpu_share);
    putchar('}');
}

static void print_json(const pt_bench_report *r, const pt_bench_options *o) {
    printf("{\"version\": \"%s\", \"cpu\": ", patina_version());
    pt_cli_write_json_string(stdout, r->cpu);
    printf(", \"n_cpus\": %u, \"load\": ", r->n_cpus);
    if (r->load >= 0.0)
        printf("%.2f", r->load);
    else
        printf("null");
    printf(", \"kernels\": \"%s\", \"precision\": \"%s\", \"model\": ", patina_isa_name(o->isa),
           patina_precision_name(o->precision));
    pt_cli_write_json_string(stdout, o->model);
    printf(", \"rounds\": %u, \"settled\": %s, \"quick\": %s", r->rounds,
           r->settled ? "true" : "false", o->quick ? "true" : "false");
    printf(", \"audio_flop\": %.0f, \"text_flop\": %.0f, \"text_tokens\": %.2f", r->audio_flop,
           r->text_flop, r->text_tokens);
    printf(", \"speeds\": [");
    for (unsigned i = 0; i < r->n_speeds; i++) {
        if (i) printf(", ");
        print_json_speed(r, &r->speed[i]);
    }
    printf("], \"device\": ");
    print_json_device(r);
    printf(", \"stages\": [");
    for (unsigned i = 0; i < r->n_stages; i++) {
        printf("%s{\"name\": \"%s\", \"inner\": %s", i ? ", " : "", r->stage[i].name,
               r->stage[i].inner ? "true" : "false");
        print_json_stats("s", r->stage[i].s);
        putchar('}');
    }
    printf("], \"n_rows\": %" PRIu64 ", \"peak_bytes\": %" PRIu64, r->n_rows, r->peak_bytes);
    printf(", \"unrest\": %.4f, \"busy\": %s}\n", max_noise(r), is_busy(r) ? "true" : "false");
}

/* ---- the command ----------------------------------------------------------------------------- */

static void show_step(void *context, unsigned round, unsigned rounds, const char *what) {
    char text[128];
    if (rounds > 0)
        snprintf(text, sizeof text, "round %u of %u: %s", round, rounds, what);
    else
        snprintf(text, sizeof text, "round %u: %s", round, what);
    pt_cli_progress_line(context, text);
}

static int measure(const pt_cli_args *args, const char *model) {
    const bool quick = pt_cli_given(args, "quick");
    const char *tmp = getenv("TMPDIR");
    patina_error err = {0};
    patina_isa isa;
    patina_precision precision;
    const int refused = pt_cli_parse_isa_precision(args, &isa, &precision);
    if (refused != 0) return refused;

    pt_cli_progress progress;
    pt_cli_progress_start(&progress, PT_CLI_PROGRESS_AUTO, pt_cli_given(args, "quiet"));
    unsigned rounds = (unsigned)pt_cli_number(args, "rounds");
    if (rounds == 0 && quick) rounds = QUICK_ROUNDS;
    const pt_bench_options bench = {
        .model = model,
        .tmp = tmp && *tmp ? tmp : "/tmp",
        .corpus = pt_cli_text(args, "corpus"),
        .parts = parts_of[pt_cli_number(args, "only")],
        .threads = (unsigned)pt_cli_number(args, "threads"),
        .rounds = rounds,
        .max_seconds = (unsigned)pt_cli_number(args, "max-seconds"),
        .quick = quick,
        .no_scaling = pt_cli_given(args, "no-scaling"),
        .isa = isa,
        .precision = precision,
        .device = pt_cli_device_options(args),
        .stop = pt_cli_install_signal_handlers(),
        .on_step = progress.terminal && !progress.quiet ? show_step : NULL,
        .context = &progress,
    };
    pt_bench_report report = {0};
    const patina_status status = pt_bench(&bench, &report, &err);
    pt_cli_progress_end(&progress);

    if (status == PATINA_ECANCELLED) {
        pt_cli_error("stopped");
        pt_cli_reraise_signal();
        return 1;
    }
    if (status != PATINA_OK) return pt_cli_report_error(&err);
    if (pt_cli_given(args, "json"))
        print_json(&report, &bench);
    else
        print_text(&report, &bench);
    return 0;
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    patina_error err = {0};
    char *model = NULL;

    if (pt_cli_model_resolve(pt_cli_text(args, "model"), &model, &err) != PATINA_OK)
        return pt_cli_report_error(&err);
    const int result = measure(args, model);
    free(model);
    return result;
}

const pt_cli_command pt_cli_bench = {
    .name = "bench",
    .summary = "measure the speed of this machine and compare it with its peak",
    .usage = "--model MODEL [options]",
    .description =
        "Measures the peak arithmetic rate of the CPU's registers, the time of the two encoders "
        "and their share of that peak, the time of every other stage of a row, and rows per "
        "second from audio files to a data set, with one thread and with all.\n\n"
        "All parts are measured in turn, round after round, so that a slow phase of the machine "
        "affects all of them. Clips and rows are written to a folder in TMPDIR (or /tmp), which is "
        "removed at the end. A share of the peak above 100 % means that the machine was busy "
        "while the peak was measured.",
    .epilog = "example:\n"
              "  patina bench --model laion/clap-htsat-unfused --threads 2\n",
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
