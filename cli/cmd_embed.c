/* SPDX-License-Identifier: MIT */
/* cmd_embed.c - patina embed: captions and sounds to a NumPy file */

#include <stdio.h>
#include <stdlib.h>

#include <patina/patina.h>

#include "commands.h"
#include "hf_env.h"
#include "terminal.h"

#include "base/error.h"
#include "dataset/npy.h"

enum { MODEL, OUT, TEXT, AUDIO, START_FRAME, THREADS, ISA, PRECISION, N_OPTIONS };

static const pt_cli_option options[] = {
    [MODEL] = PT_CLI_MODEL_OPTION,
    [OUT] = {.name = "out",
             .kind = PT_CLI_TEXT,
             .argument = "FILE.npy",
             .required = true,
             .help = "float32 [n, 512], a row for each --text and --audio in the order given"},
    [TEXT] = {.name = "text",
              .kind = PT_CLI_TEXT,
              .argument = "STRING",
              .repeatable = true,
              .help = "a caption; an empty one is a caption too"},
    [AUDIO] = {.name = "audio",
               .kind = PT_CLI_TEXT,
               .argument = "FILE",
               .repeatable = true,
               .help = "an audio file, of which the first 10 s are heard"},
    [START_FRAME] = {.name = "start-frame",
                     .kind = PT_CLI_NUMBER,
                     .argument = "N",
                     .max = INT64_MAX,
                     .repeatable = true,
                     .help = "hear 10 s from this frame on; belongs to the --audio before it"},
    [THREADS] = PT_CLI_THREADS_OPTION,
    [ISA] = PT_CLI_ISA_OPTION,
    [PRECISION] = PT_CLI_PRECISION_OPTION,
};

/* The rows in the order given; 0, or the status of a usage error. */
static int list_items(const pt_cli_command *command, const pt_cli_args *args,
                      patina_embed_input *items, size_t *n_items) {
    bool has_start = false; /* the last of them */
    size_t n = 0;
    for (size_t i = 0; i < args->n_given; i++) {
        const pt_cli_given *given = &args->given[i];
        switch (given->option) {
        case TEXT:
            if (!pt_cli_is_utf8(given->value.text))
                return pt_cli_usage_error(command, "option '--text': '%s' is not UTF-8",
                                          given->value.text);
            items[n++] = (patina_embed_input){.text = given->value.text};
            break;
        case AUDIO:
            items[n++] = (patina_embed_input){.text = given->value.text, .is_audio = true};
            has_start = false;
            break;
        case START_FRAME:
            if (n == 0 || !items[n - 1].is_audio || has_start)
                return pt_cli_usage_error(
                    command, "option '--start-frame' belongs after the '--audio' it is of");
            items[n - 1].start = given->value.number;
            has_start = true;
            break;
        default:
            break;
        }
    }
    *n_items = n;
    return n ? 0 : pt_cli_usage_error(command, "at least one '--text' or '--audio' is expected");
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    patina_error err = {0};
    patina_isa isa;
    patina_precision precision;
    patina_clap *clap = NULL;
    float *embeddings = NULL;
    char *model = NULL;
    size_t n_items = 0;
    int result = 1;

    result = pt_cli_parse_isa_precision(command, &args->value[ISA], &args->value[PRECISION], &isa,
                                        &precision);
    if (result != 0) return result;
    patina_embed_input *items = calloc(args->n_given + 1, sizeof *items);
    if (!items) {
        pt_cli_error("out of memory");
        return 1;
    }
    result = list_items(command, args, items, &n_items);
    if (result != 0) goto done;

    int parts = 0; /* the tokenizer's files are read only when there is text */
    for (size_t i = 0; i < n_items; i++)
        parts |= items[i].is_audio ? PATINA_CLAP_AUDIO : PATINA_CLAP_TEXT;
    embeddings = calloc(n_items, PATINA_EMBEDDING_SIZE * sizeof *embeddings);
    patina_status status = embeddings ? PATINA_OK : pt_fail(&err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK) status = pt_cli_model_resolve(args->value[MODEL].text, &model, &err);
    if (status == PATINA_OK)
        status = patina_clap_open(model, (patina_clap_parts)parts, isa, precision, &clap, &err);
    if (status == PATINA_OK)
        status = patina_embed_batch(clap, items, n_items, (unsigned)args->value[THREADS].number,
                                    embeddings, &err);
    if (status == PATINA_OK)
        status =
            pt_npy_write(args->value[OUT].text, embeddings, n_items, PATINA_EMBEDDING_SIZE, &err);
    result = status == PATINA_OK ? 0 : pt_cli_report_error(&err);
done:
    patina_clap_close(&clap);
    free(embeddings);
    free(items);
    free(model);
    return result;
}

const pt_cli_command pt_cli_embed = {
    .name = "embed",
    .summary = "CLAP embeddings of captions and audio files, as a NumPy file",
    .usage = "--model MODEL --out FILE.npy\n"
             "                    (--text STRING | --audio FILE [--start-frame N])...",
    .description =
        "Embeds captions and sounds with the model's two towers. Every embedding has 512 numbers "
        "and length 1; the dot product of two is how near they are.\n\n"
        "A caption is cut after 77 tokens. Audio is mixed to mono and brought to 48 kHz as "
        "generate does it; what is shorter than 10 s is repeated. Any fault ends the command "
        "without a file.",
    .after = "example:\n"
             "  patina embed --model laion/clap-htsat-unfused --out pair.npy \\\n"
             "      --text 'a dog barks' --audio dog.wav --start-frame 48000\n",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
