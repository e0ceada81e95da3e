/* SPDX-License-Identifier: MIT */
/* pytorch.c - parser of torch.save files: a pickle and its storages in a zip archive
 *
 *   ROOT/data.pkl    the pickle: name, dtype, shape and storage key of each tensor
 *   ROOT/data/KEY    a storage: values in memory order
 *   ROOT/byteorder   "little" or "big"; little if missing
 *
 * The names of LAION checkpoints are mapped to those of Hugging Face's ClapModel here, so that
 * callers handle one naming. Source: torch/serialization.py of PyTorch 1.6 to 2.15.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "weights/checkpoint_format.h"
#include "weights/laion_keymap.h"
#include "weights/unpickler.h"
#include "weights/zip.h"

#define PATH_MAX_LENGTH 512

/* State of parsing one archive. */
typedef struct archive {
    pt_checkpoint *file;
    pt_zip *zip;
    const char *root; /* folder of all members, without '/' */
    size_t n_root;
    patina_error *err;
} archive;

/* ------------------------------------------------------------------ archive */

static const pt_zip_member *find_member(const archive *a, const char *folder, const char *key,
                                        size_t n_key) {
    char path[PATH_MAX_LENGTH];
    const int n = snprintf(path, sizeof path, "%.*s/%s%.*s", (int)a->n_root, a->root, folder,
                           (int)n_key, key);
    return n > 0 && (size_t)n < sizeof path ? pt_zip_find(a->zip, path) : NULL;
}

static const pt_zip_member *find_file(const archive *a, const char *name) {
    return find_member(a, "", name, strlen(name));
}

/* The folder of data.pkl; its name is arbitrary. */
static patina_status find_root(archive *a) {
    static const char pickle[] = "/data.pkl";
    const size_t n_pickle = sizeof pickle - 1;

    for (size_t i = 0; i < pt_zip_count(a->zip); i++) {
        const pt_zip_member *member = pt_zip_at(a->zip, i);
        if (member->n_name <= n_pickle || member->n_name - n_pickle > PATH_MAX_LENGTH / 2) continue;
        const size_t n_root = member->n_name - n_pickle;
        if (memcmp(member->name + n_root, pickle, n_pickle) != 0 ||
            memchr(member->name, '/', n_root))
            continue;
        if (a->root)
            return pt_fail(a->err, PATINA_EFORMAT, "file '%s': contains more than one 'data.pkl'",
                           a->file->name);
        a->root = member->name;
        a->n_root = n_root;
    }
    if (!a->root)
        return pt_fail(a->err, PATINA_EFORMAT,
                       "file '%s': is a zip archive without 'data.pkl', not a PyTorch checkpoint",
                       a->file->name);
    return PATINA_OK;
}

static patina_status check_archive_type(const archive *a) {
    const pt_zip_member *order = find_file(a, "byteorder");
    const unsigned char *text = NULL;

    if (find_file(a, "constants.pkl"))
        return pt_fail(a->err, PATINA_EFORMAT,
                       "file '%s': is a TorchScript program; save its weights in Python with "
                       "torch.save(torch.jit.load(FILE).state_dict(), OTHER)",
                       a->file->name);
    if (!order) return PATINA_OK;
    PT_TRY(pt_zip_view(a->zip, order, &text, a->err));
    if (order->size != 6 || memcmp(text, "little", 6) != 0)
        return pt_fail(a->err, PATINA_EFORMAT,
                       "file '%s': has byte order '%.*s'; only little-endian files are supported",
                       a->file->name, order->size < 20 ? (int)order->size : 20, (const char *)text);
    return PATINA_OK;
}

/* ------------------------------------------------------------------- tensors */

static patina_status tensor_error(const archive *a, const pt_pickled_tensor *from,
                                  const char *what) {
    return pt_fail(a->err, PATINA_EFORMAT, "file '%s': tensor '%.*s': %s", a->file->name,
                   from->n_name < 200 ? (int)from->n_name : 200, from->name, what);
}

/* Where the values of a tensor begin; NULL if it is not contiguous. */
static patina_status find_data(const archive *a, const pt_pickled_tensor *from,
                               const unsigned char **values) {
    const pt_zip_member *storage = find_member(a, "data/", from->key, from->n_key);
    const unsigned char *data = NULL;

    if (!storage) return tensor_error(a, from, "refers to a storage that is missing in the file");
    if (storage->size != from->n_storage)
        return pt_fail(a->err, PATINA_EFORMAT,
                       "file '%s': tensor '%.*s': has a storage of %llu bytes; expected %llu",
                       a->file->name, from->n_name < 200 ? (int)from->n_name : 200, from->name,
                       (unsigned long long)storage->size, (unsigned long long)from->n_storage);
    PT_TRY(pt_zip_view(a->zip, storage, &data, a->err));
    *values = from->is_contiguous ? data + from->storage_offset * from->type->n_bytes : NULL;
    return PATINA_OK;
}

/* Adds part `part` of n_parts of a tensor, split along its first dimension. */
static patina_status add_tensor(const archive *a, const pt_pickled_tensor *from,
                                const unsigned char *values, const char *name, size_t n_parts,
                                size_t part) {
    pt_tensor *tensor = &a->file->tensors[a->file->n];
    char *own = strdup(name);

    if (!own) return pt_fail(a->err, PATINA_ENOMEM, "file '%s': out of memory", a->file->name);
    *tensor = (pt_tensor){.name = own,
                          .dtype_name = from->type->name,
                          .dtype = from->type->dtype,
                          .n_dims = from->n_dims,
                          .n_values = from->n_values / n_parts};
    memcpy(tensor->dims, from->dims, sizeof tensor->dims);
    if (n_parts > 1) tensor->dims[0] /= n_parts;
    if (values) tensor->data = values + part * tensor->n_values * from->type->n_bytes;
    a->file->n++; /* the file now owns the name */
    return PATINA_OK;
}

/* Removes the prefix "module." of torch.nn.DataParallel. */
static patina_status strip_module_prefix(const archive *a, const pt_pickled_tensor *from,
                                         char name[PT_TENSOR_NAME_MAX]) {
    static const char module[] = "module.";
    const size_t n_module = sizeof module - 1;
    const size_t skip =
        from->n_name > n_module && memcmp(from->name, module, n_module) == 0 ? n_module : 0;
    const size_t n = from->n_name - skip;

    if (n >= PT_TENSOR_NAME_MAX) return tensor_error(a, from, "has a name that is too long");
    if (memchr(from->name, '\0', from->n_name))
        return tensor_error(a, from, "has a name that contains a NUL");
    memcpy(name, from->name + skip, n);
    name[n] = '\0';
    return PATINA_OK;
}

static patina_status add_tensors(const archive *a, const pt_pickled_tensor *from, size_t n) {
    char name[PT_TENSOR_NAME_MAX], names[3][PT_TENSOR_NAME_MAX];
    const unsigned char *values = NULL;

    for (size_t i = 0; i < n && !a->file->is_laion; i++) {
        PT_TRY(strip_module_prefix(a, &from[i], name));
        a->file->is_laion = pt_laion_keymap_detect(name);
    }
    for (size_t i = 0; i < n; i++) {
        PT_TRY(strip_module_prefix(a, &from[i], name));
        const pt_laion_key_action action =
            a->file->is_laion ? pt_laion_keymap_apply(name, names) : PT_LAION_KEY_UNUSED;
        if (a->file->is_laion && action == PT_LAION_KEY_UNUSED) continue;
        PT_TRY(find_data(a, &from[i], &values));
        if (action == PT_LAION_KEY_SPLIT && (from[i].n_dims == 0 || from[i].dims[0] % 3 != 0))
            return tensor_error(a, &from[i], "cannot be split into query, key and value");
        for (size_t part = 0; part < (action == PT_LAION_KEY_SPLIT ? 3U : 1U); part++)
            PT_TRY(add_tensor(a, &from[i], values, a->file->is_laion ? names[part] : name,
                              action == PT_LAION_KEY_SPLIT ? 3 : 1, part));
    }
    return PATINA_OK;
}

static patina_status read_tensors(archive *a) {
    const pt_zip_member *pickle = find_file(a, "data.pkl");
    const unsigned char *bytes = NULL;
    pt_pickled_tensor *tensors = NULL;
    size_t n = 0;

    assert(pickle); /* find_root found it */
    PT_TRY(pt_zip_view(a->zip, pickle, &bytes, a->err));
    PT_TRY(pt_unpickle(a->file->name, bytes, (size_t)pickle->size, &tensors, &n, a->err));
    patina_status status = PATINA_OK;
    a->file->tensors = calloc(3 * n, sizeof *a->file->tensors);
    a->file->owns_names = true;
    if (a->file->tensors)
        status = add_tensors(a, tensors, n);
    else
        status = pt_fail(a->err, PATINA_ENOMEM, "file '%s': out of memory", a->file->name);
    free(tensors);
    return status;
}

/* -------------------------------------------------------------------- format */

static bool is_zip(const unsigned char *bytes, size_t size) {
    return size >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
}

static patina_status parse_zip(pt_checkpoint *file, patina_error *err) {
    archive a = {.file = file, .err = err};
    patina_status status = pt_zip_open(file->name, file->bytes, file->size, &a.zip, err);

    if (status == PATINA_OK) status = find_root(&a);
    if (status == PATINA_OK) status = check_archive_type(&a);
    if (status == PATINA_OK) status = read_tensors(&a);
    pt_zip_close(&a.zip);
    return status;
}

const pt_checkpoint_format pt_checkpoint_pytorch = {
    .name = "pytorch",
    .probe = is_zip,
    .parse = parse_zip,
};

/* Before PyTorch 1.6: a sequence of pickles, the first of which is a magic number. */
static bool is_legacy(const unsigned char *bytes, size_t size) {
    static const unsigned char magic[] = {0x8A, 10,   0x6C, 0xFC, 0x9C, 0x46, 0xF9,
                                          0x20, 0x6A, 0xA8, 0x50, 0x19, '.'};
    const size_t n_proto = 2; /* PROTO and its version */
    return size >= n_proto + sizeof magic && memcmp(bytes + n_proto, magic, sizeof magic) == 0;
}

static patina_status reject_legacy(pt_checkpoint *file, patina_error *err) {
    return pt_fail(
        err, PATINA_EFORMAT,
        "file '%s': is in the format of PyTorch before 1.6, which is not supported; save it "
        "again in Python with torch.save(torch.load(FILE), OTHER)",
        file->name);
}

const pt_checkpoint_format pt_checkpoint_pytorch_legacy = {
    .name = "pytorch before 1.6",
    .probe = is_legacy,
    .parse = reject_legacy,
};
