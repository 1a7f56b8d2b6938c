/* What the XML signatures of alerts mean for their way: messages that make_fixtures.py has signed,
 * of identity urn:x:1, at 2026-06-01. */
#include "fixture.h"

#include "base/clock.h"

static char made[64];
static const char *skipped;

static int make(void **state)
{
    char command[400];
    (void)state;
    if (system("/usr/bin/python3 -c 'import cryptography, lxml' 2>/dev/null"))
        skipped = "skipped: no python3-cryptography and python3-lxml";
    else if (system("xmlsec1 --version >/dev/null 2>&1"))
        skipped = "skipped: no xmlsec1";
    if (skipped)
        return 0;
    snprintf(made, sizeof made, "/tmp/caprelay-signed-XXXXXX");
    if (!mkdtemp(made))
        return -1;
    snprintf(command, sizeof command,
             "/usr/bin/python3 -W ignore " CAPRELAY_SOURCE "/tests/unit/origin/make_fixtures.py %s",
             made);
    return system(command);
}

static int drop(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", made);
    return made[0] ? system(command) : 0;
}

static int64_t first_of_june(void *context)
{
    (void)context;
    return clock_days_from_civil(2026, 6, 1) * 86400 * INT64_C(1000000) + 60000000;
}

static struct slice message(struct fixture *fixture, const char *name)
{
    char path[200];
    static char bytes[100000];
    snprintf(path, sizeof path, "%s/%s", made, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return arena_copy(fixture->arena, slice_of(bytes, len));
}

/* The pin `good` of the fixtures. */
static struct origin_trust *trust_in(struct fixture *fixture, enum origin_policy policy)
{
    struct origin_trust *trust = NULL;
    struct err err = {0};
    struct slice pins = message(fixture, "pins.tsv"), cell;
    struct origin_pin pin = {0};
    assert_true(slice_next_part(&pins, '\t', &pin.name) && slice_next_part(&pins, '\t', &cell) &&
                slice_next_part(&pins, '\t', &pin.spki));
    if (origin_trust_create(policy, &pin, 1, &trust, &err) != OK)
        fail_msg("%s", err.text);
    fixture->source.trust = trust;
    return trust;
}

static struct fixture *begin(void **state)
{
    if (skipped) {
        print_message("%s\n", skipped);
        skip();
    }
    return *state;
}

static void expect(struct fixture *fixture, size_t index, const char *verdict, const char *reason)
{
    fixture_collect(fixture);
    assert_int_equal(fixture->seen_count, index + 1);
    struct seen *seen = &fixture->seen[index];
    if (!slice_eq_cstr(seen->verdict, verdict) || !slice_eq_cstr(seen->reason, reason))
        fail_msg("%.*s, %.*s", SLICE_ARG(seen->verdict), SLICE_ARG(seen->reason));
}

static void expect_header(struct fixture *fixture, uint64_t seq, const char *verdict,
                          const char *signer)
{
    struct packet packet;
    json_t *header = fixture_header(fixture, fixture_frame(fixture, CLASS_ACTUAL, seq),
                                    &fixture->actual, SEAL_BULLETIN, &packet);
    json_t *signature = json_object_get(json_object_get(header, "origin"), "signature");
    const char *told = json_string_value(json_object_get(signature, "signer"));
    assert_string_equal(json_string_value(json_object_get(signature, "verdict")), verdict);
    if (signer)
        assert_true(told && strncmp(told, signer, strlen(signer)) == 0);
    else
        assert_null(told);
    json_decref(header);
}

/* Whoever speaks first over plain TCP does not silence the true one. */
static void test_required(void **state)
{
    struct fixture *fixture = begin(state);
    struct origin_trust *trust = trust_in(fixture, ORIGIN_REQUIRE);
    static const struct {
        const char *name, *reason;
    } refused[] = {{"unsigned.xml", "signature.none"},
                   {"changed.xml", "signature.digest-mismatch"},
                   {"stranger.xml", "signature.untrusted"},
                   {"sha1.xml", "signature.weak"},
                   {"alert-in-object.xml", "signature.malformed"},
                   {"repaired.xml", "signature.malformed"}};
    size_t count = sizeof refused / sizeof *refused;
    for (size_t i = 0; i < count; i++) {
        fixture_deliver(fixture, message(fixture, refused[i].name));
        expect(fixture, i, "refused", refused[i].reason);
    }
    fixture_deliver(fixture, message(fixture, "exclusive.xml"));
    expect(fixture, count, "relayed", "border.no-area");
    expect_header(fixture, 1, "valid", "good: good.example (sha256 ");
    assert_true(slice_find(fixture->seen[count].notes, "\"signature\":{\"verdict\":\"valid\"") > 0);
    origin_trust_destroy(trust);
}

/* %.*s: the alert. */
static struct slice in_edxl(struct fixture *fixture, const char *more, struct slice alert)
{
    ptrdiff_t begin = slice_find(alert, "<alert");
    assert_true(begin >= 0);
    alert = slice_sub(alert, (size_t)begin, alert.len);
    return arena_printf(fixture->arena,
                        "<EDXLDistribution xmlns=\"urn:oasis:names:tc:emergency:EDXL:DE:1.0\">%s"
                        "<contentObject><xmlContent><embeddedXMLContent>%.*s</embeddedXMLContent>"
                        "</xmlContent></contentObject></EDXLDistribution>",
                        more, SLICE_ARG(alert));
}

/* The alert's own signature holds in an envelope, but nothing that the envelope says is signed. */
static void test_in_an_envelope(void **state)
{
    struct fixture *fixture = begin(state);
    struct origin_trust *trust = trust_in(fixture, ORIGIN_REQUIRE);
    struct slice good = message(fixture, "exclusive.xml");
    fixture_deliver(fixture, in_edxl(fixture, "", message(fixture, "changed.xml")));
    expect(fixture, 0, "refused", "signature.digest-mismatch");
    const char *rewordings[] = {
        "<distributionStatus>Exercise</distributionStatus>",
        "<combinedConfidentiality>secret</combinedConfidentiality>",
    };
    fixture_deliver(fixture, in_edxl(fixture, rewordings[0], good));
    expect(fixture, 1, "refused", "signature.malformed");
    fixture_deliver(fixture, in_edxl(fixture, rewordings[1], good));
    expect(fixture, 2, "not-published", "scope.restricted");
    assert_true(slice_find(fixture->seen[2].notes, "\"signer\"") < 0);
    /* As it is, it has the area that was signed; without one the envelope's is nobody's word. */
    fixture_deliver(fixture,
                    in_edxl(fixture, "<distributionStatus>Actual</distributionStatus>", good));
    expect(fixture, 3, "relayed", "border.no-area");
    expect_header(fixture, 1, "valid", "good: good.example (sha256 ");
    origin_trust_destroy(trust);
}

static void test_the_area_of_an_envelope_is_not_signed(void **state)
{
    struct fixture *fixture = begin(state);
    struct origin_trust *trust = trust_in(fixture, ORIGIN_REQUIRE);
    const char *area =
        "<targetArea><polygon>45.1,-66.9 45.2,-66.9 45.2,-66.8 45.1,-66.9</polygon></targetArea>";
    fixture_deliver(fixture, message(fixture, "without-area.xml"));
    expect(fixture, 0, "relayed", "border.no-area");
    expect_header(fixture, 1, "valid", "good: good.example (sha256 ");
    fixture_deliver(fixture, in_edxl(fixture, area, message(fixture, "without-area.xml")));
    expect(fixture, 1, "refused", "signature.malformed");
    origin_trust_destroy(trust);
}

static void test_flagged(void **state)
{
    struct fixture *fixture = begin(state);
    struct origin_trust *trust = trust_in(fixture, ORIGIN_FLAG);
    fixture_deliver(fixture, message(fixture, "stranger.xml"));
    expect(fixture, 0, "relayed", "border.no-area");
    expect_header(fixture, 1, "untrusted", NULL);
    assert_true(slice_find(fixture->seen[0].notes, "\"code\":\"signature-untrusted\"") > 0);
    origin_trust_destroy(trust);
}

static void test_ignored(void **state)
{
    struct fixture *fixture = begin(state);
    fixture_deliver(fixture, message(fixture, "changed.xml"));
    expect(fixture, 0, "relayed", "border.no-area");
    expect_header(fixture, 1, "unchecked", NULL);
    assert_true(slice_find(fixture->seen[0].notes, "signature") < 0);
}

static const struct origin_trust *trust_of(void *context, struct slice source)
{
    const struct fixture *fixture = context;
    return slice_eq(source, fixture->source.name) ? fixture->source.trust : NULL;
}

static void conflict(void **state, const char *first, const char *second, const char *note)
{
    struct fixture *fixture = begin(state);
    struct origin_trust *trust = trust_in(fixture, ORIGIN_FLAG);
    fixture_deliver(fixture, message(fixture, first));
    expect(fixture, 0, "relayed", "border.no-area");
    fixture_deliver(fixture, message(fixture, second));
    expect(fixture, 1, "conflict", "border.no-area");
    if (slice_find(fixture->seen[1].notes, note) < 0)
        fail_msg("%.*s", SLICE_ARG(fixture->seen[1].notes));
    origin_trust_destroy(trust);
}

static void test_the_second_is_better(void **state)
{
    conflict(state, "changed.xml", "exclusive.xml",
             "this one has the better origin signature (valid here, digest-mismatch there)");
}

static void test_the_first_is_better(void **state)
{
    conflict(state, "exclusive.xml", "of-another-alert.xml",
             "that one has the better origin signature (digest-mismatch here, valid there)");
}

static void test_neither_is_better(void **state)
{
    conflict(state, "changed.xml", "of-another-alert.xml",
             "neither has the better origin signature");
}

static int open_here(void **state)
{
    int code = fixture_open(state);
    if (code)
        return code;
    struct fixture *fixture = *state;
    fixture_stop(fixture);
    fixture->trust_of = trust_of;
    fixture->clock.now_us = first_of_june; /* the journal's thread asks it too */
    fixture_start(fixture);
    return 0;
}

#define HERE(name) cmocka_unit_test_setup_teardown(name, open_here, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE(test_required),
        HERE(test_in_an_envelope),
        HERE(test_the_area_of_an_envelope_is_not_signed),
        HERE(test_flagged),
        HERE(test_ignored),
        HERE(test_the_second_is_better),
        HERE(test_the_first_is_better),
        HERE(test_neither_is_better),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
