/* The room over plain sockets, on the virtual clock: phases, bodies, answers. */
#include "fixture.h"

#include <malloc.h>

static void answers_at_once_and_goes_on(void **state)
{
    (void)state;
    char text[400];
    ask(&clients[0], "POST /v1/alerts?dry_run=1", "", "hello");
    assert_int_equal(posting_status(&clients[0]), 200);
    assert_non_null(strstr(clients[0].got, "X-Test: yes\r\n"));
    assert_non_null(strstr(clients[0].got, "\r\n\r\nyes"));
    assert_int_equal(last_body, 5);
    uint64_t first = last_id;
    posting_forget(&clients[0]);
    size_t len = posting_format(text, sizeof text, "POST /", "", "again");
    posting_send(&clients[0], text, len);
    go(0);
    assert_int_equal(posting_status(&clients[0]), 200);
    assert_true(last_id > first);
    assert_null(httpd_find(httpd, first));
    assert_null(httpd_find(httpd, last_id));
}

static void check_parts(void *context, struct httpd_request *request, enum httpd_event event)
{
    (void)context;
    if (event == HTTPD_WHOLE)
        return;
    assert_true(slice_eq_cstr(httpd_method(request), "PUT"));
    assert_true(slice_eq_cstr(httpd_path(request), "/a%20b"));
    assert_true(slice_eq_cstr(httpd_query(request), "c=%64&e"));
    assert_true(slice_eq_cstr(httpd_header(request, "x-one"), "1"));
    assert_null(httpd_header(request, "X-None").ptr);
    assert_int_equal(httpd_header_count(request, "X-One"), 2);
    assert_false(httpd_client_certificate(request, &(struct httpd_certificate){.not_after_s = 0}));
    seen[HTTPD_HEAD]++;
    say(request, 204, "");
}

static void parts_are_as_they_were_sent(void **state)
{
    struct err err = {0};
    struct httpd_options options = usual();
    (void)state;
    options.fn = check_parts;
    httpd_destroy(httpd);
    assert_int_equal(httpd_create(loop, &options, &httpd, &err), OK);
    ask(&clients[0], "PUT /a%20b?c=%64&e", "X-One: 1\r\nX-One: 2\r\n", "x");
    assert_int_equal(posting_status(&clients[0]), 204);
    assert_int_equal(seen[HTTPD_HEAD], 1);
}

static void answer_may_come_later(void **state)
{
    (void)state;
    at_once = false;
    ask(&clients[0], "POST /", "", "hello");
    go(30 * SECOND);
    assert_int_equal(posting_status(&clients[0]), 0);
    struct httpd_request *request = httpd_find(httpd, last_id);
    assert_non_null(request);
    assert_int_equal(httpd_body(request).len, 5);
    say(request, 201, "late");
    assert_null(httpd_find(httpd, last_id));
    go(0);
    assert_int_equal(posting_status(&clients[0]), 201);
}

static void overdue_answer_is_asked_for_once(void **state)
{
    (void)state;
    at_once = false;
    ask(&clients[0], "POST /", "", "hello");
    go((HTTPD_WAIT_S + 1) * SECOND);
    assert_int_equal(seen[HTTPD_OVERDUE], 1);
    assert_int_equal(posting_status(&clients[0]), 504);
    go(10 * SECOND);
    assert_int_equal(seen[HTTPD_OVERDUE], 1);
}

static void stop_with_one_that_waits(void **state)
{
    (void)state;
    at_once = false;
    ask(&clients[0], "POST /", "", "hello");
    announce(&clients[1], 100, "");
    httpd_destroy(httpd);
    httpd = NULL;
    posting_read(&clients[0]);
    assert_true(clients[0].ended);
    assert_int_equal(clients[0].len, 0);
}

static void client_that_is_gone_is_no_trouble(void **state)
{
    (void)state;
    at_once = false;
    ask(&clients[0], "POST /", "", "hello");
    posting_close(&clients[0]);
    go(SECOND);
    struct httpd_request *request = httpd_find(httpd, last_id);
    if (request)
        say(request, 200, "nobody hears");
    go(SECOND);
    assert_null(httpd_find(httpd, last_id));
    at_once = true;
    ask(&clients[1], "POST /", "", "hello");
    assert_int_equal(posting_status(&clients[1]), 200);
}

static void byte_by_byte_and_in_chunks(void **state)
{
    (void)state;
    static const char text[] = "POST / HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n";
    posting_open(&clients[0], httpd_port(httpd));
    for (size_t i = 0; i < strlen(text); i++) {
        assert_int_equal(posting_send(&clients[0], text + i, 1), 1);
        go(1000);
    }
    assert_int_equal(posting_status(&clients[0]), 200);
    assert_int_equal(last_body, 4);
}

/* Else a second request hides in what somebody else takes for the body of the first. */
static void two_lengths_are_refused_and_end_the_connection(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "Content-Length: 40\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 40\r\n",
        "Content-Length: 5\r\nContent-Length: 40\r\n",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char text[400];
        snprintf(
            text, sizeof text,
            "POST /a HTTP/1.1\r\nHost: r\r\n%s\r\n0\r\n\r\nPOST /hidden HTTP/1.1\r\nHost: r\r\n"
            "Content-Length: 1\r\n\r\nx",
            headers[i]);
        posting_open(&clients[0], httpd_port(httpd));
        posting_send(&clients[0], text, strlen(text));
        go(SECOND);
        assert_int_equal(posting_status(&clients[0]), 400);
        assert_null(strstr(clients[0].got + 1, "HTTP/1.1 "));
        posting_close(&clients[0]);
        go(SECOND);
    }
    assert_int_equal(seen[HTTPD_HEAD], 0);
}

static void too_large_is_told(void **state)
{
    (void)state;
    /* Whoever asks first is told before the body. */
    announce(&clients[0], BODY_MAX + 1, "Expect: 100-continue\r\n");
    assert_int_equal(posting_status(&clients[0]), 413);
    /* Whoever sends all the same is heard out, and told. */
    announce(&clients[1], BODY_MAX + 1, "");
    assert_int_equal(posting_status(&clients[1]), 0);
    send_body(&clients[1], BODY_MAX + 1);
    assert_int_equal(posting_status(&clients[1]), 413);
    /* In chunks nobody says how much there will be. */
    posting_open(&clients[2], httpd_port(httpd));
    static const char head[] = "POST / HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "1adb0\r\n"; /* 110,000 */
    posting_send(&clients[2], head, strlen(head));
    send_body(&clients[2], 110000);
    posting_send(&clients[2], "\r\n0\r\n\r\n", 7);
    go(0);
    assert_int_equal(posting_status(&clients[2]), 413);
    assert_int_equal(seen[HTTPD_TOO_LARGE], 3);
    assert_int_equal(seen[HTTPD_WHOLE], 0);
}

static void endless_body_ends_the_connection(void **state)
{
    static const char piece[60000];
    (void)state;
    announce(&clients[0], 1u << 30, "");
    size_t sent = 0;
    for (int i = 0; i < 2000 && !clients[0].ended; i++) {
        sent += posting_send(&clients[0], piece, sizeof piece);
        go(0);
        posting_read(&clients[0]);
    }
    assert_true(clients[0].ended);
    assert_true(sent < 40u * 1024 * 1024);
}

static void bodies_together_are_bounded(void **state)
{
    (void)state;
    at_once = false;
    announce(&clients[0], 90000, "");
    send_body(&clients[0], 90000);
    assert_int_equal(seen[HTTPD_WHOLE], 1);
    uint64_t first = last_id;
    announce(&clients[1], 90000, "");
    send_body(&clients[1], 90000);
    assert_int_equal(seen[HTTPD_NO_ROOM], 1);
    assert_int_equal(posting_status(&clients[1]), 503);
    say(httpd_find(httpd, first), 200, "yes");
    go(0);
    announce(&clients[2], 90000, "");
    send_body(&clients[2], 90000);
    assert_int_equal(seen[HTTPD_WHOLE], 2);
}

static void refused_head_hears_out_the_body(void **state)
{
    (void)state;
    refuses = true;
    ask(&clients[0], "POST /", "", "hello");
    assert_int_equal(posting_status(&clients[0]), 401);
    assert_int_equal(seen[HTTPD_WHOLE], 0);
    announce(&clients[1], 50, "Expect: 100-continue\r\n");
    assert_int_equal(posting_status(&clients[1]), 401);
}

/* Each is silent in its own way; each ends in its time. */
static void silent_ones_end(void **state)
{
    (void)state;
    posting_open(&clients[0], httpd_port(httpd));
    posting_open(&clients[1], httpd_port(httpd));
    posting_send(&clients[1], "POST / HT", 9);
    announce(&clients[2], 1000, "");
    go((HTTPD_HEAD_S - 1) * SECOND);
    for (int i = 0; i < 3; i++) {
        posting_read(&clients[i]);
        assert_false(clients[i].ended);
    }
    go(3 * SECOND);
    for (int i = 0; i < 2; i++) {
        posting_read(&clients[i]);
        assert_true(clients[i].ended);
    }
    posting_read(&clients[2]);
    assert_false(clients[2].ended);
    go((HTTPD_BODY_S) * (int64_t)SECOND);
    posting_read(&clients[2]);
    assert_true(clients[2].ended);
    assert_int_equal(seen[HTTPD_WHOLE], 0);
}

/* A byte now and then is no sign of life. */
static void slow_head_ends(void **state)
{
    (void)state;
    posting_open(&clients[0], httpd_port(httpd));
    for (int i = 0; i < HTTPD_HEAD_S + 2; i++) {
        posting_send(&clients[0], "P", 1);
        go(SECOND);
    }
    posting_read(&clients[0]);
    assert_true(clients[0].ended);
}

static void rubbish_is_survived(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\x16\x03\x01\x02\x00\x01",
        "GET\r\n\r\n",
        "POST / HTTP/9.9\r\n\r\n",
        "\r\n\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nHost: r\r\nContent-Length: 99999999999999999999999\r\n\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        posting_open(&clients[0], httpd_port(httpd));
        posting_send(&clients[0], texts[i], strlen(texts[i]));
        go(SECOND);
        posting_close(&clients[0]);
        go(SECOND);
    }
    char *line = mem_alloc(100001);
    memset(line, 'a', 100000);
    posting_open(&clients[0], httpd_port(httpd));
    posting_send(&clients[0], "GET /", 5);
    posting_send(&clients[0], line, 100000);
    go(SECOND);
    free(line);
    assert_int_equal(seen[HTTPD_WHOLE], 0);
    ask(&clients[1], "POST /", "", "hello");
    assert_int_equal(posting_status(&clients[1]), 200);
}

static void refused(const struct httpd_options *options, const char *text)
{
    struct err err = {0};
    struct httpd *none = NULL;
    assert_int_not_equal(httpd_create(loop, options, &none, &err), OK);
    assert_null(none);
    if (!strstr(err.text, text))
        fail_msg("%s: wanted %s", err.text, text);
}

static void what_cannot_be_opened_is_told(void **state)
{
    (void)state;
    struct httpd_options options = usual();
    options.port = httpd_port(httpd);
    refused(&options, "cannot listen on 127.0.0.1 port");
    options = usual();
    options.address = "relay.example";
    refused(&options, "no numeric address");
    options = usual();
    options.certificate = options.key = "/nonexistent/relay.pem";
    refused(&options, "/nonexistent/relay.pem");
    char path[] = "/tmp/caprelay-test-XXXXXX";
    int fd = mkstemp(path);
    options.certificate = options.key = path;
    assert_int_equal(fchmod(fd, 0644), 0);
    refused(&options, "chmod o-rw");
    assert_int_equal(fchmod(fd, 0600), 0);
    refused(&options, path);
    close(fd);
    unlink(path);
}

/* Of nobody, until 2126. */
static const char certificate_text[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdjCCARugAwIBAgIUf/BzgJw0fFxbVNw+jOPrCFiDE6AwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjUwMDE0MzlaGA8yMTI2MTEwMTAwMTQz\n"
    "OVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABM80\n"
    "940Chvqg3dbrfWCDE8v1wGP1ZFBegdJrV1UnP2lcv27CFT9CBK3sAhOuxDQKbdOp\n"
    "bvgCvfUHB68JVRv8XtejUzBRMB0GA1UdDgQWBBScCgTO+uH+7egBsiwcL8CP9owZ\n"
    "PjAfBgNVHSMEGDAWgBScCgTO+uH+7egBsiwcL8CP9owZPjAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCQQMdoC+2g+ydoEqO7Z0c0c64xVZlD5BWi\n"
    "tZAoOTC17wIhAIEL9p6OogQnWMi6Ril6fCK0Jut0wLZ6K91XA0kQgaZO\n"
    "-----END CERTIFICATE-----\n";
static const char key_text[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOxOAW+Hx46+GwYEQ\n"
                               "slAnqxsZvqt5qoCUfopOXw8W/pWhRANCAATPNPeNAob6oN3W631ggxPL9cBj9WRQ\n"
                               "XoHSa1dVJz9pXL9uwhU/QgSt7AITrsQ0Cm3TqW74Ar31BwevCVUb/F7X\n"
                               "-----END PRIVATE KEY-----\n";

static void write_text(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* The door looks every 5 s. */
static void bad_certificate_costs_no_memory(void **state)
{
    char folder[] = "/tmp/caprelay-httpd-XXXXXX", certificate[64], key[64];
    struct err err = {0}, again = {0};
    struct httpd_options options = usual();
    struct httpd *own = NULL;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(certificate, sizeof certificate, "%s/c.pem", folder);
    snprintf(key, sizeof key, "%s/k.pem", folder);
    write_text(certificate, certificate_text, strlen(certificate_text));
    write_text(key, key_text, strlen(key_text));
    options.certificate = certificate;
    options.key = key;
    assert_int_equal(httpd_create(loop, &options, &own, &err), OK);
    assert_int_equal(httpd_renew(own, &err), OK);
    write_text(certificate, certificate_text, 300); /* cut short */
    assert_int_equal(httpd_renew(own, &err), ERR_CRYPTO);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 100; i++)
        assert_int_equal(httpd_renew(own, &again), ERR_CRYPTO);
    assert_string_equal(again.text, err.text);
    assert_true(mallinfo2().uordblks < before + 10000);
    write_text(certificate, certificate_text, strlen(certificate_text));
    assert_int_equal(httpd_renew(own, &err), OK);
    httpd_destroy(own);
    unlink(certificate);
    unlink(key);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTPD_TEST(answers_at_once_and_goes_on),
        HTTPD_TEST(parts_are_as_they_were_sent),
        HTTPD_TEST(answer_may_come_later),
        HTTPD_TEST(overdue_answer_is_asked_for_once),
        HTTPD_TEST(stop_with_one_that_waits),
        HTTPD_TEST(client_that_is_gone_is_no_trouble),
        HTTPD_TEST(byte_by_byte_and_in_chunks),
        HTTPD_TEST(two_lengths_are_refused_and_end_the_connection),
        HTTPD_TEST(too_large_is_told),
        HTTPD_TEST(endless_body_ends_the_connection),
        HTTPD_TEST(bodies_together_are_bounded),
        HTTPD_TEST(refused_head_hears_out_the_body),
        HTTPD_TEST(silent_ones_end),
        HTTPD_TEST(slow_head_ends),
        HTTPD_TEST(rubbish_is_survived),
        HTTPD_TEST(what_cannot_be_opened_is_told),
        HTTPD_TEST(bad_certificate_costs_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
