/* SPDX-License-Identifier: MIT */
/* unpickler.c - pickle stack machine that builds descriptions of tensors only
 *
 * The opcodes that torch.save writes for {"a": tensor}, without memo and framing:
 *
 *   EMPTY_DICT
 *   BINUNICODE 'a'
 *   GLOBAL 'torch._utils _rebuild_tensor_v2'
 *   MARK
 *     MARK  BINUNICODE 'storage'  GLOBAL 'torch FloatStorage'  BINUNICODE '0' (key)
 *           BINUNICODE 'cpu'  BININT1 6 (number of values)  TUPLE
 *     BINPERSID                                      the storage
 *     BININT1 0 (offset)  sizes  strides  NEWFALSE (gradient)  hooks
 *   TUPLE
 *   REDUCE                                           the tensor
 *   SETITEM
 *   STOP
 *
 * A value has 16 bytes: strings are offsets into the pickle; tuples, dictionaries, storages and
 * tensors are indices into tables. Every table entry takes at least one byte of the pickle, tables
 * have limits, and there is no recursion, so memory, time and stack are bounded by the size of the
 * pickle. Nothing is freed before the end.
 *
 * Source: Python's pickletools, which documents every opcode, and torch/serialization.py and
 * torch/_utils.py of PyTorch 1.6 to 2.15.
 */

#include "weights/unpickler.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* The largest CLAP with two optimiser moments per parameter, 1 700 tensors, has under 30 000
 * entries of each kind. At all limits the tables take under 150 MB. */
#define ENTRIES_MAX     ((size_t)1 << 20)
#define TENSORS_MAX     ((size_t)1 << 16)
#define MARKS_MAX       ((size_t)256) /* nesting depth */
#define TEXT_MAX        ((size_t)1 << 20)
#define NAME_MAX_LENGTH 128 /* of a module, and of a name in it */

/* ------------------------------------------------------------------- globals */

typedef enum global_kind {
    IGNORED,           /* a call returns an opaque value */
    DICTIONARY,        /* () */
    REBUILD_TENSOR_V2, /* (storage, offset, sizes, strides, gradient, hooks) */
    REBUILD_TENSOR_V3, /* (storage, offset, sizes, strides, gradient, hooks, dtype) */
    PARAMETER,         /* (tensor, gradient, hooks) */
    STORAGE_TYPE,      /* of a storage, not called */
    STORAGE_BYTES,     /* a storage of bytes, not called */
    DTYPE,             /* of a tensor, not called */
} global_kind;

/* Allowlist of globals. LAION files contain NumPy numbers in their training state; protocol 2
 * encodes the bytes of these with _codecs.encode. */
static const struct {
    const char *module, *name;
    global_kind role;
    pt_pickled_type type;
} globals[] = {
    {"collections", "OrderedDict", DICTIONARY, {0}},
    {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR_V2, {0}},
    {"torch._utils", "_rebuild_tensor_v3", REBUILD_TENSOR_V3, {0}},
    {"torch._utils", "_rebuild_parameter", PARAMETER, {0}},
    {"torch", "FloatStorage", STORAGE_TYPE, {"F32", PT_DTYPE_F32, 4}},
    {"torch", "HalfStorage", STORAGE_TYPE, {"F16", PT_DTYPE_F16, 2}},
    {"torch", "BFloat16Storage", STORAGE_TYPE, {"BF16", PT_DTYPE_BF16, 2}},
    {"torch", "DoubleStorage", STORAGE_TYPE, {"F64", PT_DTYPE_OTHER, 8}},
    {"torch", "LongStorage", STORAGE_TYPE, {"I64", PT_DTYPE_OTHER, 8}},
    {"torch", "IntStorage", STORAGE_TYPE, {"I32", PT_DTYPE_OTHER, 4}},
    {"torch", "ShortStorage", STORAGE_TYPE, {"I16", PT_DTYPE_OTHER, 2}},
    {"torch", "CharStorage", STORAGE_TYPE, {"I8", PT_DTYPE_OTHER, 1}},
    {"torch", "ByteStorage", STORAGE_TYPE, {"U8", PT_DTYPE_OTHER, 1}},
    {"torch", "BoolStorage", STORAGE_TYPE, {"BOOL", PT_DTYPE_OTHER, 1}},
    {"torch", "ComplexFloatStorage", STORAGE_TYPE, {"C64", PT_DTYPE_OTHER, 8}},
    {"torch", "ComplexDoubleStorage", STORAGE_TYPE, {"C128", PT_DTYPE_OTHER, 16}},
    {"torch.storage", "UntypedStorage", STORAGE_BYTES, {"U8", PT_DTYPE_OTHER, 1}},
    {"torch", "float32", DTYPE, {"F32", PT_DTYPE_F32, 4}},
    {"torch", "float16", DTYPE, {"F16", PT_DTYPE_F16, 2}},
    {"torch", "bfloat16", DTYPE, {"BF16", PT_DTYPE_BF16, 2}},
    {"torch", "float64", DTYPE, {"F64", PT_DTYPE_OTHER, 8}},
    {"torch", "int64", DTYPE, {"I64", PT_DTYPE_OTHER, 8}},
    {"torch", "int32", DTYPE, {"I32", PT_DTYPE_OTHER, 4}},
    {"torch", "int16", DTYPE, {"I16", PT_DTYPE_OTHER, 2}},
    {"torch", "int8", DTYPE, {"I8", PT_DTYPE_OTHER, 1}},
    {"torch", "uint8", DTYPE, {"U8", PT_DTYPE_OTHER, 1}},
    {"torch", "bool", DTYPE, {"BOOL", PT_DTYPE_OTHER, 1}},
    {"torch", "uint16", DTYPE, {"U16", PT_DTYPE_OTHER, 2}},
    {"torch", "uint32", DTYPE, {"U32", PT_DTYPE_OTHER, 4}},
    {"torch", "uint64", DTYPE, {"U64", PT_DTYPE_OTHER, 8}},
    {"torch", "float8_e4m3fn", DTYPE, {"F8_E4M3", PT_DTYPE_OTHER, 1}},
    {"torch", "float8_e5m2", DTYPE, {"F8_E5M2", PT_DTYPE_OTHER, 1}},
    {"torch", "Size", IGNORED, {0}},
    {"torch", "device", IGNORED, {0}},
    {"numpy.core.multiarray", "scalar", IGNORED, {0}},
    {"numpy._core.multiarray", "scalar", IGNORED, {0}},
    {"numpy", "dtype", IGNORED, {0}},
    {"_codecs", "encode", IGNORED, {0}},
};
#define N_GLOBALS (sizeof globals / sizeof globals[0])

/* ------------------------------------------------------------------- machine */

typedef enum value_kind {
    OPAQUE, /* None, bool, float, bytes, other objects: content not kept */
    LIST,   /* elements not kept */
    INTEGER,
    TEXT,
    TUPLE,
    DICT,
    GLOBAL,
    STORAGE,
    TENSOR,
} value_kind;

static const char *const kind_names[] = {
    [OPAQUE] = "an opaque value", [LIST] = "a list",       [INTEGER] = "an integer",
    [TEXT] = "a string",          [TUPLE] = "a tuple",     [DICT] = "a dictionary",
    [GLOBAL] = "a global",        [STORAGE] = "a storage", [TENSOR] = "a tensor"};

typedef struct value {
    value_kind kind;
    uint32_t n; /* of a string: bytes; of a tuple: elements */
    int64_t at; /* a number, or an index */
} value;

typedef struct item {
    value key, value;
    size_t next; /* in the same dictionary; 0: none */
} item;

typedef struct dict {
    size_t first, last; /* items; 0: none */
} dict;

typedef struct storage {
    size_t global;
    value key;
    uint64_t n_values;
} storage;

/* Growing array. */
typedef struct table {
    void *entries;
    size_t n, capacity, size, n_max; /* size of an entry */
    const char *what;
} table;

typedef struct machine {
    const char *file;
    const unsigned char *bytes;
    size_t size, at; /* at: next byte to read */
    size_t begin;    /* offset of the current opcode */
    unsigned opcode;
    bool stopped;
    table stack;    /* value */
    table marks;    /* size_t: stack height at each MARK */
    table memo;     /* value */
    table elements; /* value: elements of all tuples */
    table items;    /* item: items of all dictionaries; index 0 is unused */
    table dicts;    /* dict */
    table storages; /* storage */
    table tensors;  /* pt_pickled_tensor, without names */
    patina_error *err;
} machine;

typedef patina_status opcode_handler(machine *m);
static const char *opcode_name(unsigned opcode);

PT_PRINTF(2, 3)
static patina_status opcode_error(machine *m, const char *format, ...) {
    char what[600];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return pt_fail(m->err, PATINA_EFORMAT, "file '%s': byte %zu of the pickle: %s (0x%02x) %s",
                   m->file, m->begin, opcode_name(m->opcode), m->opcode, what);
}

static patina_status out_of_memory(const machine *m) {
    return pt_fail(m->err, PATINA_ENOMEM, "file '%s': out of memory", m->file);
}

/* Appends an entry. */
static patina_status table_add(machine *m, table *t, const void *entry) {
    if (t->n == t->n_max) return opcode_error(m, "makes more than %zu %s", t->n_max, t->what);
    if (t->n == t->capacity) {
        const size_t capacity = t->capacity ? 2 * t->capacity : 64;
        void *entries = realloc(t->entries, capacity * t->size);
        if (!entries) return out_of_memory(m);
        t->entries = entries;
        t->capacity = capacity;
    }
    memcpy((unsigned char *)t->entries + t->n++ * t->size, entry, t->size);
    return PATINA_OK;
}

static value *stack_at(const machine *m, size_t i) {
    return (value *)m->stack.entries + i;
}

static const value *tuple_item(const machine *m, const value *tuple, size_t i) {
    return (const value *)m->elements.entries + tuple->at + i;
}

static patina_status push(machine *m, value v) {
    return table_add(m, &m->stack, &v);
}

static patina_status push_opaque(machine *m) {
    return push(m, (value){.kind = OPAQUE});
}

/* Stack height below which nothing may be popped: that of the last MARK. */
static size_t stack_floor(const machine *m) {
    return m->marks.n ? ((const size_t *)m->marks.entries)[m->marks.n - 1] : 0;
}

/* Checks that n values can be popped. */
static patina_status check_stack(machine *m, size_t n) {
    if (m->stack.n - stack_floor(m) < n)
        return opcode_error(m, "needs more values than the stack has");
    return PATINA_OK;
}

/* Pops the last MARK; the values above it begin at stack[*first]. */
static patina_status pop_mark(machine *m, size_t *first) {
    if (m->marks.n == 0) return opcode_error(m, "has no MARK before it");
    *first = stack_floor(m);
    m->marks.n--;
    return PATINA_OK;
}

/* Reads n bytes of the operand. */
static patina_status read_operand(machine *m, uint64_t n, const unsigned char **bytes) {
    if (n > m->size - m->at) return opcode_error(m, "is truncated");
    *bytes = m->bytes + m->at;
    m->at += (size_t)n;
    return PATINA_OK;
}

/* A little-endian number of n bytes. */
static patina_status read_uint(machine *m, size_t n, uint64_t *number) {
    const unsigned char *bytes = NULL;
    uint64_t result = 0;
    PT_TRY(read_operand(m, n, &bytes));
    for (size_t i = 0; i < n; i++)
        result |= (uint64_t)bytes[i] << (8 * i);
    *number = result;
    return PATINA_OK;
}

/* --------------------------------------------------------- simple opcodes */

static patina_status run_proto(machine *m) {
    uint64_t version = 0;
    PT_TRY(read_uint(m, 1, &version));
    if (m->begin != 0) return opcode_error(m, "is not the first opcode");
    if (version < 2 || version > 5)
        return opcode_error(m, "has protocol %" PRIu64 "; supported are 2 to 5", version);
    return PATINA_OK;
}

/* A frame is a hint for buffering. */
static patina_status run_frame(machine *m) {
    uint64_t n = 0;
    PT_TRY(read_uint(m, 8, &n));
    if (n > m->size - m->at) return opcode_error(m, "is truncated");
    return PATINA_OK;
}

static patina_status run_stop(machine *m) {
    if (m->marks.n != 0 || m->stack.n != 1)
        return opcode_error(m, "does not leave exactly one value");
    if (m->at != m->size) return opcode_error(m, "is not at the end of the pickle");
    m->stopped = true;
    return PATINA_OK;
}

static patina_status run_mark(machine *m) {
    return table_add(m, &m->marks, &m->stack.n);
}

static patina_status run_opaque(machine *m) {
    return push_opaque(m);
}

static patina_status run_binfloat(machine *m) {
    const unsigned char *bytes = NULL;
    PT_TRY(read_operand(m, 8, &bytes));
    return push_opaque(m);
}

static patina_status push_integer(machine *m, int64_t number) {
    return push(m, (value){.kind = INTEGER, .at = number});
}

static patina_status run_binint(machine *m) {
    uint64_t number = 0;
    PT_TRY(read_uint(m, 4, &number));
    return push_integer(m, (int32_t)(uint32_t)number);
}

static patina_status run_binint1(machine *m) {
    uint64_t number = 0;
    PT_TRY(read_uint(m, 1, &number));
    return push_integer(m, (int64_t)number);
}

static patina_status run_binint2(machine *m) {
    uint64_t number = 0;
    PT_TRY(read_uint(m, 2, &number));
    return push_integer(m, (int64_t)number);
}

/* Two's complement of up to 255 bytes. A number of over 64 bits cannot be a size and becomes
 * opaque. */
static patina_status run_long1(machine *m) {
    uint64_t n = 0, number = 0;
    const unsigned char *bytes = NULL;
    PT_TRY(read_uint(m, 1, &n));
    if (n > 8) {
        PT_TRY(read_operand(m, n, &bytes));
        return push_opaque(m);
    }
    PT_TRY(read_uint(m, (size_t)n, &number));
    if (n > 0 && n < 8 && number >> (8 * n - 1)) number |= UINT64_MAX << (8 * n);
    return push_integer(m, (int64_t)number);
}

static patina_status push_text(machine *m, size_t n_length) {
    uint64_t n = 0;
    const unsigned char *bytes = NULL;
    PT_TRY(read_uint(m, n_length, &n));
    if (n > TEXT_MAX)
        return opcode_error(m, "has %" PRIu64 " bytes; the limit is %zu", n, TEXT_MAX);
    PT_TRY(read_operand(m, n, &bytes));
    return push(m, (value){TEXT, (uint32_t)n, bytes - m->bytes});
}

static patina_status run_binunicode(machine *m) {
    return push_text(m, 4);
}

static patina_status run_short_binunicode(machine *m) {
    return push_text(m, 1);
}

static patina_status push_bytes(machine *m, size_t n_length) {
    PT_TRY(push_text(m, n_length));
    stack_at(m, m->stack.n - 1)->kind = OPAQUE;
    return PATINA_OK;
}

static patina_status run_binbytes(machine *m) {
    return push_bytes(m, 4);
}

static patina_status run_short_binbytes(machine *m) {
    return push_bytes(m, 1);
}

/* ------------------------------------------------------------------- memo */

/* Python numbers memo entries from 0 on; accepting no other index bounds the memo. */
static patina_status memoize(machine *m, uint64_t index) {
    PT_TRY(check_stack(m, 1));
    if (index != m->memo.n)
        return opcode_error(m, "stores memo entry %" PRIu64 "; expected %zu", index, m->memo.n);
    return table_add(m, &m->memo, stack_at(m, m->stack.n - 1));
}

static patina_status run_memoize(machine *m) {
    return memoize(m, m->memo.n);
}

static patina_status memo_put(machine *m, size_t n_bytes) {
    uint64_t index = 0;
    PT_TRY(read_uint(m, n_bytes, &index));
    return memoize(m, index);
}

static patina_status run_binput(machine *m) {
    return memo_put(m, 1);
}

static patina_status run_long_binput(machine *m) {
    return memo_put(m, 4);
}

static patina_status memo_get(machine *m, size_t n_bytes) {
    uint64_t index = 0;
    PT_TRY(read_uint(m, n_bytes, &index));
    if (index >= m->memo.n)
        return opcode_error(m, "reads memo entry %" PRIu64 " of %zu", index, m->memo.n);
    return push(m, ((const value *)m->memo.entries)[index]);
}

static patina_status run_binget(machine *m) {
    return memo_get(m, 1);
}

static patina_status run_long_binget(machine *m) {
    return memo_get(m, 4);
}

/* -------------------------------------------------------------- containers */

/* Replaces the values from stack[first] on by a tuple. */
static patina_status make_tuple(machine *m, size_t first) {
    const value tuple = {TUPLE, (uint32_t)(m->stack.n - first), (int64_t)m->elements.n};
    for (size_t i = first; i < m->stack.n; i++)
        PT_TRY(table_add(m, &m->elements, stack_at(m, i)));
    m->stack.n = first;
    return push(m, tuple);
}

static patina_status run_tuple(machine *m) {
    size_t first = 0;
    PT_TRY(pop_mark(m, &first));
    return make_tuple(m, first);
}

/* EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3 */
static patina_status run_short_tuple(machine *m) {
    const size_t n = m->opcode == ')' ? 0 : m->opcode - 0x84U;
    PT_TRY(check_stack(m, n));
    return make_tuple(m, m->stack.n - n);
}

static patina_status run_empty_list(machine *m) {
    return push(m, (value){.kind = LIST});
}

/* Appends the values from stack[first] on to the list below them; they are not kept. */
static patina_status append_items(machine *m, size_t first) {
    m->stack.n = first;
    PT_TRY(check_stack(m, 1));
    const value_kind target = stack_at(m, first - 1)->kind;
    if (target != LIST) return opcode_error(m, "appends to %s", kind_names[target]);
    return PATINA_OK;
}

static patina_status run_append(machine *m) {
    PT_TRY(check_stack(m, 2));
    return append_items(m, m->stack.n - 1);
}

static patina_status run_appends(machine *m) {
    size_t first = 0;
    PT_TRY(pop_mark(m, &first));
    return append_items(m, first);
}

static patina_status push_dict(machine *m) {
    const value v = {.kind = DICT, .at = (int64_t)m->dicts.n};
    PT_TRY(table_add(m, &m->dicts, &(dict){0, 0}));
    return push(m, v);
}

static patina_status run_empty_dict(machine *m) {
    return push_dict(m);
}

static patina_status add_item(machine *m, const value *target, const value *pair) {
    const size_t index = m->items.n;
    PT_TRY(table_add(m, &m->items, &(item){pair[0], pair[1], 0}));
    dict *d = (dict *)m->dicts.entries + target->at;
    if (d->last)
        ((item *)m->items.entries)[d->last].next = index;
    else
        d->first = index;
    d->last = index;
    return PATINA_OK;
}

/* Adds the pairs from stack[first] on to the dictionary below them. */
static patina_status set_items(machine *m, size_t first) {
    const size_t n = m->stack.n - first;
    m->stack.n = first;
    PT_TRY(check_stack(m, 1));
    const value target = *stack_at(m, first - 1);
    if (target.kind != DICT) return opcode_error(m, "sets items of %s", kind_names[target.kind]);
    if (n % 2 != 0) return opcode_error(m, "has a key without a value");
    for (size_t i = 0; i < n; i += 2)
        PT_TRY(add_item(m, &target, stack_at(m, first + i)));
    return PATINA_OK;
}

static patina_status run_setitem(machine *m) {
    PT_TRY(check_stack(m, 3));
    return set_items(m, m->stack.n - 2);
}

static patina_status run_setitems(machine *m) {
    size_t first = 0;
    PT_TRY(pop_mark(m, &first));
    return set_items(m, first);
}

/* Sets the state of an object: _metadata of an OrderedDict, byte order of a NumPy dtype.
 * Ignored. */
static patina_status run_build(machine *m) {
    PT_TRY(check_stack(m, 2));
    m->stack.n--;
    const value_kind target = stack_at(m, m->stack.n - 1)->kind;
    if (target != DICT && target != OPAQUE)
        return opcode_error(m, "sets the state of %s", kind_names[target]);
    return PATINA_OK;
}

/* ----------------------------------------------------------------- globals */

static patina_status push_global(machine *m, const char *module, size_t n_module, const char *name,
                                 size_t n_name) {
    for (size_t i = 0; i < N_GLOBALS; i++)
        if (strlen(globals[i].module) == n_module && strlen(globals[i].name) == n_name &&
            memcmp(globals[i].module, module, n_module) == 0 &&
            memcmp(globals[i].name, name, n_name) == 0)
            return push(m, (value){.kind = GLOBAL, .at = (int64_t)i});
    return opcode_error(
        m, "refers to '%.*s.%.*s', which is not allowed in a checkpoint; nothing was executed",
        (int)n_module, module, (int)n_name, name);
}

/* A line of less than NAME_MAX_LENGTH bytes. */
static patina_status read_line(machine *m, const char **line, size_t *n) {
    const unsigned char *start = m->bytes + m->at;
    const size_t left = m->size - m->at;
    const unsigned char *end = memchr(start, '\n', left < NAME_MAX_LENGTH ? left : NAME_MAX_LENGTH);
    if (!end)
        return left < NAME_MAX_LENGTH ? opcode_error(m, "is truncated")
                                      : opcode_error(m, "has a name that is too long");
    *line = (const char *)start;
    *n = (size_t)(end - start);
    m->at += *n + 1;
    return PATINA_OK;
}

static patina_status run_global(machine *m) {
    const char *module = NULL, *name = NULL;
    size_t n_module = 0, n_name = 0;
    PT_TRY(read_line(m, &module, &n_module));
    PT_TRY(read_line(m, &name, &n_name));
    return push_global(m, module, n_module, name, n_name);
}

static patina_status run_stack_global(machine *m) {
    PT_TRY(check_stack(m, 2));
    const value module = *stack_at(m, m->stack.n - 2), name = *stack_at(m, m->stack.n - 1);
    if (module.kind != TEXT || name.kind != TEXT)
        return opcode_error(m, "has a name that is not a string");
    if (module.n >= NAME_MAX_LENGTH || name.n >= NAME_MAX_LENGTH)
        return opcode_error(m, "has a name that is too long");
    m->stack.n -= 2;
    return push_global(m, (const char *)m->bytes + module.at, module.n,
                       (const char *)m->bytes + name.at, name.n);
}

/* ---------------------------------------------------------------- storages */

static bool text_equals(const machine *m, const value *v, const char *text) {
    return v->kind == TEXT && v->n == strlen(text) && memcmp(m->bytes + v->at, text, v->n) == 0;
}

/* ('storage', type, key, device, number of values) */
static patina_status run_binpersid(machine *m) {
    PT_TRY(check_stack(m, 1));
    const value id = *stack_at(m, m->stack.n - 1);
    if (id.kind != TUPLE || id.n != 5 || !text_equals(m, tuple_item(m, &id, 0), "storage"))
        return opcode_error(m, "has a persistent id that is not a storage of PyTorch");
    const value *type = tuple_item(m, &id, 1), *key = tuple_item(m, &id, 2);
    const value *n_values = tuple_item(m, &id, 4);
    if (type->kind != GLOBAL ||
        (globals[type->at].role != STORAGE_TYPE && globals[type->at].role != STORAGE_BYTES))
        return opcode_error(m, "creates a storage of an invalid type");
    if (key->kind != TEXT) return opcode_error(m, "creates a storage whose key is not a string");
    if (n_values->kind != INTEGER || n_values->at < 0)
        return opcode_error(m, "creates a storage of invalid size");

    const value v = {.kind = STORAGE, .at = (int64_t)m->storages.n};
    const storage made = {(size_t)type->at, *key, (uint64_t)n_values->at};
    m->stack.n--;
    PT_TRY(table_add(m, &m->storages, &made));
    return push(m, v);
}

/* ----------------------------------------------------------------- tensors */

static patina_status read_shape(machine *m, const value *sizes, const value *strides,
                                pt_pickled_tensor *tensor, size_t strides_out[PT_TENSOR_DIMS_MAX]) {
    if (sizes->kind != TUPLE || strides->kind != TUPLE || sizes->n != strides->n)
        return opcode_error(m, "creates a tensor without matching sizes and strides");
    if (sizes->n > PT_TENSOR_DIMS_MAX)
        return opcode_error(m, "creates a tensor of %u dimensions; the limit is 8",
                            (unsigned)sizes->n);
    tensor->n_dims = sizes->n;
    tensor->n_values = 1;
    for (size_t d = 0; d < tensor->n_dims; d++) {
        const value *size = tuple_item(m, sizes, d), *stride = tuple_item(m, strides, d);
        if (size->kind != INTEGER || stride->kind != INTEGER || size->at < 0 || stride->at < 0)
            return opcode_error(m, "creates a tensor with invalid sizes or strides");
        tensor->dims[d] = (size_t)size->at;
        strides_out[d] = (size_t)stride->at;
        if (__builtin_mul_overflow(tensor->n_values, tensor->dims[d], &tensor->n_values))
            return opcode_error(m, "creates a tensor that is too large");
    }
    return PATINA_OK;
}

/* The storage index of the last value; false on overflow. */
static bool last_offset(const pt_pickled_tensor *tensor, const size_t *strides, size_t *last) {
    size_t at = tensor->storage_offset, step;
    for (size_t d = 0; d < tensor->n_dims; d++)
        if (__builtin_mul_overflow(tensor->dims[d] - 1, strides[d], &step) ||
            __builtin_add_overflow(at, step, &at))
            return false;
    *last = at;
    return true;
}

static bool has_contiguous_strides(const pt_pickled_tensor *tensor, const size_t *strides) {
    size_t expected = 1; /* no overflow: partial products of n_values */
    for (size_t d = tensor->n_dims; d-- > 0;) {
        if (tensor->dims[d] != 1 && strides[d] != expected) return false;
        expected *= tensor->dims[d];
    }
    return true;
}

/* The dtype is that of the storage, or of the tensor where the storage is untyped. */
static patina_status resolve_dtype(machine *m, const storage *from, const value *dtype,
                                   pt_pickled_tensor *tensor, uint64_t *n_storage) {
    const bool untyped = globals[from->global].role == STORAGE_BYTES;
    const pt_pickled_type *own = &globals[from->global].type;

    tensor->type = own;
    if (dtype) {
        if (dtype->kind != GLOBAL || globals[dtype->at].role != DTYPE)
            return opcode_error(m, "creates a tensor of an invalid type");
        tensor->type = &globals[dtype->at].type;
    } else if (untyped) {
        return opcode_error(m, "creates a tensor from an untyped storage");
    }
    if (__builtin_mul_overflow(from->n_values, (uint64_t)own->n_bytes, &tensor->n_storage))
        return opcode_error(m, "creates a tensor from a storage that is too large");
    *n_storage = tensor->n_storage / tensor->type->n_bytes;
    return PATINA_OK;
}

static patina_status make_tensor(machine *m, const value *args, bool has_dtype, value *made) {
    pt_pickled_tensor tensor = {0};
    size_t strides[PT_TENSOR_DIMS_MAX] = {0}, last = 0;
    uint64_t n_storage = 0;

    /* One more argument means that values are negated or conjugated. */
    if (args->n != (has_dtype ? 7U : 6U))
        return opcode_error(m, "creates a tensor from %u arguments", (unsigned)args->n);
    const value *from = tuple_item(m, args, 0), *first = tuple_item(m, args, 1);
    if (from->kind != STORAGE) return opcode_error(m, "creates a tensor without a storage");
    if (first->kind != INTEGER || first->at < 0)
        return opcode_error(m, "creates a tensor with an invalid storage offset");
    const storage *store = (const storage *)m->storages.entries + from->at;
    PT_TRY(resolve_dtype(m, store, has_dtype ? tuple_item(m, args, 6) : NULL, &tensor, &n_storage));
    PT_TRY(read_shape(m, tuple_item(m, args, 2), tuple_item(m, args, 3), &tensor, strides));

    tensor.storage_offset = (size_t)first->at;
    tensor.key = (const char *)m->bytes + store->key.at;
    tensor.n_key = store->key.n;
    tensor.is_contiguous = tensor.n_values == 0 || has_contiguous_strides(&tensor, strides);
    if (tensor.n_values == 0 ? tensor.storage_offset > n_storage
                             : !last_offset(&tensor, strides, &last) || last >= n_storage)
        return opcode_error(m, "creates a tensor that exceeds its storage");
    *made = (value){.kind = TENSOR, .at = (int64_t)m->tensors.n};
    return table_add(m, &m->tensors, &tensor);
}

/* A call of an allowed global: pushes a description of its result. */
static patina_status run_reduce(machine *m) {
    PT_TRY(check_stack(m, 2));
    const value called = *stack_at(m, m->stack.n - 2), args = *stack_at(m, m->stack.n - 1);
    value made = {.kind = OPAQUE};

    if (called.kind != GLOBAL) return opcode_error(m, "calls %s", kind_names[called.kind]);
    if (args.kind != TUPLE) return opcode_error(m, "calls with %s", kind_names[args.kind]);
    m->stack.n -= 2;
    switch (globals[called.at].role) {
    case IGNORED:
        break;
    case DICTIONARY:
        if (args.n != 0) return opcode_error(m, "creates a dictionary from arguments");
        return push_dict(m);
    case REBUILD_TENSOR_V2:
        PT_TRY(make_tensor(m, &args, false, &made));
        break;
    case REBUILD_TENSOR_V3:
        PT_TRY(make_tensor(m, &args, true, &made));
        break;
    case PARAMETER:
        if (args.n != 3 || tuple_item(m, &args, 0)->kind != TENSOR)
            return opcode_error(m, "creates a parameter from something other than a tensor");
        made = *tuple_item(m, &args, 0);
        break;
    default:
        return opcode_error(m, "calls '%s.%s', which is a type", globals[called.at].module,
                            globals[called.at].name);
    }
    return push(m, made);
}

/* ------------------------------------------------------------- opcodes */

/* All opcodes; those without a handler are rejected. */
static const struct {
    const char *name;
    opcode_handler *run;
} opcodes[256] = {
    ['('] = {"MARK", run_mark},
    [')'] = {"EMPTY_TUPLE", run_short_tuple},
    ['.'] = {"STOP", run_stop},
    ['0'] = {"POP", NULL},
    ['1'] = {"POP_MARK", NULL},
    ['2'] = {"DUP", NULL},
    ['B'] = {"BINBYTES", run_binbytes},
    ['C'] = {"SHORT_BINBYTES", run_short_binbytes},
    ['F'] = {"FLOAT", NULL},
    ['G'] = {"BINFLOAT", run_binfloat},
    ['I'] = {"INT", NULL},
    ['J'] = {"BININT", run_binint},
    ['K'] = {"BININT1", run_binint1},
    ['L'] = {"LONG", NULL},
    ['M'] = {"BININT2", run_binint2},
    ['N'] = {"NONE", run_opaque},
    ['P'] = {"PERSID", NULL},
    ['Q'] = {"BINPERSID", run_binpersid},
    ['R'] = {"REDUCE", run_reduce},
    ['S'] = {"STRING", NULL},
    ['T'] = {"BINSTRING", NULL},
    ['U'] = {"SHORT_BINSTRING", NULL},
    ['V'] = {"UNICODE", NULL},
    ['X'] = {"BINUNICODE", run_binunicode},
    [']'] = {"EMPTY_LIST", run_empty_list},
    ['a'] = {"APPEND", run_append},
    ['b'] = {"BUILD", run_build},
    ['c'] = {"GLOBAL", run_global},
    ['d'] = {"DICT", NULL},
    ['e'] = {"APPENDS", run_appends},
    ['g'] = {"GET", NULL},
    ['h'] = {"BINGET", run_binget},
    ['i'] = {"INST", NULL},
    ['j'] = {"LONG_BINGET", run_long_binget},
    ['l'] = {"LIST", NULL},
    ['o'] = {"OBJ", NULL},
    ['p'] = {"PUT", NULL},
    ['q'] = {"BINPUT", run_binput},
    ['r'] = {"LONG_BINPUT", run_long_binput},
    ['s'] = {"SETITEM", run_setitem},
    ['t'] = {"TUPLE", run_tuple},
    ['u'] = {"SETITEMS", run_setitems},
    ['}'] = {"EMPTY_DICT", run_empty_dict},
    [0x80] = {"PROTO", run_proto},
    [0x81] = {"NEWOBJ", NULL},
    [0x82] = {"EXT1", NULL},
    [0x83] = {"EXT2", NULL},
    [0x84] = {"EXT4", NULL},
    [0x85] = {"TUPLE1", run_short_tuple},
    [0x86] = {"TUPLE2", run_short_tuple},
    [0x87] = {"TUPLE3", run_short_tuple},
    [0x88] = {"NEWTRUE", run_opaque},
    [0x89] = {"NEWFALSE", run_opaque},
    [0x8A] = {"LONG1", run_long1},
    [0x8B] = {"LONG4", NULL},
    [0x8C] = {"SHORT_BINUNICODE", run_short_binunicode},
    [0x8D] = {"BINUNICODE8", NULL},
    [0x8E] = {"BINBYTES8", NULL},
    [0x8F] = {"EMPTY_SET", NULL},
    [0x90] = {"ADDITEMS", NULL},
    [0x91] = {"FROZENSET", NULL},
    [0x92] = {"NEWOBJ_EX", NULL},
    [0x93] = {"STACK_GLOBAL", run_stack_global},
    [0x94] = {"MEMOIZE", run_memoize},
    [0x95] = {"FRAME", run_frame},
    [0x96] = {"BYTEARRAY8", NULL},
    [0x97] = {"NEXT_BUFFER", NULL},
    [0x98] = {"READONLY_BUFFER", NULL},
};

static const char *opcode_name(unsigned opcode) {
    return opcodes[opcode].name ? opcodes[opcode].name : "unknown opcode";
}

static patina_status run(machine *m) {
    while (!m->stopped) {
        if (m->at == m->size)
            return pt_fail(m->err, PATINA_EFORMAT,
                           "file '%s': the pickle ends after %zu bytes without STOP", m->file,
                           m->size);
        m->begin = m->at;
        m->opcode = m->bytes[m->at++];
        if (m->begin == 0 && m->opcode != 0x80)
            return opcode_error(m, "is not the first opcode of a PyTorch pickle");
        if (!opcodes[m->opcode].run)
            return opcode_error(
                m, "is not supported: PyTorch does not write it; nothing was executed");
        PT_TRY(opcodes[m->opcode].run(m));
    }
    return PATINA_OK;
}

/* ------------------------------------------------------------------- result */

/* The last member 'state_dict' that is a dictionary, as in Python, or the root itself. */
static const value *find_state_dict(const machine *m, const value *root) {
    const item *items = m->items.entries;
    const value *state = root;
    size_t i = ((const dict *)m->dicts.entries)[root->at].first;

    for (; i != 0; i = items[i].next)
        if (text_equals(m, &items[i].key, "state_dict") && items[i].value.kind == DICT)
            state = &items[i].value;
    return state;
}

static patina_status collect_tensors(const machine *m, pt_pickled_tensor **tensors, size_t *n) {
    const value *root = stack_at(m, 0);
    const item *items = m->items.entries;
    const pt_pickled_tensor *made = m->tensors.entries;
    size_t n_found = 0;

    if (root->kind != DICT)
        return pt_fail(m->err, PATINA_EFORMAT,
                       "file '%s': contains %s instead of a dictionary of tensors", m->file,
                       kind_names[root->kind]);
    const size_t first = ((const dict *)m->dicts.entries)[find_state_dict(m, root)->at].first;
    for (size_t i = first; i != 0; i = items[i].next)
        n_found += items[i].key.kind == TEXT && items[i].value.kind == TENSOR;
    if (n_found == 0)
        return pt_fail(m->err, PATINA_EFORMAT,
                       "file '%s': contains no named tensors at the top or in 'state_dict'",
                       m->file);
    if (n_found > TENSORS_MAX)
        return pt_fail(m->err, PATINA_EFORMAT, "file '%s': contains %zu tensors; the limit is %zu",
                       m->file, n_found, TENSORS_MAX);

    pt_pickled_tensor *found = calloc(n_found, sizeof *found), *out = found;
    if (!found) return out_of_memory(m);
    for (size_t i = first; i != 0; i = items[i].next) {
        if (items[i].key.kind != TEXT || items[i].value.kind != TENSOR) continue;
        *out = made[items[i].value.at];
        out->name = (const char *)m->bytes + items[i].key.at;
        out->n_name = items[i].key.n;
        out++;
    }
    *tensors = found;
    *n = n_found;
    return PATINA_OK;
}

patina_status pt_unpickle(const char *file, const unsigned char *bytes, size_t size,
                          pt_pickled_tensor **tensors, size_t *n, patina_error *err) {
    machine m = {
        .file = file,
        .bytes = bytes,
        .size = size,
        .stack = {.size = sizeof(value), .n_max = ENTRIES_MAX, .what = "values at a time"},
        .marks = {.size = sizeof(size_t), .n_max = MARKS_MAX, .what = "levels of nesting"},
        .memo = {.size = sizeof(value), .n_max = ENTRIES_MAX, .what = "memo entries"},
        .elements = {.size = sizeof(value), .n_max = ENTRIES_MAX, .what = "elements of tuples"},
        .items = {.size = sizeof(item), .n_max = ENTRIES_MAX, .what = "items of dictionaries"},
        .dicts = {.size = sizeof(dict), .n_max = ENTRIES_MAX, .what = "dictionaries"},
        .storages = {.size = sizeof(storage), .n_max = TENSORS_MAX, .what = "storages"},
        .tensors = {.size = sizeof(pt_pickled_tensor), .n_max = TENSORS_MAX, .what = "tensors"},
        .err = err,
    };
    patina_status status = table_add(&m, &m.items, &(item){.next = 0}); /* index 0: none */

    if (status == PATINA_OK) status = run(&m);
    if (status == PATINA_OK) status = collect_tensors(&m, tensors, n);
    free(m.stack.entries);
    free(m.marks.entries);
    free(m.memo.entries);
    free(m.elements.entries);
    free(m.items.entries);
    free(m.dicts.entries);
    free(m.storages.entries);
    free(m.tensors.entries);
    return status;
}
