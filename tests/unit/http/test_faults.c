/* What servers and networks do wrong, shown by a scripted peer on loopback. */
#include "tests/support/asking.h"
#include "tests/support/peer.h"

#include <netdb.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MILLISECOND = 1000, SECOND = 1000000 };

static atomic_int resolving;
static atomic_bool may_resolve;

/* At most 20 s, should the test fail. */
static void resolve_slowly(void)
{
    atomic_fetch_add(&resolving, 1);
    for (int i = 0; i < 4000 && !atomic_load(&may_resolve); i++)
        usleep(5 * MILLISECOND);
    atomic_fetch_sub(&resolving, 1);
}

/* Takes the place of the C library's for libcurl too: no test asks a name server. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    if (strcmp(node, "slow.invalid") == 0)
        resolve_slowly();
    if (!strstr(node, "peer."))
        return EAI_NONAME;
    struct addrinfo *info = calloc(1, sizeof *info + sizeof(struct sockaddr_in));
    struct sockaddr_in *address = (struct sockaddr_in *)(info + 1);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address->sin_port = htons((uint16_t)(service ? atoi(service) : 0));
    *info = (struct addrinfo){.ai_family = AF_INET,
                              .ai_socktype = hints ? hints->ai_socktype : SOCK_STREAM,
                              .ai_addrlen = sizeof *address,
                              .ai_addr = (struct sockaddr *)address};
    *out = info;
    return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
    free(info);
}

static struct peer peer;
static struct asking asking;
static char last_request[PEER_REQUEST_MAX];
static atomic_bool held_may_go;

static void drip(int fd, const char *text, int pause_ms)
{
    for (; *text && peer_wait(&peer, pause_ms); text++)
        if (!peer_send(fd, text, 1))
            return;
}

static void redirect(int fd, const char *request)
{
    const char *target = strstr(request, "to=");
    char location[200] = "";
    if (target)
        snprintf(location, sizeof location, "Location: %.*s\r\n", (int)strcspn(target + 3, " "),
                 target + 3);
    peer_answer(fd, "302 Found", location, "<p>over there</p>");
}

static void send_large(int fd)
{
    char block[4096];
    memset(block, 'x', sizeof block);
    if (peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"))
        for (int i = 0; i < 250 && peer_send(fd, block, sizeof block);)
            i++;
}

static void send_headers_without_end(int fd)
{
    if (peer_say(fd, "HTTP/1.1 200 OK\r\n"))
        for (int i = 0; i < 100000 && peer_say(fd, "X-Filler-%d: %0100d\r\n", i, i);)
            i++;
}

static const struct {
    const char *path, *status, *headers, *body;
} answers[] = {
    {"/plain", "200 OK",
     "ETag: W/\"abc\"\r\nLast-Modified: Tue, 01 Sep 2026 10:00:00 GMT\r\n"
     "Cache-Control: public, max-age=5, s-maxage=5\r\nContent-Type: application/geo+json\r\n"
     "Link: <https://x.example/2>; rel=\"next\"\r\n",
     "hello"},
    {"/same", "304 Not Modified", "ETag: W/\"abc\"\r\nCache-Control: max-age=30\r\nAge: 10\r\n",
     ""},
    {"/busy", "429 Too Many Requests", "Retry-After: 7\r\n", "slow down"},
    {"/down", "503 Service Unavailable", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""},
    {"/later", "503 Service Unavailable",
     "Date: Sun, 06 Nov 1994 08:49:07 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""},
    {"/loop", "302 Found", "Location: /loop\r\n", ""},
    {"/file", "302 Found", "Location: file:///etc/passwd\r\n", ""},
    {"/ftp", "302 Found", "Location: ftp://127.0.0.1/x\r\n", ""},
    {"/bad-gzip", "200 OK", "Content-Encoding: gzip\r\n", "this is not gzip"},
};

static void script(struct peer *p, int fd, const char *request)
{
    strcpy(last_request, request);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (peer_asks(request, answers[i].path)) {
            peer_answer(fd, answers[i].status, answers[i].headers, answers[i].body);
            return;
        }
    if (peer_asks(request, "/drip"))
        drip(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 5);
    else if (peer_asks(request, "/slow-drip"))
        drip(fd, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello, hello, hello, hello", 50);
    else if (peer_asks(request, "/stall"))
        peer_wait(p, 20000);
    else if (peer_asks(request, "/stall-in-body") &&
             peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhel"))
        peer_wait(p, 20000);
    else if (peer_asks(request, "/cut"))
        peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhel");
    else if (peer_asks(request, "/cut-chunk"))
        peer_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhe");
    else if (peer_asks(request, "/chunks"))
        drip(
            fd,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            1);
    else if (peer_asks(request, "/noise") || request[0] == 0x16)
        peer_say(fd, "\x01\x02 SSH-2.0 nothing of HTTP\r\n\r\n");
    else if (peer_asks(request, "/large"))
        send_large(fd);
    else if (peer_asks(request, "/headers"))
        send_headers_without_end(fd);
    else if (peer_asks(request, "/redirect"))
        redirect(fd, request);
    else if (peer_asks(request, "/held")) {
        while (!atomic_load(&held_may_go) && peer_wait(p, 5))
            ;
        peer_answer(fd, "200 OK", "", "held");
    }
}

static int setup(void **state)
{
    (void)state;
    peer_open(&peer, script, NULL);
    asking_open(&asking, &(struct http_options){.user_agent = "test (ops@example.org)",
                                                .timeout_us = 5 * SECOND,
                                                .max_body = 1000,
                                                .max_parallel = 3});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    asking_close(&asking);
    peer_close(&peer);
    return 0;
}

static const struct http_result *get(const char *path)
{
    return asking_get(&asking, "http://127.0.0.1:%d%s", peer.port, path);
}

#define ASSERT_FAILED(wanted, r)                                                                   \
    do {                                                                                           \
        const struct http_result *seen = (r);                                                      \
        assert_string_equal(http_failure_name(seen->failure), wanted);                             \
        assert_true(strlen(seen->error) > 0);                                                      \
    } while (0)

static void an_answer_is_told_whole(void **state)
{
    (void)state;
    const struct http_result *r = get("/plain");
    assert_string_equal(http_failure_name(r->failure), "answered");
    assert_string_equal(r->error, "");
    assert_int_equal(r->status, 200);
    assert_true(slice_eq_cstr(r->body, "hello"));
    assert_true(slice_eq_cstr(r->etag, "W/\"abc\""));
    assert_true(slice_eq_cstr(r->last_modified, "Tue, 01 Sep 2026 10:00:00 GMT"));
    assert_true(slice_eq_cstr(r->content_type, "application/geo+json"));
    assert_int_equal(r->max_age_us, 5 * SECOND);
    assert_int_equal(r->retry_after_us, -1);
    assert_true(slice_ends_with(r->url, "/plain"));
    assert_non_null(strstr(last_request, "User-Agent: test (ops@example.org)\r\n"));
}

static void statuses_are_answers(void **state)
{
    (void)state;
    const struct http_result *r = get("/same");
    assert_int_equal(r->failure, HTTP_ANSWERED);
    assert_int_equal(r->status, 304);
    assert_int_equal(r->max_age_us, 20 * SECOND);
    r = get("/busy");
    assert_int_equal(r->failure, HTTP_ANSWERED);
    assert_int_equal(r->status, 429);
    assert_int_equal(r->retry_after_us, 7 * SECOND);
    assert_true(slice_eq_cstr(r->body, "slow down"));
    r = get("/down");
    assert_int_equal(r->status, 503);
    assert_int_equal(r->retry_after_us, 0); /* a date long past */
    r = get("/later");
    assert_int_equal(r->retry_after_us, 30 * SECOND); /* by the server's clock */
}

static void a_request_says_what_it_was_given(void **state)
{
    (void)state;
    char url[100];
    static const char *const headers[] = {"Accept: application/cap+xml", "X-Test: 1"};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/plain?a=b", peer.port);
    asking_for(&asking, &(struct http_call){.method = HTTP_POST,
                                            .url = url,
                                            .headers = headers,
                                            .header_count = 2,
                                            .body = SLICE("<alert/>"),
                                            .content_type = "application/cap+xml",
                                            .if_none_match = "W/\"abc\"",
                                            .if_modified_since = "Tue, 01 Sep 2026 10:00:00 GMT",
                                            .username = "nb",
                                            .password = "secret"});
    static const char *const wanted[] = {"POST /plain?a=b HTTP/1.1\r\n",
                                         "\r\nAccept: application/cap+xml\r\n",
                                         "\r\nX-Test: 1\r\n",
                                         "\r\nContent-Type: application/cap+xml\r\n",
                                         "\r\nIf-None-Match: W/\"abc\"\r\n",
                                         "\r\nIf-Modified-Since: Tue, 01 Sep 2026 10:00:00 GMT\r\n",
                                         "\r\nAuthorization: Basic bmI6c2VjcmV0\r\n",
                                         "\r\n\r\n<alert/>"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(last_request, wanted[i]))
            fail_msg("no `%s` in:\n%s", wanted[i], last_request);
    asking_for(&asking, &(struct http_call){.url = url, .bearer = "t0ken"});
    assert_non_null(strstr(last_request, "\r\nAuthorization: Bearer t0ken\r\n"));
}

static void pieces_make_a_whole(void **state)
{
    (void)state;
    const struct http_result *r = get("/drip");
    assert_int_equal(r->failure, HTTP_ANSWERED);
    assert_true(slice_eq_cstr(r->body, "hello"));
    r = get("/chunks");
    assert_int_equal(r->failure, HTTP_ANSWERED);
    assert_true(slice_eq_cstr(r->body, "hello"));
}

static void what_is_cut_short_is_no_answer(void **state)
{
    (void)state;
    static const char *const paths[] = {"/cut", "/cut-chunk", "/noise", "/bad-gzip", "/nothing"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        ASSERT_FAILED("broken", get(paths[i]));
        assert_null(asking.result.body.ptr);
    }
    ASSERT_FAILED("broken", get("/cut"));
    assert_string_equal(asking.error, "closed before the end of the answer");
}

static void nobody_there_is_told_by_kind(void **state)
{
    (void)state;
    int port = peer.port;
    ASSERT_FAILED("dns", asking_get(&asking, "http://nowhere.invalid/"));
    assert_non_null(strstr(asking.error, "nowhere.invalid"));
    peer_close(&peer);
    ASSERT_FAILED("connect", asking_get(&asking, "http://127.0.0.1:%d/", port));
    assert_non_null(strstr(asking.error, "127.0.0.1 port "));
    assert_non_null(strstr(asking.error, ": Could"));
    assert_null(strstr(asking.error, " ms")); /* another one each time */
}

static void time_is_limited(void **state)
{
    (void)state;
    static const char *const paths[] = {"/stall", "/stall-in-body", "/slow-drip"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char url[100];
        snprintf(url, sizeof url, "http://127.0.0.1:%d%s", peer.port, paths[i]);
        const struct http_result *r =
            asking_for(&asking, &(struct http_call){.url = url, .timeout_us = 200 * MILLISECOND});
        ASSERT_FAILED("timeout", r);
        assert_non_null(strstr(r->error, "timed out"));
        assert_null(strpbrk(r->error, "0123456789")); /* others each time */
        assert_true(r->took_us < 10 * SECOND);        /* the peer stalls for 20 s */
    }
}

/* libcurl would join the resolver's thread when the request is given up. */
static void a_slow_name_server_stops_nobody(void **state)
{
    (void)state;
    atomic_store(&may_resolve, false);
    const struct http_result *r =
        asking_for(&asking, &(struct http_call){.url = "http://slow.invalid/",
                                                .timeout_us = 100 * MILLISECOND});
    ASSERT_FAILED("timeout", r);
    http_cancel(http_send(asking.client, &(struct http_call){.url = "http://slow.invalid/"},
                          asking_answered, &asking));
    http_send(asking.client, &(struct http_call){.url = "http://slow.invalid/"}, asking_answered,
              &asking);
    assert_int_equal(get("/plain")->status, 200);
    http_client_destroy(asking.client);
    asking.client = NULL;
    assert_true(atomic_load(&resolving) > 0); /* all is over, and nobody has waited for it */
    atomic_store(&may_resolve, true);
    while (atomic_load(&resolving) > 0)
        usleep(5 * MILLISECOND);
    usleep(SECOND / 2); /* the threads end, for the leak checker */
}

static void size_is_limited(void **state)
{
    (void)state;
    const struct http_result *r = get("/large");
    ASSERT_FAILED("too-large", r);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->body.len, 1000);
    ASSERT_FAILED("broken", get("/headers"));
    assert_non_null(strstr(asking.error, "header"));
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/plain", peer.port);
    r = asking_for(&asking, &(struct http_call){.url = url, .max_body = 5});
    assert_int_equal(r->failure, HTTP_ANSWERED); /* exactly as much is not too much */
    r = asking_for(&asking, &(struct http_call){.url = url, .max_body = 4});
    ASSERT_FAILED("too-large", r);
    assert_true(slice_eq_cstr(r->body, "hell"));
}

static void tls_that_is_none_is_told(void **state)
{
    (void)state;
    ASSERT_FAILED("tls", asking_get(&asking, "https://127.0.0.1:%d/", peer.port));
}

static void redirects_are_bounded(void **state)
{
    (void)state;
    ASSERT_FAILED("redirect", get("/loop"));
    assert_int_equal(atomic_load(&peer.requests), 6);
    ASSERT_FAILED("redirect", get("/file"));
    ASSERT_FAILED("redirect", get("/ftp"));
    assert_non_null(strstr(asking.error, "not followed"));
    const struct http_result *r = get("/redirect?to=/plain");
    assert_int_equal(r->status, 200);
    assert_true(slice_ends_with(r->url, "/plain"));
}

static void a_password_stays_with_its_host(void **state)
{
    (void)state;
    char url[200];
    static const char *const headers[] = {"Cookie: secret=1"};
    snprintf(url, sizeof url, "http://peer.one:%d/redirect?to=http://peer.two:%d/plain", peer.port,
             peer.port);
    asking_for(&asking, &(struct http_call){
                            .url = url, .bearer = "t0ken", .headers = headers, .header_count = 1});
    assert_int_equal(asking.result.status, 200);
    assert_non_null(strstr(last_request, "Host: peer.two"));
    assert_null(strstr(last_request, "t0ken"));
    assert_null(strstr(last_request, "secret"));
    asking_for(&asking, &(struct http_call){.url = url, .username = "u", .password = "p"});
    assert_non_null(strstr(last_request, "Host: peer.two"));
    assert_null(strstr(last_request, "Authorization"));
}

static void a_post_and_a_put_follow_nowhere(void **state)
{
    (void)state;
    static const struct {
        enum http_method method;
        const char *line;
    } cases[] = {{HTTP_POST, "POST /redirect"}, {HTTP_PUT, "PUT /redirect"}};
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/redirect?to=/plain", peer.port);
    for (int i = 0; i < 2; i++) {
        const struct http_result *r = asking_for(
            &asking,
            &(struct http_call){.method = cases[i].method, .url = url, .body = SLICE("x")});
        assert_int_equal(r->status, 302);
        assert_true(slice_ends_with(r->location, "/plain"));
        assert_int_equal(atomic_load(&peer.requests), i + 1);
        assert_true(strncmp(last_request, cases[i].line, strlen(cases[i].line)) == 0);
        assert_non_null(strstr(last_request, "\r\n\r\nx"));
    }
}

static void what_cannot_be_sent_is_told_too(void **state)
{
    (void)state;
    static const char *const urls[] = {"",        "ftp://127.0.0.1/", "file:///etc/passwd",
                                       "http://", "example.org/x",    "http://a b/"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        ASSERT_FAILED("request", asking_get(&asking, "%s", urls[i]));
    static const char *const bad[] = {"X: 1\r\nEvil: 2"};
    ASSERT_FAILED("request", asking_for(&asking, &(struct http_call){.url = "http://127.0.0.1/",
                                                                     .headers = bad,
                                                                     .header_count = 1}));
    ASSERT_FAILED("request", asking_for(&asking, &(struct http_call){.url = "http://127.0.0.1/",
                                                                     .if_none_match = "a\nb: c"}));
}

enum { HELD = 3, WAITING = 9, PATIENCE_US = 2 * SECOND };
static struct loop_timer *holding;

/* Not before all of them have come. */
static void hold_no_longer(void *context)
{
    (void)context;
    if (atomic_load(&peer.requests) < HELD)
        loop_timer_start(holding, 10 * MILLISECOND);
    else
        atomic_store(&held_may_go, true);
}

static void must_be_answered(void *context, const struct http_result *result)
{
    assert_string_equal(http_failure_name(result->failure), "answered");
    asking_answered(context, result);
}

static void send_so_many(int count, const char *path, int64_t timeout_us)
{
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", peer.port, path);
    for (int i = 0; i < count; i++)
        http_send(asking.client, &(struct http_call){.url = url, .timeout_us = timeout_us},
                  must_be_answered, &asking);
}

/* The first are held for longer than the others, which wait for them, have time for: to wait is no
 * part of it. */
static void only_so_many_run_at_once(void **state)
{
    (void)state;
    atomic_store(&held_may_go, false);
    holding = loop_timer_create(asking.loop, hold_no_longer, NULL);
    loop_timer_start(holding, PATIENCE_US + SECOND / 2);
    send_so_many(HELD, "/held", 60 * SECOND);
    send_so_many(WAITING, "/plain", PATIENCE_US);
    while (asking.answers == 0)
        loop_turn(asking.loop, true);
    assert_true(atomic_load(&held_may_go)); /* so the first answer is one of theirs */
    assert_true(asking_wait(&asking, HELD + WAITING, 60 * SECOND));
    assert_int_equal(atomic_load(&peer.requests), HELD + WAITING);
    loop_timer_destroy(holding);
}

static void the_cancelled_say_nothing(void **state)
{
    (void)state;
    struct http_request *requests[6];
    char url[100];
    atomic_store(&held_may_go, false);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/held", peer.port);
    for (int i = 0; i < 6; i++)
        requests[i] =
            http_send(asking.client, &(struct http_call){.url = url, .timeout_us = 60 * SECOND},
                      asking_answered, &asking);
    while (atomic_load(&peer.requests) < 3) /* three run, three wait */
        asking_wait(&asking, 1, 10 * MILLISECOND);
    http_cancel(requests[1]);
    http_cancel(requests[4]);
    http_cancel(NULL);
    atomic_store(&held_may_go, true);
    assert_true(asking_wait(&asking, 4, 60 * SECOND));
    assert_false(asking_wait(&asking, 5, 300 * MILLISECOND));
    atomic_store(&held_may_go, false); /* the end comes before its answer */
    http_send(asking.client, &(struct http_call){.url = url}, asking_answered, &asking);
}

static void destroy_in_answer(void *context, const struct http_result *result)
{
    (void)context;
    asking.answers++;
    http_client_destroy(asking.client);
    asking.client = NULL;
    assert_true(slice_eq_cstr(result->body, "hello")); /* still lent */
}

static void a_client_may_go_in_its_own_answer(void **state)
{
    (void)state;
    char url[100];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/plain", peer.port);
    for (int i = 0; i < 5; i++)
        http_send(asking.client, &(struct http_call){.url = url}, destroy_in_answer, NULL);
    while (asking.client)
        loop_turn(asking.loop, true);
    assert_int_equal(asking.answers, 1);
}

static void send_bad_again(void *context, const struct http_result *result)
{
    struct asking *a = context;
    (void)result;
    a->answers++;
    http_send(a->client, &(struct http_call){.url = "bad"}, send_bad_again, a);
}

static void who_repeats_a_bad_request_leaves_turns_to_others(void **state)
{
    (void)state;
    http_send(asking.client, &(struct http_call){.url = "bad"}, send_bad_again, &asking);
    for (int i = 0; i < 20; i++) {
        int before = asking.answers;
        loop_turn(asking.loop, false);
        assert_in_range(asking.answers - before, 0, 1);
    }
    assert_true(asking.answers > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_told_whole),
        TEST(statuses_are_answers),
        TEST(a_request_says_what_it_was_given),
        TEST(pieces_make_a_whole),
        TEST(what_is_cut_short_is_no_answer),
        TEST(nobody_there_is_told_by_kind),
        TEST(time_is_limited),
        TEST(a_slow_name_server_stops_nobody),
        TEST(size_is_limited),
        TEST(tls_that_is_none_is_told),
        TEST(redirects_are_bounded),
        TEST(a_password_stays_with_its_host),
        TEST(a_post_and_a_put_follow_nowhere),
        TEST(what_cannot_be_sent_is_told_too),
        TEST(only_so_many_run_at_once),
        TEST(the_cancelled_say_nothing),
        TEST(a_client_may_go_in_its_own_answer),
        TEST(who_repeats_a_bad_request_leaves_turns_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
