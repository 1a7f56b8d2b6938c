/*
 * Whatever is huge in an alert, it is sealed and what is sealed can be verified: CAP limits none of
 * its texts, the header of a bulletin has a bound.
 */
#include "fixture.h"

#include "seal/verify.h"

enum { HUGE_BYTES = 1024 * 1024 + 7 };

/* A place for a text. */
struct place {
    const char *name;
    const char *before, *after; /* of the text, in the place of the plain element */
    const char *instead_of;     /* the plain element; NULL: in front of the info */
};

static const struct place places[] = {
    {"identifier", "<identifier>", "</identifier>", "<identifier>a</identifier>"},
    {"sender", "<sender>", "</sender>", "<sender>met@example.ca</sender>"},
    {"source", "<source>", "</source>", NULL},
    {"note", "<note>", "</note>", NULL},
    {"incidents", "<incidents>", "</incidents>", NULL},
    {"addresses", "<addresses>", "</addresses>", NULL},
    {"code", "<code>", "</code>", NULL},
    {"references", "<references>x@y,", ",2026-01-12T11:00:00-00:00</references>", NULL},
    {"references, a sender", "<references>", ",i,2026-01-12T11:00:00-00:00</references>", NULL},
    {"language", "<language>", "</language>", "<language>en-CA</language>"},
    {"event", "<event>", "</event>", "<event>storm surge</event>"},
    {"headline", "<event>x</event><headline>", "</headline>", "<event>storm surge</event>"},
    {"areaDesc", "<areaDesc>", "</areaDesc>", "<areaDesc>coast</areaDesc>"},
    {"geocode value", "<areaDesc>x</areaDesc><geocode><valueName>SAME</valueName><value>",
     "</value></geocode>", "<areaDesc>coast</areaDesc>"},
    {"geocode name", "<areaDesc>x</areaDesc><geocode><valueName>",
     "</valueName><value>1</value></geocode>", "<areaDesc>coast</areaDesc>"},
    {"parameter name", "<event>x</event><parameter><valueName>",
     "</valueName><value>1</value></parameter>", "<event>storm surge</event>"},
    {"parameter",
     "<event>x</event><parameter><valueName>layer:EC-MSC-SMC:1.0:Alert_Type"
     "</valueName><value>",
     "</value></parameter>", "<event>storm surge</event>"},
    {"event code", "<event>x</event><eventCode><valueName>SAME</valueName><value>",
     "</value></eventCode>", "<event>storm surge</event>"},
    {"description", "<event>x</event><description>", "</description>",
     "<event>storm surge</event>"},
    {"resource", "<event>x</event><resource><resourceDesc>",
     "</resourceDesc><mimeType>a/b</mimeType></resource>", "<event>storm surge</event>"},
};

/* Many of something small, each with a number of its own. */
struct row {
    const char *name;
    const char *item; /* of one, `#` its number */
    unsigned count;
    const char *before, *after;
    const char *instead_of;
};

static const struct row rows[] = {
    {"references", "met@example.ca,urn:oid:2.49.0.1.124.#,2026-01-12T11:00:00-00:00 ", 40000,
     "<references>", "</references>", NULL},
    {"geocodes", "<geocode><valueName>SAME</valueName><value>#</value></geocode>", 40000,
     "<areaDesc>x</areaDesc>", "", "<areaDesc>coast</areaDesc>"},
    {"codes", "<code>code-#</code>", 40000, "", "", NULL},
    {"parameters",
     "<parameter><valueName>Broadcast_Immediately</valueName><value>#</value></parameter>", 20000,
     "<event>x</event>", "", "<event>storm surge</event>"},
    {"resources",
     "<resource><resourceDesc>d</resourceDesc><mimeType>a/b</mimeType><uri>f#</uri></resource>",
     20000, "<event>x</event>", "", "<event>storm surge</event>"},
};

static struct slice with(struct fixture *fixture, const char *before, struct slice text,
                         const char *after, const char *instead_of)
{
    const char *mark = instead_of ? instead_of : "<!-- here -->";
    struct slice plain = fixture_alert(fixture, "a", "Actual", instead_of ? "" : mark);
    ptrdiff_t at = slice_find(plain, mark);
    assert_true(at >= 0);
    struct slice head = slice_sub(plain, 0, (size_t)at);
    struct slice tail = slice_sub(plain, (size_t)at + strlen(mark), plain.len);
    struct buf out;
    buf_init(&out, 9 * 1024 * 1024);
    buf_put(&out, head);
    buf_put_cstr(&out, before);
    buf_put(&out, text);
    buf_put_cstr(&out, after);
    buf_put(&out, tail);
    struct slice all = arena_copy(fixture->arena, buf_slice(&out));
    buf_fini(&out);
    return all;
}

static struct slice huge(struct fixture *fixture, struct slice unit)
{
    struct buf out;
    buf_init(&out, 2 * HUGE_BYTES);
    while (out.len < HUGE_BYTES)
        buf_put(&out, unit);
    struct slice text = arena_copy(fixture->arena, buf_slice(&out));
    buf_fini(&out);
    return text;
}

static void add_key(struct keylist *list, const struct key *key)
{
    struct keylist_key *added = &list->keys[list->count++];
    *added = (struct keylist_key){.purpose = key->purpose};
    memcpy(added->public_key, key->public_key, sizeof added->public_key);
    memcpy(added->id, key->id, sizeof added->id);
}

static void verify(struct fixture *fixture, uint64_t seq, struct slice bytes, const char *what)
{
    struct keylist_key keys[2];
    struct keylist list = {.relay = fixture->relay_name, .keys = keys};
    struct verifier verifier = {&list, fixture->parser};
    struct verified_bulletin bulletin;
    struct err err = {0};
    struct buf part;
    add_key(&list, &fixture->actual);
    if (verify_bulletin(&verifier, fixture->arena, (struct slice){0},
                        fixture_frame(fixture, CLASS_ACTUAL, seq), &bulletin, &err) != OK)
        fail_msg("%s: %s", what, err.text);
    buf_init(&part, PACKET_BYTES_MAX);
    packet_put(&part, bytes);
    if (!bulletin.original.ptr &&
        verify_original(&verifier, fixture->arena, buf_slice(&part), &bulletin, &err) != OK)
        fail_msg("%s: the original: %s", what, err.text);
    buf_fini(&part);
}

/* Relayed and verified, or refused for what it says; never for its size. */
static bool pass(struct fixture *fixture, struct slice bytes, const char *what)
{
    static const struct intake_grants grants = {{"emo", 3}, true, true, NULL, 0, NULL, 0};
    struct intake_delivery delivery = fixture_delivery(fixture, bytes);
    delivery.grants = &grants;
    fixture->seen_count = 0;
    intake_deliver(fixture->intake, &delivery);
    fixture_collect(fixture);
    assert_int_equal(fixture->seen_count, 1);
    const struct seen *seen = &fixture->seen[0];
    if (slice_eq_cstr(seen->reason, "journal.fault") || !seen->receipt.len)
        fail_msg("%s: %.*s", what, SLICE_ARG(seen->reason));
    if (seen->seq)
        verify(fixture, seen->seq, bytes, what);
    return seen->seq > 0;
}

static void huge_texts_are_sealed(void **state)
{
    const struct slice units[] = {SLICE("x"), SLICE("\""), SLICE("\xc3\xa9"), SLICE("a\nb "),
                                  SLICE("\xf0\x9f\x8c\x8a")};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const struct place *place = &places[i];
        struct arena *arena = fixture->arena;
        fixture->arena = arena_create();
        struct slice text = huge(fixture, units[i % (sizeof units / sizeof *units)]);
        struct slice bytes = with(fixture, place->before, text, place->after, place->instead_of);
        if (!pass(fixture, bytes, place->name))
            fail_msg("%s: %.*s: %.*s", place->name, SLICE_ARG(fixture->seen[0].reason),
                     SLICE_ARG(fixture->seen[0].notes));
        arena_destroy(fixture->arena);
        fixture->arena = arena;
    }
}

static void long_lists_are_sealed(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct arena *arena = fixture->arena;
        fixture->arena = arena_create();
        struct buf out;
        buf_init(&out, 8 * 1024 * 1024);
        size_t hole = strcspn(row->item, "#");
        for (unsigned k = 0; k < row->count; k++)
            buf_printf(&out, "%.*s%06u%s", (int)hole, row->item, k, row->item + hole + 1);
        assert_true(pass(fixture,
                         with(fixture, row->before, buf_slice(&out), row->after, row->instead_of),
                         row->name));
        buf_fini(&out);
        arena_destroy(fixture->arena);
        fixture->arena = arena;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(huge_texts_are_sealed),
        TEST(long_lists_are_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
