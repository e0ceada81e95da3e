/* SPDX-License-Identifier: MIT */
/* keep_audio.c - writes FLAC files atomically */

#include "pipeline/keep_audio.h"

#include <inttypes.h>
#include <string.h>

#include <patina/audio.h>

#include "audio/flac_encode.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "fs/atomic_file.h"
#include "fs/dir.h"

#define NAME_MAX_BYTES 180 /* for the entry: names of files have at most 255 bytes */

patina_status pt_keep_audio_create_dir(const char *folder, bool *made, patina_error *err) {
    patina_error cause = {0};
    if (pt_dir_create(folder, made, &cause) == PATINA_OK) return PATINA_OK;
    return pt_fail(err, PATINA_EIO, "folder for audio: %s", cause.message);
}

static void append_escaped_name(pt_strbuf *path, const char *entry) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    char digest[PT_SHA256_HEX_SIZE];
    pt_strbuf name = {0};
    pt_sha256 hash;

    for (const char *at = entry; *at; at++) {
        /* a leading dot would hide the file, or name a folder */
        if (strchr(plain, *at) && !(at == entry && *at == '.'))
            pt_strbuf_append_bytes(&name, at, 1);
        else
            pt_strbuf_printf(&name, "%%%02X", (unsigned char)*at);
    }
    if (name.length <= NAME_MAX_BYTES) {
        pt_strbuf_append_bytes(path, name.text ? name.text : "", name.length);
    } else {
        pt_sha256_init(&hash);
        pt_sha256_update_string(&hash, entry);
        pt_sha256_finish(&hash, digest);
        pt_strbuf_append_bytes(path, name.text, NAME_MAX_BYTES - 17);
        pt_strbuf_printf(path, "-%.16s", digest);
    }
    path->failed = path->failed || name.failed;
    pt_strbuf_release(&name);
}

patina_status pt_keep_audio_write_clean(const char *folder, const char *entry, uint32_t window,
                                        const float *x, size_t n, patina_error *err) {
    pt_strbuf path = {0};
    pt_strbuf_printf(&path, "%s/", folder);
    append_escaped_name(&path, entry);
    if (window > 0) pt_strbuf_printf(&path, ".w%" PRIu32, window);
    pt_strbuf_append(&path, ".clean.flac");
    const patina_status status = path.failed ? pt_fail(err, PATINA_ENOMEM, "out of memory")
                                             : pt_flac_write(path.text, x, n, 16, err);
    pt_strbuf_release(&path);
    return status;
}

patina_status pt_keep_audio_write_degraded(const char *folder, const char *entry, uint32_t variant,
                                           const float *x, size_t n, patina_error *err) {
    pt_strbuf path = {0};
    pt_strbuf_printf(&path, "%s/", folder);
    append_escaped_name(&path, entry);
    pt_strbuf_printf(&path, ".v%" PRIu32 ".flac", variant);
    const patina_status status = path.failed ? pt_fail(err, PATINA_ENOMEM, "out of memory")
                                             : pt_flac_write(path.text, x, n, 16, err);
    pt_strbuf_release(&path);
    return status;
}
