# SPDX-License-Identifier: MIT
"""What of libpatina's public headers the package uses, in the words of C.

One table for each: constants, structs, functions. ctypes is set up from them, and
tests/python/check_abi.py has a C compiler hold every line against the headers: type, size, offset,
value. So a header that changes breaks the test and not the user. A new member of a struct, or a
function more, is one line here; a struct needs all its members, in the header's order.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

CONSTANTS = {
    "PT_OK": 0,
    "PT_RATE_HZ": 48000,
    "PT_LTAS_BANDS": 64,
    "PT_EMBEDDING": 512,
    "PT_CLAP_BOTH": 3,
    "PT_ORDER_PHYSICAL": 0,
    "PT_ORDER_RANDOM": 1,
}

STRUCTS = {
    "pt_error": [("pt_status", "status"), ("char[1024]", "message")],
    "pt_arena": [("struct pt_arena_block *", "block"), ("size_t", "in_use"), ("size_t", "peak")],
    "pt_audio": [("const float *", "samples"), ("size_t", "n_frames"), ("unsigned", "n_channels"),
                 ("unsigned", "rate_hz")],
    "pt_window": [("uint64_t", "start"), ("uint64_t", "frames"), ("unsigned", "rate_hz"),
                  ("unsigned", "channels")],
    "pt_targets": [("double[64]", "ltas"), ("double", "lufs_source"), ("double", "lufs_mono"),
                   ("double", "crest_db"), ("double", "zcr")],
    "pt_degraded": [("float *", "samples"), ("size_t", "n_samples"), ("char *", "provenance_json")],
    "pt_recipe": [("char *", "entry"), ("uint64_t", "seed"), ("uint32_t", "variant"),
                  ("pt_window", "window"), ("char *", "chain_json")],
}

# name: result, then the parameters
FUNCTIONS = {
    "pt_version": ["const char *"],
    "pt_status_name": ["const char *", "pt_status"],
    "pt_arena_init": ["void", "pt_arena *"],
    "pt_arena_release": ["void", "pt_arena *"],
    "pt_isa_parse": ["pt_status", "const char *", "pt_isa *", "pt_error *"],
    "pt_precision_parse": ["pt_status", "const char *", "pt_isa", "pt_precision *", "pt_error *"],
    "pt_meter_open": ["pt_status", "pt_meter **", "pt_error *"],
    "pt_file_measure": ["pt_status", "const pt_meter *", "const char *", "uint64_t", "uint64_t",
                        "pt_window *", "pt_targets *", "pt_error *"],
    "pt_sound_measure": ["pt_status", "const pt_meter *", "const pt_audio *", "pt_targets *",
                         "pt_error *"],
    "pt_suite_open": ["pt_status", "const char *", "pt_suite **", "pt_error *"],
    "pt_suite_close": ["void", "pt_suite **"],
    "pt_file_degrade": ["pt_status", "const pt_suite *", "const char *", "uint64_t", "const char *",
                        "uint32_t", "pt_order", "pt_degraded *", "pt_error *"],
    "pt_sound_degrade": ["pt_status", "const pt_suite *", "const pt_audio *", "uint64_t",
                         "const char *", "uint32_t", "pt_order", "pt_degraded *", "pt_error *"],
    "pt_file_replay": ["pt_status", "const pt_suite *", "const char *", "const pt_recipe *",
                       "pt_degraded *", "pt_error *"],
    "pt_sound_replay": ["pt_status", "const pt_suite *", "const pt_audio *", "const pt_recipe *",
                        "pt_degraded *", "pt_error *"],
    "pt_degraded_release": ["void", "pt_degraded *"],
    "pt_recipe_parse": ["pt_status", "const char *", "pt_recipe *", "pt_error *"],
    "pt_recipe_release": ["void", "pt_recipe *"],
    "pt_clap_open": ["pt_status", "const char *", "pt_clap_parts", "pt_isa", "pt_precision",
                     "pt_clap **", "pt_error *"],
    "pt_clap_close": ["void", "pt_clap **"],
    "pt_clap_embed_text": ["pt_status", "const pt_clap *", "const char *", "size_t", "float *",
                           "pt_arena *", "pt_error *"],
    "pt_file_embed": ["pt_status", "const pt_clap *", "const char *", "uint64_t", "float *",
                      "pt_arena *", "pt_error *"],
    "pt_sound_embed": ["pt_status", "const pt_clap *", "const pt_audio *", "uint64_t", "float *",
                       "pt_arena *", "pt_error *"],
}

ENUMS = ("pt_status", "pt_order", "pt_isa", "pt_precision", "pt_clap_parts")

_SCALARS: dict[str, Any] = {
    "void": None, "float": ctypes.c_float, "double": ctypes.c_double, "size_t": ctypes.c_size_t,
    "unsigned": ctypes.c_uint, "uint32_t": ctypes.c_uint32, "uint64_t": ctypes.c_uint64,
    "const char *": ctypes.c_char_p, **dict.fromkeys(ENUMS, ctypes.c_uint),
}


def type_of(c_type: str, structs: dict[str, Any]) -> Any:
    """The ctypes type of a C type. What is pointed to needs no type of its own: pointers are void,
    but for strings that come back (`const char *`) and floats that are read."""
    if c_type in _SCALARS:
        return _SCALARS[c_type]
    if c_type in structs:
        return structs[c_type]
    array = re.fullmatch(r"(\w+)\[(\d+)\]", c_type)
    if array:
        item = ctypes.c_char if array[1] == "char" else _SCALARS[array[1]]
        return item * int(array[2])
    if c_type.endswith("*"):
        return ctypes.c_void_p
    raise TypeError(f"no ctypes type for '{c_type}'")


def _make_structs() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, members in STRUCTS.items():
        fields = [(member, type_of(c_type, made)) for c_type, member in members]
        made[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
    return made


STRUCT = _make_structs()


def declare(library: ctypes.CDLL) -> None:
    """Gives every function of the table its types."""
    for name, (result, *parameters) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = type_of(result, STRUCT)
        function.argtypes = [type_of(parameter, STRUCT) for parameter in parameters]
