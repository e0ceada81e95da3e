/* SPDX-License-Identifier: MIT */
/* croissant.c - croissant.json from the columns of the rows and of the provenance table
 *
 *     distribution  a FileSet for each folder
 *     recordSet     `default` and `provenance`, as in README.md; the split is in the file name
 *
 * No date: it would differ between two runs of the same job. The hub adds one.
 */

#include "dataset/croissant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/json_dump.h"
#include "base/json_load.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "dataset/dataset_card.h"
#include "dataset/provenance_table.h"
#include "dataset/row_writer.h"
#include "dataset/schema.h"

/* The context that the specification prescribes. */
static const char context[] =
    "{\"@language\": \"en\", \"@vocab\": \"https://schema.org/\", \"citeAs\": \"cr:citeAs\", "
    "\"column\": \"cr:column\", \"conformsTo\": \"dct:conformsTo\", "
    "\"cr\": \"http://mlcommons.org/croissant/\", "
    "\"rai\": \"http://mlcommons.org/croissant/RAI/\", "
    "\"data\": {\"@id\": \"cr:data\", \"@type\": \"@json\"}, "
    "\"dataType\": {\"@id\": \"cr:dataType\", \"@type\": \"@vocab\"}, "
    "\"dct\": \"http://purl.org/dc/terms/\", "
    "\"equivalentProperty\": \"cr:equivalentProperty\", "
    "\"examples\": {\"@id\": \"cr:examples\", \"@type\": \"@json\"}, "
    "\"extract\": \"cr:extract\", \"field\": \"cr:field\", "
    "\"fileProperty\": \"cr:fileProperty\", \"fileObject\": \"cr:fileObject\", "
    "\"fileSet\": \"cr:fileSet\", \"format\": \"cr:format\", \"includes\": \"cr:includes\", "
    "\"isLiveDataset\": \"cr:isLiveDataset\", \"jsonPath\": \"cr:jsonPath\", \"key\": \"cr:key\", "
    "\"md5\": \"cr:md5\", \"parentField\": \"cr:parentField\", \"path\": \"cr:path\", "
    "\"recordSet\": \"cr:recordSet\", \"references\": \"cr:references\", "
    "\"regex\": \"cr:regex\", \"repeated\": \"cr:repeated\", \"replace\": \"cr:replace\", "
    "\"samplingRate\": \"cr:samplingRate\", \"sc\": \"https://schema.org/\", "
    "\"separator\": \"cr:separator\", \"source\": \"cr:source\", \"subField\": \"cr:subField\", "
    "\"transform\": \"cr:transform\"}";

static json_t *file_set(const char *folder, const char *suffix) {
    const bool is_parquet = strcmp(suffix, pt_row_writer_parquet.suffix) == 0;
    return json_pack("{s:s, s:s, s:s, s:s, s:s+}", "@type", "cr:FileSet", "@id", folder, "name",
                     folder, "encodingFormat",
                     is_parquet ? "application/x-parquet" : "application/jsonlines", "includes",
                     folder, is_parquet ? "/*.parquet" : "/*.jsonl");
}

static json_t *column_source(const char *folder, const char *column) {
    return json_pack("{s:{s:s}, s:{s:s}}", "fileSet", "@id", folder, "extract", "column", column);
}

static json_t *field(const char *set, const char *name, const char *description,
                     const char *data_type, json_t *source) {
    return json_pack("{s:s, s:s++, s:s++, s:s, s:s, s:o}", "@type", "cr:Field", "@id", set, "/",
                     name, "name", set, "/", name, "description", description, "dataType",
                     data_type, "source", source);
}

static json_t *split_field(const char *set, const char *folder) {
    return field(set, "split", "name of the split", "sc:Text",
                 json_pack("{s:{s:s}, s:{s:s}, s:{s:s}}", "fileSet", "@id", folder, "extract",
                           "fileProperty", "filename", "transform", "regex", "^(\\w+)-\\d+-of-"));
}

static json_t *record_set(const char *name, const char *description, json_t *fields) {
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "@type", "cr:RecordSet", "@id", name, "name",
                     name, "description", description, "field", fields);
}

/* Appends a field and takes it over; if memory runs out, *fields is released and NULL. */
static void append_field(json_t **fields, json_t *of) {
    if (json_array_append_new(*fields, of) == 0) return;
    json_decref(*fields);
    *fields = NULL;
}

static json_t *row_fields(double purity_cap, bool with_id) {
    json_t *fields = json_array();
    const char *folder = pt_part_dirs[PT_PART_ROWS];
    append_field(&fields, split_field("default", folder));
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        const pt_column *column = &pt_columns[c];
        char *meaning = pt_column_describe(column, purity_cap);
        json_t *of = meaning ? field("default", column->name, meaning, "sc:Float",
                                     column_source(folder, column->name))
                             : NULL;
        free(meaning);
        if (column->n_values > 1 && json_object_set_new(of, "repeated", json_true()) != 0) {
            json_decref(of);
            of = NULL;
        }
        append_field(&fields, of);
    }
    if (with_id)
        append_field(&fields, field("default", PT_ID_COLUMN, PT_ID_MEANING, "sc:Text",
                                    column_source(folder, PT_ID_COLUMN)));
    return fields;
}

/* A struct is a field with subfields in later versions of the format; here its JSON is one text. */
static json_t *provenance_fields(void) {
    static const char *const data_types[] = {[PT_VALUE_F32] = "sc:Float",
                                             [PT_VALUE_F64] = "sc:Float",
                                             [PT_VALUE_I64] = "sc:Integer",
                                             [PT_VALUE_TEXT] = "sc:Text"};
    json_t *fields = json_array();
    const char *folder = pt_part_dirs[PT_PART_TABLE];
    append_field(&fields, split_field("provenance", folder));
    for (size_t c = 0; c < pt_n_provenance_columns; c++) {
        const pt_parquet_column *column = &pt_provenance_columns[c];
        if (column->group) continue;
        append_field(&fields, field("provenance", column->name, column->name,
                                    data_types[column->type], column_source(folder, column->name)));
    }
    return fields;
}

char *pt_croissant_to_json(const pt_manifest *manifest) {
    const pt_run_metadata *run_meta = &manifest->run_meta;
    json_t *settings = pt_json_load_text(run_meta->settings_json, 0, NULL);
    char *title = pt_dataset_card_title(run_meta), *license = pt_dataset_card_license(run_meta);
    pt_strbuf out = {0};
    char *compact = NULL;

    json_t *root =
        title && license && settings
            ? json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:[o, o], s:[o, o]}", "@context",
                        pt_json_load_text(context, 0, NULL), "@type", "sc:Dataset", "name", title,
                        "description",
                        "Rows of CLAP embeddings of captions and of degraded audio, with physical "
                        "measures of the clean recordings as targets.",
                        "conformsTo", "http://mlcommons.org/croissant/1.0", "license", license,
                        "version", "1.0.0", "distribution",
                        file_set(pt_part_dirs[PT_PART_ROWS], manifest->suffix),
                        file_set(pt_part_dirs[PT_PART_TABLE], manifest->suffix), "recordSet",
                        record_set("default", "the rows",
                                   row_fields(pt_settings_purity_cap(settings),
                                              pt_settings_have_id(settings))),
                        record_set("provenance", "one record for each row, in the same order",
                                   provenance_fields()))
            : NULL;
    if (root) compact = pt_json_dump(root, JSON_COMPACT);
    if (compact) {
        pt_json_write_pretty(&out, compact, 0);
        pt_strbuf_append(&out, "\n");
    }
    json_decref(root);
    json_decref(settings);
    free(compact);
    free(title);
    free(license);
    return compact ? pt_strbuf_detach(&out) : NULL;
}
