/* The signed recordings beside the project: what their manifest says about each must come out
 * here, and nothing that is signed may be changed without a trace. */
#include "fixture.h"

#include "alert/atom.h"
#include "alert/parse.h"

#include <string.h>

#define FOLDER CAPRELAY_SHARED "/corpus/"

enum { WITHIN_STEP = 37, CHANGES_MAX = 600 };

struct corpus {
    struct arena *arena;
    struct origin_trust *trust;
    struct slice manifest;
    int64_t now_s;
};

/* SHA-256 of the public keys that signed the recordings: facts of the certificates in them. */
static const char *const keys[] = {
    "42a8221861a7bdcb0a084e15ef215bf08c58901cd99234f2df198007c664dbdc", /* dss1.pelmorex.com 2012 */
    "3f0c3c9bfb46b7cb464864b14dc3c39c1c19d815e7bd972af435b6624f62575d", /* 2018 */
    "6ed85046114973484482d89268e6fc8928f081a173164440d5f17c6942b136d4", /* dss2 2023 */
    "dca1f1911a9467bb6fb0494c670e83ea265c31dee2ba366fe2db310f9e3f1d94", /* dss2 2024 */
    "cdc79915e0e6995ca899fb7494b2514c17272bc626b75672c682e18b8fc74fb0", /* dss2 2025 */
    "f995010ee08299dd0da99b6c1da9452bb77154f487fd1b11bf2ea05985f3447c", /* meteo.gc.ca 2011 */
    "abe32df66091405f6539a752964b4535d0ccc7e07b3eb809ebb67435ad1beb82", /* meteo.gc.ca 2015 */
    "c589abb746d1232f4641a2a411836c50e83c6cdc09ecffb3f30adbc1a8b18a2c", /* *.weather.gc.ca 2021 */
    "e78c0629ebf42878fb01484687fa542b22bc0f69edf6949c2791526d821d7656", /* *.weather.gc.ca 2024 */
    "7ffb4b04e88467287923393caa4e6845a680e88213cf660a75fbeee6af1f7083", /* IPAWSOPEN_200302 */
    "c4d8929c070ab62fa9d19505d6f1e9beb1c2776d0fb076f2340096930d7c316e", /* IPAWSOPEN_200161 */
};
enum { KEY_COUNT = sizeof keys / sizeof *keys };

static int open_corpus(void **state)
{
    struct corpus *corpus = test_calloc(1, sizeof *corpus);
    struct origin_pin pins[KEY_COUNT] = {0};
    *state = corpus;
    corpus->arena = arena_create();
    corpus->manifest = fixture_read(corpus->arena, FOLDER "MANIFEST.tsv");
    corpus->now_s = fixture_day(SLICE("2026-04-20"));
    for (size_t i = 0; i < KEY_COUNT; i++)
        pins[i] = (struct origin_pin){.name = SLICE("recorded"),
                                      .spki = slice_from_cstr(keys[i]),
                                      .allow_expired = true,
                                      .allow_weak = true};
    return origin_trust_create(ORIGIN_REQUIRE, pins, KEY_COUNT, &corpus->trust, NULL);
}

static int close_corpus(void **state)
{
    struct corpus *corpus = *state;
    origin_trust_destroy(corpus->trust);
    arena_destroy(corpus->arena);
    test_free(corpus);
    return 0;
}

/* The next file that the manifest gives signatures; its words for them in *told. */
static bool next_signed(struct slice *rest, struct slice *file, struct slice *told)
{
    struct slice cell[9];
    size_t count;
    while ((count = fixture_row(rest, cell, 9)) > 0) {
        if (count < 8 || slice_find(cell[7], ":") < 0)
            continue;
        *file = cell[0];
        *told = cell[7];
        return true;
    }
    return false;
}

static struct slice read_recording(struct arena *arena, struct slice file)
{
    struct slice bytes =
        fixture_read(arena, arena_printf(arena, FOLDER "%.*s", SLICE_ARG(file)).ptr);
    assert_non_null(bytes.ptr);
    return bytes;
}

static size_t count_of(struct slice text, const char *word)
{
    size_t count = 0;
    for (ptrdiff_t at; (at = slice_find(text, word)) >= 0; count++)
        text = slice_sub(text, (size_t)at + strlen(word), text.len);
    return count;
}

/* `OK` for each signature, or for none. What was spoiled need not have kept its form. */
static void test_the_manifest_is_right(void **state)
{
    struct corpus *corpus = *state;
    struct slice rest = corpus->manifest, file, told;
    size_t good = 0, bad = 0;
    if (!rest.ptr) {
        print_message("skipped: no recorded messages at " FOLDER "\n");
        skip();
    }
    while (next_signed(&rest, &file, &told)) {
        struct arena *arena = arena_create();
        struct origin origin;
        origin_check(corpus->trust, arena, read_recording(arena, file), corpus->now_s, &origin);
        size_t wanted = count_of(told, ":OK"), accepted = 0;
        for (size_t i = 0; i < origin.count; i++)
            accepted += origin.signatures[i].accepted;
        if (accepted != wanted || origin.accepted != (wanted > 0))
            fail_msg("%.*s: %.*s", SLICE_ARG(file), SLICE_ARG(origin.text));
        good += wanted;
        bad += !wanted;
        arena_destroy(arena);
    }
    print_message("%zu good signatures, %zu files without a good one\n", good, bad);
    assert_true(good >= 17 && bad >= 10);
}

/* --- in the wrapper of the IPAWS feed --- */

/* How many of the alert's signatures are accepted. */
static size_t accepted_in_feed(const struct corpus *corpus, struct arena *arena,
                               const struct parser *parser, struct slice bytes, bool change)
{
    ptrdiff_t begin = slice_find(bytes, "<alert");
    assert_true(begin >= 0);
    struct slice alert = slice_sub(bytes, (size_t)begin, bytes.len);
    struct slice feed =
        arena_printf(arena,
                     "<ns1:alerts xmlns:ns1=\"http://gov.fema.ipaws.services/feed\">"
                     "%.*s</ns1:alerts>",
                     SLICE_ARG(alert));
    ptrdiff_t sender = slice_find(feed, "<sender>");
    char *text = arena_alloc(arena, feed.len);
    memcpy(text, feed.ptr, feed.len);
    if (change)
        text[sender + (ptrdiff_t)strlen("<sender>")] ^= 1;
    struct parsed parsed = parser_read_bare(parser, arena, slice_of(text, feed.len));
    struct origin origin;
    size_t accepted = 0;
    assert_int_equal(parsed.count, 1);
    origin_check(corpus->trust, arena, parsed.alerts[0]->detached, corpus->now_s, &origin);
    for (size_t i = 0; i < origin.count; i++)
        accepted += origin.signatures[i].accepted;
    return accepted;
}

/* The same of the second entry of an Atom feed, cut out of it. */
static size_t accepted_in_entry(const struct corpus *corpus, struct arena *arena,
                                const struct parser *parser, struct slice bytes)
{
    ptrdiff_t begin = slice_find(bytes, "<alert");
    struct slice alert = slice_sub(bytes, (size_t)begin, bytes.len);
    struct slice text = arena_printf(
        arena,
        "<a:feed xmlns:a=\"http://www.w3.org/2005/Atom\" xmlns:x=\"urn:x\" xml:lang=\"fr\">"
        "<a:entry><a:id>urn:1</a:id></a:entry><a:entry><a:id>urn:2</a:id><a:content>%.*s"
        "</a:content></a:entry></a:feed>",
        SLICE_ARG(alert));
    struct atom_feed feed;
    struct err err = {0};
    struct origin origin;
    size_t accepted = 0;
    assert_int_equal(atom_read(arena, text, &feed, &err), OK);
    struct slice document = atom_document(arena, &feed, &feed.entries[1]);
    struct parsed parsed = parser_read_bare(parser, arena, document);
    assert_int_equal(parsed.count, 1);
    assert_true(slice_find(document, "urn:1") < 0);
    origin_check(corpus->trust, arena, parsed.alerts[0]->detached, corpus->now_s, &origin);
    for (size_t i = 0; i < origin.count; i++)
        accepted += origin.signatures[i].accepted;
    return accepted;
}

static void test_the_same_in_a_feed(void **state)
{
    struct corpus *corpus = *state;
    struct slice rest = corpus->manifest, file, told;
    struct parser *parser = NULL;
    struct err err;
    size_t good = 0;
    if (!rest.ptr) {
        print_message("skipped: no recorded messages at " FOLDER "\n");
        skip();
    }
    assert_int_equal(parser_create(&parser, &err), OK);
    while (next_signed(&rest, &file, &told)) {
        if (!count_of(told, ":OK"))
            continue;
        struct arena *arena = arena_create();
        struct slice bytes = read_recording(arena, file);
        size_t accepted = accepted_in_feed(corpus, arena, parser, bytes, false);
        if (accepted != count_of(told, ":OK") ||
            accepted_in_entry(corpus, arena, parser, bytes) != accepted ||
            accepted_in_feed(corpus, arena, parser, bytes, true) != 0)
            fail_msg("%.*s: %zu signatures", SLICE_ARG(file), accepted);
        good += accepted;
        arena_destroy(arena);
    }
    parser_destroy(parser);
    assert_true(good >= 17);
}

/* --- one byte changed --- */

struct part {
    size_t from, to;
};

static size_t find_from(struct slice bytes, const char *word, size_t from)
{
    ptrdiff_t at = slice_find(slice_sub(bytes, from, bytes.len), word);
    return at < 0 ? bytes.len : from + (size_t)at;
}

/* From the name's first `<` to behind its end tag; prefixes such as ds: are in use. */
static struct part part_named(struct slice bytes, const char *name, size_t from)
{
    char word[40];
    struct part part;
    snprintf(word, sizeof word, "%s>", name);
    size_t opened = find_from(bytes, word, from);
    part.from = opened;
    while (part.from > 0 && bytes.ptr[part.from] != '<')
        part.from--;
    part.to = find_from(bytes, word, opened + 1) + strlen(word);
    return part;
}

struct changes {
    struct corpus *corpus;
    struct slice file;
    char *copy;
    struct slice bytes;
    size_t tried, unread;
};

static bool still_good(struct changes *changes, size_t at, size_t index)
{
    struct arena *arena = arena_create();
    struct origin origin;
    changes->copy[at] ^= 1;
    origin_check(changes->corpus->trust, arena, slice_of(changes->copy, changes->bytes.len),
                 changes->corpus->now_s, &origin);
    changes->copy[at] ^= 1;
    /* index SIZE_MAX: none of them may be good */
    bool good = index == SIZE_MAX ? origin.accepted
                                  : index < origin.count && origin.signatures[index].accepted;
    changes->tried++;
    changes->unread += origin.verdict == ORIGIN_MALFORMED;
    arena_destroy(arena);
    return good;
}

static void change_each(struct changes *changes, struct part part, size_t step, size_t index)
{
    for (size_t at = part.from; at < part.to; at += step)
        if (still_good(changes, at, index))
            fail_msg("%.*s: byte %zu changed, and signature %zd is good:\n%.60s",
                     SLICE_ARG(changes->file), at, (ssize_t)index, changes->bytes.ptr + at);
}

/* Signed content: from behind the XML declaration (which canonicalisation leaves out) to the first
 * Signature, and from the last one to the end of the alert. What is inside a Signature is signed
 * only in SignedInfo, by its own value: there every byte is tried; what KeyInfo and Object say is
 * not signed. Comments are not either; these recordings have none inside the alert. */
static void change_file(struct changes *changes)
{
    struct slice bytes = changes->bytes;
    size_t first = find_from(bytes, "Signature ", 0), end = find_from(bytes, "</alert", 0);
    struct part content = {find_from(bytes, "<alert", 0), first};
    size_t step = WITHIN_STEP;
    while (content.from > 0 && bytes.ptr[content.to] != '<')
        content.to--;
    if ((content.to - content.from) / step > CHANGES_MAX)
        step = (content.to - content.from) / CHANGES_MAX;
    /* Large messages take milliseconds each. */
    size_t inner_step = bytes.len > 100000 ? 11 : 1;
    assert_true(content.to > content.from && end < bytes.len);
    change_each(changes, content, step, SIZE_MAX);
    size_t from = content.to;
    for (size_t index = 0; from < bytes.len; index++) {
        struct part info = part_named(bytes, "SignedInfo", from);
        struct part value = part_named(bytes, "SignatureValue", from);
        if (info.from >= end)
            break;
        change_each(changes, info, inner_step, index);
        change_each(changes, value, inner_step, index);
        from = value.to;
    }
}

static void test_no_byte_can_be_changed(void **state)
{
    struct corpus *corpus = *state;
    struct slice rest = corpus->manifest, file, told;
    size_t files = 0, tried = 0, unread = 0;
    if (!rest.ptr) {
        print_message("skipped: no recorded messages at " FOLDER "\n");
        skip();
    }
    while (next_signed(&rest, &file, &told)) {
        if (!count_of(told, ":OK"))
            continue;
        struct arena *arena = arena_create();
        struct changes changes = {.corpus = corpus, .file = file};
        changes.bytes = read_recording(arena, file);
        changes.copy = test_malloc(changes.bytes.len);
        memcpy(changes.copy, changes.bytes.ptr, changes.bytes.len);
        change_file(&changes);
        test_free(changes.copy);
        arena_destroy(arena);
        files++;
        tried += changes.tried;
        unread += changes.unread;
    }
    print_message("%zu files, %zu changes, %zu of them no longer readable or of the form\n", files,
                  tried, unread);
    assert_true(files >= 13 && tried > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_manifest_is_right),
        cmocka_unit_test(test_the_same_in_a_feed),
        cmocka_unit_test(test_no_byte_can_be_changed),
    };
    return cmocka_run_group_tests(tests, open_corpus, close_corpus);
}
