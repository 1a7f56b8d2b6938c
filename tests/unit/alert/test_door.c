/* What is let in, mended or refused before a single element is read. */
#include "fixture.h"

#include "base/buf.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct alert *one(void **state, struct slice bytes)
{
    struct parsed parsed = fixture_read(*state, bytes);
    assert_int_equal(parsed.count, 1);
    return parsed.alerts[0];
}

static void assert_refused(void **state, struct slice bytes, const char *rule)
{
    const struct alert *alert = one(state, bytes);
    assert_int_equal(alert->kind, KIND_UNREADABLE);
    assert_false(alert->relayable || alert->schema_valid);
    assert_finding(alert, rule);
    assert_true(findings_have_fatal(&alert->findings));
}

/* Only the schema is left out: what else is found, and what is refused, is the same. */
static void test_a_bare_reading_says_the_same(void **state)
{
    const struct slice texts[] = {SLICE(VALID), SLICE("  \n" VALID), SLICE("no XML"),
                                  SLICE("<!DOCTYPE a><a/>")};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct alert *whole = one(state, texts[i]);
        struct parsed bare = parser_read_bare(fixture->parser, fixture->arena, texts[i]);
        assert_int_equal(bare.count, 1);
        assert_int_equal(bare.alerts[0]->kind, whole->kind);
        assert_int_equal(bare.alerts[0]->status, whole->status);
        assert_true(slice_eq(bare.alerts[0]->identifier, whole->identifier));
        assert_true(slice_eq(bare.alerts[0]->sender, whole->sender));
        assert_int_equal(bare.alerts[0]->relayable, whole->relayable);
        assert_false(bare.alerts[0]->schema_valid);
    }
}

static void test_doctype_is_always_refused(void **state)
{
    static const char *const texts[] = {
        "<!DOCTYPE alert><alert xmlns='" CAP12 "'/>",
        "<?xml version='1.0'?><!DOCTYPE a SYSTEM 'file:///etc/passwd'>" VALID,
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><alert xmlns='" CAP12
        "'><note>&x;</note></alert>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x'> %p;]>" VALID,
        "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c "
        "'&b;&b;&b;&b;&b;&b;&b;&b;'>]><alert xmlns='" CAP12 "'><note>&c;&c;</note></alert>",
        /* Only the repaired copy is XML at all. */
        "  \n<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]>" VALID,
        "\x01\x02<!DOCTYPE a>" VALID,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(state, slice_from_cstr(texts[i]), "read.doctype");
}

static void test_text_that_is_gone_is_not_guessed(void **state)
{
    assert_refused(state, SLICE(ALERT(HEAD "<scope>Public</scope><note>wind & rain</note>" INFO)),
                   "read.not-xml");
    assert_refused(state, SLICE(ALERT(HEAD "<scope>Public</scope><note>wind" INFO)),
                   "read.not-xml");
    assert_refused(state, SLICE(ALERT(HEAD "<note>&nbsp;</note>")), "read.not-xml");
    assert_refused(state, SLICE("<alert xmlns='" CAP12 "'>" HEAD), "read.not-xml");
    assert_refused(state, SLICE(""), "read.not-xml");
    assert_refused(state, SLICE("\0\0\0"), "read.not-xml");
    assert_refused(state, SLICE("plain text"), "read.not-xml");
    assert_refused(state, SLICE("<"), "read.not-xml");
}

static void test_a_second_message_is_not_cut_off(void **state)
{
    assert_refused(state, SLICE(VALID VALID), "read.not-xml");
    assert_refused(state, SLICE(VALID "\n<alert xmlns='" CAP12 "'>"), "read.not-xml");
}

static void assert_mended(void **state, struct slice bytes, const char *rule)
{
    const struct alert *alert = one(state, bytes);
    assert_int_equal(alert->kind, KIND_ALERT);
    assert_true(alert->repaired && alert->relayable);
    assert_false(alert->schema_valid);
    assert_finding(alert, rule);
    assert_slice(alert->infos[0].event, "storm surge");
}

static void test_framing_is_trimmed(void **state)
{
    assert_mended(state, SLICE("\n <?xml version='1.0'?>" VALID), "read.trimmed");
    assert_mended(
        state, SLICE("\x01\r\r\n123\r\r\nXOUS52 KWBC 292141\r\r\nCAPCAE\r\r\n" VALID "\r\r\n\x03"),
        "read.trimmed");
    assert_mended(state, SLICE("\xef\xbb\xbf\xef\xbb\xbf<?xml version='1.0'?>" VALID),
                  "read.trimmed");
    assert_true(one(state, SLICE(VALID "\0\0"))->relayable);
    assert_mended(state, SLICE("ZCZC\n<?xml version='1.0'?><!-- </alert> -->" VALID "\nNNNN"),
                  "read.trimmed");
}

static void test_lines_count_in_the_received_bytes(void **state)
{
    const struct alert *alert = one(state, SLICE("\n\n\n<?xml version='1.0'?>\n" VALID));
    assert_int_equal(alert->line, 5);
}

static void test_bom_alone_is_no_fault(void **state)
{
    const struct alert *alert = one(state, SLICE("\xef\xbb\xbf" VALID));
    assert_true(alert->schema_valid && !alert->repaired);
}

static void test_windows_1252(void **state)
{
    const char *text = "<?xml version='1.0' encoding='UTF-8'?>" ALERT(
        HEAD "<scope>Public</scope><note>temp\xeate \x93onde\x94 \xc3\xa9\x80</note>" INFO);
    assert_mended(state, slice_from_cstr(text), "read.windows-1252");
    assert_slice(fixture_one(*state, text)->note,
                 "temp\xc3\xaate \xe2\x80\x9conde\xe2\x80\x9d \xc3\xa9\xe2\x82\xac");
}

static void test_control_characters(void **state)
{
    assert_mended(state, SLICE(ALERT(HEAD "<scope>Public</scope><note>a\x0b\0b</note>" INFO)),
                  "read.control-dropped");
    const char *text =
        ALERT(HEAD "<scope>Public</scope><note>a&#11;&#x0;b&#233;&#xFFFE;</note>" INFO);
    assert_mended(state, slice_from_cstr(text), "read.control-dropped");
    assert_slice(fixture_one(*state, text)->note, "ab\xc3\xa9");
}

static void test_declared_encodings(void **state)
{
    const char *latin = "<?xml version='1.0' encoding='ISO-8859-1'?>" ALERT(
        HEAD "<scope>Public</scope><note>temp\xeate</note>" INFO);
    const struct alert *alert = fixture_one(*state, latin);
    assert_true(alert->schema_valid && !alert->repaired);
    assert_slice(alert->note, "temp\xc3\xaate");
    /* A control character in it: the bytes above ASCII keep their declared meaning. */
    const char *broken = "<?xml version='1.0' encoding='ISO-8859-1'?>" ALERT(
        HEAD "<scope>Public</scope><note>\x02temp\xeate</note>" INFO);
    alert = fixture_one(*state, broken);
    assert_true(alert->repaired);
    assert_slice(alert->note, "temp\xc3\xaate");
    assert_no_finding(alert, "read.windows-1252");
}

static void test_wrongly_declared_wide_encoding(void **state)
{
    assert_mended(state, SLICE("<?xml version='1.0' encoding='UTF-16'?>" VALID), "read.encoding");
}

/* Reading must not write to stderr, not even where a conversion fails deep inside. */
static void test_stderr_stays_silent(void **state)
{
    FILE *captured = tmpfile();
    int saved = dup(STDERR_FILENO);
    assert_true(captured && saved >= 0);
    fflush(stderr);
    dup2(fileno(captured), STDERR_FILENO);
    static const char *const names[] = {"SHIFT_JIS", "EUC-JP", "windows-1252", "UTF-7",
                                        "nonsense",  "UTF-16", "ASCII"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct slice text = arena_printf(
            fixture->arena, "<?xml version='1.0' encoding='%s'?><a>x\x81\xff\xe9&y;</a>", names[i]);
        fixture_read(fixture, text);
    }
    fixture_read(fixture, SLICE(ALERT("<identifier>\xff</identifier>")));
    fixture_read(fixture, SLICE("<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a'><a/>"));
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_int_equal(fseek(captured, 0, SEEK_END), 0);
    long written = ftell(captured);
    fclose(captured);
    assert_int_equal(written, 0);
}

struct reader_job {
    const struct parser *parser;
    unsigned faults;
};

static void *read_many(void *argument)
{
    struct reader_job *job = argument;
    for (int i = 0; i < 300; i++) {
        struct arena *arena = arena_create();
        job->faults += !parser_read(job->parser, arena, SLICE(VALID)).alerts[0]->schema_valid;
        job->faults += parser_read(job->parser, arena, SLICE(ALERT(HEAD))).alerts[0]->schema_valid;
        job->faults += parser_read(job->parser, arena, SLICE("<a>&</a>")).alerts[0]->relayable;
        arena_destroy(arena);
    }
    return NULL;
}

static void test_one_parser_for_several_threads(void **state)
{
    const struct fixture *fixture = *state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    struct reader_job jobs[THREADS];
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (struct reader_job){fixture->parser, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(jobs[i].faults, 0);
    }
}

static void test_limits(void **state)
{
    struct buf text;
    buf_init(&text, 16 << 20);
    for (int i = 0; i < 100; i++)
        buf_put_cstr(&text, "<a>");
    for (int i = 0; i < 100; i++)
        buf_put_cstr(&text, "</a>");
    assert_refused(state, buf_slice(&text), "read.depth");
    buf_reset(&text);
    buf_put_cstr(&text, "<a>");
    for (int i = 0; i < PARSE_ELEMENTS_MAX; i++)
        buf_put_cstr(&text, "<b/>");
    buf_put_cstr(&text, "</a>");
    assert_refused(state, buf_slice(&text), "read.elements");
    buf_reset(&text);
    while (text.len <= PARSE_BYTES_MAX)
        buf_put_cstr(&text, VALID);
    assert_refused(state, buf_slice(&text), "read.size");
    buf_fini(&text);
}

static void put_many(struct buf *out, const char *before, const char *attribute, int count,
                     const char *after)
{
    buf_reset(out);
    buf_put_cstr(out, before);
    for (int i = 0; i < count; i++)
        buf_printf(out, attribute, i);
    buf_put_cstr(out, after);
}

/* libxml2 alone would take minutes for these. */
static void test_attributes_are_bounded(void **state)
{
    struct buf text;
    buf_init(&text, 16 << 20);
    put_many(&text, "<x><!-- <a> ' --><![CDATA[<b \"]]><a t='>'", " a%d=''", 200000, "/></x>");
    assert_refused(state, buf_slice(&text), "read.attributes");
    put_many(&text, "<x", " xmlns:a%d=\"u\"", 100000, "/>");
    assert_refused(state, buf_slice(&text), "read.attributes");
    put_many(&text, "\n<?xml version='1.0'?><x", " a%d='='", 100000, "/>");
    assert_refused(state, buf_slice(&text), "read.attributes");
    put_many(&text, "<?xml version='1.0' encoding='UTF-7'?><x>", "%d", 100000, "</x>");
    assert_refused(state, buf_slice(&text), "read.encoding-size");
    put_many(&text, "<x", " a%d='= = ='", 100, "/>");
    assert_refused(state, buf_slice(&text), "read.no-cap");
    put_many(&text, "<x><![CDATA[", "<a b=%d ", 500, "]]></x>");
    assert_refused(state, buf_slice(&text), "read.no-cap");
    buf_fini(&text);
}

static void test_depth_at_the_limit_is_read(void **state)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < PARSE_DEPTH_MAX - 4; i++)
        buf_put_cstr(&text, "<a>");
    buf_put_cstr(&text, VALID); /* alert, info, area, areaDesc */
    for (int i = 0; i < PARSE_DEPTH_MAX - 4; i++)
        buf_put_cstr(&text, "</a>");
    struct parsed parsed = fixture_read(*state, buf_slice(&text));
    assert_true(parsed.enveloped && parsed.alerts[0]->relayable);
    buf_fini(&text);
}

/* A text of nearly 8 MiB, as an embedded sound is. */
static void test_large_text(void **state)
{
    struct buf text;
    buf_init(&text, PARSE_BYTES_MAX);
    size_t size = 7u << 20;
    buf_put_cstr(&text, "<alert xmlns='" CAP12 "'>" HEAD "<scope>Public</scope><note>");
    memset(buf_reserve(&text, size), 'A', size);
    buf_commit(&text, size);
    buf_put_cstr(&text, "</note>" INFO "</alert>");
    const struct alert *alert = one(state, buf_slice(&text));
    assert_true(alert->schema_valid && alert->relayable);
    assert_int_equal(alert->note.len, size);
    buf_fini(&text);
}

static void test_no_cap(void **state)
{
    static const char *const texts[] = {
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry/></feed>",
        "<alert>" HEAD "</alert>",
        "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.3'>" HEAD "</alert>",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct parsed parsed = fixture_read(*state, slice_from_cstr(texts[i]));
        assert_true(parsed.no_cap);
        assert_int_equal(parsed.count, 1);
        assert_int_equal(parsed.alerts[0]->kind, KIND_UNREADABLE);
        assert_finding(parsed.alerts[0], i == 0 ? "atom.no-alert" : "read.namespace");
    }
}

static void test_envelope(void **state)
{
    const char *text =
        "<e:d xmlns:e='urn:env'>\n<e:c>" VALID "</e:c><e:c><x><alert xmlns='" CAP11 "'>" HEAD
        "<scope>Public</scope></alert></x></e:c><alert>not CAP</alert>" ALERT(HEAD) "</e:d>";
    struct parsed parsed = fixture_read(*state, slice_from_cstr(text));
    assert_true(parsed.enveloped && !parsed.no_cap);
    assert_int_equal(parsed.count, 3);
    assert_true(parsed.alerts[0]->schema_valid);
    assert_int_equal(parsed.alerts[1]->version, CAP_1_1);
    assert_true(parsed.alerts[1]->schema_valid);
    assert_false(parsed.alerts[2]->schema_valid);
    assert_false(parsed.alerts[2]->relayable);
}

static void test_envelope_of_too_many(void **state)
{
    struct buf text;
    buf_init(&text, PARSE_BYTES_MAX);
    buf_put_cstr(&text, "<feed>");
    for (int i = 0; i < PARSE_ALERTS_MAX + 10; i++)
        buf_put_cstr(&text, ALERT("<identifier>i</identifier>"));
    buf_put_cstr(&text, "</feed>");
    struct parsed parsed = fixture_read(*state, buf_slice(&text));
    assert_int_equal(parsed.count, PARSE_ALERTS_MAX);
    assert_finding(parsed.alerts[PARSE_ALERTS_MAX - 1], "read.alerts-max");
    buf_fini(&text);
}

static void test_signatures(void **state)
{
    const char *text =
        ALERT(HEAD "<scope>Public</scope>" INFO
                   "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'><a/></ds:Signature>"
                   "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/>");
    const struct alert *alert = fixture_one(*state, text);
    assert_int_equal(alert->signature_count, 2);
    assert_true(alert->schema_valid);
    assert_int_equal(alert->findings.count, 0);
}

/* Every prefix and thousands of single-bit changes: no crash, never no alert, and never a
 * strengthened class. */
static void test_damaged_copies(void **state)
{
    struct fixture *fixture = *state;
    static const char text[] = "<?xml version='1.0' encoding='UTF-8'?>" ALERT(
        HEAD "<scope>Public</scope><references>s,i,2026-01-01T00:00:00-00:00</references>" INFO);
    size_t len = sizeof text - 1;
    char *copy = mem_alloc(len);
    for (size_t i = 0; i < len * 9; i++) {
        size_t used = i < len ? i : len;
        memcpy(copy, text, len);
        if (i >= len)
            copy[(i - len) / 8] = (char)(copy[(i - len) / 8] ^ (1 << (i - len) % 8));
        struct arena *arena = arena_create();
        struct parsed parsed = parser_read(fixture->parser, arena, slice_of(copy, used));
        assert_true(parsed.count >= 1);
        for (size_t k = 0; k < parsed.count; k++) {
            assert_true(parsed.alerts[k]->status != STATUS_ACTUAL);
            assert_true(parsed.alerts[k]->relayable !=
                        findings_have_fatal(&parsed.alerts[k]->findings));
        }
        arena_destroy(arena);
    }
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bare_reading_says_the_same),
        cmocka_unit_test(test_doctype_is_always_refused),
        cmocka_unit_test(test_text_that_is_gone_is_not_guessed),
        cmocka_unit_test(test_a_second_message_is_not_cut_off),
        cmocka_unit_test(test_framing_is_trimmed),
        cmocka_unit_test(test_lines_count_in_the_received_bytes),
        cmocka_unit_test(test_bom_alone_is_no_fault),
        cmocka_unit_test(test_windows_1252),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_declared_encodings),
        cmocka_unit_test(test_wrongly_declared_wide_encoding),
        cmocka_unit_test(test_stderr_stays_silent),
        cmocka_unit_test(test_one_parser_for_several_threads),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_attributes_are_bounded),
        cmocka_unit_test(test_depth_at_the_limit_is_read),
        cmocka_unit_test(test_large_text),
        cmocka_unit_test(test_no_cap),
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_envelope_of_too_many),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_damaged_copies),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
