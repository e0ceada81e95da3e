# SPDX-License-Identifier: MIT
"""The part of libpatina's public headers that the package uses, as C declarations.

There is one table each for constants, structs and functions. ctypes is set up from them, and
tests/python/check_abi.py makes a C compiler compare every line with the headers: type, size, offset,
value. A new struct member or function is one line here. A struct needs all its members, in the order
of the header.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

CONSTANTS = {
    "PATINA_OK": 0,
    "PATINA_RATE_HZ": 48000,
    "PATINA_LTAS_BANDS": 64,
    "PATINA_EMBEDDING_SIZE": 512,
    "PATINA_CLAP_BOTH": 3,
    "PATINA_EFFECT_ORDER_PHYSICAL": 0,
    "PATINA_EFFECT_ORDER_RANDOM": 1,
    "PATINA_SEVERITY_LIGHT": 0,
    "PATINA_SEVERITY_MEDIUM": 1,
    "PATINA_SEVERITY_HEAVY": 2,
    "PATINA_WINDOW_FRAMES": 480000,
}

STRUCTS = {
    "patina_error": [("patina_status", "status"), ("char[1024]", "message")],
    "patina_audio": [("const float *", "samples"), ("size_t", "n_frames"), ("unsigned", "n_channels"),
                 ("unsigned", "rate_hz")],
    "patina_window": [("uint64_t", "start"), ("uint64_t", "frames"), ("unsigned", "rate_hz"),
                  ("unsigned", "channels")],
    "patina_source_quality": [("double", "bandwidth_hz"), ("double", "peak_dbfs"), ("double", "peak_share"),
                              ("double", "noise_floor_dbfs"), ("double", "silent_share"), ("uint64_t", "flat_run"),
                              ("const char *", "codec"), ("uint32_t", "bits"), ("uint32_t", "is_lossy")],
    "patina_targets": [("double[64]", "ltas"), ("double", "lufs_source"), ("double", "lufs_mono"),
                   ("double", "crest_db"), ("double", "zcr"), ("patina_source_quality", "quality")],
    "patina_degraded": [("float *", "samples"), ("size_t", "n_samples"), ("char *", "provenance_json")],
    "patina_recipe": [("char *", "entry"), ("uint64_t", "seed"), ("uint32_t", "variant"),
                  ("patina_window", "window"), ("char *", "chain_json"), ("double", "level_gain_db"),
                  ("double", "purity_cap"), ("bool", "made_by_0_1")],
    "patina_stage_stats": [("const char *", "effect"), ("double", "threshold"), ("double", "bussgang_gain"),
                           ("size_t", "count")],
    "patina_degrade_stats": [("double", "signal_power"), ("double", "noise_power"),
                             ("double", "distortion_power"), ("double", "rest_power"), ("double", "output_gain"),
                             ("patina_stage_stats[16]", "stage"), ("size_t", "n_stages")],
}

# name: result, then the parameters
FUNCTIONS = {
    "patina_version": ["const char *"],
    "patina_status_name": ["const char *", "patina_status"],
    "patina_isa_parse": ["patina_status", "const char *", "patina_isa *", "patina_error *"],
    "patina_precision_parse": ["patina_status", "const char *", "patina_isa", "patina_precision *", "patina_error *"],
    "patina_meter_open": ["patina_status", "patina_meter **", "patina_error *"],
    "patina_file_measure": ["patina_status", "const patina_meter *", "const char *", "uint64_t", "uint64_t",
                        "patina_window *", "patina_targets *", "patina_error *"],
    "patina_buffer_measure": ["patina_status", "const patina_meter *", "const patina_audio *", "patina_targets *",
                         "patina_error *"],
    "patina_effect_config_open": ["patina_status", "const char *", "patina_effect_config **", "patina_error *"],
    "patina_effect_config_close": ["void", "patina_effect_config **"],
    "patina_free": ["void", "void *"],
    "patina_source_quality_to_json": ["char *", "const patina_source_quality *"],
    "patina_effects_to_json": ["char *", "const patina_effect_config *"],
    "patina_effect_chain_draw": ["patina_status", "const patina_effect_config *", "uint64_t", "const char *",
                                 "uint32_t", "patina_effect_order", "size_t", "patina_effect_chain **",
                                 "patina_error *"],
    "patina_effect_chain_from_names": ["patina_status", "const patina_effect_config *", "const char *",
                                       "patina_severity", "uint64_t", "const char *", "uint32_t", "size_t",
                                       "patina_effect_chain **", "patina_error *"],
    "patina_effect_chain_to_json": ["char *", "const patina_effect_chain *"],
    "patina_effect_chain_close": ["void", "patina_effect_chain **"],
    "patina_effect_chain_apply": ["patina_status", "const patina_effect_config *", "const patina_effect_chain *",
                                  "uint64_t", "const char *", "uint32_t", "const float *", "size_t", "float *",
                                  "patina_degrade_stats *", "patina_arena *", "patina_error *"],
    "patina_file_degrade": ["patina_status", "const patina_effect_config *", "const char *", "uint64_t", "const char *",
                        "uint32_t", "patina_effect_order", "patina_degraded *", "patina_error *"],
    "patina_buffer_degrade": ["patina_status", "const patina_effect_config *", "const patina_audio *", "uint64_t",
                         "const char *", "uint32_t", "patina_effect_order", "patina_degraded *", "patina_error *"],
    "patina_file_replay": ["patina_status", "const patina_effect_config *", "const char *", "const patina_recipe *",
                       "patina_degraded *", "patina_error *"],
    "patina_buffer_replay": ["patina_status", "const patina_effect_config *", "const patina_audio *", "const patina_recipe *",
                        "patina_degraded *", "patina_error *"],
    "patina_degraded_release": ["void", "patina_degraded *"],
    "patina_recipe_from_json": ["patina_status", "const char *", "patina_recipe *", "patina_error *"],
    "patina_recipe_release": ["void", "patina_recipe *"],
    "patina_clap_open": ["patina_status", "const char *", "patina_clap_parts", "patina_isa", "patina_precision",
                     "patina_clap **", "patina_error *"],
    "patina_clap_close": ["void", "patina_clap **"],
    "patina_clap_embed_text": ["patina_status", "const patina_clap *", "const char *", "size_t", "float *",
                           "patina_arena *", "patina_error *"],
    "patina_file_embed": ["patina_status", "const patina_clap *", "const char *", "uint64_t", "float *",
                      "patina_arena *", "patina_error *"],
    "patina_buffer_embed": ["patina_status", "const patina_clap *", "const patina_audio *", "uint64_t", "float *",
                       "patina_arena *", "patina_error *"],
}

ENUMS = ("patina_status", "patina_effect_order", "patina_severity", "patina_isa", "patina_precision", "patina_clap_parts")

_SCALARS: dict[str, Any] = {
    "void": None, "bool": ctypes.c_bool, "float": ctypes.c_float, "double": ctypes.c_double, "size_t": ctypes.c_size_t,
    "unsigned": ctypes.c_uint, "uint32_t": ctypes.c_uint32, "uint64_t": ctypes.c_uint64,
    "const char *": ctypes.c_char_p, **dict.fromkeys(ENUMS, ctypes.c_uint),
}


def ctype_of(c_type: str, structs: dict[str, Any]) -> Any:
    """Returns the ctypes type of a C type. Pointers are `void *`, except for returned strings
    (`const char *`)."""
    if c_type in _SCALARS:
        return _SCALARS[c_type]
    if c_type in structs:
        return structs[c_type]
    array = re.fullmatch(r"(\w+)\[(\d+)\]", c_type)
    if array:
        item = ctypes.c_char if array[1] == "char" else ctype_of(array[1], structs)
        return item * int(array[2])
    if c_type.endswith("*"):
        return ctypes.c_void_p
    raise TypeError(f"no ctypes type for '{c_type}'")


def _make_structs() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, members in STRUCTS.items():
        fields = [(member, ctype_of(c_type, made)) for c_type, member in members]
        made[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
    return made


STRUCT = _make_structs()


def declare(library: ctypes.CDLL) -> None:
    """Sets the types of all functions in the table."""
    for name, (result, *parameters) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = ctype_of(result, STRUCT)
        function.argtypes = [ctype_of(parameter, STRUCT) for parameter in parameters]
