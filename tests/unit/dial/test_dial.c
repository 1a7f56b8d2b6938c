/* Connections by name and number, refused, unanswered, and given up at any moment. Loopback only.
 */
#include "dial/dial.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;

struct answer {
    int calls, fd;
    char error[300];
};

static void take(void *context, int fd, const char *error)
{
    struct answer *answer = context;
    answer->calls++;
    answer->fd = fd;
    snprintf(answer->error, sizeof answer->error, "%s", error ? error : "");
}

static int listen_on_loopback(int backlog, struct dial_address *address)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    snprintf(address->host, sizeof address->host, "127.0.0.1");
    address->port = ntohs(name.sin_port);
    return fd;
}

static struct answer dial(const struct dial_address *address, int64_t timeout_us)
{
    struct answer answer = {.fd = -1};
    dial_start(loop, address, timeout_us, take, &answer);
    assert_int_equal(answer.calls, 0);
    while (answer.calls == 0)
        loop_turn(loop, true);
    return answer;
}

static void assert_connected(const struct answer *answer, int listener)
{
    char byte = 0;
    assert_true(answer->fd >= 0);
    assert_true(fcntl(answer->fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(answer->fd, F_GETFD) & FD_CLOEXEC);
    int peer = accept(listener, NULL, NULL);
    assert_int_equal(write(answer->fd, "x", 1), 1);
    assert_int_equal(read(peer, &byte, 1), 1);
    assert_int_equal(byte, 'x');
    close(peer);
    close(answer->fd);
}

static void test_number_and_name(void **state)
{
    (void)state;
    struct dial_address address;
    int listener = listen_on_loopback(4, &address);
    struct answer answer = dial(&address, 5000000);
    assert_connected(&answer, listener);
    /* ::1 comes first on many machines and refuses; the next address is tried. */
    snprintf(address.host, sizeof address.host, "localhost");
    answer = dial(&address, 5000000);
    assert_connected(&answer, listener);
    close(listener);
}

static void test_refused(void **state)
{
    (void)state;
    struct dial_address address;
    close(listen_on_loopback(1, &address));
    struct answer answer = dial(&address, 5000000);
    assert_int_equal(answer.fd, -1);
    assert_non_null(strstr(answer.error, "127.0.0.1:"));
    assert_non_null(strstr(answer.error, "refused"));
}

static void test_no_such_name(void **state)
{
    (void)state;
    struct dial_address address = {.port = 1};
    memset(address.host, 'x', 70); /* no label is so long: no server is asked */
    struct answer answer = dial(&address, 5000000);
    assert_int_equal(answer.fd, -1);
    assert_int_equal(strncmp(answer.error, "no address for xxx", 18), 0);
}

/* A full queue of connections drops what comes on top. */
static void test_no_answer(void **state)
{
    (void)state;
    struct dial_address address;
    int listener = listen_on_loopback(0, &address), fds[8];
    for (size_t i = 0; i < 8; i++) {
        struct answer filler = {.fd = -1};
        struct dial *pending = dial_start(loop, &address, 60000000, take, &filler);
        for (int turn = 0; turn < 20 && filler.calls == 0; turn++)
            loop_turn(loop, false);
        if (filler.calls == 0)
            dial_cancel(pending);
        fds[i] = filler.fd;
    }
    struct answer answer = dial(&address, 100000);
    assert_int_equal(answer.fd, -1);
    assert_non_null(strstr(answer.error, "no answer"));
    for (size_t i = 0; i < 8; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    close(listener);
}

static void test_given_up(void **state)
{
    (void)state;
    struct dial_address address;
    struct answer answer = {.fd = -1};
    int listener = listen_on_loopback(1, &address);
    const char *const hosts[] = {"127.0.0.1", "localhost"};
    for (size_t i = 0; i < 2; i++) {
        for (int turns = 0; turns < 2; turns++) {
            snprintf(address.host, sizeof address.host, "%s", hosts[i]);
            struct dial *dialled = dial_start(loop, &address, 5000000, take, &answer);
            for (int turn = 0; turn < turns && answer.calls == 0; turn++)
                loop_turn(loop, false);
            if (answer.calls == 0)
                dial_cancel(dialled);
            else
                close(answer.fd);
            int before = answer.calls;
            for (int turn = 0; turn < 5; turn++)
                loop_turn(loop, false);
            assert_int_equal(answer.calls, before);
            answer.calls = 0;
        }
    }
    dial_cancel(NULL);
    close(listener);
}

static void test_addresses(void **state)
{
    (void)state;
    struct dial_address address;
    struct err err;
    assert_int_equal(dial_address_parse(SLICE("a.example:8080"), &address, &err), OK);
    assert_string_equal(address.host, "a.example");
    assert_int_equal(address.port, 8080);
    assert_int_equal(dial_address_parse(SLICE("[2001:db8::1]:80"), &address, &err), OK);
    assert_string_equal(address.host, "2001:db8::1");
    static const char *const wrong[] = {"",        "host", "host:",  ":80",     "host:0",
                                        "h:65536", "h:8x", "::1:80", "[::1]80", "[]:80"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(dial_address_parse(slice_from_cstr(wrong[i]), &address, &err),
                         ERR_INVALID);
        assert_non_null(strstr(err.text, "HOST:PORT"));
    }
}

static int begin(void **state)
{
    (void)state;
    return loop_create(&loop, NULL) != OK;
}

static int end(void **state)
{
    (void)state;
    loop_destroy(loop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_and_name), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_such_name),    cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_given_up),        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
