/*
 * suite: what every adapter must do, whatever it speaks. A new adapter writes a driver and calls
 * contract_run() with it.
 *
 * All of it runs on the virtual clock; the far end is whatever the driver makes of it (a folder, a
 * socket).
 */
#ifndef CAPRELAY_TESTS_CONTRACT_SUITE_H
#define CAPRELAY_TESTS_CONTRACT_SUITE_H

#include "tests/support/adapter_world.h"

#include "alert/parse.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What becomes of the far end, from then on. */
enum contract_fault {
    CONTRACT_WELL = 0,
    CONTRACT_REFUSED, /* it is gone: nobody listens, or there is no such place */
    CONTRACT_SLOW,    /* it answers, a document taking many seconds */
    CONTRACT_STALLED, /* it takes the connection or the request and says nothing */
    CONTRACT_TLS,     /* its certificate is not good */
    CONTRACT_DNS,     /* its name has no address */
    CONTRACT_FAULTS
};

struct contract_driver {
    const char *name;
    /* Before each test, and after. */
    void (*open)(struct world *world);
    void (*close)(struct world *world);
    /* Starts the source (again). */
    void (*start)(struct world *world);
    /* The far end has a document for it: number `i`, with that text in it. */
    void (*offer)(struct world *world, int i, const char *text);
    /* A document larger than 8 MiB; NULL: by `offer`. */
    void (*offer_oversized)(struct world *world);
    /* Hands that on, cut to what is too large, so that the journal has a row for it; or the far end
     * is told, or it was no arrival yet (a recording). */
    bool oversized_arrives;
    /* The connection ends in the middle of a document. */
    void (*offer_half)(struct world *world);
    /* Must be offered before the start (a recording), or can be at any time. */
    bool before_start;
    /* Remembers by itself what was settled; else the far end offers again. */
    bool remembers;
    /* Speed at which all that is offered has surely come. */
    int64_t patience_us;

    /* --- all that follows may be left out; the suite prints what it skips, and why --- */

    /* Makes the far end fail so, also before the start; whatever is connected is cut.
     * CONTRACT_WELL: it is as before, with all that was offered meanwhile if it `keeps`. */
    void (*fault)(struct world *world, enum contract_fault fault);
    /* Why a fault cannot befall this source; NULL: it can. */
    const char *senseless[CONTRACT_FAULTS];
    /* What is offered while the source cannot come for it is kept for it (a queue, a list, an
     * archive). */
    bool keeps;
    /* As `offer`, but in pieces of random lengths with time between. */
    void (*offer_split)(struct world *world, int i, const char *text);
    const char *split_senseless;
    /* From then on, or no longer: what it names (in a list, a queue) it does not give. */
    void (*withhold)(struct world *world, bool withheld);
    const char *withhold_senseless;
    /* How often the far end was called, connected or not, since `open`; NULL: cannot be counted. */
    int (*attempts)(struct world *world);
    /* Something of it runs on a thread: virtual time waits for it, a millisecond in each second. */
    bool threads;
};

static const struct contract_driver *contract;
static struct world contract_world;

enum { CONTRACT_DOCUMENTS = 6 };

#define CONTRACT_ALERT                                                                             \
    "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>DOC%d</identifier>"           \
    "<sender>s@example</sender><sent>2026-01-01T00:00:%02d-00:00</sent><status>Exercise</status>"  \
    "<msgType>Alert</msgType><scope>Public</scope></alert>"

static inline void contract_offer(int i)
{
    char text[600];
    snprintf(text, sizeof text, CONTRACT_ALERT, i, i);
    contract->offer(&contract_world, i, text);
}

static inline void contract_offer_oversized(void)
{
    static const char start[] = "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'>";
    static const char end[] = "</alert>";
    size_t size = PARSE_BYTES_MAX + 1000;
    if (contract->offer_oversized) {
        contract->offer_oversized(&contract_world);
        return;
    }
    char *text = mem_alloc(size + 1);
    memset(text, ' ', size);
    memcpy(text, start, sizeof start - 1);
    memcpy(text + size - (sizeof end - 1), end, sizeof end - 1);
    contract->offer(&contract_world, CONTRACT_DOCUMENTS, text);
    free(text);
}

/* Which of the offered documents that delivery is. */
static inline int contract_number(size_t delivery)
{
    const char *at = strstr(contract_world.port.items[delivery].bytes.ptr, "DOC");
    return at ? atoi(at + 3) : -1;
}

static inline int contract_times(int number)
{
    int times = 0;
    for (size_t i = 0; i < contract_world.port.count; i++)
        times += contract_number(i) == number;
    return times;
}

/* How long the next piece is of so many bytes; the same lengths in each run. */
static inline size_t contract_piece(size_t left)
{
    static uint32_t random = 1;
    random = random * 1664525 + 1013904223;
    size_t piece = 1 + (random >> 16) % 40;
    return piece < left ? piece : left;
}

static inline void contract_wait(int64_t us)
{
    for (; contract->threads && us > SECOND; us -= SECOND) {
        world_run(&contract_world, SECOND);
        usleep(1000);
    }
    world_run(&contract_world, us);
}

static inline void contract_go(void)
{
    contract_wait(contract->patience_us);
}

/* Offered and started in the order that this adapter wants. */
static inline void contract_begin(int documents)
{
    for (int i = 0; contract->before_start && i < documents; i++)
        contract_offer(i);
    contract->start(&contract_world);
    contract_go();
    for (int i = 0; !contract->before_start && i < documents; i++)
        contract_offer(i);
    contract_go();
}

static void every_document_arrives_once(void **state)
{
    (void)state;
    contract_begin(CONTRACT_DOCUMENTS);
    assert_int_equal(contract_world.port.count, CONTRACT_DOCUMENTS);
    for (int i = 0; i < CONTRACT_DOCUMENTS; i++)
        assert_int_equal(contract_times(i), 1);
    assert_int_equal(hosts_status(contract_world.hosts, 0).in_flight, CONTRACT_DOCUMENTS);
    fake_settle_all(&contract_world.port, "relayed");
    contract_go();
    assert_int_equal(hosts_status(contract_world.hosts, 0).in_flight, 0);
    assert_int_equal(contract_world.port.count, CONTRACT_DOCUMENTS);
}

static void stop_while_busy_delivers_no_more(void **state)
{
    (void)state;
    contract_world.port.full_at = 2;
    contract_begin(CONTRACT_DOCUMENTS);
    size_t delivered = contract_world.port.count;
    assert_true(delivered > 0 && delivered < CONTRACT_DOCUMENTS);
    hosts_stop(contract_world.hosts);
    hosts_stop(contract_world.hosts);
    fake_settle_all(&contract_world.port, "relayed"); /* still allowed */
    contract_go();
    assert_int_equal(contract_world.port.count, delivered);
}

/* While the next ones are on their way. */
static void stop_at_the_first_delivery_is_the_end(void **state)
{
    (void)state;
    for (int i = 0; contract->before_start && i < CONTRACT_DOCUMENTS; i++)
        contract_offer(i);
    contract->start(&contract_world);
    if (!contract->before_start)
        contract_go();
    for (int i = 0; !contract->before_start && i < CONTRACT_DOCUMENTS; i++)
        contract_offer(i);
    for (int64_t us = 0; contract_world.port.count == 0 && us < contract->patience_us; us += 1000)
        world_run(&contract_world, 1000);
    size_t delivered = contract_world.port.count;
    assert_true(delivered > 0);
    hosts_stop(contract_world.hosts);
    contract_go();
    assert_int_equal(contract_world.port.count, delivered);
}

static void full_journal_holds_back_and_loses_nothing(void **state)
{
    (void)state;
    contract_world.port.full_at = 2;
    contract_begin(CONTRACT_DOCUMENTS);
    for (int round = 0; round < CONTRACT_DOCUMENTS; round++) {
        assert_true(contract_world.port.count - contract_world.port.settled <= 2);
        fake_settle_all(&contract_world.port, "relayed");
        contract_go();
    }
    for (int i = 0; i < CONTRACT_DOCUMENTS; i++)
        assert_int_equal(contract_times(i), 1);
}

static void verdicts_may_come_in_any_order(void **state)
{
    (void)state;
    contract_begin(CONTRACT_DOCUMENTS);
    static const char *const verdicts[] = {"relayed",    "duplicate",  "refused",
                                           "irrelevant", "unreadable", "conflict"};
    for (size_t i = contract_world.port.count; i > 0; i--)
        fake_settle_at(&contract_world.port, i - 1, verdicts[i % 6]);
    contract_go();
    assert_int_equal(hosts_status(contract_world.hosts, 0).in_flight, 0);
    assert_int_equal(contract_world.port.count, CONTRACT_DOCUMENTS);
}

static void restart_loses_nothing_and_repeats_nothing_settled(void **state)
{
    (void)state;
    contract_begin(CONTRACT_DOCUMENTS);
    bool settled[CONTRACT_DOCUMENTS] = {false};
    for (size_t i = 0; i < CONTRACT_DOCUMENTS / 2; i++) {
        settled[contract_number(i)] = true;
        fake_settle_at(&contract_world.port, i, "relayed");
    }
    world_stop(&contract_world);
    contract->start(&contract_world);
    contract_go();
    for (int i = 0; i < CONTRACT_DOCUMENTS; i++)
        if (!contract->remembers && !settled[i])
            contract_offer(i); /* whoever got no answer asks again */
    contract_go();
    for (int i = 0; i < CONTRACT_DOCUMENTS; i++)
        assert_int_equal(contract_times(i), settled[i] ? 0 : 1);
}

static inline size_t contract_oversized(void)
{
    size_t count = 0;
    for (size_t i = 0; i < contract_world.port.count; i++) {
        size_t len = contract_world.port.items[i].bytes.len;
        assert_true(len <= PARSE_BYTES_MAX + 1);
        count += len > PARSE_BYTES_MAX;
    }
    return count;
}

static void oversized_document_is_refused_and_the_next_arrives(void **state)
{
    (void)state;
    if (contract->before_start)
        contract_offer_oversized();
    contract_begin(1);
    if (!contract->before_start)
        contract_offer_oversized();
    contract_go();
    if (!contract->before_start)
        contract_offer(1);
    contract_go();
    size_t oversized = contract_oversized();
    assert_int_equal(oversized, contract->oversized_arrives);
    assert_int_equal(contract_world.port.count - oversized, contract->before_start ? 1 : 2);
    fake_settle_all(&contract_world.port, "unreadable");
    contract_go();
    assert_int_equal(contract_oversized(), oversized);
    assert_int_equal(hosts_status(contract_world.hosts, 0).in_flight, 0);
}

static void half_a_document_is_none(void **state)
{
    (void)state;
    if (contract->before_start)
        contract->offer_half(&contract_world);
    contract_begin(1);
    if (!contract->before_start)
        contract->offer_half(&contract_world);
    contract_go();
    if (!contract->before_start)
        contract_offer(1);
    contract_go();
    assert_int_equal(contract_world.port.count, contract->before_start ? 1 : 2);
    assert_int_equal(hosts_status(contract_world.hosts, 0).state, SOURCE_LIVE);
}

static void state_is_told(void **state)
{
    (void)state;
    contract_begin(1);
    struct source_status status = hosts_status(contract_world.hosts, 0);
    assert_int_equal(status.state, SOURCE_LIVE);
    assert_true(status.reason.len > 0);
    assert_true(status.since_us > 0 && status.last_message_us > 0);
    assert_int_equal(status.received, 1);
}

#include "tests/contract/faults.h"

static int contract_setup(void **state)
{
    (void)state;
    world_init(&contract_world);
    contract->open(&contract_world);
    return 0;
}

static int contract_teardown(void **state)
{
    (void)state;
    if (contract_world.hosts)
        world_stop(&contract_world);
    contract->close(&contract_world);
    world_fini(&contract_world);
    return 0;
}

static inline int contract_run(const struct contract_driver *driver)
{
    static int64_t back = -CONTRACT_HOUR_S * (int64_t)SECOND,
                   forward = CONTRACT_HOUR_S * (int64_t)SECOND;
    contract = driver;
#define CONTRACT_TEST(name) cmocka_unit_test_setup_teardown(name, contract_setup, contract_teardown)
#define CONTRACT_STEP_TESTS(name)                                                                  \
    {#name ": an hour back", name, contract_setup, contract_teardown, &back},                      \
    {                                                                                              \
#name ": an hour forward", name, contract_setup, contract_teardown, &forward               \
    }
    const struct CMUnitTest tests[] = {
        CONTRACT_TEST(every_document_arrives_once),
        CONTRACT_TEST(stop_while_busy_delivers_no_more),
        CONTRACT_TEST(stop_at_the_first_delivery_is_the_end),
        CONTRACT_TEST(full_journal_holds_back_and_loses_nothing),
        CONTRACT_TEST(verdicts_may_come_in_any_order),
        CONTRACT_TEST(restart_loses_nothing_and_repeats_nothing_settled),
        CONTRACT_TEST(oversized_document_is_refused_and_the_next_arrives),
        CONTRACT_TEST(half_a_document_is_none),
        CONTRACT_TEST(state_is_told),
        CONTRACT_TEST(nobody_there_at_the_start),
        CONTRACT_TEST(no_address_at_the_start),
        CONTRACT_TEST(bad_certificate_at_the_start),
        CONTRACT_TEST(stalled_far_end_is_noticed),
        CONTRACT_TEST(slow_far_end_brings_everything),
        CONTRACT_TEST(random_pieces_make_whole_documents),
        CONTRACT_TEST(an_hour_away_loses_nothing),
        CONTRACT_TEST(stop_while_nobody_is_there),
        CONTRACT_TEST(clock_steps_lose_and_repeat_nothing),
        CONTRACT_STEP_TESTS(clock_set_at_the_start),
        CONTRACT_STEP_TESTS(clock_set_while_nobody_is_there),
        CONTRACT_STEP_TESTS(clock_set_while_documents_are_withheld),
    };
    return cmocka_run_group_tests_name(driver->name, tests, NULL, NULL);
}

#endif
