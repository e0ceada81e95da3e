/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <stdlib.h>

#include "hub/http.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static pt_http_answer answer_of(const char *const *lines) {
    pt_http_answer answer = pt_http_answer_of_nothing();
    for (; *lines; lines++)
        pt_http_answer_add(&answer, *lines, strlen(*lines));
    return answer;
}

TEST(answer, of_a_small_file) {
    const char *const lines[] = {"HTTP/1.1 200 OK\r\n",
                                 "X-Repo-Commit: " COMMIT "\r\n",
                                 "ETag: \"abc\"\r\n",
                                 "content-LENGTH:  42 \r\n",
                                 "\r\n",
                                 NULL};
    const pt_http_answer answer = answer_of(lines);
    CHECK_STR(answer.commit, COMMIT);
    CHECK_STR(answer.etag, "abc");
    CHECK(!answer.etag_is_linked);
    CHECK_INT(answer.length, 42);
    CHECK(answer.linked_size == PT_UNKNOWN_SIZE);
}

/* The ETag and length of a redirect are those of its own few bytes; in either order. */
TEST(answer, of_a_large_file) {
    const char *const lines[] = {"HTTP/2 302 \r\n",
                                 "etag: \"own\"\r\n",
                                 "x-linked-etag: \"big\"\r\n",
                                 "etag: \"own\"\r\n",
                                 "x-linked-size: 1000\r\n",
                                 "content-length: 22\r\n",
                                 "x-repo-commit: " COMMIT "\r\n",
                                 NULL};
    const pt_http_answer answer = answer_of(lines);
    CHECK_STR(answer.etag, "big");
    CHECK(answer.etag_is_linked);
    CHECK_INT(answer.linked_size, 1000);
    CHECK_INT(answer.length, 22);
}

/* What a redirect has said of the file outlasts the answer of where it leads; all else does not. */
TEST(answer, of_a_redirect_that_is_followed) {
    const char *const lines[] = {"HTTP/1.1 307 Moved\r\n",     "X-Repo-Commit: " COMMIT "\r\n",
                                 "X-Linked-Etag: \"big\"\r\n", "X-Linked-Size: 1000\r\n",
                                 "X-Error-Code: Nothing\r\n",  "Retry-After: 7\r\n",
                                 "HTTP/1.1 200 OK\r\n",        "ETag: \"store\"\r\n",
                                 "Content-Length: 1000\r\n",   NULL};
    const pt_http_answer answer = answer_of(lines);
    CHECK_STR(answer.commit, COMMIT);
    CHECK_STR(answer.etag, "big");
    CHECK_INT(answer.linked_size, 1000);
    CHECK_STR(answer.fault, "");
    CHECK_INT(answer.retry_after_s, 0);

    const char *const plain[] = {"HTTP/1.1 307 Moved\r\n", "ETag: \"redirect\"\r\n",
                                 "Content-Length: 5\r\n", "HTTP/1.1 200 OK\r\n", NULL};
    CHECK_STR(answer_of(plain).etag, "");
    CHECK(answer_of(plain).length == PT_UNKNOWN_SIZE);
}

TEST(answer, of_a_part) {
    const char *const lines[] = {"HTTP/1.1 206 Partial\r\n", "Content-Range: bytes 100-199/200\r\n",
                                 NULL};
    const char *const odd[] = {"HTTP/1.1 206 Partial\r\n", "Content-Range: bytes */200\r\n", NULL};
    CHECK_INT(answer_of(lines).range_start, 100);
    CHECK_INT(answer_of(odd).range_start, 0);
}

TEST(answer, retry_after) {
    const char *const seconds[] = {"HTTP/1.1 429 \r\n", "Retry-After: 30\r\n", NULL};
    const char *const date[] = {"HTTP/1.1 429 \r\n",
                                "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", NULL};
    const char *const aeon[] = {"HTTP/1.1 429 \r\n", "Retry-After: 99999999999\r\n", NULL};
    CHECK_INT(answer_of(seconds).retry_after_s, 30);
    CHECK_INT(answer_of(date).retry_after_s, 0);
    CHECK_INT(answer_of(aeon).retry_after_s, 86400);
}

/* Nothing of this may become a path or a number. */
TEST(answer, nonsense) {
    static const char *const lines[] = {
        "X-Repo-Commit: ../../../../etc/passwd0123456789abcdef",
        "X-Repo-Commit: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
        "X-Repo-Commit:",
        "X-Repo-Commit",
        "ETag: \"../x\"",
        "X-Linked-Etag: \"/etc/passwd\"",
        "Content-Length: -1",
        "Content-Length: 1x",
        "Content-Length: 99999999999999999999999",
        "X-Linked-Size: 18446744073709551616",
        "X-Linked-Size: ",
        "Content-Range: bytes",
        "Content-Range: bytes 99999999999999999999-1/2",
        ":",
        " : ",
        "\r\n",
        "HTTP",
        "X-Error-Code: 0123456789012345678901234567890123456789012345678901234567890123456789",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *const one[] = {lines[i], NULL};
        const pt_http_answer a = answer_of(one);
        pt_test_check(t,
                      !a.commit[0] && !a.etag[0] && !a.etag_is_linked && !a.fault[0] &&
                          a.length == PT_UNKNOWN_SIZE && a.linked_size == PT_UNKNOWN_SIZE &&
                          a.range_start == 0,
                      __FILE__, __LINE__, "'%s' says something", lines[i]);
    }
    /* cut at every byte, with nothing behind it: for the address sanitizer */
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (size_t n = 1; n <= strlen(lines[i]); n++) {
            pt_http_answer a = pt_http_answer_of_nothing();
            char *cut = malloc(n);
            REQUIRE(cut);
            memcpy(cut, lines[i], n);
            pt_http_answer_add(&a, cut, n);
            free(cut);
        }
    const char *const word[] = {"X-Error-Code: GatedRepo\r\n", NULL};
    CHECK_STR(answer_of(word).fault, "GatedRepo");
}

TEST(answer, what_may_pass) {
    static const long passes[] = {408, 429, 500, 502, 503, 504, 599};
    static const long stays[] = {200, 206, 302, 400, 401, 403, 404, 416, 600};
    for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++)
        CHECK(pt_http_may_pass(passes[i]));
    for (size_t i = 0; i < sizeof stays / sizeof stays[0]; i++)
        CHECK(!pt_http_may_pass(stays[i]));
}
