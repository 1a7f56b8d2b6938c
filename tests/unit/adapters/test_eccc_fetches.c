/* The files that the Datamart announced, on the virtual clock, against a server in memory. */
#include "adapters/eccc/fetches.h"
#include "tests/support/adapter_world.h"
#include "tests/support/fake_http.h"
#include "tests/support/idle_source.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MINUTE (60 * (int64_t)SECOND)
#define HOUR (60 * MINUTE)

enum { FILES_MAX = 20 };

static struct world world;
static struct fetches *fetches;
static struct {
    int status, asked, came, lost;
    char reason[300];
} files[FILES_MAX];
static char trouble[300];

static void answer(const struct http_call *call, struct http_result *result)
{
    int number = atoi(strrchr(call->url, '/') + 1);
    files[number].asked++;
    result->status = files[number].status;
    result->body = SLICE("<alert/>");
    if (result->status == 0)
        result->failure = HTTP_FAILED_CONNECT;
    if (result->status == 302)
        result->failure = HTTP_FAILED_REDIRECT;
}

static void on_document(void *context, uint64_t number, struct slice bytes)
{
    (void)context;
    files[number].came += slice_eq_cstr(bytes, "<alert/>");
}

static void on_missing(void *context, uint64_t number, struct slice name, const char *reason)
{
    (void)context;
    (void)name;
    files[number].lost++;
    snprintf(files[number].reason, sizeof files[number].reason, "%s", reason);
}

static void on_trouble(void *context, const char *text)
{
    (void)context;
    snprintf(trouble, sizeof trouble, "%s", text ? text : "");
}

static int setup(void **state)
{
    struct err err = {0};
    (void)state;
    world_init(&world);
    fake_http_open(answer);
    memset(files, 0, sizeof files);
    trouble[0] = '\0';
    world_start(&world, IDLE_SOURCE);
    const struct fetches_options made = {.host = idle_host,
                                         .document_max = 1000,
                                         .timeout_us = 60 * SECOND,
                                         .parallel = 4,
                                         .retry_first_us = SECOND,
                                         .retry_max_us = 300 * SECOND,
                                         .give_up_us = 10 * MINUTE,
                                         .document = on_document,
                                         .missing = on_missing,
                                         .trouble = on_trouble};
    return fetches_create(&made, &fetches, &err) == OK ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    fetches_destroy(fetches);
    world_fini(&world);
    return 0;
}

static void announce(int number, int status)
{
    struct arena *arena = arena_create();
    const struct pointer pointer = {.url = arena_printf(arena, "https://dd.example/%d", number),
                                    .name = arena_printf(arena, "%d", number)};
    files[number].status = status;
    fetches_add(fetches, (uint64_t)number, &pointer);
    arena_destroy(arena);
}

static void a_refused_file_is_lost_after_a_day_and_aloud(void **state)
{
    (void)state;
    static const int statuses[] = {403, 401, 451, 302};
    for (int i = 0; i < 4; i++)
        announce(i, statuses[i]);
    world_run(&world, 12 * HOUR);
    assert_string_not_equal(trouble, "");
    announce(10, 200); /* none of them holds it up */
    world_run(&world, SECOND);
    assert_int_equal(files[10].came, 1);
    assert_string_not_equal(trouble, ""); /* they still wait */
    world_run(&world, 11 * HOUR);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(files[i].lost, 0);
        assert_in_range(files[i].asked, 23 * 12, 23 * 30);
    }
    world_run(&world, 2 * HOUR);
    assert_int_equal(fetches_count(fetches), 0);
    assert_string_equal(trouble, "");
    int asked = fake_http.requests;
    world_run(&world, 24 * HOUR);
    assert_int_equal(fake_http.requests, asked);
    for (int i = 0; i < 4; i++)
        assert_int_equal(files[i].lost, 1);
    assert_string_equal(files[0].reason, "the file server answers 403");
}

/* The broker gives out the same announcements again after each. */
static void a_broken_connection_begins_no_new_day(void **state)
{
    (void)state;
    announce(1, 403);
    announce(2, 403);
    for (int i = 0; i < 5; i++) {
        world_run(&world, 4 * HOUR);
        fetches_clear(fetches);
        announce(1, 403);
        announce(2, 403);
    }
    world_run(&world, 3 * HOUR);
    assert_int_equal(files[1].lost, 0);
    files[2].status = 200;
    world_run(&world, 2 * HOUR);
    assert_int_equal(files[1].lost, 1);
    assert_int_equal(files[2].came, 1);
    announce(1, 403); /* announced once more, by another product: it has its own day */
    world_run(&world, HOUR);
    assert_int_equal(files[1].lost, 1);
    assert_int_equal(fetches_count(fetches), 1);
}

static void what_was_refused_may_come_within_the_day(void **state)
{
    (void)state;
    announce(1, 403);
    world_run(&world, 20 * HOUR);
    files[1].status = 200;
    world_run(&world, 6 * MINUTE);
    assert_int_equal(files[1].came, 1);
    assert_int_equal(files[1].lost, 0);
    assert_string_equal(trouble, "");
}

/* A server that is not there says nothing of a file, and then has its ten minutes all the same. */
static void an_outage_counts_against_no_file(void **state)
{
    (void)state;
    static const int statuses[] = {0, 503, 429};
    for (int i = 0; i < 3; i++)
        announce(i, statuses[i]);
    world_run(&world, 50 * HOUR);
    assert_string_not_equal(trouble, "");
    for (int i = 0; i < 3; i++)
        files[i].status = 404;
    world_run(&world, 6 * MINUTE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(files[i].lost, 0);
        files[i].status = 200;
    }
    world_run(&world, 6 * MINUTE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(files[i].came, 1);
    assert_string_equal(trouble, "");
}

static void a_file_that_is_nowhere_is_lost(void **state)
{
    (void)state;
    announce(1, 404);
    world_run(&world, 9 * MINUTE);
    assert_int_equal(files[1].lost, 0);
    world_run(&world, 7 * MINUTE);
    assert_int_equal(files[1].lost, 1);
    assert_int_equal(fetches_count(fetches), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_refused_file_is_lost_after_a_day_and_aloud),
        TEST(a_broken_connection_begins_no_new_day),
        TEST(what_was_refused_may_come_within_the_day),
        TEST(an_outage_counts_against_no_file),
        TEST(a_file_that_is_nowhere_is_lost),
    };
    return cmocka_run_group_tests_name("eccc fetches", tests, NULL, NULL);
}
