/* SPDX-License-Identifier: MIT */
/* keep.c - samples -> FLAC in memory -> a file that is there whole or not at all */

#include "pipeline/keep.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include <patina/audio.h>

#include "audio/flac.h"
#include "base/hash.h"
#include "base/str.h"
#include "dataset/outfile.h"

#define NAME_MAX_BYTES 180 /* of the entry's part: file systems take names of 255 bytes */

pt_status pt_keep_open(const char *folder, pt_error *err) {
    struct stat info;
    if (mkdir(folder, 0777) == 0) return PT_OK;
    const int why = errno;
    if (why == EEXIST && stat(folder, &info) == 0 && S_ISDIR(info.st_mode)) return PT_OK;
    return pt_fail(err, PT_EIO, "folder '%s' for audio cannot be made: %s", folder,
                   why == EEXIST ? "there is a file of that name" : strerror(why));
}

static void add_name(pt_str *path, const char *entry) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    char digest[PT_SHA256_HEX];
    pt_str name = {0};
    pt_sha256 hash;

    for (const char *at = entry; *at; at++) {
        /* a dot at the beginning would hide the file, or name a folder */
        if (strchr(plain, *at) && !(at == entry && *at == '.'))
            pt_str_add_bytes(&name, at, 1);
        else
            pt_str_printf(&name, "%%%02X", (unsigned char)*at);
    }
    if (name.length <= NAME_MAX_BYTES) {
        pt_str_add_bytes(path, name.text ? name.text : "", name.length);
    } else {
        pt_sha256_init(&hash);
        pt_sha256_add_string(&hash, entry);
        pt_sha256_finish(&hash, digest);
        pt_str_add_bytes(path, name.text, NAME_MAX_BYTES - 17);
        pt_str_printf(path, "-%.16s", digest);
    }
    path->failed = path->failed || name.failed;
    pt_str_release(&name);
}

static pt_status write_flac(const char *path, const float *x, size_t n, pt_error *err) {
    pt_str flac = {0};
    pt_outfile *file = NULL;
    pt_status status = pt_flac_encode(x, n, PT_RATE_HZ, 1.0, &flac, err);
    if (status == PT_OK) status = pt_outfile_open(path, &file, err);
    if (status == PT_OK) status = pt_outfile_write(file, flac.text, flac.length, err);
    if (status == PT_OK) status = pt_outfile_commit(file, err);
    pt_outfile_close(&file);
    pt_str_release(&flac);
    return status;
}

pt_status pt_keep_clean(const char *folder, const char *entry, const float *x, size_t n,
                        pt_error *err) {
    pt_str path = {0};
    pt_str_printf(&path, "%s/", folder);
    add_name(&path, entry);
    pt_str_add(&path, ".clean.flac");
    const pt_status status =
        path.failed ? pt_fail(err, PT_ENOMEM, "out of memory") : write_flac(path.text, x, n, err);
    pt_str_release(&path);
    return status;
}

pt_status pt_keep_degraded(const char *folder, const char *entry, uint32_t variant, const float *x,
                           size_t n, pt_error *err) {
    pt_str path = {0};
    pt_str_printf(&path, "%s/", folder);
    add_name(&path, entry);
    pt_str_printf(&path, ".v%" PRIu32 ".flac", variant);
    const pt_status status =
        path.failed ? pt_fail(err, PT_ENOMEM, "out of memory") : write_flac(path.text, x, n, err);
    pt_str_release(&path);
    return status;
}
