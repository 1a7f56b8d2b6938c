/* Messages that other implementations signed, good ones and forgeries: make_fixtures.py says what
 * each must be. */
#include "fixture.h"

#include "alert/identity.h"
#include "alert/parse.h"

#include <string.h>

struct made {
    char folder[64];
    struct arena *arena;
    struct origin_trust *trust;
    int64_t now_s;
    struct slice cases;
};

static const char *skipped;

static int make(void **state)
{
    struct made *made = test_calloc(1, sizeof *made);
    char command[400];
    *state = made;
    made->arena = arena_create();
    made->now_s = fixture_day(SLICE("2026-06-01"));
    if (system("/usr/bin/python3 -c 'import cryptography, lxml' 2>/dev/null"))
        skipped = "skipped: no python3-cryptography and python3-lxml";
    else if (system("xmlsec1 --version >/dev/null 2>&1"))
        skipped = "skipped: no xmlsec1";
    if (skipped)
        return 0;
    strcpy(made->folder, "/tmp/caprelay-origin-XXXXXX");
    if (!mkdtemp(made->folder))
        return -1;
    snprintf(command, sizeof command,
             "/usr/bin/python3 -W ignore " CAPRELAY_SOURCE "/tests/unit/origin/make_fixtures.py %s",
             made->folder);
    return system(command);
}

static int drop(void **state)
{
    struct made *made = *state;
    char command[100];
    origin_trust_destroy(made->trust);
    arena_destroy(made->arena);
    snprintf(command, sizeof command, "rm -rf %s", made->folder);
    int code = made->folder[0] ? system(command) : 0;
    test_free(made);
    return code;
}

static void need(void)
{
    if (!skipped)
        return;
    print_message("%s\n", skipped);
    skip();
}

static struct slice read_made(struct made *made, const char *name)
{
    struct slice path = arena_printf(made->arena, "%s/%s", made->folder, name);
    struct slice bytes = fixture_read(made->arena, path.ptr);
    if (!bytes.ptr)
        fail_msg("%s was not made", name);
    return bytes;
}

static void read_pins(struct made *made)
{
    struct slice rest = read_made(made, "pins.tsv"), cell[8];
    struct origin_pin pins[PINS_MAX] = {0};
    struct err err = {0};
    size_t count = 0;
    while (fixture_row(&rest, cell, 8) == 8) {
        struct origin_pin *pin = &pins[count++];
        struct slice path = arena_printf(made->arena, "%s/%.*s", made->folder, SLICE_ARG(cell[2]));
        pin->name = cell[0];
        if (slice_eq_cstr(cell[1], "spki"))
            pin->spki = cell[2];
        else if (slice_eq_cstr(cell[1], "file"))
            pin->file = path.ptr;
        else
            pin->ca = path.ptr;
        if (pin->ca)
            pin->subject = cell[3];
        pin->not_before_s = fixture_day(cell[4]);
        pin->not_after_s = fixture_day(cell[5]);
        pin->allow_expired = slice_eq_cstr(cell[6], "yes");
        pin->allow_weak = slice_eq_cstr(cell[7], "yes");
    }
    assert_int_equal(count, 10);
    if (origin_trust_create(ORIGIN_REQUIRE, pins, count, &made->trust, &err) != OK)
        fail_msg("%s", err.text);
}

/* name, verdict of the whole, accepted, verdicts of each where told */
static void check_case(struct made *made, const struct slice *cell)
{
    struct origin origin;
    struct slice name = arena_printf(made->arena, "%.*s.xml", SLICE_ARG(cell[0]));
    struct slice bytes = read_made(made, name.ptr), each = cell[3], one;
    origin_check(made->trust, made->arena, bytes, made->now_s, &origin);
    if (!slice_eq_cstr(cell[1], origin_verdict_name(origin.verdict)) ||
        slice_eq_cstr(cell[2], "yes") != origin.accepted)
        fail_msg("%.*s: %s%s instead of %.*s; %.*s", SLICE_ARG(name),
                 origin_verdict_name(origin.verdict), origin.accepted ? ", accepted," : "",
                 SLICE_ARG(cell[1]), SLICE_ARG(origin.text));
    assert_int_equal(origin.accepted, origin.signer.len > 0);
    for (size_t i = 0; each.len && slice_next_part(&each, ',', &one); i++) {
        assert_true(i < origin.count);
        if (!slice_eq_cstr(one, origin_verdict_name(origin.signatures[i].verdict)))
            fail_msg("%.*s: %.*s", SLICE_ARG(name), SLICE_ARG(origin.text));
    }
}

static void test_each_is_what_it_is(void **state)
{
    struct made *made = *state;
    need();
    read_pins(made);
    struct slice rest = read_made(made, "cases.tsv"), cell[4];
    size_t count = 0, cells;
    for (; (cells = fixture_row(&rest, cell, 4)) >= 3; count++) {
        if (cells == 3)
            cell[3] = (struct slice){0};
        check_case(made, cell);
    }
    assert_true(count > 70);
}

/* --- in a wrapper --- */

/* %s: the alert, beside others that nobody signed. */
#define OTHER                                                                                      \
    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>other</identifier></alert>"
static const char *const wrappers[] = {
    /* the IPAWS feed's */
    ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ns1:alerts "
     "xmlns:ns1=\"http://gov.fema.ipaws.services/feed\">" OTHER "%s" OTHER "</ns1:alerts>"),
    ("<EDXLDistribution xmlns=\"urn:oasis:names:tc:emergency:EDXL:DE:1.0\" xmlns:x=\"urn:other\">"
     "<distributionStatus>Actual</distributionStatus><contentObject><xmlContent>"
     "<embeddedXMLContent>%s</embeddedXMLContent></xmlContent></contentObject></EDXLDistribution>"),
    ("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"fr\" xml:base=\"http://a.example/\">"
     "<entry><id>1</id><content type=\"application/cap+xml\">%s</content></entry></feed>"),
    "<w:a xmlns:w=\"urn:w\"><w:b>\r\n<!-- x -->%s</w:b></w:a>",
};

static struct slice without_declaration(struct slice bytes)
{
    ptrdiff_t end = slice_find(bytes, "?>");
    return end < 0 ? bytes : slice_sub(bytes, (size_t)end + 2, bytes.len);
}

/* What the alert in the wrapper is worth; false where it has no Signature that is looked at. */
static bool check_wrapped(struct made *made, const struct parser *parser, const char *wrapper,
                          struct slice bytes, struct origin *out)
{
    struct buf text;
    buf_init(&text, FILE_BYTES_MAX);
    const char *place = strstr(wrapper, "%s");
    buf_put(&text, slice_of(wrapper, (size_t)(place - wrapper)));
    buf_put(&text, without_declaration(bytes));
    buf_put_cstr(&text, place + 2);
    struct parsed parsed = parser_read(parser, made->arena, buf_slice(&text));
    bool found = false;
    for (size_t i = 0; i < parsed.count && !found; i++) {
        const struct alert *alert = parsed.alerts[i];
        assert_int_equal(alert->detached.ptr != NULL, alert->signature_count > 0);
        found = alert->signature_count > 0 && !alert->repaired;
        if (found)
            origin_check(made->trust, made->arena, alert->detached, made->now_s, out);
    }
    buf_fini(&text);
    return found;
}

/* Whatever stands around it, what is good stays good, and no forgery becomes it. */
static void test_a_wrapper_changes_nothing(void **state)
{
    struct made *made = *state;
    struct parser *parser = NULL;
    struct err err;
    need();
    assert_int_equal(parser_create(&parser, &err), OK);
    struct slice rest = read_made(made, "cases.tsv"), cell[4];
    size_t good = 0, forged = 0;
    while (fixture_row(&rest, cell, 4) >= 3) {
        struct slice bytes =
            read_made(made, arena_printf(made->arena, "%.*s.xml", SLICE_ARG(cell[0])).ptr);
        for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
            struct origin origin = {0};
            bool looked = check_wrapped(made, parser, wrappers[i], bytes, &origin);
            bool accepted =
                slice_eq_cstr(cell[2], "yes") || slice_eq_cstr(cell[0], "enveloped-alert");
            good += accepted;
            forged += looked && !accepted;
            if (origin.accepted != accepted)
                fail_msg("%.*s in %s: %s; %.*s", SLICE_ARG(cell[0]), wrappers[i],
                         origin_verdict_name(origin.verdict), SLICE_ARG(origin.text));
        }
    }
    assert_true(good > 60 && forged > 120);
    parser_destroy(parser);
}

/* Canonicalisation leaves comments out, so anybody may add one: the reader must not stop there. */
static void test_a_comment_cuts_no_text_off(void **state)
{
    struct made *made = *state;
    struct parser *parser = NULL;
    struct err err;
    need();
    assert_int_equal(parser_create(&parser, &err), OK);
    struct parsed plain = parser_read(parser, made->arena, read_made(made, "exclusive.xml"));
    struct parsed comment = parser_read(parser, made->arena, read_made(made, "comment.xml"));
    assert_true(slice_eq_cstr(comment.alerts[0]->sender, "met@example.ca"));
    struct digest a = alert_content(plain.alerts[0]), b = alert_content(comment.alerts[0]);
    assert_true(digest_eq(&a, &b));
    parser_destroy(parser);
}

static void test_who_signed_is_told(void **state)
{
    struct made *made = *state;
    struct origin origin;
    need();
    origin_check(made->trust, made->arena, read_made(made, "two.xml"), made->now_s, &origin);
    assert_int_equal(origin.count, 2);
    const struct origin_signature *hub = &origin.signatures[1];
    assert_true(slice_eq_cstr(hub->id, "NAADS Signature"));
    assert_true(slice_eq_cstr(hub->pin, "dss"));
    assert_true(slice_eq_cstr(hub->subject, "dss.example"));
    assert_true(slice_eq_cstr(hub->issuer, "An Authority"));
    assert_int_equal(strlen(hub->fingerprint), 64);
    assert_true(slice_starts_with(origin.signer, "good: good.example (sha256 "));
    assert_true(slice_find(origin.signer, "; dss: dss.example (sha256 ") > 0);
    origin_check(NULL, made->arena, read_made(made, "two.xml"), made->now_s, &origin);
    assert_int_equal(origin.verdict, ORIGIN_UNTRUSTED);
    assert_false(origin.accepted);
    assert_null(origin.signer.ptr);
}

struct alarms {
    char names[200];
    int64_t ends_s;
};

static void take_alarm(void *context, struct slice pin, int64_t ends_s)
{
    struct alarms *alarms = context;
    size_t len = strlen(alarms->names);
    snprintf(alarms->names + len, sizeof alarms->names - len, "%.*s ", SLICE_ARG(pin));
    alarms->ends_s = ends_s;
}

static void expect_alarms(const struct made *made, const char *day, int64_t warn_days,
                          const char *names)
{
    struct alarms alarms = {0};
    origin_trust_alarms(made->trust, fixture_day(slice_from_cstr(day)), warn_days * 86400,
                        take_alarm, &alarms);
    assert_string_equal(alarms.names, names);
}

/* `over` ended on 2026-05-22, `old-key` ends on 2026-05-31, the issuer of `dss` 900 days after
 * 2026-06-01; `late` is past its end and may be. */
static void test_pins_that_end_are_told(void **state)
{
    struct made *made = *state;
    need();
    expect_alarms(made, "2026-03-01", 30, "");
    expect_alarms(made, "2026-05-01", 30, "over old-key ");
    expect_alarms(made, "2026-05-01", 25, "over ");
    expect_alarms(made, "2026-06-15", 30, "over old-key ");
    expect_alarms(made, "2027-03-10", 30, "over curve old-key ");
    expect_alarms(made, "2028-11-10", 30, "over curve dss old-key ");
}

static void expect_refusal(struct origin_pin pin, const char *text)
{
    struct origin_trust *trust = NULL;
    struct err err = {0};
    pin.name = SLICE("p");
    assert_int_not_equal(origin_trust_create(ORIGIN_FLAG, &pin, 1, &trust, &err), OK);
    assert_null(trust);
    if (!strstr(err.text, text) || strncmp(err.text, "pin p: ", 7) != 0)
        fail_msg("%s", err.text);
}

static void test_bad_pins_are_refused(void **state)
{
    struct made *made = *state;
    need();
    const char *leaf = arena_printf(made->arena, "%s/late.pem", made->folder).ptr;
    const char *none = arena_printf(made->arena, "%s/cases.tsv", made->folder).ptr;
    expect_refusal((struct origin_pin){0}, "one of spki, file and ca");
    expect_refusal((struct origin_pin){.spki = SLICE("aa"), .file = leaf}, "one of spki, file");
    expect_refusal((struct origin_pin){.spki = SLICE("aa")}, "64 hex digits");
    expect_refusal((struct origin_pin){.file = "/nowhere/x.pem"}, "/nowhere/x.pem");
    expect_refusal((struct origin_pin){.file = none}, "holds no certificate");
    expect_refusal((struct origin_pin){.ca = leaf}, "ca and subject");
    expect_refusal((struct origin_pin){.file = leaf, .subject = SLICE("x")}, "ca and subject");
    expect_refusal((struct origin_pin){.ca = leaf, .subject = SLICE("x")}, "may not issue");
    expect_refusal((struct origin_pin){.file = leaf, .not_before_s = 9, .not_after_s = 9},
                   "not_after");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_is_what_it_is),
        cmocka_unit_test(test_a_wrapper_changes_nothing),
        cmocka_unit_test(test_a_comment_cuts_no_text_off),
        cmocka_unit_test(test_who_signed_is_told),
        cmocka_unit_test(test_pins_that_end_are_told),
        cmocka_unit_test(test_bad_pins_are_refused),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
