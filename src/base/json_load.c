/* SPDX-License-Identifier: MIT */
/* json_load.c - json_loadb with a record of failed allocations
 *
 * jansson 2.14 ignores a failed allocation while it collects the characters of a token
 * (strbuffer_append_byte in lex_save). Its allocation function is therefore wrapped. The functions
 * that were set before are called by the wrapper, so a program that uses jansson, too, is not
 * affected; the library cannot be unloaded (-z nodelete in meson.build).
 */

#include "base/json_load.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Set once, before the first parse. */
static json_malloc_t allocate;
static pthread_once_t is_installed = PTHREAD_ONCE_INIT;

static _Thread_local bool has_failed;

static void *allocate_and_record(size_t n) {
    void *block = allocate(n);
    if (!block) has_failed = true;
    return block;
}

static void install(void) {
    json_free_t release;
    json_get_alloc_funcs(&allocate, &release);
    json_set_alloc_funcs(allocate_and_record, release);
}

void pt_json_watch_allocations(void) {
    pthread_once(&is_installed, install);
    has_failed = false;
}

bool pt_json_allocation_failed(void) {
    return has_failed;
}

void pt_json_set_out_of_memory(json_error_t *error) {
    *error = (json_error_t){.line = -1, .column = -1};
    snprintf(error->text, sizeof error->text, "out of memory");
    error->text[sizeof error->text - 1] = (char)json_error_out_of_memory; /* as jansson does */
}

json_t *pt_json_load(const char *text, size_t n, size_t flags, json_error_t *error) {
    json_error_t unused;
    if (!error) error = &unused;
    pt_json_watch_allocations();
    json_t *value = json_loadb(text, n, flags, error);
    if (!has_failed) return value;
    json_decref(value);
    pt_json_set_out_of_memory(error);
    return NULL;
}

json_t *pt_json_load_text(const char *text, size_t flags, json_error_t *error) {
    return text ? pt_json_load(text, strlen(text), flags, error) : NULL;
}
