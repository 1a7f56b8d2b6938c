/*
 * faults: the cases of the suite in which the far end fails, or the clock does. Part of suite.h.
 *
 * Whatever befalls a source: what went wrong is told in words and once, the far end is not stormed,
 * and when it is well again everything has come exactly once.
 */
#ifndef CAPRELAY_TESTS_CONTRACT_FAULTS_H
#define CAPRELAY_TESTS_CONTRACT_FAULTS_H

#include "tests/contract/suite.h"

enum {
    CONTRACT_HOUR_S = 3600,
    /* A source polls or dials every half minute at most when nobody answers, with two far ends. */
    CONTRACT_ATTEMPTS_MIN = 10,
    CONTRACT_ATTEMPTS_MAX = 500,
    /* Lines about its state in an hour of one and the same trouble. */
    CONTRACT_TELLINGS_MAX = 8,
};

static inline void contract_skip(const char *what, const char *why)
{
    printf("skipped: %s: %s: %s\n", contract->name, what, why);
    skip();
}

static inline void contract_need(enum contract_fault fault)
{
    static const char *const names[] = {"well",    "refused",     "slow",
                                        "stalled", "TLS failure", "DNS failure"};
    if (contract->senseless[fault])
        contract_skip(names[fault], contract->senseless[fault]);
    if (!contract->fault)
        contract_skip(names[fault], "its driver makes no far end fail");
}

static inline int contract_attempts(void)
{
    return contract->attempts ? contract->attempts(&contract_world) : 0;
}

static inline struct source_status contract_status(void)
{
    return hosts_status(contract_world.hosts, 0);
}

static inline int contract_tellings(void)
{
    int count = 0;
    const char *at = contract_world.log;
    for (; (at = strstr(at, "source.state")); at++)
        count++;
    return count;
}

static inline void contract_expect(int from, int to)
{
    for (int i = from; i < to; i++)
        if (contract_times(i) != 1)
            fail_msg("document %d came %d times", i, contract_times(i));
    assert_int_equal(contract_world.port.count, to);
}

/* As a cure is noticed: after the longest pause between tries. */
static inline void contract_recover(void)
{
    contract->fault(&contract_world, CONTRACT_WELL);
    contract_wait(CONTRACT_HOUR_S / 2 * (int64_t)SECOND);
}

static inline void contract_trouble_at_start(enum contract_fault fault)
{
    contract_need(fault);
    contract->fault(&contract_world, fault);
    contract->start(&contract_world);
    contract_wait(120 * (int64_t)SECOND);
    assert_int_equal(contract_status().state, SOURCE_DOWN);
    assert_true(contract_status().reason.len > 0);
    assert_int_equal(contract_world.port.count, 0);
    contract_recover();
    for (int i = 0; i < 3; i++)
        contract_offer(i);
    contract_go();
    contract_expect(0, 3);
    assert_int_equal(contract_status().state, SOURCE_LIVE);
}

static void nobody_there_at_the_start(void **state)
{
    (void)state;
    contract_trouble_at_start(CONTRACT_REFUSED);
}

static void no_address_at_the_start(void **state)
{
    (void)state;
    contract_trouble_at_start(CONTRACT_DNS);
}

static void bad_certificate_at_the_start(void **state)
{
    (void)state;
    contract_trouble_at_start(CONTRACT_TLS);
}

/* Silence is not health: a source whose far end says nothing at all does not stay live. */
static void stalled_far_end_is_noticed(void **state)
{
    (void)state;
    contract_need(CONTRACT_STALLED);
    contract_begin(2);
    fake_settle_all(&contract_world.port, "relayed");
    contract_go();
    contract->fault(&contract_world, CONTRACT_STALLED);
    if (contract->keeps)
        contract_offer(2);
    contract_wait(15 * 60 * (int64_t)SECOND);
    assert_int_not_equal(contract_status().state, SOURCE_LIVE);
    assert_true(contract_status().reason.len > 0);
    contract_recover();
    if (!contract->keeps)
        contract_offer(2);
    contract_offer(3);
    contract_go();
    contract_expect(0, 4);
    assert_int_equal(contract_status().state, SOURCE_LIVE);
}

static void slow_far_end_brings_everything(void **state)
{
    (void)state;
    contract_need(CONTRACT_SLOW);
    contract->fault(&contract_world, CONTRACT_SLOW);
    contract_begin(3);
    contract_wait(20 * 60 * (int64_t)SECOND);
    contract_expect(0, 3);
    fake_settle_all(&contract_world.port, "relayed");
    contract_go();
    contract_expect(0, 3);
}

static void random_pieces_make_whole_documents(void **state)
{
    (void)state;
    if (!contract->offer_split)
        contract_skip("split at random", contract->split_senseless ? contract->split_senseless
                                                                   : "its driver sends no pieces");
    contract_begin(0);
    for (int i = 0; i < CONTRACT_DOCUMENTS; i++) {
        char text[600];
        snprintf(text, sizeof text, CONTRACT_ALERT, i, i);
        contract->offer_split(&contract_world, i, text);
    }
    contract_go();
    contract_expect(0, CONTRACT_DOCUMENTS);
}

static void an_hour_away_loses_nothing(void **state)
{
    (void)state;
    contract_need(CONTRACT_REFUSED);
    contract_begin(2);
    fake_settle_all(&contract_world.port, "relayed");
    contract_go();
    int attempts = contract_attempts(), tellings = contract_tellings();
    contract->fault(&contract_world, CONTRACT_REFUSED);
    contract_wait(120 * (int64_t)SECOND);
    for (int i = 2; contract->keeps && i < 4; i++)
        contract_offer(i);
    contract_wait(CONTRACT_HOUR_S * (int64_t)SECOND);
    attempts = contract_attempts() - attempts;
    tellings = contract_tellings() - tellings;
    assert_int_equal(contract_status().state, SOURCE_DOWN);
    assert_true(contract_status().reason.len > 0);
    assert_in_range(tellings, 1, CONTRACT_TELLINGS_MAX);
    if (contract->attempts)
        assert_in_range(attempts, CONTRACT_ATTEMPTS_MIN, CONTRACT_ATTEMPTS_MAX);
    assert_int_equal(contract_world.port.count, 2);
    contract_recover();
    for (int i = contract->keeps ? 4 : 2; i < CONTRACT_DOCUMENTS; i++)
        contract_offer(i);
    contract_go();
    contract_expect(0, CONTRACT_DOCUMENTS);
    assert_int_equal(contract_status().state, SOURCE_LIVE);
}

static void stop_while_nobody_is_there(void **state)
{
    (void)state;
    contract_need(CONTRACT_REFUSED);
    contract->fault(&contract_world, CONTRACT_REFUSED);
    contract->start(&contract_world);
    contract_wait(10 * (int64_t)SECOND);
    hosts_stop(contract_world.hosts);
    int attempts = contract_attempts();
    contract_wait(CONTRACT_HOUR_S * (int64_t)SECOND);
    assert_int_equal(contract_attempts(), attempts);
    contract->fault(&contract_world, CONTRACT_WELL);
    world_stop(&contract_world);
    contract->start(&contract_world);
    contract_offer(0);
    contract_go();
    contract_expect(0, 1);
}

/* Somebody sets the clock on the wall: timers do not follow it, and must not be made to. */
static void clock_steps_lose_and_repeat_nothing(void **state)
{
    (void)state;
    static const int64_t steps_s[] = {CONTRACT_HOUR_S, -CONTRACT_HOUR_S, -CONTRACT_HOUR_S,
                                      CONTRACT_HOUR_S};
    bool recording = contract->before_start;
    contract_begin(recording ? CONTRACT_DOCUMENTS : 1);
    contract_go();
    int attempts = contract_attempts(), tellings = contract_tellings();
    for (size_t i = 0; i < 4; i++) {
        int before = contract_attempts();
        contract_world.loop->step_us += steps_s[i] * SECOND;
        contract_wait(10 * (int64_t)SECOND);
        assert_in_range(contract_attempts() - before, 0, 10 + attempts);
        if (!recording)
            contract_offer((int)i + 1);
        contract_go();
        fake_settle_all(&contract_world.port, "relayed");
        contract_go();
    }
    assert_int_equal(contract_world.loop->step_us, 0);
    contract_expect(0, recording ? CONTRACT_DOCUMENTS : 5);
    assert_in_range(contract_tellings() - tellings, 0, 1);
    assert_int_equal(contract_status().state, SOURCE_LIVE);
}

/*
 * The same while the source waits for something: in each of these it comes as soon as it would have
 * come with the clock left alone. `state` is the step.
 */

static inline void contract_step(void **state)
{
    contract_world.loop->step_us += *(const int64_t *)*state;
}

/* For its first turn, or for the time that its first documents have. */
static void clock_set_at_the_start(void **state)
{
    bool recording = contract->before_start;
    for (int i = 0; recording && i < CONTRACT_DOCUMENTS; i++)
        contract_offer(i);
    contract->start(&contract_world);
    contract_wait(SECOND / 10);
    contract_step(state);
    for (int i = 0; !recording && i < CONTRACT_DOCUMENTS; i++)
        contract_offer(i);
    contract_go();
    contract_expect(0, CONTRACT_DOCUMENTS);
    assert_int_equal(contract_status().state, SOURCE_LIVE);
}

/* For the next try; and until nobody has been there for so long that the source is down. */
static void clock_set_while_nobody_is_there(void **state)
{
    contract_need(CONTRACT_REFUSED);
    contract_begin(2);
    fake_settle_all(&contract_world.port, "relayed");
    contract_go();
    contract->fault(&contract_world, CONTRACT_REFUSED);
    contract_wait(30 * (int64_t)SECOND);
    contract_step(state);
    if (contract->keeps)
        contract_offer(2);
    contract_wait(CONTRACT_HOUR_S / 4 * (int64_t)SECOND);
    assert_int_equal(contract_status().state, SOURCE_DOWN);
    contract_recover();
    for (int i = contract->keeps ? 3 : 2; i < 4; i++)
        contract_offer(i);
    contract_go();
    contract_expect(0, 4);
    assert_int_equal(contract_status().state, SOURCE_LIVE);
}

/* For documents that it has been told of, and that the far end does not give yet. */
static void clock_set_while_documents_are_withheld(void **state)
{
    if (!contract->withhold)
        contract_skip("documents withheld", contract->withhold_senseless
                                                ? contract->withhold_senseless
                                                : "its driver withholds nothing");
    contract_begin(1);
    fake_settle_all(&contract_world.port, "relayed");
    contract_go();
    contract->withhold(&contract_world, true);
    contract_offer(1);
    contract_offer(2);
    contract_go();
    contract_step(state);
    contract_wait(60 * (int64_t)SECOND);
    assert_int_equal(contract_world.port.count, 1);
    contract->withhold(&contract_world, false);
    contract_wait(CONTRACT_HOUR_S / 4 * (int64_t)SECOND);
    contract_expect(0, 3);
    fake_settle_all(&contract_world.port, "relayed");
    contract_go();
    contract_expect(0, 3);
    assert_int_equal(contract_status().state, SOURCE_LIVE);
}

#endif
