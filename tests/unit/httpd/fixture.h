/*
 * fixture: the room over plain sockets, on the virtual clock.
 */
#ifndef CAPRELAY_TESTS_UNIT_HTTPD_FIXTURE_H
#define CAPRELAY_TESTS_UNIT_HTTPD_FIXTURE_H

#include "tests/support/fake_loop.h"
#include "tests/support/posting.h"

#include "httpd/httpd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { SECOND = 1000000, PLACES = 4, BODY_MAX = 100000, BODIES_MAX = 150000 };

static struct loop *loop;
static struct httpd *httpd;
static struct posting clients[PLACES + 3];
static int seen[5]; /* how often each event came */
static uint64_t last_id;
static size_t last_body;
static bool at_once, refuses;
static const char *owner; /* NULL: nobody's */

static inline void say(struct httpd_request *request, int status, const char *body)
{
    const char *const headers[] = {"X-Test", "yes"};
    httpd_answer(request, &(struct httpd_answer){.status = status,
                                                 .content_type = "text/plain",
                                                 .body = slice_from_cstr(body),
                                                 .headers = headers,
                                                 .header_count = 1});
}

static inline void on_event(void *context, struct httpd_request *request, enum httpd_event event)
{
    static const int statuses[] = {
        [HTTPD_TOO_LARGE] = 413, [HTTPD_NO_ROOM] = 503, [HTTPD_OVERDUE] = 504};
    assert_ptr_equal(context, clients);
    seen[event]++;
    last_id = httpd_id(request);
    last_body = httpd_body(request).len;
    if (event == HTTPD_HEAD) {
        assert_string_equal(httpd_peer(request), "127.0.0.1");
        if (refuses)
            say(request, 401, "no");
        else if (owner && !httpd_own(request, slice_from_cstr(owner)))
            say(request, 429, "no");
    } else if (event != HTTPD_WHOLE) {
        say(request, statuses[event], "no");
    } else if (at_once) {
        say(request, 200, "yes");
    }
}

static inline struct httpd_options usual(void)
{
    return (struct httpd_options){.address = "127.0.0.1",
                                  .connections_max = PLACES,
                                  .body_max = BODY_MAX,
                                  .bodies_max = BODIES_MAX,
                                  .fn = on_event,
                                  .context = clients};
}

static inline int begin(void **state)
{
    struct err err = {0};
    const struct httpd_options options = usual();
    (void)state;
    memset(seen, 0, sizeof seen);
    at_once = true;
    refuses = false;
    owner = NULL;
    assert_int_equal(loop_create(&loop, &err), OK);
    assert_int_equal(httpd_create(loop, &options, &httpd, &err), OK);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLACES + 3; i++)
        posting_close(&clients[i]);
    httpd_destroy(httpd);
    httpd = NULL;
    loop_destroy(loop);
    return 0;
}

static inline void go(int64_t us)
{
    fake_loop_run(loop, us);
}

static inline void ask(struct posting *client, const char *line, const char *headers,
                       const char *body)
{
    char text[4000];
    posting_open(client, httpd_port(httpd));
    size_t len = posting_format(text, sizeof text, line, headers, body);
    assert_int_equal(posting_send(client, text, len), len);
    go(0);
}

/* The head of a request whose body comes later. */
static inline void announce(struct posting *client, size_t length, const char *headers)
{
    char text[400];
    int len =
        snprintf(text, sizeof text, "POST /x HTTP/1.1\r\nHost: r\r\n%sContent-Length: %zu\r\n\r\n",
                 headers, length);
    posting_open(client, httpd_port(httpd));
    posting_send(client, text, (size_t)len);
    go(0);
}

static inline void send_body(struct posting *client, size_t length)
{
    static const char piece[10000];
    while (length > 0) {
        length -= posting_send(client, piece, length < sizeof piece ? length : sizeof piece);
        go(0);
    }
}

#define HTTPD_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
