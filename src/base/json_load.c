/* SPDX-License-Identifier: MIT */
/* json_load.c - json_loadb with a record of failed allocations
 *
 * jansson 2.14 ignores a failed allocation while it collects the characters of a token
 * (strbuffer_append_byte in lex_save), and then ends the process by an assertion where the token
 * is a number. Its allocation function is therefore wrapped. When an allocation fails during a
 * parse, the buffer of tokens, whose sizes are powers of two, gets memory of the caller's stack, so
 * that the parse ends; its result is dropped. The functions that were set before are called by the
 * wrapper, so a program that uses jansson, too, is not affected; the library cannot be unloaded
 * (-z nodelete in meson.build).
 */

#include "base/json_load.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/fault_notes.h"
#include "base/utf8.h"

#define SPARE_BYTES 8192 /* twice what all sizes of a token take together */
#define SPARE_MIN   32   /* jansson's buffer begins with 16 bytes */
#define SPARE_MAX   2048 /* no number is longer */

/* Memory for a parse after an allocation failed; never reused within it. */
typedef struct spare {
    _Alignas(max_align_t) unsigned char bytes[SPARE_BYTES];
    size_t n_used;
} spare;

/* Set once, before the first parse. */
static json_malloc_t allocate;
static json_free_t release;
static pthread_once_t is_installed = PTHREAD_ONCE_INIT;

static _Thread_local bool has_failed;
static _Thread_local spare *spare_memory; /* NULL: no parse is running */

static void *allocate_spare(size_t n) {
    spare *s = spare_memory;
    const bool is_token = n >= SPARE_MIN && n <= SPARE_MAX && (n & (n - 1)) == 0;
    if (!s || !is_token || n > SPARE_BYTES - s->n_used) return NULL;
    s->n_used += n;
    return s->bytes + s->n_used - n;
}

static void *allocate_and_record(size_t n) {
    void *block = allocate(n);
    if (block) return block;
    has_failed = true;
    pt_fault_note(ENOMEM);
    return allocate_spare(n);
}

static void release_unless_spare(void *block) {
    const spare *s = spare_memory;
    const uintptr_t at = (uintptr_t)block;
    if (s && at >= (uintptr_t)s->bytes && at < (uintptr_t)(s->bytes + SPARE_BYTES)) return;
    release(block);
}

static void install(void) {
    json_get_alloc_funcs(&allocate, &release);
    json_set_alloc_funcs(allocate_and_record, release_unless_spare);
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

/* The message of jansson quotes the input, and its quotation may stop inside a character. */
static void make_valid_utf8(char *text) {
    if (pt_utf8_is_valid(text, strlen(text))) return;
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80) *text = '?';
}

json_t *pt_json_load(const char *text, size_t n, size_t flags, json_error_t *error) {
    json_error_t unused;
    spare memory;
    if (!error) error = &unused;
    memory.n_used = 0;
    pt_json_watch_allocations();
    spare_memory = &memory;
    json_t *value = json_loadb(text, n, flags, error);
    if (has_failed) {
        json_decref(value);
        value = NULL;
        pt_json_set_out_of_memory(error);
    }
    spare_memory = NULL;
    if (!value) make_valid_utf8(error->text);
    return value;
}

json_t *pt_json_load_text(const char *text, size_t flags, json_error_t *error) {
    return text ? pt_json_load(text, strlen(text), flags, error) : NULL;
}
