/* caprelay.yaml as a whole: defaults, the example, and what its parts say of each other. */
#include "conf/relay_conf.h"

#include "conf/relay_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define KEYS "keys: {actual: a.key, exercise: e.key, curve: c.key}\n"
#define LISTEN                                                                                     \
    "listen: {feed: 'tcp://0.0.0.0:1', query: 'tcp://0.0.0.0:2', inject: 'ipc:///run/x'}\n"
#define LEAST KEYS LISTEN "access: {allow: any}\n"
#define HEX_A "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"
#define HEX_B "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"

static const struct relay_conf *parse(const char *text)
{
    const struct relay_conf *conf = NULL;
    struct err err = {0};
    if (relay_conf_parse("/etc/caprelay/caprelay.yaml", slice_from_cstr(text), &conf, &err) != OK)
        fail_msg("%s\n%s", err.text, text);
    return conf;
}

static void refused(const char *text, const char *message)
{
    const struct relay_conf *conf = NULL;
    struct err err = {0};
    if (relay_conf_parse("c.yaml", slice_from_cstr(text), &conf, &err) == OK)
        fail_msg("accepted: %s", text);
    assert_null(conf);
    if (!strstr(err.text, message))
        fail_msg("%s\n  said: %s\n  wanted: %s", text, err.text, message);
}

static void defaults_are_those_of_the_design(void **state)
{
    (void)state;
    const struct relay_conf *conf = parse(LEAST);
    assert_string_equal(conf->relay.name.ptr, "caprelay");
    assert_string_equal(conf->relay.sender.ptr, "caprelay:caprelay");
    assert_string_equal(conf->journal.path.ptr, "/var/lib/caprelay/journal.db");
    assert_string_equal(conf->keys.actual.ptr, "/etc/caprelay/a.key");
    assert_true(conf->border.filter);
    assert_true(conf->border.within_km == 50 && conf->border.sliver_share == 0.01);
    assert_int_equal(conf->in_force.default_hours, 24);
    assert_int_equal(conf->publish.inline_max_bytes, 512 * 1024);
    assert_int_equal(conf->publish.beat_interval_us, 5000000);
    assert_int_equal(conf->publish.backlog, 1024);
    assert_int_equal(conf->publish.compress, 1);
    assert_int_equal(conf->access.mode, CONF_ACCESS_CURVE);
    assert_true(conf->access.any);
    assert_int_equal(conf->log.level, 6);
    relay_conf_release(conf);
}

static void sources_rules_and_authorities_are_plain_values(void **state)
{
    (void)state;
    const struct relay_conf *conf =
        parse(LEAST "rules:\n - {name: r1, do: drop, status: test, to: us, events: [TOA], "
                    "severity_at_least: severe, sources: [s1], within_km: 10}\n"
                    " - {name: r2, do: relay}\n"
                    "authorities:\n - {name: nb, key: " HEX_A
                    ", country: ca, classes: [actual, exercise], regions: [NB, NS]}\n"
                    " - {name: me, key: " HEX_B "}\n"
                    "sources:\n - {name: s1, adapter: file, country: ca, class: exercise, folder: "
                    "x}\n - {name: s2, adapter: file, country_else: us}\n");
    const struct relay_conf_rule *rule = relay_conf_rule_at(conf, 0);
    assert_string_equal(rule->name.ptr, "r1");
    assert_int_equal(rule->relay, 0);
    assert_int_equal(rule->status, 4);
    assert_int_equal(rule->to, CONF_SIDE_US);
    assert_int_equal(rule->severity_at_least, 2);
    assert_true(rule->within_km == 10 && rule->beyond_km < 0);
    assert_int_equal(relay_conf_rule_at(conf, 1)->relay, 1);
    assert_true(relay_conf_rule_at(conf, 1)->within_km < 0);

    const struct relay_conf_authority *nb = relay_conf_authority_find(conf, SLICE("nb"));
    assert_int_equal(nb->key[0], 0x3b);
    assert_int_equal(nb->classes, 1u << CONF_CLASS_ACTUAL | 1u << CONF_CLASS_EXERCISE);
    assert_int_equal(nb->regions.count, 2);
    /* Actual must be written out. */
    assert_int_equal(relay_conf_authority_find(conf, SLICE("me"))->classes,
                     1u << CONF_CLASS_EXERCISE);
    assert_null(relay_conf_authority_find(conf, SLICE("qc")));

    assert_int_equal(relay_conf_source_at(conf, 0)->class_max, CONF_CLASS_EXERCISE);
    assert_int_equal(relay_conf_source_at(conf, 1)->class_max, CONF_CLASS_ACTUAL);
    assert_int_equal(relay_conf_source_at(conf, 1)->country, CONF_SIDE_NONE);
    assert_int_equal(relay_conf_source_at(conf, 1)->country_else, CONF_SIDE_US);
    relay_conf_release(conf);
}

#define COLONS_B                                                                                   \
    "'8A:88:E3:DD:74:09:F1:95:FD:52:DB:2D:3C:BA:5D:72:CA:67:09:BF:1D:94:12:1B:F3:74:88:01:B4:0F:"  \
    "6F:5C'"

static void authorities_without_a_key_come_by_http(void **state)
{
    (void)state;
    const struct relay_conf *conf =
        parse(LEAST "authorities:\n - {name: nb, token_sha256: [" HEX_A ", " HEX_B "]}\n"
                    " - {name: me, key: " HEX_A ", certificate_sha256: " COLONS_B "}\n");
    const struct relay_conf_authority *nb = relay_conf_authority_find(conf, SLICE("nb"));
    const struct relay_conf_authority *me = relay_conf_authority_find(conf, SLICE("me"));
    assert_false(nb->has_key);
    assert_int_equal(nb->token_hex.count, 2);
    assert_int_equal(nb->tokens[0][0], 0x3b);
    assert_int_equal(nb->tokens[1][31], 0x5c);
    assert_true(me->has_key);
    assert_int_equal(me->certificate_hex.count, 1);
    assert_int_equal(me->certificates[0][0], 0x8a);
    assert_int_equal(me->certificates[0][31], 0x5c);
    relay_conf_release(conf);
    refused(LEAST "authorities:\n - {name: a}\n", "no way to prove who it is");
    refused(LEAST "authorities:\n - {name: a, token_sha256: abc}\n",
            "c.yaml:5: authorities[1].token_sha256: `abc` is no SHA-256");
    refused(LEAST "authorities:\n - {name: a, certificate_sha256: [" HEX_A ", x]}\n",
            "`x` is no SHA-256");
    refused(LEAST "authorities:\n - {name: a, token_sha256: " HEX_A "}\n"
                  " - {name: b, token_sha256: [" HEX_B ", " HEX_A "]}\n",
            "is the token_sha256 of `a` too");
    refused(LEAST "authorities:\n - {name: a, certificate_sha256: " HEX_B "}\n"
                  " - {name: b, certificate_sha256: " COLONS_B "}\n",
            "is the certificate_sha256 of `a` too");
}

#define HTTP(url)                                                                                  \
    KEYS                                                                                           \
        "access: {allow: any}\nlisten: {feed: 'tcp://x:1', query: 'tcp://x:2', inject_http: '" url \
        "'}\n"

static void http_listens_with_tls_or_on_the_loopback(void **state)
{
    (void)state;
    const struct relay_conf *conf =
        parse(HTTP("https://[::]:9653") "inject_http: {certificate: a.pem}\n");
    struct conf_http_listen listen;
    assert_string_equal(conf->inject_http.certificate.ptr, "/etc/caprelay/a.pem");
    assert_string_equal(conf->inject_http.key.ptr, "/etc/caprelay/a.pem");
    assert_int_equal(conf->inject_http.connections, 128);
    assert_true(conf_http_listen(conf->listen.inject_http, &listen));
    assert_true(listen.tls && listen.ipv6 && !listen.is_local);
    assert_string_equal(listen.address, "::");
    assert_int_equal(listen.port, 9653);
    relay_conf_release(conf);
    relay_conf_release(parse(HTTP("http://127.0.0.1:9653")));
    relay_conf_release(parse(HTTP("http://[::1]:9653")));
    refused(HTTP("http://0.0.0.0:9653"), "tokens would pass in clear");
    refused(HTTP("http://[::]:9653"), "tokens would pass in clear");
    refused(HTTP("https://0.0.0.0:9653"), "inject_http.certificate: is missing");
    refused(HTTP("https://0.0.0.0:9653") "inject_http: {connections: 10}\n",
            "inject_http.certificate: is missing; listen.inject_http is https");
    refused(HTTP("http://127.0.0.1:1") "inject_http: {certificate: a}\n", "says nothing");
    static const char *const wrong[] = {"https://relay.example:9653",
                                        "https://0.0.0.0",
                                        "https://0.0.0.0:0",
                                        "https://0.0.0.0:65536",
                                        "https://::1:5",
                                        "https://[0.0.0.0]:5",
                                        "https://:5",
                                        "ftp://0.0.0.0:5",
                                        "tcp://0.0.0.0:5",
                                        "https://0.0.0.0:5/v1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(conf_http_listen(slice_from_cstr(wrong[i]), &listen));
    refused(HTTP("https://relay.example:9653"), "with a numeric address");
}

static void plain_stays_on_the_loopback(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint;
        bool local;
    } cases[] = {{"tcp://127.0.0.1:5", true},
                 {"tcp://127.9.8.7:5", true},
                 {"tcp://[::1]:5", true},
                 {"ipc:///run/x", true},
                 {"inproc://x", true},
                 {"tcp://0.0.0.0:5", false},
                 {"tcp://*:5", false},
                 {"tcp://10.0.0.1:5", false},
                 {"tcp://[::]:5", false},
                 {"tcp://127.example.org:5", false},
                 {"tcp://localhost.example.org:5", false},
                 {"tcp://127.0.0.1.example.org:5", false},
                 {"tcp://1270.0.0.1:5", false},
                 {"tcp://127.0.0:5", false},
                 {"tcp://[::ffff:127.0.0.1]:5", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(conf_endpoint_is_local(slice_from_cstr(cases[i].endpoint)),
                         cases[i].local);
        char text[400];
        snprintf(text, sizeof text,
                 "keys: {actual: a, exercise: e}\naccess: {mode: plain}\nlisten:\n  query: "
                 "'inproc://q'\n  feed: '%s'\n",
                 cases[i].endpoint);
        if (cases[i].local)
            relay_conf_release(parse(text));
        else
            refused(text, "c.yaml:5: listen.feed: ");
    }
}

static void access_is_written_out(void **state)
{
    (void)state;
    refused(KEYS LISTEN, "nobody is allowed to connect");
    refused(KEYS LISTEN "access: {mode: curve}\n", "nobody is allowed");
    refused("keys: {actual: a, exercise: e}\n" LISTEN "access: {allow: any}\n",
            "keys.curve: is missing");
    refused(KEYS LISTEN "access: {allow: [everybody]}\n", "`everybody` is no CURVE public key");
    refused(KEYS LISTEN "access: {allow: [any, " HEX_A "]}\n", "makes the other keys needless");
    const struct relay_conf *conf =
        parse(KEYS LISTEN "access:\n  allow:\n    - " HEX_A
                          "\n    - 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'\n");
    assert_int_equal(conf->access.key_count, 2);
    assert_false(conf->access.any);
    assert_int_equal(conf->access.keys[0][31], 0x29);
    /* Secret and public key of ZeroMQ RFC 26's example; the first bytes of BB 88 47 1D ... */
    assert_int_equal(conf->access.keys[1][0], 0xBB);
    assert_int_equal(conf->access.keys[1][1], 0x88);
    relay_conf_release(conf);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    refused(LEAST "sources:\n - {name: a, adapter: file}\n - {name: a, adapter: file}\n",
            "c.yaml:6: sources[2].name: `a` is taken by sources[1]");
    refused(LEAST "sources:\n - {name: a, adapter: file, country: ca, country_else: us}\n",
            "country_else");
    refused(LEAST "sources:\n - {name: inject, adapter: file}\n", "choose another");
    refused(LEAST "sources:\n - {name: 'A b', adapter: file}\n", "is no name");
    refused(LEAST "rules:\n - {name: r, do: drop, sources: [nobody]}\n",
            "there is no source `nobody`");
    refused(LEAST "rules:\n - {name: r, do: drop, within_km: 5, beyond_km: 50}\n",
            "nothing is farther");
    refused(LEAST
            "rules:\n - {name: r, do: drop, severity_at_least: severe, severity_at_most: minor}\n",
            "nothing can match");
    refused(LEAST "rules:\n - {name: r, do: drop, status: System}\n",
            "one of actual, exercise, test");
    refused(LEAST "authorities:\n - {name: a, key: abc}\n", "64 hex digits");
    refused(LEAST "authorities:\n - {name: a, key: " HEX_A "}\n - {name: b, key: " HEX_A "}\n",
            "is the key of `a` too");
    refused(LEAST "authorities:\n - {name: a, key: " HEX_A ", regions: [Maine]}\n",
            "two capital letters");
    refused(LEAST "relay: {sender: 'a b'}\n", "no CAP sender");
    refused(LEAST "border: {within_km: -1}\n", "from 0 to 1000 km");
    refused(KEYS "access: {allow: any}\nlisten: {feed: 'http://x', query: 'tcp://x:1'}\n",
            "is no endpoint");
    refused(KEYS "access: {allow: any}\nlisten: {feed: 'tcp://x:70000', query: 'tcp://x:1'}\n",
            "is no endpoint");
    refused(KEYS "access: {allow: any}\n", "listen.feed: is missing");
    refused(LISTEN "access: {allow: any}\n", "keys.actual: is missing");
}

static void holds_are_counted(void **state)
{
    (void)state;
    const struct relay_conf *conf = parse(LEAST);
    relay_conf_hold(conf);
    relay_conf_release(conf);
    assert_string_equal(conf->relay.name.ptr, "caprelay");
    relay_conf_release(conf);
    relay_conf_release(NULL);
}

/* The words of a key's path that an example must have: the last one with a colon. */
static void assert_documented(const char *text, const struct conf_row *rows)
{
    for (const struct conf_row *row = rows; row->type != CONF_END; row++) {
        if (!row->name)
            continue;
        char key[80];
        snprintf(key, sizeof key, " %s:", row->name);
        const char *at_start = strncmp(text, key + 1, strlen(key + 1)) == 0 ? text : NULL;
        char own_line[80];
        snprintf(own_line, sizeof own_line, "\n%s:", row->name);
        if (!at_start && !strstr(text, key) && !strstr(text, own_line))
            fail_msg("config/caprelay.yaml does not speak of %s", row->name);
        if (row->rows)
            assert_documented(text, row->rows);
    }
}

static void example_has_every_key_and_is_good(void **state)
{
    (void)state;
    const struct relay_conf *conf = NULL;
    struct err err = {0};
    if (relay_conf_load(CAPRELAY_SOURCE "/config/caprelay.yaml", &conf, &err) != OK)
        fail_msg("%s", err.text);
    relay_conf_release(conf);
    FILE *file = fopen(CAPRELAY_SOURCE "/config/caprelay.yaml", "r");
    char *text = calloc(1, 65536);
    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    assert_documented(text, relay_conf_rows);
    free(text);
}

static void absent_file_is_named(void **state)
{
    (void)state;
    const struct relay_conf *conf = NULL;
    struct err err = {0};
    assert_int_equal(relay_conf_load("/nowhere/caprelay.yaml", &conf, &err), ERR_IO);
    assert_non_null(strstr(err.text, "/nowhere/caprelay.yaml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorities_without_a_key_come_by_http),
        cmocka_unit_test(http_listens_with_tls_or_on_the_loopback),
        cmocka_unit_test(defaults_are_those_of_the_design),
        cmocka_unit_test(sources_rules_and_authorities_are_plain_values),
        cmocka_unit_test(plain_stays_on_the_loopback),
        cmocka_unit_test(access_is_written_out),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(holds_are_counted),
        cmocka_unit_test(example_has_every_key_and_is_good),
        cmocka_unit_test(absent_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
