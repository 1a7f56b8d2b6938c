/* Alerts out of answers that list them: byte by byte, wherever the answer breaks off. */
#include "adapters/wrapped.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT = 400 };

#define CAP "xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\""
#define FEED "xmlns:ns1=\"http://gov.fema.ipaws.services/feed\""
#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>"
#define ONE "<alert " CAP "><identifier>1 &lt; ]]&gt;</identifier><!-- </alert> --></alert>"
#define TWO "<cap:alert xmlns:cap='c'>\r\n\t<cap:a b = '>'/><![CDATA[</cap:alert>]]></cap:alert>"

static struct arena *arena;
static struct wrapped got;
static struct err err;

static int setup(void **state)
{
    (void)state;
    arena = arena_create();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static enum err_code take(const char *answer)
{
    return wrapped_read(arena, slice_from_cstr(answer), LIMIT, &got, &err);
}

static void expect(size_t i, const char *bytes, const char *document)
{
    assert_true(i < got.count);
    assert_true(slice_eq_cstr(got.alerts[i].bytes, bytes));
    assert_true(slice_eq_cstr(got.alerts[i].document, document));
}

static void alerts_are_cut_byte_by_byte(void **state)
{
    (void)state;
    assert_int_equal(take("\xEF\xBB\xBF" XML "\n<!-- <alert> --><ns1:alerts " FEED ">" ONE "\n" TWO
                          "<!-- <alert/> --></ns1:alerts>\n<!-- e -->\n"),
                     OK);
    assert_int_equal(got.count, 2);
    expect(0, ONE, ONE);
    expect(1, TWO, TWO);
    assert_int_equal(got.alerts[0].kind, FRAME_WHOLE);
    assert_true(slice_eq_cstr(got.root, "alerts"));
    assert_int_equal(got.noise.len, 0);
}

static void a_list_may_be_empty(void **state)
{
    (void)state;
    static const char *const empty[] = {"<ns1:alerts " FEED "/>", XML "<ns1:alerts " FEED " />\n",
                                        "<ns1:alerts " FEED "> \n </ns1:alerts >"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        assert_int_equal(take(empty[i]), OK);
        assert_int_equal(got.count, 0);
        assert_int_equal(got.noise.len, 0);
        assert_true(slice_eq_cstr(got.root, "alerts"));
    }
}

static void alerts_without_a_wrapper_are_taken_as_they_are(void **state)
{
    (void)state;
    assert_int_equal(take(XML ONE "\n"), OK);
    assert_int_equal(got.count, 1);
    expect(0, XML ONE, XML ONE);
    assert_true(slice_eq_cstr(got.root, "alert"));
    assert_int_equal(take(ONE TWO ONE), OK);
    assert_int_equal(got.count, 3);
    expect(1, TWO, TWO);
}

/* Whatever came whole before the end is there, and nothing else; only the whole is no error. */
static void an_answer_that_breaks_off_is_an_error_wherever(void **state)
{
    (void)state;
    static const char answer[] = XML "<ns1:alerts " FEED ">" ONE " " TWO "<!-- x --></ns1:alerts>";
    size_t one = (size_t)(strstr(answer, ONE) - answer) + strlen(ONE);
    size_t two = (size_t)(strstr(answer, TWO) - answer) + strlen(TWO);
    for (size_t len = 0; len < strlen(answer); len++) {
        err.text[0] = '\0';
        assert_int_equal(wrapped_read(arena, slice_of(answer, len), LIMIT, &got, &err),
                         ERR_INVALID);
        assert_int_equal(got.count, (len >= one) + (len >= two));
        assert_non_null(strstr(err.text, len ? "cut off" : "empty"));
    }
    assert_int_equal(take(answer), OK);
    for (size_t len = 0; len < strlen(ONE); len++)
        assert_int_equal(wrapped_read(arena, slice_of(ONE, len), LIMIT, &got, &err), ERR_INVALID);
}

static void what_is_no_list_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *told;
    } bad[] = {{"Invalid PIN", "`Invalid PIN`"},
               {"{\"alerts\": []}", "not XML"},
               {"<!DOCTYPE html><html></html>", "DOCTYPE"},
               {"<?xml version='1.0'?><!doctype html>", "DOCTYPE"},
               {" \n ", "cut off"},
               {"<", "cut off"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(take(bad[i].answer), ERR_INVALID);
        assert_non_null(strstr(err.text, bad[i].told));
    }
    assert_int_equal(take("<html><body>Sorry &amp; <br/></body></html>"), OK);
    assert_int_equal(got.count, 0);
    assert_true(slice_eq_cstr(got.root, "html"));
    assert_true(slice_starts_with(got.noise, "<body>Sorry"));
    assert_int_equal(take("<a:alerts><error>no</error></a:alerts>"), OK);
    assert_true(slice_eq_cstr(got.noise, "<error>no</error>"));
}

static void an_alert_keeps_what_it_leans_on(void **state)
{
    (void)state;
#define W "<w:alerts xmlns:w='w' xmlns:c='c' xmlns=\"d\" a='>'>"
#define E "</w:alerts>"
    assert_int_equal(take(W "<c:alert><c:a/></c:alert>" E), OK);
    expect(0, "<c:alert><c:a/></c:alert>", W "<c:alert><c:a/></c:alert>" E);
    assert_int_equal(take(W "<alert><a/></alert>" ONE E), OK);
    expect(0, "<alert><a/></alert>", W "<alert><a/></alert>" E);
    expect(1, ONE, ONE);
#define DEEP "<alert " CAP "><s xmlns:c='x'><c:b/></s><q c:at='1'/></alert>"
    assert_int_equal(take(W DEEP E), OK);
    expect(0, DEEP, W DEEP E);
#define OWN                                                                                        \
    "<alert " CAP "><s xmlns:c='x'><c:b c:at='1'/><q/></s><t xmlns=''/><q xml:lang='fr'/></alert>"
    assert_int_equal(take(W OWN E), OK);
    expect(0, OWN, OWN);
    /* Nothing around it says more. */
    assert_int_equal(take("<w:alerts xmlns:w='w'><alert><a/></alert>" E), OK);
    expect(0, "<alert><a/></alert>", "<alert><a/></alert>");
    /* What stands between wrapper and alert does: the answer as it came. */
#define NEST "<w:alerts xmlns:w='w'><g xmlns:c='c'><c:alert/></g>" E
    assert_int_equal(take(NEST), OK);
    expect(0, "<c:alert/>", NEST);
}

static void an_encoding_that_is_declared_goes_along(void **state)
{
    (void)state;
#define LATIN "<?xml version='1.0' encoding='ISO-8859-1'?>"
    assert_int_equal(take(LATIN "\n<w:alerts xmlns:w='w'>" ONE "</w:alerts>"), OK);
    expect(0, ONE, LATIN ONE);
    assert_int_equal(take(LATIN "\n" ONE), OK);
    expect(0, LATIN "\n" ONE, LATIN "\n" ONE);
}

static void an_alert_that_never_ends_is_broken_and_hides_no_other(void **state)
{
    (void)state;
    assert_int_equal(take("<alerts><alert a='1'><b>" ONE "<alert><c></alerts>"), OK);
    assert_int_equal(got.count, 3);
    assert_int_equal(got.alerts[0].kind, FRAME_BROKEN);
    expect(0, "<alert a='1'><b>", "<alert a='1'><b>");
    expect(1, ONE, ONE);
    assert_int_equal(got.alerts[2].kind, FRAME_BROKEN);
    expect(2, "<alert><c>", "<alert><c>");
}

static void a_long_alert_is_cut_and_the_next_comes(void **state)
{
    (void)state;
    static char text[200000] = "<alerts><alert>";
    memset(text + strlen(text), 'x', 150000);
    strcat(text, "</alert>" TWO "</alerts>");
    assert_int_equal(take(text), OK);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.alerts[0].kind, FRAME_TOO_LONG);
    assert_int_equal(got.alerts[0].document.len, LIMIT + 1);
    expect(1, TWO, TWO);
}

/* The framer is fed in pieces: an alert may lie across any of their edges. */
static void many_alerts_come_in_order(void **state)
{
    (void)state;
    static char text[600000] = "<alerts>";
    char one[60], *end = text + strlen(text);
    for (int i = 0; i < 9000; i++)
        end += sprintf(end, "<alert xmlns='c'><i>%d</i></alert>\n", i);
    strcpy(end, "</alerts>");
    assert_int_equal(take(text), OK);
    assert_int_equal(got.count, 9000);
    for (int i = 0; i < 9000; i++) {
        snprintf(one, sizeof one, "<alert xmlns='c'><i>%d</i></alert>", i);
        expect((size_t)i, one, one);
    }
}

/* --- recorded alerts, signed ones among them, as the feed would list them --- */

static struct slice read_alert(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        abort();
    size_t size = (size_t)ftell(file);
    char *bytes = arena_alloc(arena, size);
    rewind(file);
    if (fread(bytes, 1, size, file) != size)
        abort();
    fclose(file);
    struct slice text = slice_trim(slice_of(bytes, size));
    ptrdiff_t begin = slice_find(text, "<alert");
    return begin < 0 || !slice_ends_with(text, "</alert>")
               ? (struct slice){0}
               : slice_sub(text, (size_t)begin, text.len);
}

/* Alone, each is the bytes that its signature is over. */
static void recorded_alerts_come_out_as_they_were(void **state)
{
    (void)state;
    glob_t files;
    struct slice alerts[200], list = SLICE("");
    size_t count = 0;
    if (glob(CAPRELAY_SHARED "/corpus/ipaws/*", 0, NULL, &files) != 0) {
        print_message("skipped: no recorded messages at " CAPRELAY_SHARED "/corpus\n");
        skip();
    }
    assert_int_equal(glob(CAPRELAY_SHARED "/corpus/naad/*", GLOB_APPEND, NULL, &files), 0);
    assert_int_equal(glob(CAPRELAY_SHARED "/corpus/eccc/*", GLOB_APPEND, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc && count < 200; i++) {
        alerts[count] = read_alert(files.gl_pathv[i]);
        if (!alerts[count].ptr)
            continue;
        list = arena_printf(arena, "%.*s\n%.*s", SLICE_ARG(list), SLICE_ARG(alerts[count]));
        count++;
    }
    globfree(&files);
    assert_true(count >= 12);
    struct slice answer =
        arena_printf(arena, XML "<ns1:alerts " FEED ">%.*s</ns1:alerts>", SLICE_ARG(list));
    assert_int_equal(wrapped_read(arena, answer, 8 * 1024 * 1024, &got, &err), OK);
    assert_int_equal(got.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(slice_eq(got.alerts[i].bytes, alerts[i]));
        assert_true(slice_eq(got.alerts[i].document, alerts[i]));
    }
}

/* `before`, many alerts that lean on it, `after`; with what is copied of what stands around. */
static size_t copied_around(const char *before, size_t count, const char *after)
{
    static const char alert[] = "<c:alert><c:identifier/></c:alert>";
    size_t len = strlen(before), copied = 0;
    char *text = arena_alloc(arena, len + count * strlen(alert) + strlen(after) + 1);
    memcpy(text, before, len);
    for (size_t i = 0; i < count; i++, len += strlen(alert))
        memcpy(text + len, alert, strlen(alert));
    strcpy(text + len, after);
    assert_int_equal(take(text), OK);
    assert_int_equal(got.count, count);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || got.alerts[i].document.ptr != got.alerts[i - 1].document.ptr)
            copied += got.alerts[i].document.len;
    return copied;
}

/* A few hundred kilobytes must not become gigabytes. */
static void what_stands_around_is_not_copied_for_each_of_many(void **state)
{
    (void)state;
    enum { COUNT = 5000, TAG = 200000 };
    assert_true(copied_around("<x><g xmlns:c='c'>", COUNT, "</g></x>") < 200000);
    assert_true(slice_starts_with(got.alerts[COUNT - 1].document, "<x><g xmlns:c='c'><c:alert>"));
    char *tag = arena_alloc(arena, TAG + 1);
    memset(tag, ' ', TAG);
    memcpy(tag, "<x xmlns:c='c'", 14);
    tag[TAG - 1] = '>';
    tag[TAG] = '\0';
    assert_true(copied_around(tag, COUNT, "</x>") < 4000000);
    assert_true(slice_starts_with(got.alerts[0].document, "<x xmlns:c='c' "));
    assert_true(slice_starts_with(got.alerts[COUNT - 1].document, "<c:alert>"));
}

int main(void)
{
#define WRAPPED_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        WRAPPED_TEST(alerts_are_cut_byte_by_byte),
        WRAPPED_TEST(a_list_may_be_empty),
        WRAPPED_TEST(alerts_without_a_wrapper_are_taken_as_they_are),
        WRAPPED_TEST(an_answer_that_breaks_off_is_an_error_wherever),
        WRAPPED_TEST(what_is_no_list_is_told),
        WRAPPED_TEST(an_alert_keeps_what_it_leans_on),
        WRAPPED_TEST(an_encoding_that_is_declared_goes_along),
        WRAPPED_TEST(an_alert_that_never_ends_is_broken_and_hides_no_other),
        WRAPPED_TEST(a_long_alert_is_cut_and_the_next_comes),
        WRAPPED_TEST(many_alerts_come_in_order),
        WRAPPED_TEST(what_stands_around_is_not_copied_for_each_of_many),
        WRAPPED_TEST(recorded_alerts_come_out_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
