/* SPDX-License-Identifier: MIT */
/* hub_name.c - parses and validates names of repositories on the hub
 *
 * Rules for ids: validate_repo_id of huggingface_hub. Rules for revisions are our own: a revision
 * becomes a path below refs/ and must not escape from it.
 */

#include "hub/hub_name.h"

#include <stdio.h>
#include <string.h>

#include <patina/hub.h>

#include "base/error.h"

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A part of an id: letters, digits, "_", "-" and ".", the last two not at its ends. */
static bool is_part(const char *text, size_t n) {
    if (n == 0 || n > PT_HUB_PART_MAX) return false;
    if (!is_word(text[0]) || !is_word(text[n - 1])) return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_word(text[i]) && text[i] != '-' && text[i] != '.') return false;
        if (i > 0 && text[i] == text[i - 1] && (text[i] == '-' || text[i] == '.')) return false;
    }
    return true;
}

static bool is_id(const char *text, size_t n) {
    const char *slash = memchr(text, '/', n);
    if (!slash) return false;
    const size_t n_org = (size_t)(slash - text), n_name = n - n_org - 1;
    if (n_name > 4 && memcmp(text + n - 4, ".git", 4) == 0) return false;
    return is_part(text, n_org) && is_part(slash + 1, n_name);
}

/* Printable ASCII in parts between slashes, none of which is empty or begins with a dot. */
static bool is_revision(const char *text) {
    const size_t n = strlen(text);
    if (n == 0 || n > PT_HUB_REVISION_MAX || text[n - 1] == '/') return false;
    for (size_t i = 0; i < n; i++) {
        const bool first = i == 0 || text[i - 1] == '/';
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '\\') return false;
        if (first && (text[i] == '/' || text[i] == '.')) return false;
    }
    return true;
}

const char *pt_hub_type_name(pt_hub_type type) {
    return type == PT_HUB_MODEL ? "model" : "data set";
}

patina_status pt_hub_name_parse(const char *text, pt_hub_type type, pt_hub_name *name,
                                patina_error *err) {
    const size_t n_id = strcspn(text, "@");
    const char *revision = text[n_id] ? text + n_id + 1 : "main";

    if (!is_id(text, n_id))
        return pt_fail(err, PATINA_EUSAGE,
                       "'%s' is not a name of a %s on the Hugging Face hub, such as '%s'", text,
                       pt_hub_type_name(type),
                       type == PT_HUB_MODEL ? "laion/clap-htsat-unfused" : "OpenSound/AudioCaps");
    if (!is_revision(revision))
        return pt_fail(err, PATINA_EUSAGE,
                       "'%s' is not a revision: a branch such as 'main', a tag or a commit",
                       revision);
    name->type = type;
    snprintf(name->id, sizeof name->id, "%.*s", (int)n_id, text);
    snprintf(name->revision, sizeof name->revision, "%s", revision);
    return PATINA_OK;
}

bool patina_hub_is_name(const char *text) {
    pt_hub_name name;
    return pt_hub_name_parse(text, PT_HUB_MODEL, &name, NULL) == PATINA_OK;
}

void pt_hub_name_format(const pt_hub_name *name,
                        char text[PT_HUB_ID_MAX + PT_HUB_REVISION_MAX + 2]) {
    const bool newest = strcmp(name->revision, "main") == 0;
    snprintf(text, PT_HUB_ID_MAX + PT_HUB_REVISION_MAX + 2, "%s%s%s", name->id, newest ? "" : "@",
             newest ? "" : name->revision);
}

bool pt_hub_is_commit(const char *text) {
    const size_t n = strspn(text, "0123456789abcdef");
    return text[n] == '\0' && (n == 40 || n == PT_HUB_COMMIT_MAX);
}
