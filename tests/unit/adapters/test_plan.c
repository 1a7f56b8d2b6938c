/* Order and shifts of a recording, and the timeline that says so. */
#include "adapters/replay/plan.h"
#include "adapters/replay/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { START = 1000000020 }; /* 20 s after a full minute */

static struct plan plan;

static int begin(void **state)
{
    (void)state;
    plan_init(&plan);
    return 0;
}

static int end(void **state)
{
    (void)state;
    plan_fini(&plan);
    return 0;
}

/* `reference`: identifier of one of the same sender, or NULL; `end_s`: 0 for none. */
static void add(const char *id, enum cap_msg_type type, int64_t sent_s, int64_t end_s,
                const char *reference, double offset_s)
{
    struct cap_info info = {.expires = {.set = end_s != 0, .utc_s = end_s}};
    struct cap_reference ref = {.sender = SLICE("s"), .identifier = slice_from_cstr(reference)};
    struct alert alert = {.sender = SLICE("s"),
                          .identifier = slice_from_cstr(id),
                          .sent = {.set = true, .utc_s = sent_s},
                          .msg_type = type,
                          .infos = &info,
                          .info_count = 1,
                          .references = &ref,
                          .reference_count = reference ? 1 : 0};
    plan_add(&plan, id, 0, &alert, offset_s, false);
}

static const struct plan_item *item(const char *id)
{
    for (size_t i = 0; i < plan.count; i++)
        if (strcmp(plan.items[i].path, id) == 0)
            return &plan.items[i];
    fail_msg("no item %s", id);
    return NULL;
}

static void run_moves_all_by_one_amount(void **state)
{
    (void)state;
    add("late", MSG_TYPE_ALERT, 7260, 9000, NULL, -1);
    add("first", MSG_TYPE_ALERT, 3600, 4000, NULL, -1);
    plan_make(&plan, PLAN_SHIFT_RUN, START);
    assert_string_equal(plan.items[0].path, "first");
    assert_int_equal(plan.items[0].shift_s, START / 60 * 60 - 3600);
    assert_int_equal(plan.items[1].shift_s, plan.items[0].shift_s);
    assert_true(plan.items[0].offset_s == 0 && plan.items[1].offset_s == 3660);
    assert_int_equal(plan.items[0].shift_s % 60, 0);
}

static void timeline_gives_the_order_and_sent_breaks_ties(void **state)
{
    (void)state;
    add("c", MSG_TYPE_ALERT, 100, 0, NULL, 60);
    add("b", MSG_TYPE_CANCEL, 300, 0, NULL, 30);
    add("a", MSG_TYPE_ALERT, 300, 0, NULL, 30);
    add("z", MSG_TYPE_ALERT, 200, 0, NULL, 30);
    plan_make(&plan, PLAN_SHIFT_RUN, START);
    const char *order[] = {"z", "a", "b", "c"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(plan.items[i].path, order[i]);
    /* The first `sent` of all falls on the start, wherever the timeline has put it. */
    assert_int_equal(plan.items[0].shift_s, (START - 100) / 60 * 60);
}

static void chains_move_each_by_their_own(void **state)
{
    (void)state;
    add("a1", MSG_TYPE_ALERT, 1000, 0, NULL, -1);
    add("a2", MSG_TYPE_UPDATE, 5000, 0, "a1", -1);
    add("a3", MSG_TYPE_CANCEL, 9000, 0, "a2", -1);
    add("b1", MSG_TYPE_ALERT, 2000, 0, NULL, -1);
    plan_make(&plan, PLAN_SHIFT_CHAIN, START);
    assert_int_equal(item("a1")->shift_s, (START - 1000) / 60 * 60);
    assert_int_equal(item("a2")->shift_s, item("a1")->shift_s);
    assert_int_equal(item("a3")->shift_s, item("a1")->shift_s);
    assert_int_equal(item("b1")->shift_s, (START - 2000) / 60 * 60);
}

static void chain_moves_far_enough_to_be_in_force(void **state)
{
    (void)state;
    add("a1", MSG_TYPE_ALERT, 100000, 100060, NULL, -1);  /* one minute long */
    add("a2", MSG_TYPE_UPDATE, 101000, 100500, "a1", -1); /* an Update is never expired */
    add("b1", MSG_TYPE_ALERT, 100000, 200000, NULL, -1);
    plan_make(&plan, PLAN_SHIFT_CHAIN, START);
    int64_t end = 100060 + item("a1")->shift_s;
    assert_true(end >= START + PLAN_IN_FORCE_S && end < START + PLAN_IN_FORCE_S + 60);
    assert_int_equal(item("a2")->shift_s, item("a1")->shift_s);
    assert_int_equal(item("b1")->shift_s, (START - 100000) / 60 * 60);
    assert_int_equal(item("a1")->shift_s % 60, 0);
}

static void same_missing_reference_joins_a_chain(void **state)
{
    (void)state;
    add("u1", MSG_TYPE_UPDATE, 1000, 0, "gone", -1);
    add("u2", MSG_TYPE_UPDATE, 9000, 0, "gone", -1);
    add("u1", MSG_TYPE_UPDATE, 1000, 0, NULL, -1); /* another copy */
    plan_make(&plan, PLAN_SHIFT_CHAIN, START);
    assert_int_equal(plan.items[0].shift_s, plan.items[1].shift_s);
    assert_int_equal(plan.items[1].shift_s, plan.items[2].shift_s);
}

static void recordings_of_the_future_move_back(void **state)
{
    (void)state;
    add("a", MSG_TYPE_ALERT, START + 7200, START + 9000, NULL, -1);
    plan_make(&plan, PLAN_SHIFT_RUN, START);
    assert_true(plan.items[0].shift_s <= -7200 && plan.items[0].shift_s > -7320);
    plan_make(&plan, PLAN_SHIFT_CHAIN, START);
    assert_true(plan.items[0].shift_s <= -7200 && plan.items[0].shift_s > -7320);
}

static void empty_recording_is_a_plan(void **state)
{
    (void)state;
    plan_make(&plan, PLAN_SHIFT_RUN, START);
    plan_make(&plan, PLAN_SHIFT_CHAIN, START);
    assert_int_equal(plan.count, 0);
}

static void timeline_is_read(void **state)
{
    (void)state;
    struct timeline t;
    struct err err = {0};
    struct slice text =
        SLICE("# a remark\noffset_s\tfile\tcountry\r\n0\ta.xml\tca\r\n\n1.5\tsub/b.xml\tus\n");
    assert_int_equal(timeline_read(plan.arena, text, &t, &err), OK);
    assert_int_equal(t.count, 2);
    assert_string_equal(t.rows[1].file, "sub/b.xml");
    assert_true(t.rows[1].offset_s == 1.5);
    assert_int_equal(t.rows[0].country, SIDE_CA);
    assert_int_equal(t.rows[1].country, SIDE_US);
}

static void timeline_faults_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"file\toffset_s\tcountry\n", "timeline.tsv:1: the columns"},
        {"offset_s\tfile\tcountry\n0\ta\n", "timeline.tsv:2: three columns"},
        {"offset_s\tfile\tcountry\n0\ta\tca\tx\n", "timeline.tsv:2: three columns"},
        {"offset_s\tfile\tcountry\n#\n-1\ta\tca\n", "timeline.tsv:3: `-1`"},
        {"offset_s\tfile\tcountry\nnan\ta\tca\n", "timeline.tsv:2: `nan`"},
        {"offset_s\tfile\tcountry\n0\t../a\tca\n", "no file below the folder"},
        {"offset_s\tfile\tcountry\n0\t/etc/a\tca\n", "no file below the folder"},
        {"offset_s\tfile\tcountry\n0\ta\tmx\n", "neither ca nor us"},
        {"offset_s\tfile\tcountry\n", "no rows"},
        {"", "no rows"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct timeline t;
        struct err err = {0};
        assert_int_equal(timeline_read(plan.arena, slice_from_cstr(cases[i].text), &t, &err),
                         ERR_INVALID);
        if (!strstr(err.text, cases[i].message))
            fail_msg("%s\n said: %s", cases[i].text, err.text);
    }
}

int main(void)
{
#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        PLAN_TEST(run_moves_all_by_one_amount),
        PLAN_TEST(timeline_gives_the_order_and_sent_breaks_ties),
        PLAN_TEST(chains_move_each_by_their_own),
        PLAN_TEST(chain_moves_far_enough_to_be_in_force),
        PLAN_TEST(same_missing_reference_joins_a_chain),
        PLAN_TEST(recordings_of_the_future_move_back),
        PLAN_TEST(empty_recording_is_a_plan),
        PLAN_TEST(timeline_is_read),
        PLAN_TEST(timeline_faults_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
