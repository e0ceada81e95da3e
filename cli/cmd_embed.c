/* SPDX-License-Identifier: MIT */
/* cmd_embed.c - patina embed: CLAP embeddings of captions and audio files, as a NumPy file */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"
#include "hf_env.h"
#include "standard_streams.h"

#include "base/error.h"
#include "dataset/npy_writer.h"
#include "fs/text_file.h"
#include "pipeline/device_list.h"

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
    {.name = "texts",
     .kind = PT_CLI_FILE,
     .argument = "FILE",
     .repeatable = true,
     .help = "a text file with a caption in each line, in UTF-8; -: standard input"},
    {.name = "audio",
     .kind = PT_CLI_FILE,
     .argument = "FILE",
     .repeatable = true,
     .help = "an audio file; its first 10 s are embedded; -: standard input"},
    {.name = "start-frame",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .max = INT64_MAX,
     .repeatable = true,
     .help = "embed 10 s from this frame on; applies to the --audio before it"},
    PT_CLI_THREADS_OPTION,
    PT_CLI_ISA_OPTION,
    PT_CLI_PRECISION_OPTION,
    PT_CLI_DEVICE_OPTIONS,
};

/* The rows to make, and what they point to. */
typedef struct item_list {
    patina_embed_input *items;
    size_t n_items, capacity;
    char **texts; /* [n_texts], of --texts */
    size_t n_texts;
    pt_cli_input audio; /* standard input */
} item_list;

static patina_status add_item(item_list *list, patina_embed_input item, patina_error *err) {
    if (list->n_items == list->capacity) {
        const size_t capacity = 2 * list->capacity + 16;
        patina_embed_input *larger = realloc(list->items, capacity * sizeof *larger);
        if (!larger) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        list->items = larger;
        list->capacity = capacity;
    }
    list->items[list->n_items++] = item;
    return PATINA_OK;
}

static patina_status add_caption(item_list *list, const char *caption, const char *option,
                                 patina_error *err) {
    if (!pt_cli_is_utf8(caption))
        return pt_fail(err, PATINA_EUSAGE, "option '--%s': '%s' is not UTF-8", option, caption);
    return add_item(list, (patina_embed_input){.text = caption}, err);
}

/* Every line is a caption, with or without a line end after the last. */
static patina_status add_lines(item_list *list, const char *path, patina_error *err) {
    char *text = NULL;
    PT_TRY(pt_text_read(pt_cli_text_path(path), &text, err));
    list->texts[list->n_texts++] = text;
    while (*text) {
        char *line = text;
        const size_t length = strcspn(line, "\n");
        text += length + (line[length] == '\n');
        line[length] = '\0';
        if (length > 0 && line[length - 1] == '\r') line[length - 1] = '\0';
        PT_TRY(add_caption(list, line, "texts", err));
    }
    return PATINA_OK;
}

static patina_status add_audio(item_list *list, const char *path, patina_error *err) {
    if (!pt_cli_is_dash(path))
        return add_item(list, (patina_embed_input){.text = path, .is_audio = true}, err);
    PT_TRY(pt_cli_input_open(path, &list->audio, err));
    return add_item(list, (patina_embed_input){.text = list->audio.path, .is_audio = true}, err);
}

/* Lists the rows in the order given. */
static patina_status list_items(const pt_cli_args *args, item_list *list, patina_error *err) {
    bool has_start = false; /* the last item */
    list->texts = calloc(args->n_occurrences + 1, sizeof *list->texts);
    if (!list->texts) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < args->n_occurrences; i++) {
        const char *name = args->occurrence[i].option->name;
        const pt_cli_value *value = &args->occurrence[i].value;
        if (strcmp(name, "text") == 0) {
            PT_TRY(add_caption(list, value->text, name, err));
        } else if (strcmp(name, "texts") == 0) {
            PT_TRY(add_lines(list, value->text, err));
        } else if (strcmp(name, "audio") == 0) {
            PT_TRY(add_audio(list, value->text, err));
            has_start = false;
        } else if (strcmp(name, "start-frame") == 0) {
            patina_embed_input *last = list->n_items > 0 ? &list->items[list->n_items - 1] : NULL;
            if (!last || !last->is_audio || has_start)
                return pt_fail(err, PATINA_EUSAGE,
                               "option '--start-frame' must follow the '--audio' it applies to");
            last->start = value->number;
            has_start = true;
        }
    }
    if (list->n_items > 0) return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE, "at least one '--text', '--texts' or '--audio' is expected");
}

static void release_items(item_list *list) {
    for (size_t i = 0; i < list->n_texts; i++)
        free(list->texts[i]);
    free(list->texts);
    free(list->items);
    pt_cli_input_close(&list->audio);
}

static patina_status embed(const pt_cli_args *args, const item_list *list, patina_isa isa,
                           patina_precision precision, float *embeddings, patina_error *err) {
    patina_clap *clap = NULL;
    char *model = NULL;
    int parts = 0; /* the tokenizer is loaded only for captions */
    for (size_t i = 0; i < list->n_items; i++)
        parts |= list->items[i].is_audio ? PATINA_CLAP_AUDIO : PATINA_CLAP_TEXT;
    const unsigned threads = (unsigned)pt_cli_number(args, "threads");
    const patina_device_options device = pt_cli_device_options(args);
    const bool on_cpu = pt_device_is_cpu(&device);
    PT_TRY(pt_device_options_check(&device, precision, err));
    patina_status status = pt_cli_model_resolve(pt_cli_text(args, "model"), &model, err);
    if (status == PATINA_OK && on_cpu)
        status = patina_clap_open(model, (patina_clap_parts)parts, isa, precision, &clap, err);
    if (status == PATINA_OK)
        status =
            on_cpu ? patina_embed_batch(clap, list->items, list->n_items, threads, embeddings, err)
                   : patina_embed_batch_on_device(model, (patina_clap_parts)parts, &device,
                                                  list->items, list->n_items, threads, embeddings,
                                                  err);
    if (status != PATINA_OK) pt_cli_input_fix_error(&list->audio, err);
    patina_clap_close(&clap);
    free(model);
    return status;
}

static patina_status write_embeddings(const char *path, const float *embeddings, size_t n,
                                      patina_error *err) {
    pt_cli_output output = {0};
    patina_status status = pt_cli_output_open(path, &output, err);
    if (status == PATINA_OK)
        status = pt_npy_write(output.path, embeddings, n, PATINA_EMBEDDING_SIZE, err);
    if (status == PATINA_OK) status = pt_cli_output_commit(&output, err);
    pt_cli_output_close(&output);
    return status;
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    patina_error err = {0};
    patina_isa isa;
    patina_precision precision;
    item_list list = {0};
    float *embeddings = NULL;

    int refused = pt_cli_check_stdin(args, 0);
    if (refused == 0) refused = pt_cli_parse_isa_precision(args, &isa, &precision);
    if (refused != 0) return refused;
    patina_status status = list_items(args, &list, &err);
    if (status == PATINA_OK) {
        embeddings = calloc(list.n_items, PATINA_EMBEDDING_SIZE * sizeof *embeddings);
        if (!embeddings) status = pt_fail(&err, PATINA_ENOMEM, "out of memory");
    }
    if (status == PATINA_OK) status = embed(args, &list, isa, precision, embeddings, &err);
    if (status == PATINA_OK)
        status = write_embeddings(pt_cli_text(args, "out"), embeddings, list.n_items, &err);
    free(embeddings);
    release_items(&list);
    if (status == PATINA_EUSAGE) return pt_cli_usage_error(command, "%s", err.message);
    return status == PATINA_OK ? 0 : pt_cli_report_error(&err);
}

const pt_cli_command pt_cli_embed = {
    .name = "embed",
    .summary = "write CLAP embeddings of captions and audio files as a NumPy file",
    .usage = "--model MODEL --out FILE.npy\n"
             "                    (--text STRING | --texts FILE |\n"
             "                     --audio FILE [--start-frame N])...",
    .description =
        "Embeds captions and audio with the two encoders of the model. An embedding has 512 "
        "numbers and length 1; the dot product of two embeddings is their cosine similarity.\n\n"
        "Captions are truncated to 77 tokens. Audio is mixed to mono and resampled to 48 kHz as in "
        "generate; audio shorter than 10 s is repeated. After an error no file is written.",
    .epilog = "example:\n"
              "  patina embed --model laion/clap-htsat-unfused --out pair.npy \\\n"
              "      --text 'a dog barks' --audio dog.wav --start-frame 48000\n"
              "  cut -f 2 captions.tsv | patina embed --model MODEL --texts - -o captions.npy\n",
    .operands = "no operands are",
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
