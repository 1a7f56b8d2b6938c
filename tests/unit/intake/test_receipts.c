/* What an authority is told of an alert that is on its way already. */
#include "fixture.h"

static const struct intake_grants grants = {{"emo", 3}, true, true, NULL, 0, NULL, 0};
static const struct intake_grants others = {{"ema", 3}, true, true, NULL, 0, NULL, 0};

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void inject(struct fixture *fixture, struct slice bytes, const struct intake_grants *who,
                   bool dry_run)
{
    struct intake_delivery delivery = fixture_delivery(fixture, bytes);
    delivery.grants = who;
    delivery.dry_run = dry_run;
    intake_deliver(fixture->intake, &delivery);
}

/* Nothing is collected in between: for the intake the first is in flight all the while. */
static void a_copy_of_what_is_in_flight_names_it(void **state)
{
    struct fixture *fixture = *state;
    struct packet packet;
    fixture_deliver(fixture, fixture_alert(fixture, "a", "Actual", ""));
    inject(fixture, fixture_alert(fixture, "a", "Actual", "<!-- again -->"), &grants, false);
    fixture_collect(fixture);
    assert_true(slice_eq_cstr(fixture->seen[1].verdict, "duplicate"));
    json_t *receipt =
        fixture_header(fixture, fixture->seen[1].receipt, &fixture->actual, SEAL_RECEIPT, &packet);
    json_t *bulletins = json_object_get(receipt, "bulletins");
    assert_string_equal(text_of(receipt, "outcome"), "duplicate");
    assert_int_equal(json_array_size(bulletins), 1);
    const json_t *first = json_array_get(bulletins, 0);
    assert_int_equal(json_integer_value(json_object_get(first, "seq")), 1);
    assert_string_equal(text_of(first, "side"), "us");
    json_t *header = fixture_header(fixture, fixture_frame(fixture, CLASS_ACTUAL, 1),
                                    &fixture->actual, SEAL_BULLETIN, &packet);
    assert_string_equal(text_of(first, "derived_identifier"),
                        text_of(json_object_get(header, "derived"), "identifier"));
    assert_true(json_equal(json_object_get(first, "regions"), json_object_get(header, "regions")));
    assert_int_equal(json_array_size(json_object_get(first, "topics")),
                     json_array_size(json_object_get(header, "topics")));
    json_decref(header);
    json_decref(receipt);
}

static void a_resend_in_flight_gets_the_one_receipt(void **state)
{
    struct fixture *fixture = *state;
    struct slice bytes = fixture_alert(fixture, "a", "Actual", "");
    struct slice stored = {0};
    struct err err = {0};
    struct digest digest = digest_of(bytes);
    for (int i = 0; i < 3; i++)
        inject(fixture, bytes, &grants, false);
    inject(fixture, bytes, &others, false);
    fixture_collect(fixture);
    assert_int_equal(fixture->seen_count, 4);
    assert_true(fixture->seen[0].receipt.len > 0);
    assert_true(slice_eq(fixture->seen[1].receipt, fixture->seen[0].receipt));
    assert_true(slice_eq(fixture->seen[2].receipt, fixture->seen[0].receipt));
    assert_false(slice_eq(fixture->seen[3].receipt, fixture->seen[0].receipt));
    assert_int_equal(journal_find_receipt(fixture->journal, fixture->arena, SLICE("emo"), &digest,
                                          &stored, &err),
                     OK);
    assert_true(slice_eq(stored, fixture->seen[0].receipt));
}

static void a_dry_run_of_what_was_sent_names_it(void **state)
{
    struct fixture *fixture = *state;
    struct packet packet;
    struct slice bytes = fixture_alert(fixture, "a", "Actual", "");
    fixture_deliver(fixture, bytes);
    fixture_collect(fixture);
    inject(fixture, bytes, &grants, true);
    json_t *receipt =
        fixture_header(fixture, fixture->seen[1].receipt, &fixture->actual, SEAL_RECEIPT, &packet);
    assert_string_equal(text_of(receipt, "outcome"), "duplicate");
    const json_t *first = json_array_get(json_object_get(receipt, "bulletins"), 0);
    assert_int_equal(json_integer_value(json_object_get(first, "seq")), 1);
    json_decref(receipt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_copy_of_what_is_in_flight_names_it),
        TEST(a_resend_in_flight_gets_the_one_receipt),
        TEST(a_dry_run_of_what_was_sent_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
