/* SPDX-License-Identifier: MIT */
/* test_response_headers.c - HTTP response headers of the hub */

#include "test.h"

#include <stdlib.h>

#include "hub/http.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static pt_http_response parse_response(const char *const *lines) {
    pt_http_response response = pt_http_response_init();
    for (; *lines; lines++)
        pt_http_response_add_header(&response, *lines, strlen(*lines));
    return response;
}

TEST(response, small_file) {
    const char *const lines[] = {"HTTP/1.1 200 OK\r\n",
                                 "X-Repo-Commit: " COMMIT "\r\n",
                                 "ETag: \"abc\"\r\n",
                                 "content-LENGTH:  42 \r\n",
                                 "\r\n",
                                 NULL};
    const pt_http_response response = parse_response(lines);
    CHECK_STR(response.commit, COMMIT);
    CHECK_STR(response.etag, "abc");
    CHECK(!response.etag_is_linked);
    CHECK_INT(response.length, 42);
    CHECK(response.linked_size == PT_UNKNOWN_SIZE);
}

/* The ETag and length of a redirect are those of its own few bytes; in either order. */
TEST(response, large_file) {
    const char *const lines[] = {"HTTP/2 302 \r\n",
                                 "etag: \"own\"\r\n",
                                 "x-linked-etag: \"big\"\r\n",
                                 "etag: \"own\"\r\n",
                                 "x-linked-size: 1000\r\n",
                                 "content-length: 22\r\n",
                                 "x-repo-commit: " COMMIT "\r\n",
                                 NULL};
    const pt_http_response response = parse_response(lines);
    CHECK_STR(response.etag, "big");
    CHECK(response.etag_is_linked);
    CHECK_INT(response.linked_size, 1000);
    CHECK_INT(response.length, 22);
}

/* The file's properties in a redirect remain after the response of its target; all else does not.
 * */
TEST(response, redirect) {
    const char *const lines[] = {"HTTP/1.1 307 Moved\r\n",     "X-Repo-Commit: " COMMIT "\r\n",
                                 "X-Linked-Etag: \"big\"\r\n", "X-Linked-Size: 1000\r\n",
                                 "X-Error-Code: Nothing\r\n",  "Retry-After: 7\r\n",
                                 "HTTP/1.1 200 OK\r\n",        "ETag: \"store\"\r\n",
                                 "Content-Length: 1000\r\n",   NULL};
    const pt_http_response response = parse_response(lines);
    CHECK_STR(response.commit, COMMIT);
    CHECK_STR(response.etag, "big");
    CHECK_INT(response.linked_size, 1000);
    CHECK_STR(response.error_code, "");
    CHECK_INT(response.retry_after_s, 0);

    const char *const plain[] = {"HTTP/1.1 307 Moved\r\n", "ETag: \"redirect\"\r\n",
                                 "Content-Length: 5\r\n", "HTTP/1.1 200 OK\r\n", NULL};
    CHECK_STR(parse_response(plain).etag, "");
    CHECK(parse_response(plain).length == PT_UNKNOWN_SIZE);
}

TEST(response, partial_content) {
    const char *const lines[] = {"HTTP/1.1 206 Partial\r\n", "Content-Range: bytes 100-199/200\r\n",
                                 NULL};
    const char *const odd[] = {"HTTP/1.1 206 Partial\r\n", "Content-Range: bytes */200\r\n", NULL};
    CHECK_INT(parse_response(lines).range_start, 100);
    CHECK_INT(parse_response(odd).range_start, 0);
}

TEST(response, retry_after) {
    const char *const seconds[] = {"HTTP/1.1 429 \r\n", "Retry-After: 30\r\n", NULL};
    const char *const date[] = {"HTTP/1.1 429 \r\n",
                                "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", NULL};
    const char *const aeon[] = {"HTTP/1.1 429 \r\n", "Retry-After: 99999999999\r\n", NULL};
    CHECK_INT(parse_response(seconds).retry_after_s, 30);
    CHECK_INT(parse_response(date).retry_after_s, 0);
    CHECK_INT(parse_response(aeon).retry_after_s, 86400);
}

/* None of these may become a path or a number. */
TEST(response, invalid_headers) {
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
        const pt_http_response a = parse_response(one);
        pt_test_check(t,
                      !a.commit[0] && !a.etag[0] && !a.etag_is_linked && !a.error_code[0] &&
                          a.length == PT_UNKNOWN_SIZE && a.linked_size == PT_UNKNOWN_SIZE &&
                          a.range_start == 0,
                      __FILE__, __LINE__, "'%s' says something", lines[i]);
    }
    /* truncated at every byte, in a block of exact size, for the address sanitizer */
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (size_t n = 1; n <= strlen(lines[i]); n++) {
            pt_http_response a = pt_http_response_init();
            char *cut = malloc(n);
            REQUIRE(cut);
            memcpy(cut, lines[i], n);
            pt_http_response_add_header(&a, cut, n);
            free(cut);
        }
    const char *const word[] = {"X-Error-Code: GatedRepo\r\n", NULL};
    CHECK_STR(parse_response(word).error_code, "GatedRepo");
}

TEST(response, tolerated_headers) {
    static const long passes[] = {408, 429, 500, 502, 503, 504, 599};
    static const long stays[] = {200, 206, 302, 400, 401, 403, 404, 416, 600};
    for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++)
        CHECK(pt_http_is_retryable(passes[i]));
    for (size_t i = 0; i < sizeof stays / sizeof stays[0]; i++)
        CHECK(!pt_http_is_retryable(stays[i]));
}
