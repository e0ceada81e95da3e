/* SPDX-License-Identifier: MIT */
/* test_dir_has_ext.c - search for a file extension in a folder */

#include "fs/dir_has_ext.h"

#include "corpus_fixture.h"
#include "fs/dir_walk.h"
#include "fs/path.h"

TEST(dir_has_ext, finds_names_in_subfolders) {
    static const char *const tars[] = {".tar", ".tar.gz", NULL};
    write_tmp_text("h1/sub/deep/A.TAR.gz", "");
    write_tmp_text("h1/notes.txt", "");
    CHECK(pt_dir_has_ext(tmp_path("h1"), tars));
    CHECK(pt_dir_has_ext(tmp_path("h1/"), tars));
    CHECK(!pt_dir_has_ext(tmp_path("h1"), pt_audio_extensions));
    CHECK(!pt_dir_has_ext(tmp_path("h1/nowhere"), tars));
    CHECK(!pt_dir_has_ext(tmp_path("h1/notes.txt"), tars));
    write_tmp_text("h1/x.FLAC", "");
    CHECK(pt_dir_has_ext(tmp_path("h1"), pt_audio_extensions));
}

TEST(dir_has_ext, skips_dot_names_and_deep_folders) {
    static const char *const tars[] = {".tar", NULL};
    write_tmp_text("h2/.hidden.tar", "");
    write_tmp_text("h2/.git/a.tar", "");
    write_tmp_text("h2/.tar", "");
    write_tmp_text("h2/a.tar/b", "a folder of that name");
    write_tmp_text("h2/1/2/3/4/5/6/7/8/9/a.tar", "");
    CHECK(!pt_dir_has_ext(tmp_path("h2"), tars));
    CHECK(symlink("..", tmp_path("h2/1/up")) == 0);
    CHECK(!pt_dir_has_ext(tmp_path("h2"), tars));
    write_tmp_text("h2/1/2/3/4/5/6/7/8/a.tar", "");
    CHECK(pt_dir_has_ext(tmp_path("h2"), tars));
}
