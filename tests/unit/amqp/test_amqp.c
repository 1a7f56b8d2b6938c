/* What is told of a broker that cannot be had, without a broker. Loopback only. */
#include "amqp/amqp.h"
#include "base/err.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;

struct ending {
    char reason[500];
};

static void never_opens(void *context)
{
    (void)context;
    abort();
}

static void never_brings(void *context, const struct amqp_message *message)
{
    (void)context;
    (void)message;
    abort();
}

static void on_lost(void *context, const char *reason)
{
    struct ending *ending = context;
    snprintf(ending->reason, sizeof ending->reason, "%s", reason);
}

static struct ending connect_to(const char *host, int port, bool tls, bool publishes)
{
    static const char *const bindings[] = {"#"};
    struct ending ending = {0};
    const struct amqp_server server = {
        .host = host, .port = (uint16_t)port, .tls = tls, .connect_timeout_us = 5000000};
    const struct amqp_queue queue = {
        .name = "q", .exchange = "x", .bindings = bindings, .binding_count = 1, .prefetch = 1};
    const struct amqp_events events = {
        .open = never_opens, .message = never_brings, .lost = on_lost, .context = &ending};
    struct amqp *amqp = publishes ? amqp_open_publisher(loop, &server, "x", &events)
                                  : amqp_open(loop, &server, &queue, &events);
    while (!ending.reason[0])
        loop_turn(loop, true);
    amqp_close(amqp);
    return ending;
}

static void assert_reason(const struct ending *ending, int port, const char *wanted)
{
    char whole[200];
    snprintf(whole, sizeof whole, "127.0.0.1:%d: %s", port, wanted);
    assert_string_equal(ending->reason, whole);
}

static int bind_one(int *port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    *port = ntohs(name.sin_port);
    return fd;
}

/* Bound, so that it is nobody else's, but nobody listens. */
static void refused_names_host_port_and_cause(void **state)
{
    int port, fd = bind_one(&port);
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct ending ending = connect_to("127.0.0.1", port, i & 1, i & 2);
        assert_reason(&ending, port, "Connection refused");
    }
    close(fd);
}

/* Takes one connection, and resets it once the first bytes of the protocol are there. */
static void *reset_one(void *context)
{
    const struct linger at_once = {.l_onoff = 1};
    char bytes[8];
    int fd = accept(*(int *)context, NULL, NULL);
    ssize_t got = fd < 0 ? -1 : recv(fd, bytes, sizeof bytes, MSG_WAITALL);
    if (got != sizeof bytes || setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0)
        abort();
    close(fd);
    return NULL;
}

static void reset_while_logging_in_names_the_cause(void **state)
{
    int port, fd = bind_one(&port);
    pthread_t thread;
    (void)state;
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, reset_one, &fd), 0);
    struct ending ending = connect_to("127.0.0.1", port, false, false);
    pthread_join(thread, NULL);
    close(fd);
    assert_reason(&ending, port, "logging in: Connection reset by peer");
}

static void a_name_without_an_address_is_named(void **state)
{
    (void)state;
    struct ending ending = connect_to("nowhere.invalid", 5672, false, false);
    assert_non_null(strstr(ending.reason, "nowhere.invalid:5672: "));
    assert_null(strstr(ending.reason, "socket error"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_names_host_port_and_cause),
        cmocka_unit_test(reset_while_logging_in_names_the_cause),
        cmocka_unit_test(a_name_without_an_address_is_named),
    };
    struct err err = {0};
    if (loop_create(&loop, &err) != OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_destroy(loop);
    return failed;
}
