/* SPDX-License-Identifier: MIT */
/* test_unpickler.c - pickles of PyTorch, and rejection of everything else */

#include "test.h"

#include <stdlib.h>

#include "base/strbuf.h"
#include "weights/unpickler.h"

#define BYTES(text) text, sizeof text - 1

/* ------------------------------------------------- a small writer of pickles */

/* Protocol 2, or 4 with its strings and globals if `modern`. Without memo. */
typedef struct writer {
    pt_strbuf out;
    bool modern;
} writer;

static void add_byte(writer *w, unsigned byte) {
    pt_strbuf_append_bytes(&w->out, &(unsigned char){(unsigned char)byte}, 1);
}

static void add_number(writer *w, uint64_t number, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; i++)
        add_byte(w, (unsigned)(number >> (8 * i) & 255));
}

static void add_text(writer *w, const char *text) {
    add_byte(w, w->modern ? 0x8C : 'X');
    add_number(w, strlen(text), w->modern ? 1 : 4);
    pt_strbuf_append(&w->out, text);
}

/* An integer in the shortest form, as Python writes it. */
static void add_integer(writer *w, int64_t number) {
    if (number >= 0 && number < 256) {
        add_byte(w, 'K');
        add_number(w, (uint64_t)number, 1);
    } else if (number >= 0 && number < 65536) {
        add_byte(w, 'M');
        add_number(w, (uint64_t)number, 2);
    } else if (number >= INT32_MIN && number <= INT32_MAX) {
        add_byte(w, 'J');
        add_number(w, (uint64_t)number, 4);
    } else {
        add_byte(w, 0x8A);
        add_byte(w, 8);
        add_number(w, (uint64_t)number, 8);
    }
}

static void add_global(writer *w, const char *module, const char *name) {
    if (w->modern) {
        add_text(w, module);
        add_text(w, name);
        add_byte(w, 0x93);
    } else {
        pt_strbuf_printf(&w->out, "c%s\n%s\n", module, name);
    }
}

static void begin(writer *w) {
    pt_strbuf_clear(&w->out);
    add_byte(w, 0x80);
    add_byte(w, w->modern ? 4 : 2);
    if (!w->modern) return;
    add_byte(w, 0x95);
    add_number(w, 3, 8); /* a frame of three bytes, which is ignored: all bytes are in memory */
}

static void add_storage(writer *w, const char *module, const char *type, const char *key,
                        int64_t n_values) {
    pt_strbuf_append(&w->out, "(");
    add_text(w, "storage");
    add_global(w, module, type);
    add_text(w, key);
    add_text(w, "cuda:0");
    add_integer(w, n_values);
    pt_strbuf_append(&w->out, "tQ");
}

static void add_tuple(writer *w, const int64_t *numbers, size_t n) {
    if (n > 3) add_byte(w, '(');
    for (size_t i = 0; i < n; i++)
        add_integer(w, numbers[i]);
    add_byte(w, n == 0 ? ')' : n > 3 ? 't' : 0x84 + (unsigned)n);
}

/* Description of a tensor. */
typedef struct shape {
    int64_t first;
    size_t n_dims;
    int64_t sizes[9], strides[9];
} shape;

/* After the storage: first value, sizes, strides, no gradient, no hooks, and the call. */
static void add_rest(writer *w, const shape *s) {
    add_integer(w, s->first);
    add_tuple(w, s->sizes, s->n_dims);
    add_tuple(w, s->strides, s->n_dims);
    add_byte(w, 0x89);
    add_global(w, "collections", "OrderedDict");
    pt_strbuf_append(&w->out, ")R");
}

static void add_tensor(writer *w, const char *type, const char *key, int64_t n_values,
                       const shape *s) {
    add_global(w, "torch._utils", "_rebuild_tensor_v2");
    add_byte(w, '(');
    add_storage(w, "torch", type, key, n_values);
    add_rest(w, s);
    pt_strbuf_append(&w->out, "tR");
}

static const shape two_by_three = {0, 2, {2, 3}, {3, 1}};

/* ----------------------------------------------------------------- judgement */

typedef struct result {
    pt_pickled_tensor *tensors;
    size_t n;
    patina_status status;
} result;

/* Unpickles a copy that ends where the pickle does, so that a read past it is detected; *copy has
 * to be freed after the tensors. */
static result unpickle(pt_test *t, const void *bytes, size_t n, unsigned char **copy) {
    result r = {.n = 77};
    *copy = malloc(n > 0 ? n : 1);
    if (!*copy) abort();
    memcpy(*copy, bytes, n);
    t->err = (patina_error){0};
    r.status = pt_unpickle("x.pt", *copy, n, &r.tensors, &r.n, &t->err);
    return r;
}

static void check_refused(pt_test *t, const void *bytes, size_t n, const char *says) {
    unsigned char *copy;
    const result r = unpickle(t, bytes, n, &copy);
    CHECK_INT(r.status, PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "file 'x.pt': ");
    CHECK_CONTAINS(t->err.message, says);
    CHECK(r.tensors == NULL && r.n == 77);
    free(r.tensors);
    free(copy);
}

static bool is_named(const pt_pickled_tensor *tensor, const char *name) {
    return tensor->n_name == strlen(name) && memcmp(tensor->name, name, tensor->n_name) == 0;
}

/* ---------------------------------------------------------------- good ones */

static void check_two_tensors(pt_test *t, bool modern) {
    writer w = {.modern = modern};
    unsigned char *copy;

    begin(&w);
    pt_strbuf_append(&w.out, "}(");
    add_text(&w, "b.weight");
    add_tensor(&w, "FloatStorage", "17", 10, &(shape){4, 2, {2, 3}, {3, 1}});
    add_text(&w, "a");
    add_tensor(&w, "LongStorage", "0", 1, &(shape){0, 0, {0}, {0}});
    pt_strbuf_append(&w.out, "u.");
    const result r = unpickle(t, w.out.text, w.out.length, &copy);
    CHECK_OK(r.status);
    REQUIRE(r.n == 2);
    const pt_pickled_tensor *b = &r.tensors[0], *a = &r.tensors[1];
    CHECK(is_named(b, "b.weight") && is_named(a, "a"));
    CHECK_STR(b->type->name, "F32");
    CHECK_INT(b->type->dtype, PT_DTYPE_F32);
    CHECK_INT(b->type->n_bytes, 4);
    CHECK_INT(b->n_dims, 2);
    CHECK(b->dims[0] == 2 && b->dims[1] == 3);
    CHECK_INT(b->n_values, 6);
    CHECK_INT(b->storage_offset, 4);
    CHECK_INT(b->n_storage, 40);
    CHECK(b->is_contiguous);
    CHECK(b->n_key == 2 && memcmp(b->key, "17", 2) == 0);
    CHECK_STR(a->type->name, "I64");
    CHECK_INT(a->n_dims, 0);
    CHECK_INT(a->n_values, 1);
    CHECK_INT(a->n_storage, 8);
    free(r.tensors);
    free(copy);
    pt_strbuf_release(&w.out);
}

TEST(unpickler, protocol_2) {
    check_two_tensors(t, false);
}

TEST(unpickler, protocol_4) {
    check_two_tensors(t, true);
}

TEST(unpickler, types) {
    static const struct {
        const char *torch, *name;
        unsigned n_bytes;
        pt_dtype dtype;
    } types[] = {
        {"FloatStorage", "F32", 4, PT_DTYPE_F32},      {"HalfStorage", "F16", 2, PT_DTYPE_F16},
        {"BFloat16Storage", "BF16", 2, PT_DTYPE_BF16}, {"DoubleStorage", "F64", 8, PT_DTYPE_OTHER},
        {"LongStorage", "I64", 8, PT_DTYPE_OTHER},     {"IntStorage", "I32", 4, PT_DTYPE_OTHER},
        {"ShortStorage", "I16", 2, PT_DTYPE_OTHER},    {"CharStorage", "I8", 1, PT_DTYPE_OTHER},
        {"ByteStorage", "U8", 1, PT_DTYPE_OTHER},      {"BoolStorage", "BOOL", 1, PT_DTYPE_OTHER},
    };
    writer w = {0};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        unsigned char *copy;
        begin(&w);
        pt_strbuf_append(&w.out, "}");
        add_text(&w, "a");
        add_tensor(&w, types[i].torch, "0", 6, &two_by_three);
        pt_strbuf_append(&w.out, "s.");
        const result r = unpickle(t, w.out.text, w.out.length, &copy);
        CHECK_OK(r.status);
        if (CHECK(r.n == 1)) {
            CHECK_STR(r.tensors->type->name, types[i].name);
            CHECK_INT(r.tensors->type->dtype, types[i].dtype);
            CHECK_INT(r.tensors->type->n_bytes, types[i].n_bytes);
            CHECK_INT(r.tensors->n_storage, 6 * types[i].n_bytes);
        }
        free(r.tensors);
        free(copy);
    }
    pt_strbuf_release(&w.out);
}

/* A storage of bytes, whose type is in the tensor. */
static void write_untyped(writer *w, int64_t n_bytes, const char *dtype) {
    begin(w);
    pt_strbuf_append(&w->out, "}");
    add_text(w, "a");
    add_global(w, "torch._utils", dtype ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2");
    add_byte(w, '(');
    add_storage(w, "torch.storage", "UntypedStorage", "0", n_bytes);
    add_rest(w, &two_by_three);
    if (dtype) add_global(w, "torch", dtype);
    pt_strbuf_append(&w->out, "tRs.");
}

TEST(unpickler, storages_of_bytes) {
    writer w = {0};
    unsigned char *copy;

    write_untyped(&w, 12, "bfloat16");
    const result r = unpickle(t, w.out.text, w.out.length, &copy);
    CHECK_OK(r.status);
    REQUIRE(r.n == 1);
    CHECK_STR(r.tensors->type->name, "BF16");
    CHECK_INT(r.tensors->n_storage, 12);
    CHECK_INT(r.tensors->n_values, 6);
    free(r.tensors);
    free(copy);
    write_untyped(&w, 11, "bfloat16");
    check_refused(t, w.out.text, w.out.length, "exceeds its storage");
    write_untyped(&w, 12, NULL);
    check_refused(t, w.out.text, w.out.length, "an untyped storage");
    write_untyped(&w, 12, "HalfStorage");
    check_refused(t, w.out.text, w.out.length, "an invalid type");
    pt_strbuf_release(&w.out);
}

/* A training checkpoint: everything besides the state dictionary is dropped. */
TEST(unpickler, unused_objects_are_dropped) {
    writer w = {0};
    unsigned char *copy;

    begin(&w);
    pt_strbuf_append(&w.out, "}(");
    add_text(&w, "epoch");
    add_global(&w, "numpy.core.multiarray", "scalar");
    add_global(&w, "numpy", "dtype");
    add_text(&w, "f8");
    pt_strbuf_append(&w.out, "\x89\x88\x87R(");
    add_integer(&w, 3);
    add_text(&w, "<");
    pt_strbuf_append(&w.out, "NNN");
    add_integer(&w, -1);
    pt_strbuf_append(&w.out, "tb");
    add_global(&w, "_codecs", "encode");
    add_text(&w, "12345678");
    add_text(&w, "latin1");
    pt_strbuf_append(&w.out, "\x86R\x86R");
    add_text(&w, "a tensor beside it");
    add_tensor(&w, "FloatStorage", "1", 6, &two_by_three);
    add_text(&w, "optimizer");
    pt_strbuf_append(&w.out, "}");
    add_text(&w, "param_groups");
    pt_strbuf_append(&w.out, "]}(");
    add_text(&w, "lr");
    pt_strbuf_append(&w.out, "G");
    add_number(&w, 0, 8);
    add_text(&w, "params");
    pt_strbuf_append(&w.out, "](");
    add_integer(&w, 0);
    add_integer(&w, 300);
    add_integer(&w, -70000);
    add_integer(&w, (int64_t)1 << 40);
    pt_strbuf_append(&w.out, "e");
    add_text(&w, "shape");
    add_global(&w, "torch", "Size");
    add_tuple(&w, (int64_t[]){1, 2}, 2);
    pt_strbuf_append(&w.out, "\x85Ruas");
    add_text(&w, "state_dict");
    add_global(&w, "collections", "OrderedDict");
    pt_strbuf_append(&w.out, ")R(");
    add_text(&w, "weight");
    add_global(&w, "torch._utils", "_rebuild_parameter");
    add_tensor(&w, "HalfStorage", "0", 6, &two_by_three);
    pt_strbuf_append(&w.out, "\x88");
    add_global(&w, "collections", "OrderedDict");
    pt_strbuf_append(&w.out, ")R\x87R");
    add_text(&w, "steps");
    add_integer(&w, 3);
    add_integer(&w, 5); /* a key that is not a string */
    add_tensor(&w, "HalfStorage", "0", 6, &two_by_three);
    pt_strbuf_append(&w.out, "u}");
    add_text(&w, "_metadata");
    pt_strbuf_append(&w.out, "}sb");
    pt_strbuf_append(&w.out, "u.");
    const result r = unpickle(t, w.out.text, w.out.length, &copy);
    CHECK_OK(r.status);
    REQUIRE(r.n == 1);
    CHECK(is_named(r.tensors, "weight"));
    CHECK_STR(r.tensors->type->name, "F16");
    free(r.tensors);
    free(copy);
    pt_strbuf_release(&w.out);
}

/* A memo entry is the same object when it is read again. */
TEST(unpickler, memo) {
    static const unsigned char head[] = {0x80, 2, '}', 'q', 0, '('};
    writer w = {0};
    unsigned char *copy;

    pt_strbuf_append_bytes(&w.out, head, sizeof head);
    add_text(&w, "a");
    pt_strbuf_append_bytes(&w.out, BYTES("r\1\0\0\0")); /* LONG_BINPUT */
    add_tensor(&w, "FloatStorage", "0", 6, &two_by_three);
    add_byte(&w, 0x94); /* MEMOIZE as 2 */
    pt_strbuf_append_bytes(&w.out, BYTES("h\1j\2\0\0\0"));
    add_text(&w, "itself"); /* a dictionary that contains itself is finite too */
    pt_strbuf_append_bytes(&w.out, BYTES("h\0u."));
    const result r = unpickle(t, w.out.text, w.out.length, &copy);
    CHECK_OK(r.status);
    REQUIRE(r.n == 2);
    CHECK(is_named(&r.tensors[0], "a") && is_named(&r.tensors[1], "a"));
    CHECK_INT(r.tensors[1].n_values, 6);
    free(r.tensors);
    free(copy);
    pt_strbuf_release(&w.out);
}

/* -------------------------------------------------------------------- shapes */

static void write_shape(writer *w, int64_t n_storage, const shape *s) {
    begin(w);
    pt_strbuf_append(&w->out, "}");
    add_text(w, "a");
    add_tensor(w, "FloatStorage", "0", n_storage, s);
    pt_strbuf_append(&w->out, "s.");
}

TEST(unpickler, shapes) {
    static const struct {
        int64_t n_storage;
        shape shape;
        bool is_contiguous;
        size_t n_values;
    } cases[] = {
        {6, {0, 2, {2, 3}, {3, 1}}, true, 6},
        {7, {1, 2, {2, 3}, {3, 1}}, true, 6},
        {6, {0, 2, {3, 2}, {1, 3}}, false, 6},            /* transposed */
        {6, {0, 2, {2, 2}, {3, 1}}, false, 4},            /* columns of a matrix */
        {3, {0, 2, {2, 3}, {0, 1}}, false, 6},            /* a row twice */
        {6, {0, 3, {1, 6, 1}, {99, 1, 77}}, true, 6},     /* stride is ignored */
        {6, {0, 4, {6, 1, 1, 1}, {1, 6, 6, 6}}, true, 6}, /* channels last */
        {1, {0, 8, {1, 1, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 1}}, true, 1},
        {0, {0, 2, {0, 3}, {3, 1}}, true, 0},
        {2, {2, 1, {0}, {1}}, true, 0},
        {2, {1, 0, {0}, {0}}, true, 1},
    };
    writer w = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char *copy;
        write_shape(&w, cases[i].n_storage, &cases[i].shape);
        const result r = unpickle(t, w.out.text, w.out.length, &copy);
        CHECK_OK(r.status);
        if (CHECK(r.n == 1)) {
            CHECK_INT(r.tensors->is_contiguous, cases[i].is_contiguous);
            CHECK_INT(r.tensors->n_values, cases[i].n_values);
            CHECK_INT(r.tensors->storage_offset, cases[i].shape.first);
        }
        free(r.tensors);
        free(copy);
    }
    pt_strbuf_release(&w.out);
}

TEST(unpickler, invalid_shapes) {
    static const struct {
        int64_t n_storage;
        shape shape;
        const char *says;
    } cases[] = {
        {5, {0, 2, {2, 3}, {3, 1}}, "exceeds its storage"},
        {6, {1, 2, {2, 3}, {3, 1}}, "exceeds its storage"},
        {6, {0, 2, {2, 3}, {4, 1}}, "exceeds its storage"},
        {6, {7, 1, {0}, {1}}, "exceeds its storage"},
        {6, {INT64_MAX, 2, {2, 3}, {INT64_MAX, 1}}, "exceeds its storage"},
        {6, {0, 2, {3, 2}, {INT64_MAX, 1}}, "exceeds its storage"},
        {6, {0, 2, {INT64_MAX, 3}, {0, 0}}, "too large"},
        {INT64_MAX, {0, 1, {1}, {1}}, "a storage that is too large"},
        {6, {-1, 2, {2, 3}, {3, 1}}, "an invalid storage offset"},
        {6, {0, 2, {-2, 3}, {3, 1}}, "with invalid sizes or strides"},
        {6, {5, 2, {2, 3}, {-3, 1}}, "with invalid sizes or strides"},
        {-6, {0, 2, {2, 3}, {3, 1}}, "creates a storage of invalid size"},
        {1,
         {0, 9, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1}},
         "creates a tensor of 9 dimensions"},
    };
    writer w = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_shape(&w, cases[i].n_storage, &cases[i].shape);
        check_refused(t, w.out.text, w.out.length, cases[i].says);
    }
    pt_strbuf_release(&w.out);
}

/* A tensor of one value, whose offset is encoded in different ways. -1: not a count. */
TEST(unpickler, integers) {
    static const struct {
        const char *bytes;
        size_t n;
        int64_t number;
    } cases[] = {
        {BYTES("K\xFF"), 255},
        {BYTES("M\xFE\xFF"), 65534},
        {BYTES("J\0\0\1\0"), 65536},
        {BYTES("J\xFF\xFF\xFF\xFF"), -1},
        {BYTES("\x8A\0"), 0},
        {BYTES("\x8A\1\x7F"), 127},
        {BYTES("\x8A\1\x80"), -1},
        {BYTES("\x8A\2\xFF\0"), 255},
        {BYTES("\x8A\3\xFF\xFF\xFF"), -1},
        {BYTES("\x8A\5\0\0\0\0\1"), (int64_t)1 << 32},
        {BYTES("\x8A\x08\0\0\0\0\0\0\0\x80"), -1},
        {BYTES("\x8A\x09\1\0\0\0\0\0\0\0\0"), -1}, /* more than 64 bits are no valid offset */
        {BYTES("\x88"), -1},
    };
    writer w = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char *copy;
        begin(&w);
        pt_strbuf_append(&w.out, "}");
        add_text(&w, "a");
        add_global(&w, "torch._utils", "_rebuild_tensor_v2");
        add_byte(&w, '(');
        add_storage(&w, "torch", "FloatStorage", "0", (int64_t)1 << 33);
        pt_strbuf_append_bytes(&w.out, cases[i].bytes, cases[i].n);
        pt_strbuf_append(&w.out, "))NNtRs.");
        if (cases[i].number < 0) {
            check_refused(t, w.out.text, w.out.length, "an invalid storage offset");
            continue;
        }
        const result r = unpickle(t, w.out.text, w.out.length, &copy);
        CHECK_OK(r.status);
        if (CHECK(r.n == 1)) CHECK_INT(r.tensors->storage_offset, cases[i].number);
        free(r.tensors);
        free(copy);
    }
    pt_strbuf_release(&w.out);
}

/* ------------------------------------------------------------------- hostile */

/* The header of every pickle of protocol 2 is prepended. */
static const struct {
    const char *bytes;
    size_t n;
    const char *says;
} hostile[] = {
    /* os.system("id"), as in tutorials, and variants */
    {BYTES("cposix\nsystem\nX\2\0\0\0id\x85R."),
     "byte 2 of the pickle: GLOBAL (0x63) refers to 'posix.system', which is not allowed"},
    {BYTES("X\2\0\0\0osX\6\0\0\0system\x93X\2\0\0\0id\x85R."),
     "byte 20 of the pickle: STACK_GLOBAL (0x93) refers to 'os.system'"},
    {BYTES("cbuiltins\neval\n."), "GLOBAL (0x63) refers to 'builtins.eval'"},
    {BYTES("c__builtin__\ngetattr\n."), "refers to '__builtin__.getattr'"},
    {BYTES("ctorch\nload\n."), "refers to 'torch.load'"},
    {BYTES("ctorch._utils\n_rebuild_tensor_v2.__globals__\n."), "_rebuild_tensor_v2.__globals__'"},
    {BYTES("c\ncollections OrderedDict\n."), "GLOBAL (0x63) refers to '.collections OrderedDict'"},
    {BYTES("(S'id'\nios\nsystem\n."), "byte 3 of the pickle: STRING (0x53) is not supported"},
    {BYTES("(ios\nsystem\n."), "INST (0x69) is not supported"},
    {BYTES("(cos\nsystem\nX\2\0\0\0ido."), "refers to 'os.system'"},
    {BYTES("ccollections\nOrderedDict\n)\x81."), "NEWOBJ (0x81) is not supported"},
    {BYTES("ccollections\nOrderedDict\n)}\x92."), "NEWOBJ_EX (0x92) is not supported"},
    {BYTES("\x82\1."), "EXT1 (0x82) is not supported"},
    {BYTES("\x83\1\0."), "EXT2 (0x83) is not supported"},
    {BYTES("\x84\1\0\0\0."), "EXT4 (0x84) is not supported"},
    {BYTES("P0\n."), "PERSID (0x50) is not supported"},
    {BYTES("\x97."), "NEXT_BUFFER (0x97) is not supported"},
    {BYTES("}2."), "DUP (0x32) is not supported"},
    {BYTES("\xFF."), "unknown opcode (0xff) is not supported"},
    {BYTES("\0."), "unknown opcode (0x00) is not supported"},
    /* calls of objects that are not functions */
    {BYTES("})R."), "REDUCE (0x52) calls a dictionary"},
    {BYTES("X\2\0\0\0os)R."), "REDUCE (0x52) calls a string"},
    {BYTES("ctorch\nFloatStorage\n)R."), "calls 'torch.FloatStorage', which is a type"},
    {BYTES("ctorch\nfloat32\n)R."), "calls 'torch.float32', which is a type"},
    {BYTES("ccollections\nOrderedDict\nNR."), "REDUCE (0x52) calls with an opaque value"},
    {BYTES("ccollections\nOrderedDict\n]\x85R."), "creates a dictionary from arguments"},
    {BYTES("ctorch._utils\n_rebuild_tensor_v2\n)R."), "creates a tensor from 0 arguments"},
    {BYTES("ctorch._utils\n_rebuild_tensor_v2\n(NNNNNNtR."), "creates a tensor without a storage"},
    {BYTES("ctorch._utils\n_rebuild_tensor_v2\n(NNNNNNNtR."), "creates a tensor from 7 arguments"},
    {BYTES("ctorch._utils\n_rebuild_parameter\n}NN\x87R."),
     "a parameter from something other than a tensor"},
    {BYTES("ctorch._utils\n_rebuild_parameter\n)R."),
     "a parameter from something other than a tensor"},
    /* persistent identifiers */
    {BYTES("NQ."), "BINPERSID (0x51) has a persistent id that is not a storage of PyTorch"},
    {BYTES(")Q."), "BINPERSID (0x51) has a persistent id"},
    {BYTES("(X\6\0\0\0moduleNNNNtQ."), "BINPERSID (0x51) has a persistent id"},
    {BYTES("(X\7\0\0\0storageNNNNtQ."), "creates a storage of an invalid type"},
    {BYTES("(X\7\0\0\0storagectorch\nfloat32\nNNNtQ."), "creates a storage of an invalid type"},
    {BYTES("(X\7\0\0\0storagectorch\nFloatStorage\nNNNtQ."), "whose key is not a string"},
    {BYTES("(X\7\0\0\0storagectorch\nFloatStorage\nX\0\0\0\0NNtQ."), "of invalid size"},
    /* the stack */
    {BYTES("."), "STOP (0x2e) does not leave exactly one value"},
    {BYTES("}}."), "STOP (0x2e) does not leave exactly one value"},
    {BYTES("}(."), "STOP (0x2e) does not leave exactly one value"},
    {BYTES("}.}"), "STOP (0x2e) is not at the end of the pickle"},
    {BYTES("R."), "REDUCE (0x52) needs more values than the stack has"},
    {BYTES("N(R."), "REDUCE (0x52) needs more values than the stack has"},
    {BYTES("}X\1\0\0\0a(s."), "SETITEM (0x73) needs more values than the stack has"},
    {BYTES("\x85."), "TUPLE1 (0x85) needs more values than the stack has"},
    {BYTES("NN\x87."), "TUPLE3 (0x87) needs more values than the stack has"},
    {BYTES("(u."), "SETITEMS (0x75) needs more values than the stack has"},
    {BYTES("(e."), "APPENDS (0x65) needs more values than the stack has"},
    {BYTES("t."), "TUPLE (0x74) has no MARK before it"},
    {BYTES("}u."), "SETITEMS (0x75) has no MARK before it"},
    {BYTES("}(Nu."), "SETITEMS (0x75) has a key without a value"},
    {BYTES("](NNu."), "SETITEMS (0x75) sets items of a list"},
    {BYTES(")NNs."), "SETITEM (0x73) sets items of a tuple"},
    {BYTES("}Na."), "APPEND (0x61) appends to a dictionary"},
    {BYTES("ccollections\nOrderedDict\n}b."), "BUILD (0x62) sets the state of a global"},
    {BYTES("]}b."), "BUILD (0x62) sets the state of a list"},
    {BYTES("}Q."), "has a persistent id that is not a storage of PyTorch"},
    {BYTES("NN\x93."), "STACK_GLOBAL (0x93) has a name that is not a string"},
    /* the memo */
    {BYTES("h\0."), "BINGET (0x68) reads memo entry 0 of 0"},
    {BYTES("}q\0h\1."), "BINGET (0x68) reads memo entry 1 of 1"},
    {BYTES("}q\0j\xFF\xFF\xFF\xFF."), "LONG_BINGET (0x6a) reads memo entry 4294967295"},
    {BYTES("}q\1."), "BINPUT (0x71) stores memo entry 1; expected 0"},
    {BYTES("}q\0q\0."), "BINPUT (0x71) stores memo entry 0; expected 1"},
    {BYTES("}r\xFF\xFF\xFF\xFF."), "LONG_BINPUT (0x72) stores memo entry 4294967295"},
    {BYTES("q\0."), "BINPUT (0x71) needs more values than the stack has"},
    {BYTES("(\x94."), "MEMOIZE (0x94) needs more values than the stack has"},
    /* lengths */
    {BYTES("X\xFF\xFF\xFF\xFF."), "BINUNICODE (0x58) has 4294967295 bytes"},
    {BYTES("X\2\0\0\0."), "BINUNICODE (0x58) is truncated"},
    {BYTES("\x8C\x02."), "SHORT_BINUNICODE (0x8c) is truncated"},
    {BYTES("B\xFF\xFF\xFF\x7F."), "BINBYTES (0x42) has 2147483647 bytes"},
    {BYTES("\x8A\xFF."), "LONG1 (0x8a) is truncated"},
    {BYTES("\x95\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF."), "FRAME (0x95) is truncated"},
    {BYTES("\x8D\1\0\0\0\0\0\0\0a."), "BINUNICODE8 (0x8d) is not supported"},
    {BYTES("cmodule"), "GLOBAL (0x63) is truncated"},
    {BYTES("\x80\2}."), "byte 2 of the pickle: PROTO (0x80) is not the first opcode"},
    /* objects that are not state dictionaries */
    {BYTES("N."), "contains an opaque value instead of a dictionary of tensors"},
    {BYTES("]."), "contains a list instead of a dictionary of tensors"},
    {BYTES("}."), "contains no named tensors"},
    {BYTES("}X\12\0\0\0state_dict}s."), "contains no named tensors"},
    {BYTES("}X\12\0\0\0state_dictNs."), "contains no named tensors"},
};

TEST(unpickler, hostile_pickles) {
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        writer w = {0};
        begin(&w);
        pt_strbuf_append_bytes(&w.out, hostile[i].bytes, hostile[i].n);
        check_refused(t, w.out.text, w.out.length, hostile[i].says);
        pt_strbuf_release(&w.out);
    }
    check_refused(t, "", 0, "the pickle ends after 0 bytes without STOP");
    check_refused(t, BYTES("}."), "EMPTY_DICT (0x7d) is not the first opcode of a PyTorch pickle");
    check_refused(t, BYTES("\x80\1}."), "PROTO (0x80) has protocol 1; supported are 2 to 5");
    check_refused(t, BYTES("\x80\6}."), "PROTO (0x80) has protocol 6; supported are 2 to 5");
}

/* Input that could cause recursion, large allocations or endless loops. */
TEST(unpickler, size_limit) {
    writer w = {0};

    begin(&w); /* 100 000 nested tuples: a level takes constant memory */
    for (size_t i = 0; i < 100000; i++)
        add_byte(&w, i ? 0x85 : ')');
    add_byte(&w, '.');
    check_refused(t, w.out.text, w.out.length, "contains a tuple instead of a dictionary");

    for (size_t n = 256; n < 258; n++) { /* open marks */
        begin(&w);
        add_byte(&w, '}');
        for (size_t i = 0; i < n; i++)
            add_byte(&w, '(');
        for (size_t i = 0; i < n; i++)
            add_byte(&w, 't');
        pt_strbuf_append(&w.out, "Ns.");
        check_refused(t, w.out.text, w.out.length,
                      n == 256 ? "contains no named tensors"
                               : "byte 259 of the pickle: MARK (0x28) makes more than 256 levels "
                                 "of nesting");
    }

    static const struct {
        const char *head, *again, *says;
    } many[] = {
        {"", "N", "makes more than 1048576 values at a time"},
        {"", ")0", "POP (0x30) is not supported"},
        {"N", "\x94", "makes more than 1048576 memo entries"},
        {"]", "(NNta", "makes more than 1048576 elements of tuples"},
        {"]", "}a", "makes more than 1048576 dictionaries"},
        {"}", "NNs", "makes more than 1048576 items"},
    };
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        begin(&w);
        pt_strbuf_append(&w.out, many[i].head);
        for (size_t k = 0; k <= (1U << 20); k++)
            pt_strbuf_append(&w.out, many[i].again);
        check_refused(t, w.out.text, w.out.length, many[i].says);
    }
    pt_strbuf_release(&w.out);
}

/* ------------------------------------------------------------------- damage */

/* Every supported instruction, in a pickle with two tensors. */
static void write_everything(writer *w) {
    begin(w);
    pt_strbuf_append(&w->out, "}\x94(");
    add_text(w, "optimizer");
    pt_strbuf_append_bytes(&w->out, BYTES("](Nh\0\x88\x89G\0\0\0\0\0\0\0\0J\1\0\0\0M\1\0"));
    pt_strbuf_append_bytes(&w->out, BYTES("\x8A\2\1\2B\1\0\0\0aC\1ae"));
    pt_strbuf_append(&w->out, "Na");
    add_text(w, "state_dict");
    add_global(w, "collections", "OrderedDict");
    pt_strbuf_append(&w->out, ")R(");
    add_text(w, "a");
    add_tensor(w, "FloatStorage", "0", 6, &two_by_three);
    add_text(w, "b");
    add_tensor(w, "HalfStorage", "1", 24, &(shape){3, 4, {1, 2, 3, 3}, {18, 9, 3, 1}});
    pt_strbuf_append(&w->out, "u}b");
    pt_strbuf_append(&w->out, "u.");
}

TEST(unpickler, truncation_at_every_byte) {
    for (int modern = 0; modern < 2; modern++) {
        writer w = {.modern = modern};
        unsigned char *copy;
        write_everything(&w);
        const result r = unpickle(t, w.out.text, w.out.length, &copy);
        CHECK_OK(r.status);
        CHECK_INT(r.n, 2);
        free(r.tensors);
        free(copy);
        for (size_t n = 0; n < w.out.length; n++)
            check_refused(t, w.out.text, n, "");
        pt_strbuf_release(&w.out);
    }
}

/* Accepted pickles satisfy the invariants of unpickler.h. */
TEST(unpickler, every_byte_changed) {
    size_t n_read = 0;
    for (int modern = 0; modern < 2; modern++) {
        writer w = {.modern = modern};
        write_everything(&w);
        for (size_t i = 0; i < 8 * w.out.length; i++) {
            unsigned char *copy;
            w.out.text[i / 8] ^= (char)(1 << i % 8);
            const result r = unpickle(t, w.out.text, w.out.length, &copy);
            w.out.text[i / 8] ^= (char)(1 << i % 8);
            CHECK(r.status == PATINA_OK || r.status == PATINA_EFORMAT);
            n_read += r.status == PATINA_OK;
            for (size_t k = 0; r.status == PATINA_OK && k < r.n; k++) {
                const pt_pickled_tensor *tensor = &r.tensors[k];
                if (tensor->is_contiguous)
                    CHECK((tensor->storage_offset + tensor->n_values) * tensor->type->n_bytes <=
                          tensor->n_storage);
            }
            free(r.tensors);
            free(copy);
        }
        pt_strbuf_release(&w.out);
    }
    CHECK(n_read > 0);
}
