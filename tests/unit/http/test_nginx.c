/* Against a real server, by TLS and without. */
#include "tests/support/asking.h"
#include "tests/support/nginx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static const char server[] =
    "gzip on; gzip_min_length 1; gzip_types application/geo+json;\n"
    "location = /to-plain { return 302 http://localhost:$server_port/a; }\n"
    "location = /to-tls { return 302 https://localhost:$arg_port/a.json; }\n"
    "location = /busy { add_header Retry-After 3 always; return 503; }\n"
    "location = /fresh.json { add_header Cache-Control \"max-age=30\"; }\n"
    "location /slow { limit_rate 100; }\n";

static struct nginx nginx;
static bool there;
static struct asking asking;

static int setup(void **state)
{
    (void)state;
    there = nginx_open(&nginx, server);
    if (!there)
        return 0;
    nginx_put(&nginx, "a.json", "{\"features\": []}");
    nginx_put(&nginx, "fresh.json", "{}");
    nginx_put(&nginx, "slow", "0123456789");
    asking_open(&asking, &(struct http_options){.ca_file = nginx.ca_file});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (there)
        asking_close(&asking);
    nginx_close(&nginx);
    return 0;
}

#define NEEDS_NGINX()                                                                              \
    do {                                                                                           \
        if (!there) {                                                                              \
            print_message("skipped: nginx or openssl is not installed\n");                         \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

static void a_file_comes_over_tls_and_compressed(void **state)
{
    (void)state;
    NEEDS_NGINX();
    char text[20001];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    nginx_put(&nginx, "large.json", text);
    const struct http_result *r =
        asking_get(&asking, "https://localhost:%d/large.json", nginx.tls_port);
    assert_string_equal(r->error, "");
    assert_int_equal(r->status, 200);
    assert_true(slice_eq_cstr(r->body, text));
    assert_true(slice_eq_cstr(r->content_type, "application/geo+json"));
    assert_true(slice_starts_with(r->etag, "W/")); /* nginx weakens what it compresses */
}

/* Compressed it is small; what is counted is what comes out. */
static void a_bomb_is_too_large(void **state)
{
    (void)state;
    NEEDS_NGINX();
    char *text = malloc(400001), url[100];
    memset(text, '0', 400000);
    text[400000] = '\0';
    nginx_put(&nginx, "bomb.json", text);
    snprintf(url, sizeof url, "http://localhost:%d/bomb.json", nginx.port);
    const struct http_result *r =
        asking_for(&asking, &(struct http_call){.url = url, .max_body = 10000});
    assert_string_equal(http_failure_name(r->failure), "too-large");
    assert_int_equal(r->body.len, 10000);
    free(text);
}

static void what_is_unchanged_is_not_sent_again(void **state)
{
    (void)state;
    NEEDS_NGINX();
    char url[100], etag[100], date[100];
    snprintf(url, sizeof url, "https://localhost:%d/a.json", nginx.tls_port);
    const struct http_result *r = asking_for(&asking, &(struct http_call){.url = url});
    assert_int_equal(r->status, 200);
    snprintf(etag, sizeof etag, "%.*s", SLICE_ARG(r->etag));
    snprintf(date, sizeof date, "%.*s", SLICE_ARG(r->last_modified));
    assert_true(strlen(etag) > 0 && strlen(date) > 0);
    r = asking_for(&asking, &(struct http_call){.url = url, .if_none_match = etag});
    assert_int_equal(r->failure, HTTP_ANSWERED);
    assert_int_equal(r->status, 304);
    assert_int_equal(r->body.len, 0);
    r = asking_for(&asking, &(struct http_call){.url = url, .if_modified_since = date});
    assert_int_equal(r->status, 304);
    r = asking_for(&asking, &(struct http_call){.url = url, .if_none_match = "\"other\""});
    assert_int_equal(r->status, 200);
}

static void certificates_are_checked(void **state)
{
    (void)state;
    NEEDS_NGINX();
    struct asking strangers;
    const struct http_result *r =
        asking_get(&asking, "https://127.0.0.1:%d/a.json", nginx.tls_port);
    assert_string_equal(http_failure_name(r->failure), "tls"); /* it is for localhost */
    asking_open(&strangers, &(struct http_options){0});        /* nobody that the system trusts */
    r = asking_get(&strangers, "https://localhost:%d/a.json", nginx.tls_port);
    assert_string_equal(http_failure_name(r->failure), "tls");
    assert_non_null(strstr(r->error, "certificate"));
    r = asking_get(&strangers, "http://localhost:%d/a.json", nginx.port);
    assert_int_equal(r->status, 200);
    asking_close(&strangers);
}

static void tls_is_never_left_by_a_redirect(void **state)
{
    (void)state;
    NEEDS_NGINX();
    const struct http_result *r =
        asking_get(&asking, "https://localhost:%d/to-plain", nginx.tls_port);
    assert_string_equal(http_failure_name(r->failure), "redirect");
    r = asking_get(&asking, "http://localhost:%d/to-tls?port=%d", nginx.port, nginx.tls_port);
    assert_string_equal(r->error, "");
    assert_int_equal(r->status, 200);
    assert_true(slice_starts_with(r->url, "https://"));
}

static void servers_say_how_long(void **state)
{
    (void)state;
    NEEDS_NGINX();
    const struct http_result *r = asking_get(&asking, "http://localhost:%d/busy", nginx.port);
    assert_int_equal(r->status, 503);
    assert_int_equal(r->retry_after_us, 3000000);
    assert_in_range(r->date_us / 1000000, time(NULL) - 5, time(NULL) + 1);
    r = asking_get(&asking, "http://localhost:%d/fresh.json", nginx.port);
    assert_int_equal(r->max_age_us, 30000000);
    r = asking_get(&asking, "http://localhost:%d/missing", nginx.port);
    assert_int_equal(r->failure, HTTP_ANSWERED);
    assert_int_equal(r->status, 404);
}

/* The connections that were kept are dead then; the next request must not suffer for it. */
static void a_server_that_was_restarted_is_found_again(void **state)
{
    (void)state;
    NEEDS_NGINX();
    assert_int_equal(asking_get(&asking, "https://localhost:%d/a.json", nginx.tls_port)->status,
                     200);
    nginx_stop(&nginx);
    assert_string_equal(
        http_failure_name(
            asking_get(&asking, "https://localhost:%d/a.json", nginx.tls_port)->failure),
        "connect");
    nginx_start(&nginx);
    assert_int_equal(asking_get(&asking, "https://localhost:%d/a.json", nginx.tls_port)->status,
                     200);
}

static void many_requests_all_come_back(void **state)
{
    (void)state;
    NEEDS_NGINX();
    char url[100];
    snprintf(url, sizeof url, "https://localhost:%d/a.json", nginx.tls_port);
    for (int i = 0; i < 1000; i++)
        http_send(asking.client, &(struct http_call){.url = url}, asking_answered, &asking);
    assert_true(asking_wait(&asking, 1000, 30 * 1000000));
    assert_int_equal(asking.result.status, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_comes_over_tls_and_compressed),
        TEST(a_bomb_is_too_large),
        TEST(what_is_unchanged_is_not_sent_again),
        TEST(certificates_are_checked),
        TEST(tls_is_never_left_by_a_redirect),
        TEST(servers_say_how_long),
        TEST(a_server_that_was_restarted_is_found_again),
        TEST(many_requests_all_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
