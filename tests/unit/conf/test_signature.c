/* What a source may say of the signatures of its alerts. */
#include "conf/relay_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#define LEAST                                                                                      \
    "keys: {actual: a.key, exercise: e.key, curve: c.key}\n"                                       \
    "listen: {feed: 'tcp://0.0.0.0:1', query: 'tcp://0.0.0.0:2'}\n"                                \
    "access: {allow: any}\n"                                                                       \
    "sources:\n"                                                                                   \
    "  - name: naad\n"                                                                             \
    "    adapter: file\n"
#define HEX "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"

static const struct relay_conf *parse(const char *more, struct err *err)
{
    const struct relay_conf *conf = NULL;
    char text[4000];
    assert_true(snprintf(text, sizeof text, LEAST "%s", more) < (int)sizeof text);
    relay_conf_parse("/etc/caprelay/c.yaml", slice_from_cstr(text), &conf, err);
    return conf;
}

static void refused(const char *more, const char *message)
{
    struct err err = {0};
    assert_null(parse(more, &err));
    if (!strstr(err.text, message))
        fail_msg("%s\n  said: %s\n  wanted: %s", more, err.text, message);
}

static void nothing_is_checked_unless_it_is_said(void **state)
{
    (void)state;
    struct err err = {0};
    const struct relay_conf *conf = parse("", &err);
    assert_non_null(conf);
    assert_int_equal(relay_conf_source_at(conf, 0)->signature.policy, CONF_SIGNATURE_IGNORE);
    assert_int_equal(relay_conf_source_at(conf, 0)->signature.warn_before_us,
                     INT64_C(30) * 86400 * 1000000);
    relay_conf_release(conf);
}

static void pins_are_read(void **state)
{
    (void)state;
    struct err err = {0};
    const struct relay_conf *conf =
        parse("    signature:\n"
              "      policy: require\n"
              "      warn_before: 10d\n"
              "      pins:\n"
              "        - {name: a, spki: " HEX ", not_before: 2026-01-01, not_after: 2026-02-28}\n"
              "        - {name: b, ca: ca.pem, subject: dss2.example, allow_expired: true}\n",
              &err);
    if (!conf)
        fail_msg("%s", err.text);
    const struct relay_conf_source *source = relay_conf_source_at(conf, 0);
    const struct relay_conf_pin *pins = source->signature.pins.items;
    assert_int_equal(source->signature.policy, CONF_SIGNATURE_REQUIRE);
    assert_int_equal(source->signature.pins.count, 2);
    assert_int_equal(pins[0].not_before_s, 1767225600); /* 2026-01-01T00:00:00Z */
    assert_int_equal(pins[0].not_after_s, 1772323200);  /* 2026-03-01T00:00:00Z */
    assert_string_equal(pins[1].ca.ptr, "/etc/caprelay/ca.pem");
    assert_true(pins[1].allow_expired && !pins[1].allow_weak && !pins[0].allow_expired);
    relay_conf_release(conf);
}

static void faults_are_named(void **state)
{
    (void)state;
    refused("    signature: {policy: maybe}\n", "signature.policy");
    refused("    signature: {policy: require}\n", "names no pins");
    refused("    class: exercise\n    signature: {policy: flag}\n", "is rewritten");
    refused("    signature: {policy: flag, pins: [{spki: " HEX "}]}\n", "name");
    refused("    signature: {policy: flag, pins: [{name: a, spki: 12}]}\n", "64 hex digits");
    refused("    signature: {policy: flag, pins: [{name: a, spki: " HEX
            ", not_after: 2026-02-30}]}\n",
            "is no day; write it as 2026-07-12");
    refused("    signature: {policy: flag, pins: [{name: a, spki: " HEX
            ", not_after: 2026-2-03}]}\n",
            "is no day");
    refused("    signature: {policy: flag, trust: all}\n", "trust");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_checked_unless_it_is_said),
        cmocka_unit_test(pins_are_read),
        cmocka_unit_test(faults_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
