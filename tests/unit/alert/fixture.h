/*
 * fixture: alerts of our own to test with, and the parser around them.
 */
#ifndef CAPRELAY_TESTS_UNIT_ALERT_FIXTURE_H
#define CAPRELAY_TESTS_UNIT_ALERT_FIXTURE_H

#include "alert/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CAP12 "urn:oasis:names:tc:emergency:cap:1.2"
#define CAP11 "urn:oasis:names:tc:emergency:cap:1.1"
#define CAP10 "http://www.incident.com/cap/1.0"

#define HEAD                                                                                       \
    "<identifier>urn:test:1</identifier><sender>emo@nb.example</sender>"                           \
    "<sent>2026-04-15T17:51:47-03:00</sent><status>Exercise</status><msgType>Alert</msgType>"
#define INFO                                                                                       \
    "<info><language>en-CA</language><category>Met</category><event>storm surge</event>"           \
    "<urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>"          \
    "<expires>2026-04-16T03:00:00-03:00</expires>"                                                 \
    "<area><areaDesc>Bay</areaDesc><polygon>45,-67 45,-66 46,-66 45,-67</polygon></area></info>"
#define ALERT(body) "<alert xmlns=\"" CAP12 "\">" body "</alert>"
#define VALID ALERT(HEAD "<scope>Public</scope>" INFO)

struct fixture {
    struct parser *parser;
    struct arena *arena;
};

static inline int fixture_setup(void **state)
{
    static struct fixture fixture;
    fixture.arena = arena_create();
    *state = &fixture;
    return parser_create(&fixture.parser, NULL) == OK ? 0 : -1;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    parser_destroy(fixture->parser);
    arena_destroy(fixture->arena);
    return 0;
}

static inline struct parsed fixture_read(struct fixture *fixture, struct slice bytes)
{
    return parser_read(fixture->parser, fixture->arena, bytes);
}

/* Of a document that holds one alert. */
static inline struct alert *fixture_one(struct fixture *fixture, const char *text)
{
    struct parsed parsed = fixture_read(fixture, slice_from_cstr(text));
    assert_int_equal(parsed.count, 1);
    return parsed.alerts[0];
}

#define assert_slice(slice, expected) assert_true(slice_eq_cstr((slice), (expected)))
#define assert_finding(alert, rule) assert_true(findings_have(&(alert)->findings, (rule)))
#define assert_no_finding(alert, rule) assert_false(findings_have(&(alert)->findings, (rule)))

#endif
