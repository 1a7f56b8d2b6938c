/* Numbers, gaps and repeats (docs/protocol.md 6), without a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/follow.h"

static const struct slice me = {"actual.us.ME.", 13};
static const struct slice nh = {"actual.us.NH.", 13};

struct sample {
    struct verified_bulletin bulletin;
    struct topic_number topics[2];
};

/* On ME with that prev; on NH too where its prev is not -1. */
static const struct verified_bulletin *sample(struct sample *out, uint64_t seq, uint64_t prev_me,
                                              int64_t prev_nh)
{
    *out = (struct sample){.bulletin = {.seq = seq}};
    out->topics[0] = (struct topic_number){me, prev_me};
    out->topics[1] = (struct topic_number){nh, (uint64_t)prev_nh};
    out->bulletin.topics = out->topics;
    out->bulletin.topic_count = prev_nh < 0 ? 1 : 2;
    out->bulletin.chain.bytes[0] = (uint8_t)seq;
    out->bulletin.chain_prev.bytes[0] = (uint8_t)(seq - 1);
    return &out->bulletin;
}

static struct follow two_topics(uint64_t position)
{
    struct slice topics[] = {me, nh};
    struct follow follow;

    follow_init(&follow, topics, 2, false);
    follow_start(&follow, position);
    return follow;
}

static void test_the_next_one_is_taken_and_comes_once(void **state)
{
    struct follow follow = two_topics(0);
    struct sample s;

    (void)state;
    assert_int_equal(follow_judge(&follow, sample(&s, 1, 0, 0)), FOLLOW_NEXT);
    follow_take(&follow, &s.bulletin);
    assert_int_equal(follow_judge(&follow, &s.bulletin), FOLLOW_REPEAT);
    assert_int_equal(follow_judge(&follow, sample(&s, 7, 1, -1)), FOLLOW_NEXT);
    follow_take(&follow, &s.bulletin);
    assert_int_equal(follow.position, 7);
    assert_int_equal(follow_judge(&follow, sample(&s, 9, 7, 1)), FOLLOW_NEXT);
    follow_fini(&follow);
}

static void test_a_gap_on_any_topic_is_a_gap(void **state)
{
    struct follow follow = two_topics(0);
    struct sample s;

    (void)state;
    assert_int_equal(follow_judge(&follow, sample(&s, 5, 0, 4)), FOLLOW_GAP);
    assert_int_equal(follow_judge(&follow, sample(&s, 5, 4, 0)), FOLLOW_GAP);
    follow_fini(&follow);
}

static void test_a_relay_that_contradicts_itself(void **state)
{
    struct follow follow = two_topics(0);
    struct sample s;

    (void)state;
    follow_take(&follow, sample(&s, 3, 0, -1));
    assert_int_equal(follow_judge(&follow, sample(&s, 4, 2, -1)), FOLLOW_CONTRADICTION);
    follow_fini(&follow);
}

static void test_from_a_number_alone_the_first_prev_is_believed(void **state)
{
    struct follow follow = two_topics(10);
    struct sample s;

    (void)state;
    assert_int_equal(follow_judge(&follow, sample(&s, 10, 3, -1)), FOLLOW_REPEAT);
    assert_int_equal(follow_judge(&follow, sample(&s, 12, 3, -1)), FOLLOW_NEXT);
    assert_int_equal(follow_judge(&follow, sample(&s, 12, 11, -1)), FOLLOW_GAP);
    follow_fini(&follow);
}

static void test_beats(void **state)
{
    struct follow follow = two_topics(0);
    struct topic_number numbers[] = {{me, 3}, {{"actual.us.WA.", 13}, 8}};
    struct verified_beat beat = {.head = {.seq = 8}, .topics = numbers, .topic_count = 2};
    struct sample s;

    (void)state;
    assert_true(follow_beat(&follow, &beat));
    assert_int_equal(follow.position, 0);
    follow_take(&follow, sample(&s, 3, 0, -1));
    assert_false(follow_beat(&follow, &beat));
    assert_int_equal(follow.position, 8);
    /* A beat that lags behind an answer takes nothing back. */
    beat.head.seq = 2;
    numbers[0].seq = 1;
    assert_false(follow_beat(&follow, &beat));
    assert_int_equal(follow.position, 8);
    follow_fini(&follow);
}

static void test_answers(void **state)
{
    struct follow follow = two_topics(0);
    struct topic_number numbers[] = {{me, 3}};
    struct verified_answer answer = {.head = {.seq = 5}, .as_of = numbers, .as_of_count = 1};
    struct sample s;

    (void)state;
    assert_false(follow_complete(&follow, &answer));
    follow_take(&follow, sample(&s, 3, 0, -1));
    assert_true(follow_complete(&follow, &answer));
    assert_false(follow_gone_back(&follow, &answer));
    follow_settle(&follow, &answer);
    assert_int_equal(follow.position, 5);
    answer.head.seq = 4;
    assert_true(follow_gone_back(&follow, &answer));
    answer.head.seq = 6;
    numbers[0].seq = 2;
    assert_true(follow_gone_back(&follow, &answer));
    follow_fini(&follow);
}

static void test_what_was_given_early_is_not_given_again(void **state)
{
    struct follow follow = two_topics(0);
    struct sample s;

    (void)state;
    follow_take_ahead(&follow, 4);
    assert_true(follow_was_ahead(&follow, 4));
    assert_false(follow_was_ahead(&follow, 3));
    follow_take_ahead(&follow, 2);
    follow_take_ahead(&follow, 7);
    assert_true(follow_was_ahead(&follow, 2) && follow_was_ahead(&follow, 4));
    follow_take(&follow, sample(&s, 5, 0, -1));
    assert_int_equal(follow.ahead_count, 1);
    assert_true(follow_was_ahead(&follow, 7));
    follow_fini(&follow);
}

static void test_a_live_bulletin_proves_nothing_of_other_topics(void **state)
{
    struct follow follow = two_topics(0);
    struct topic_number numbers[] = {{me, 2}, {nh, 1}};
    struct verified_beat beat = {.head = {.seq = 2}, .topics = numbers, .topic_count = 2};
    struct sample s;

    (void)state;
    /* 1 on NH is lost, 2 on ME arrives. */
    follow_take_live(&follow, sample(&s, 2, 0, -1));
    assert_int_equal(follow.position, 0);
    assert_true(follow_was_ahead(&follow, 2));
    assert_true(follow_beat(&follow, &beat));
    /* The answer brings 1 and 2 again; ME begins anew. */
    follow_rewind(&follow);
    s = (struct sample){.bulletin = {.seq = 1, .topic_count = 1}};
    s.topics[0] = (struct topic_number){nh, 0};
    s.bulletin.topics = s.topics;
    assert_int_equal(follow_judge(&follow, &s.bulletin), FOLLOW_NEXT);
    follow_take(&follow, &s.bulletin);
    assert_int_equal(follow_judge(&follow, sample(&s, 2, 0, -1)), FOLLOW_NEXT);
    follow_take(&follow, &s.bulletin);
    assert_int_equal(follow.position, 2);
    assert_int_equal(follow.ahead_count, 0);
    follow_fini(&follow);
}

static void test_who_takes_everything_checks_numbers_and_chain(void **state)
{
    struct slice topics[] = {{"actual.ca.all.", 14}, {"actual.us.all.", 14}};
    struct follow follow;
    struct sample s;

    (void)state;
    follow_init(&follow, topics, 2, true);
    follow_start(&follow, 0);
    assert_int_equal(follow_judge(&follow, sample(&s, 2, 0, -1)), FOLLOW_GAP);
    assert_int_equal(follow_judge(&follow, sample(&s, 1, 0, -1)), FOLLOW_NEXT);
    follow_take(&follow, &s.bulletin);
    sample(&s, 2, 1, -1);
    s.bulletin.chain_prev.bytes[5] = 1;
    assert_int_equal(follow_judge(&follow, &s.bulletin), FOLLOW_CONTRADICTION);
    assert_int_equal(follow_judge(&follow, sample(&s, 2, 1, -1)), FOLLOW_NEXT);
    follow_fini(&follow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_next_one_is_taken_and_comes_once),
        cmocka_unit_test(test_a_gap_on_any_topic_is_a_gap),
        cmocka_unit_test(test_a_relay_that_contradicts_itself),
        cmocka_unit_test(test_from_a_number_alone_the_first_prev_is_believed),
        cmocka_unit_test(test_beats),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_what_was_given_early_is_not_given_again),
        cmocka_unit_test(test_a_live_bulletin_proves_nothing_of_other_topics),
        cmocka_unit_test(test_who_takes_everything_checks_numbers_and_chain),
    };

    return cmocka_run_group_tests_name("client.follow", tests, NULL, NULL);
}
