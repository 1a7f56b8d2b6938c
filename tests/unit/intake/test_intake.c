#include "fixture.h"

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static void test_the_frame_has_all_parts(void **state)
{
    struct fixture *fixture = *state;
    struct err err = {0};
    struct packet packet;
    struct slice original = fixture_alert(fixture, "a", "Actual", "");
    fixture_deliver(fixture, original);
    fixture_collect(fixture);
    assert_int_equal(fixture->seen_count, 1);
    assert_true(slice_eq_cstr(fixture->seen[0].verdict, "relayed"));
    assert_int_equal(fixture->seen[0].seq, 1);
    json_t *header = fixture_header(fixture, fixture_frame(fixture, CLASS_ACTUAL, 1),
                                    &fixture->actual, SEAL_BULLETIN, &packet);
    assert_string_equal(text_of(header, "class"), "actual");
    assert_string_equal(text_of(header, "side"), "us");
    assert_string_equal(text_of(json_object_get(header, "origin"), "source"), "naad");
    assert_string_equal(text_of(json_object_get(header, "derived"), "target"), "us-exchange");
    assert_string_equal(text_of(header, "in_force_until"), "2026-01-12T18:00:00.000000Z");
    json_t *box = json_object_get(json_object_get(header, "area"), "bbox");
    assert_true(json_real_value(json_array_get(box, 0)) == -66.9);
    json_decref(header);
    assert_true(slice_eq(packet.parts[3], original));
    assert_int_equal(parser_validate_cap12(fixture->parser, packet.parts[2], &err), OK);
}

static void test_each_class_has_its_own_key_and_numbers(void **state)
{
    struct fixture *fixture = *state;
    struct packet packet;
    fixture_deliver(fixture, fixture_alert(fixture, "a", "Exercise", "<note>drill</note>"));
    fixture_deliver(fixture, fixture_alert(fixture, "a", "Actual", ""));
    fixture_collect(fixture);
    json_decref(fixture_header(fixture, fixture_frame(fixture, CLASS_EXERCISE, 1),
                               &fixture->exercise, SEAL_BULLETIN, &packet));
    json_decref(fixture_header(fixture, fixture_frame(fixture, CLASS_ACTUAL, 1), &fixture->actual,
                               SEAL_BULLETIN, &packet));
}

static void check_tables(struct fixture *fixture, enum alert_class class, uint64_t seq,
                         const struct key *key)
{
    struct packet packet;
    json_t *header =
        fixture_header(fixture, fixture_frame(fixture, class, seq), key, SEAL_BULLETIN, &packet);
    assert_string_equal(text_of(json_object_get(header, "translation"), "tables"),
                        translate_tables_version());
    json_decref(header);
}

/* By which tables it was translated: a reader can ask the same of `caprelay translate --explain`.
 */
static void test_each_bulletin_names_its_tables(void **state)
{
    struct fixture *fixture = *state;
    assert_true(strlen(translate_tables_version()) > 0);
    fixture_deliver(fixture, fixture_alert(fixture, "a", "Actual", ""));
    fixture_deliver(fixture, fixture_alert(fixture, "b", "Exercise", "<note>drill</note>"));
    fixture_deliver(fixture, fixture_alert(fixture, "c", "Actual", ""));
    fixture_collect(fixture);
    check_tables(fixture, CLASS_ACTUAL, 1, &fixture->actual);
    check_tables(fixture, CLASS_ACTUAL, 2, &fixture->actual);
    check_tables(fixture, CLASS_EXERCISE, 1, &fixture->exercise);
}

static void test_large_originals_travel_by_digest(void **state)
{
    struct fixture *fixture = *state;
    struct packet packet;
    char note[6000] = "<note>";
    memset(note + 6, 'x', 5000);
    strcpy(note + 5006, "</note>");
    struct slice original = fixture_alert(fixture, "a", "Actual", note);
    fixture_deliver(fixture, original);
    fixture_collect(fixture);
    json_decref(fixture_header(fixture, fixture_frame(fixture, CLASS_ACTUAL, 1), &fixture->actual,
                               SEAL_BULLETIN, &packet));
    assert_int_equal(packet.parts[3].len, 0);
}

static void test_the_recording_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct packet packet;
    struct digest recording = digest_of(SLICE("tape"));
    char hex[DIGEST_HEX_MAX];
    struct intake_delivery delivery =
        fixture_delivery(fixture, fixture_alert(fixture, "a", "Exercise", "<note>drill</note>"));
    delivery.recording = &recording;
    delivery.recording_name = SLICE("fundy/01.xml");
    intake_deliver(fixture->intake, &delivery);
    memset(&recording, 0, sizeof(recording)); /* lent until the call returned */
    fixture_collect(fixture);
    json_t *header = fixture_header(fixture, fixture_frame(fixture, CLASS_EXERCISE, 1),
                                    &fixture->exercise, SEAL_BULLETIN, &packet);
    json_t *named = json_object_get(json_object_get(header, "origin"), "recording");
    recording = digest_of(SLICE("tape"));
    assert_string_equal(text_of(named, "digest"), digest_hex(&recording, hex));
    assert_string_equal(text_of(named, "name"), "fundy/01.xml");
    json_decref(header);
}

static void test_tags_and_last(void **state)
{
    struct fixture *fixture = *state;
    int first, second;
    struct intake_delivery delivery = fixture_delivery(
        fixture, arena_printf(fixture->arena, "<envelope>%.*s%.*s</envelope>",
                              SLICE_ARG(fixture_alert(fixture, "a", "Actual", "")),
                              SLICE_ARG(fixture_alert(fixture, "b", "Actual", ""))));
    delivery.tag = &first;
    delivery.mark_key = SLICE("file");
    delivery.mark_value = SLICE("7");
    intake_deliver(fixture->intake, &delivery);
    delivery = fixture_delivery(fixture, fixture_alert(fixture, "c", "Actual", ""));
    delivery.tag = &second;
    intake_deliver(fixture->intake, &delivery);
    fixture_collect(fixture);
    assert_int_equal(fixture->seen_count, 3);
    assert_ptr_equal(fixture->seen[0].tag, &first);
    assert_false(fixture->seen[0].last);
    assert_ptr_equal(fixture->seen[1].tag, &first);
    assert_true(fixture->seen[1].last);
    assert_ptr_equal(fixture->seen[2].tag, &second);
    assert_true(fixture->seen[2].last);
    struct err err = {0};
    struct slice mark = {0};
    assert_int_equal(
        journal_mark(fixture->journal, fixture->arena, SLICE("naad"), SLICE("file"), &mark, &err),
        OK);
    assert_true(slice_eq_cstr(mark, "7"));
}

static const struct intake_grants grants = {{"emo", 3}, true, true, NULL, 0, NULL, 0};

static void test_receipt(void **state)
{
    struct fixture *fixture = *state;
    struct packet packet;
    struct intake_delivery delivery =
        fixture_delivery(fixture, fixture_alert(fixture, "a", "Actual", ""));
    delivery.grants = &grants;
    intake_deliver(fixture->intake, &delivery);
    fixture_collect(fixture);
    json_t *receipt =
        fixture_header(fixture, fixture->seen[0].receipt, &fixture->actual, SEAL_RECEIPT, &packet);
    assert_string_equal(text_of(receipt, "outcome"), "accepted");
    assert_string_equal(text_of(receipt, "authority"), "emo");
    json_t *bulletin = json_array_get(json_object_get(receipt, "bulletins"), 0);
    assert_int_equal(json_integer_value(json_object_get(bulletin, "seq")), 1);
    assert_true(json_is_object(json_object_get(receipt, "details")));
    json_decref(receipt);

    /* What others sent first: the receipt says where it is. */
    fixture_deliver(fixture, fixture_alert(fixture, "b", "Actual", ""));
    fixture_collect(fixture);
    delivery.bytes = fixture_alert(fixture, "b", "Actual", "<!-- the same -->");
    intake_deliver(fixture->intake, &delivery);
    fixture_collect(fixture);
    receipt =
        fixture_header(fixture, fixture->seen[2].receipt, &fixture->actual, SEAL_RECEIPT, &packet);
    assert_string_equal(text_of(receipt, "outcome"), "duplicate");
    bulletin = json_array_get(json_object_get(receipt, "bulletins"), 0);
    assert_int_equal(json_integer_value(json_object_get(bulletin, "seq")), 2);
    assert_true(json_array_size(json_object_get(bulletin, "topics")) > 0);
    json_t *second = fixture_header(fixture, fixture_frame(fixture, CLASS_ACTUAL, 2),
                                    &fixture->actual, SEAL_BULLETIN, &packet);
    assert_string_equal(text_of(bulletin, "derived_identifier"),
                        text_of(json_object_get(second, "derived"), "identifier"));
    json_decref(second);
    json_decref(receipt);
}

static void test_unreadable_gets_a_receipt_too(void **state)
{
    struct fixture *fixture = *state;
    struct packet packet;
    struct intake_delivery delivery = fixture_delivery(fixture, SLICE("no XML"));
    delivery.grants = &grants;
    intake_deliver(fixture->intake, &delivery);
    fixture_collect(fixture);
    json_t *receipt =
        fixture_header(fixture, fixture->seen[0].receipt, &fixture->actual, SEAL_RECEIPT, &packet);
    assert_string_equal(text_of(receipt, "outcome"), "refused");
    assert_string_equal(text_of(receipt, "verdict"), "unreadable");
    assert_true(json_is_null(json_object_get(receipt, "class")));
    json_decref(receipt);
}

static bool take_row(void *context, const struct journal_why *row)
{
    struct seen *seen = context;
    seen->arrival = row->arrival;
    seen->last = slice_eq_cstr(row->verdict, "unreadable") &&
                 slice_eq_cstr(row->reason, "read.size") &&
                 slice_eq_cstr(row->detail, "larger than 8 MiB");
    return true;
}

/* What arrives makes a row, also where it is too large to be looked into. */
static void test_too_large_has_its_row(void **state)
{
    struct fixture *fixture = *state;
    struct err err = {0};
    struct slice bytes = {arena_alloc(fixture->arena, PARSE_BYTES_MAX + 1), PARSE_BYTES_MAX + 1};
    struct digest digest = digest_of(bytes);
    char hex[DIGEST_HEX_MAX];
    fixture_deliver(fixture, bytes);
    fixture_collect(fixture);
    assert_int_equal(fixture->seen_count, 1);
    assert_true(slice_eq_cstr(fixture->seen[0].verdict, "unreadable"));
    struct seen row = {0};
    assert_int_equal(journal_why(fixture->journal, slice_from_cstr(digest_hex(&digest, hex)), 10,
                                 take_row, &row, &err),
                     OK);
    assert_true(row.arrival > 0 && row.last);
}

static void test_dry_run_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct packet packet;
    struct intake_delivery delivery =
        fixture_delivery(fixture, fixture_alert(fixture, "a", "Exercise", "<note>drill</note>"));
    delivery.grants = &grants;
    delivery.dry_run = true;
    intake_deliver(fixture->intake, &delivery);
    assert_int_equal(fixture->seen_count, 1);
    assert_true(slice_eq_cstr(fixture->seen[0].verdict, "relayed"));
    assert_int_equal(fixture->seen[0].seq, 0);
    json_t *receipt = fixture_header(fixture, fixture->seen[0].receipt, &fixture->exercise,
                                     SEAL_RECEIPT, &packet);
    assert_true(json_is_true(json_object_get(receipt, "dry_run")));
    json_decref(receipt);
    fixture_collect(fixture);
    assert_int_equal(fixture->seen_count, 1);
    assert_int_equal(journal_state(fixture->journal).arrivals, 0);
    delivery.dry_run = false;
    intake_deliver(fixture->intake, &delivery);
    fixture_collect(fixture);
    assert_true(slice_eq_cstr(fixture->seen[1].verdict, "relayed"));
    assert_int_equal(fixture->seen[1].seq, 1);
}

static void test_the_intake_may_go_before_the_journal_is_done(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 20; i++)
        fixture_deliver(fixture, fixture_alert(fixture, i % 2 ? "a" : "b", "Actual", ""));
    fixture_stop(fixture);
    fixture_start(fixture);
    fixture_deliver(fixture, fixture_alert(fixture, "a", "Actual", ""));
    fixture_collect(fixture);
    assert_true(slice_eq_cstr(fixture->seen[fixture->seen_count - 1].verdict, "duplicate"));
}

static void test_a_new_policy(void **state)
{
    struct fixture *fixture = *state;
    struct route_rule drop = {.name = SLICE("all"), .within_km = -1, .beyond_km = -1};
    struct route_policy policy = {.within_km = 50, .rules = &drop, .rule_count = 1};
    intake_set_policy(fixture->intake, &policy);
    fixture_deliver(fixture, fixture_alert(fixture, "a", "Actual", ""));
    intake_set_policy(fixture->intake, &fixture->policy);
    fixture_deliver(fixture, fixture_alert(fixture, "a", "Actual", ""));
    fixture_collect(fixture);
    assert_true(slice_eq_cstr(fixture->seen[0].reason, "rule:all"));
    assert_true(slice_eq_cstr(fixture->seen[1].verdict, "relayed"));
}

struct sum {
    uint64_t relayed, refused, actual;
};

static void add(void *context, const char *class_name, const char *verdict, struct slice reason,
                uint64_t count)
{
    struct sum *sum = context;
    assert_true(reason.len > 0);
    if (strcmp(verdict, "relayed") == 0)
        sum->relayed += count;
    if (strcmp(verdict, "refused") == 0)
        sum->refused += count;
    if (strcmp(class_name, "actual") == 0)
        sum->actual += count;
}

static void test_counts(void **state)
{
    struct fixture *fixture = *state;
    struct sum sum = {0};
    for (int i = 0; i < 3; i++)
        fixture_deliver(fixture, fixture_alert(fixture, i ? "a" : "b", "Actual", ""));
    fixture_deliver(fixture, SLICE("<!DOCTYPE a><a/>"));
    fixture_collect(fixture);
    intake_counts(fixture->intake, add, &sum);
    assert_int_equal(sum.relayed, 2);
    assert_int_equal(sum.refused, 1);
    assert_int_equal(sum.actual, 3);
}

/* A name that no header has room for: the journal has to refuse what the stages let pass. */
static void test_counts_are_what_was_committed(void **state)
{
    struct fixture *fixture = *state;
    struct sum sum = {0};
    char *name = test_malloc(PACKET_HEADER_BYTES_MAX);
    memset(name, 'n', PACKET_HEADER_BYTES_MAX);
    fixture_stop(fixture);
    fixture->relay_name = slice_of(name, PACKET_HEADER_BYTES_MAX);
    fixture_start(fixture);
    fixture_deliver(fixture, fixture_alert(fixture, "a", "Actual", ""));
    fixture_collect(fixture);
    assert_true(slice_eq_cstr(fixture->seen[0].reason, "journal.fault"));
    intake_counts(fixture->intake, add, &sum);
    assert_int_equal(sum.relayed, 0);
    assert_int_equal(sum.refused, 1);
    test_free(name);
}

static void test_startup_needs_both_keys(void **state)
{
    struct fixture *fixture = *state;
    struct err err = {0};
    struct bulletin_options bulletin = {0};
    struct intake_sealer *sealer = NULL;
    assert_int_not_equal(
        intake_sealer_create(&bulletin, &fixture->actual, NULL, SLICE("unit"), &sealer, &err), OK);
    assert_int_not_equal(intake_sealer_create(&bulletin, &fixture->exercise, &fixture->exercise,
                                              SLICE("unit"), &sealer, &err),
                         OK);
    assert_null(sealer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_frame_has_all_parts),
        TEST(test_each_bulletin_names_its_tables),
        TEST(test_each_class_has_its_own_key_and_numbers),
        TEST(test_large_originals_travel_by_digest),
        TEST(test_the_recording_is_named),
        TEST(test_tags_and_last),
        TEST(test_receipt),
        TEST(test_unreadable_gets_a_receipt_too),
        TEST(test_too_large_has_its_row),
        TEST(test_dry_run_leaves_nothing),
        TEST(test_the_intake_may_go_before_the_journal_is_done),
        TEST(test_a_new_policy),
        TEST(test_counts),
        TEST(test_counts_are_what_was_committed),
        TEST(test_startup_needs_both_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
