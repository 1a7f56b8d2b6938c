/* The NWS adapter over real sockets: nginx by TLS, and a peer that cuts connections. */
#include "tests/support/fake_port.h"
#include "tests/support/nginx.h"
#include "tests/support/peer.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECOND = 1000000, ALERTS = 24 };

static struct {
    struct loop *loop;
    struct fake_port port;
    const struct relay_conf *conf;
    struct hosts *hosts;
} relay;

static void relay_open(const char *options)
{
    char text[1000];
    struct err err = {0};
    memset(&relay, 0, sizeof relay);
    fake_port_init(&relay.port);
    snprintf(text, sizeof text,
             "keys: {actual: a, exercise: e}\naccess: {mode: plain}\n"
             "listen: {feed: 'inproc://f', query: 'inproc://q'}\n"
             "sources:\n - {name: nws, adapter: nws, user_agent: 'test (ops@example.org)', "
             "interval: 1s, timeout: 3s, %s}\n",
             options);
    struct hosts_options hosts_options = {.port = fake_port_of(&relay.port),
                                          .relay_name = SLICE("test")};
    if (loop_create(&relay.loop, &err) != OK ||
        relay_conf_parse("/tmp/caprelay.yaml", slice_from_cstr(text), &relay.conf, &err) != OK)
        fail_msg("%s", err.text);
    hosts_options.loop = relay.loop;
    if (hosts_create(&hosts_options, relay.conf, &relay.hosts, &err) != OK)
        fail_msg("%s", err.text);
    relay.port.hosts = relay.hosts;
    hosts_start(relay.hosts);
}

static void relay_close(void)
{
    hosts_stop(relay.hosts);
    hosts_destroy(relay.hosts);
    relay_conf_release(relay.conf);
    loop_destroy(relay.loop);
    fake_port_fini(&relay.port);
}

static void on_late(void *context)
{
    *(bool *)context = true;
}

/* Until that many documents came and the source is in that state; settles as it goes. */
static bool relay_wait(size_t documents, enum source_state state, int seconds)
{
    bool late = false, good = false;
    struct loop_timer *timer = loop_timer_create(relay.loop, on_late, &late);
    loop_timer_start(timer, (int64_t)seconds * SECOND);
    while (!good && !late) {
        loop_turn(relay.loop, true);
        fake_settle_all(&relay.port, "relayed");
        good = relay.port.count >= documents && hosts_status(relay.hosts, 0).state == state;
    }
    loop_timer_destroy(timer);
    return good;
}

static int times(int i)
{
    char text[40];
    int count = 0;
    snprintf(text, sizeof text, "<alert>%d</alert>", i);
    for (size_t at = 0; at < relay.port.count; at++)
        count += slice_eq_cstr(relay.port.items[at].bytes, text);
    return count;
}

static void write_list(char *out, int from, int to)
{
    out += sprintf(out, "{\"features\":[");
    for (int i = from; i < to; i++)
        out += sprintf(out, "%s{\"properties\":{\"id\":\"urn:oid:%d\"}}", i > from ? "," : "", i);
    sprintf(out, "]}");
}

/* --- nginx --- */

static struct nginx nginx;

static void put_alert(int i)
{
    char name[60], text[60];
    snprintf(name, sizeof name, "alerts/urn:oid:%d.cap", i);
    snprintf(text, sizeof text, "<alert>%d</alert>", i);
    nginx_put(&nginx, name, text);
}

static bool logged(const char *text)
{
    char command[300];
    snprintf(command, sizeof command, "grep -q -- '%s' %s/access.log", text, nginx.folder);
    return system(command) == 0;
}

static void an_ordinary_server_is_polled(void **state)
{
    (void)state;
    char list[4000], options[300];
    if (!nginx_open(&nginx, "location = /alerts/active { default_type application/geo+json;\n"
                            "  try_files /active.json =404; }\n"
                            "location = /alerts { default_type application/geo+json;\n"
                            "  try_files /sent.json =404; }\n")) {
        print_message("skipped: nginx or openssl is not installed\n");
        skip();
    }
    for (int i = 0; i < ALERTS; i++)
        put_alert(i);
    write_list(list, 0, ALERTS - 2);
    nginx_put(&nginx, "active.json", list);
    write_list(list, 0, ALERTS - 2);
    nginx_put(&nginx, "sent.json", list);
    snprintf(options, sizeof options, "url: 'https://localhost:%d', ca_file: %s, areas: [ME]",
             nginx.tls_port, nginx.ca_file);
    relay_open(options);
    assert_true(relay_wait(ALERTS - 2, SOURCE_LIVE, 20));
    relay_wait(ALERTS, SOURCE_LIVE, 3); /* some looks more */
    nginx_stop(&nginx);
    assert_true(relay_wait(ALERTS - 2, SOURCE_DEGRADED, 20));
    /* One is in force still, one came and ended. */
    write_list(list, 1, ALERTS - 1);
    nginx_put(&nginx, "active.json", list);
    write_list(list, 0, ALERTS);
    nginx_put(&nginx, "sent.json", list);
    relay_wait(ALERTS, SOURCE_LIVE, 8); /* longer than looks may be apart */
    nginx_start(&nginx);
    assert_true(relay_wait(ALERTS, SOURCE_LIVE, 30));
    for (int i = 0; i < ALERTS; i++)
        assert_int_equal(times(i), 1);
    assert_true(logged("GET /alerts/active?area=ME HTTP/1.1\" 200"));
    assert_true(logged("GET /alerts/active?area=ME HTTP/1.1\" 304"));
    assert_true(logged("GET /alerts?start=20..-..-..T..:..:..Z&area=ME HTTP/1.1\" 200"));
    assert_true(logged("test (ops@example.org)"));
    relay_close();
    nginx_close(&nginx);
}

/* --- cut connections --- */

static atomic_int asked[ALERTS];

static void cut(struct peer *p, int fd, const char *request)
{
    char body[4000];
    const char *id = strstr(request, "urn:oid:");
    if (!id || id > strstr(request, "\r\n")) {
        write_list(body, 0, ALERTS);
        peer_answer(fd, "200 OK", "ETag: \"1\"\r\n", body);
        return;
    }
    int i = atoi(id + strlen("urn:oid:"));
    snprintf(body, sizeof body, "<alert>%d</alert>", i);
    size_t keep = atomic_fetch_add(&asked[i], 1) == 0 && i % 4 == 0 ? (size_t)i % 10 : strlen(body);
    /* In pieces, and without its end the first time. */
    if (peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(body)))
        for (size_t at = 0; at < keep && peer_wait(p, 1) && peer_send(fd, body + at, 1);)
            at++;
}

static void cut_connections_lose_and_repeat_nothing(void **state)
{
    (void)state;
    struct peer peer;
    char options[100];
    peer_open(&peer, cut, NULL);
    snprintf(options, sizeof options, "url: 'http://127.0.0.1:%d', catch_up: 0s", peer.port);
    relay_open(options);
    assert_true(relay_wait(ALERTS, SOURCE_LIVE, 60));
    relay_wait(ALERTS + 1, SOURCE_LIVE, 3);
    for (int i = 0; i < ALERTS; i++) {
        assert_int_equal(times(i), 1);
        assert_int_equal(atomic_load(&asked[i]), i % 4 == 0 ? 2 : 1);
    }
    relay_close();
    peer_close(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_server_is_polled),
        cmocka_unit_test(cut_connections_lose_and_repeat_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
