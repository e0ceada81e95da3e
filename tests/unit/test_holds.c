/* SPDX-License-Identifier: MIT */

#include "corpus/holds.h"

#include "corpus/walk.h"
#include "corpus_files.h"

TEST(holds, names_are_found_in_the_folder_and_below) {
    static const char *const tars[] = {".tar", ".tar.gz", NULL};
    put("h1/sub/deep/A.TAR.gz", "");
    put("h1/notes.txt", "");
    CHECK(pt_folder_holds(tmp_path("h1"), tars));
    CHECK(pt_folder_holds(tmp_path("h1/"), tars));
    CHECK(!pt_folder_holds(tmp_path("h1"), pt_walk_audio));
    CHECK(!pt_folder_holds(tmp_path("h1/nowhere"), tars));
    CHECK(!pt_folder_holds(tmp_path("h1/notes.txt"), tars));
    put("h1/x.FLAC", "");
    CHECK(pt_folder_holds(tmp_path("h1"), pt_walk_audio));
}

TEST(holds, dot_names_and_what_lies_too_deep_are_passed_over) {
    static const char *const tars[] = {".tar", NULL};
    put("h2/.hidden.tar", "");
    put("h2/.git/a.tar", "");
    put("h2/.tar", "");
    put("h2/a.tar/b", "a folder of that name");
    put("h2/1/2/3/4/5/6/7/8/9/a.tar", "");
    CHECK(!pt_folder_holds(tmp_path("h2"), tars));
    CHECK(symlink("..", tmp_path("h2/1/up")) == 0);
    CHECK(!pt_folder_holds(tmp_path("h2"), tars));
    put("h2/1/2/3/4/5/6/7/8/a.tar", "");
    CHECK(pt_folder_holds(tmp_path("h2"), tars));
}
