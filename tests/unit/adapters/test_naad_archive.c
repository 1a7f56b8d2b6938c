/* NAAD's archive on the virtual clock, against a host in memory. */
#include "adapters/naad/archive.h"
#include "tests/support/adapter_world.h"
#include "tests/support/fake_http.h"
#include "tests/support/idle_source.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MINUTE (60 * (int64_t)SECOND)
#define HOUR (60 * MINUTE)

static struct world world;
static struct archive *archive;
static int status, brought, told;

static void answer(const struct http_call *call, struct http_result *result)
{
    (void)call;
    result->status = status;
    result->body = SLICE("<alert/>");
}

static void on_document(void *context, struct slice bytes)
{
    (void)context;
    brought += slice_eq_cstr(bytes, "<alert/>");
}

static void on_missing(void *context)
{
    (void)context;
    told++;
}

static int setup(void **state)
{
    static struct slice base = {"http://archive.example", 22};
    static const struct conf_texts bases = {.items = &base, .count = 1};
    struct err err = {0};
    (void)state;
    world_init(&world);
    fake_http_open(answer);
    status = 404;
    brought = told = 0;
    world_start(&world, IDLE_SOURCE);
    const struct archive_options archive_options = {.host = idle_host,
                                                    .bases = &bases,
                                                    .document_max = 1000,
                                                    .timeout_us = 10 * SECOND,
                                                    .keep_us = 48 * HOUR,
                                                    .grace_us = 10 * SECOND,
                                                    .document = on_document,
                                                    .missing = on_missing};
    if (archive_create(&archive_options, &archive, &err) != OK)
        return 1;
    archive_start(archive);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    archive_destroy(archive);
    world_fini(&world);
    return 0;
}

/* What was sent so many hours ago. */
static bool want(int number, int hours)
{
    struct arena *arena = arena_create();
    struct cap_reference reference = {
        .sender = SLICE("a@b"),
        .identifier = arena_printf(arena, "urn:%d", number),
        .sent = cap_time_make(arena, host_now_us(idle_host) / SECOND - hours * 3600, 0)};
    bool will = archive_want(archive, &reference);
    arena_destroy(arena);
    return will;
}

static void what_is_asked_for_comes(void **state)
{
    (void)state;
    status = 200;
    assert_true(want(1, 1));
    assert_false(want(1, 1));
    assert_false(want(2, 49));
    world_run(&world, 9 * SECOND);
    assert_int_equal(brought, 0);
    world_run(&world, 2 * SECOND);
    assert_int_equal(brought, 1);
    assert_int_equal(archive_state(archive).waiting, 0);
}

/* First it lets the streams have their chance, then it waits ever longer between two rounds. */
static void a_clock_that_is_set_while_it_waits_changes_nothing(void **state)
{
    (void)state;
    static const int64_t steps_us[] = {-HOUR, HOUR};
    for (int i = 0; i < 2; i++) {
        int requests = fake_http.requests;
        status = 404;
        assert_true(want(2 * i, 2));
        world_run(&world, SECOND);
        world.loop->step_us += steps_us[i];
        world_run(&world, 5 * SECOND);
        assert_int_equal(fake_http.requests - requests, 0);
        world_run(&world, 5 * SECOND);
        assert_int_equal(fake_http.requests - requests, 1);
        world.loop->step_us -= steps_us[i];
        world_run(&world, 35 * SECOND);
        assert_int_equal(fake_http.requests - requests, 1);
        status = 200;
        assert_true(want(2 * i + 1, 2)); /* which has it all looked over anew */
        world_run(&world, 12 * SECOND);
        assert_int_equal(brought, 2 * (i + 1));
    }
    assert_int_equal(archive_state(archive).missing, 0);
}

static void what_nobody_has_is_given_up(void **state)
{
    (void)state;
    assert_true(want(1, 1));
    world_run(&world, HOUR);
    assert_int_equal(told, 1);
    assert_int_equal(archive_state(archive).missing, 1);
    assert_int_equal(fake_http.requests, 4);
    assert_true(world_logged(&world, "archive.missing"));
}

/* For as long as the archive reaches back, and no longer. */
static void what_is_refused_is_given_up_in_the_end(void **state)
{
    (void)state;
    status = 403;
    assert_true(want(1, 1));
    world_run(&world, 46 * HOUR);
    assert_int_equal(told, 0);
    world_run(&world, 3 * HOUR);
    assert_int_equal(told, 1);
    assert_int_equal(archive_state(archive).waiting, 0);
    assert_true(world_logged(&world, "the archive answers 403"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_asked_for_comes),
        TEST(a_clock_that_is_set_while_it_waits_changes_nothing),
        TEST(what_nobody_has_is_given_up),
        TEST(what_is_refused_is_given_up_in_the_end),
    };
    return cmocka_run_group_tests_name("naad archive", tests, NULL, NULL);
}
