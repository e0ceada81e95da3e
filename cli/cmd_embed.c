/* SPDX-License-Identifier: MIT */
/* cmd_embed.c - patina embed: CLAP embeddings of captions and audio files, as a NumPy file */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "commands.h"
#include "hf_env.h"
#include "terminal.h"

#include "base/error.h"
#include "dataset/npy.h"

static const pt_cli_option options[] = {
    PT_CLI_MODEL_OPTION,
    {.name = "out",
     .letter = 'o',
     .kind = PT_CLI_FILE,
     .argument = "FILE.npy",
     .required = true,
     .help =
         "output file: float32 [n, 512], one row per caption and audio file in the order given"},
    {.name = "text",
     .kind = PT_CLI_TEXT,
     .argument = "STRING",
     .repeatable = true,
     .help = "a caption; it may be empty"},
    {.name = "audio",
     .kind = PT_CLI_FILE,
     .argument = "FILE",
     .repeatable = true,
     .help = "an audio file; its first 10 s are embedded"},
    {.name = "start-frame",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .max = INT64_MAX,
     .repeatable = true,
     .help = "embed 10 s from this frame on; applies to the --audio before it"},
    PT_CLI_THREADS_OPTION,
    PT_CLI_ISA_OPTION,
    PT_CLI_PRECISION_OPTION,
};

/* Lists the rows in the order given; 0, or the status of a usage error. */
static int list_items(const pt_cli_args *args, patina_embed_input *items, size_t *n_items) {
    const pt_cli_command *command = args->command;
    bool has_start = false; /* the last item */
    size_t n = 0;
    for (size_t i = 0; i < args->n_occurrences; i++) {
        const char *name = args->occurrence[i].option->name;
        const pt_cli_value *value = &args->occurrence[i].value;
        if (strcmp(name, "text") == 0) {
            if (!pt_cli_is_utf8(value->text))
                return pt_cli_usage_error(command, "option '--text': '%s' is not UTF-8",
                                          value->text);
            items[n++] = (patina_embed_input){.text = value->text};
        } else if (strcmp(name, "audio") == 0) {
            items[n++] = (patina_embed_input){.text = value->text, .is_audio = true};
            has_start = false;
        } else if (strcmp(name, "start-frame") == 0) {
            if (n == 0 || !items[n - 1].is_audio || has_start)
                return pt_cli_usage_error(
                    command, "option '--start-frame' must follow the '--audio' it applies to");
            items[n - 1].start = value->number;
            has_start = true;
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

    (void)command;
    result = pt_cli_parse_isa_precision(args, &isa, &precision);
    if (result != 0) return result;
    patina_embed_input *items = calloc(args->n_occurrences + 1, sizeof *items);
    if (!items) {
        pt_cli_error("out of memory");
        return 1;
    }
    result = list_items(args, items, &n_items);
    if (result != 0) goto done;

    int parts = 0; /* the tokenizer is loaded only for captions */
    for (size_t i = 0; i < n_items; i++)
        parts |= items[i].is_audio ? PATINA_CLAP_AUDIO : PATINA_CLAP_TEXT;
    embeddings = calloc(n_items, PATINA_EMBEDDING_SIZE * sizeof *embeddings);
    patina_status status = embeddings ? PATINA_OK : pt_fail(&err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK)
        status = pt_cli_model_resolve(pt_cli_text(args, "model"), &model, &err);
    if (status == PATINA_OK)
        status = patina_clap_open(model, (patina_clap_parts)parts, isa, precision, &clap, &err);
    if (status == PATINA_OK)
        status = patina_embed_batch(clap, items, n_items, (unsigned)pt_cli_number(args, "threads"),
                                    embeddings, &err);
    if (status == PATINA_OK)
        status = pt_npy_write(pt_cli_text(args, "out"), embeddings, n_items, PATINA_EMBEDDING_SIZE,
                              &err);
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
    .summary = "write CLAP embeddings of captions and audio files as a NumPy file",
    .usage = "--model MODEL --out FILE.npy\n"
             "                    (--text STRING | --audio FILE [--start-frame N])...",
    .description =
        "Embeds captions and audio with the two encoders of the model. An embedding has 512 "
        "numbers and length 1; the dot product of two embeddings is their cosine similarity.\n\n"
        "Captions are truncated to 77 tokens. Audio is mixed to mono and resampled to 48 kHz as in "
        "generate; audio shorter than 10 s is repeated. After an error no file is written.",
    .epilog = "example:\n"
              "  patina embed --model laion/clap-htsat-unfused --out pair.npy \\\n"
              "      --text 'a dog barks' --audio dog.wav --start-frame 48000\n",
    .operands = "no operands are",
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
