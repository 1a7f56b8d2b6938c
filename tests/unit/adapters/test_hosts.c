/* The host itself: pressure, retries, counts, reload. */
#include "tests/support/adapter_world.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct world world;

static int begin(void **state)
{
    (void)state;
    world_init(&world);
    world_mkdir(&world, "a");
    world_mkdir(&world, "b");
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_fini(&world);
    return 0;
}

#define SOURCE_A " - {name: a, adapter: file, folder: a}\n"
#define SOURCE_B " - {name: b, adapter: file, folder: b}\n"
#define SOURCE_B_SPOOL " - {name: b, adapter: file, folder: b, spool: true}\n"

static void start(const char *sources)
{
    world_start(&world, sources);
    world_run(&world, 0);
}

static struct source_status status(size_t i)
{
    return hosts_status(world.hosts, i);
}

static void full_journal_pauses_all_and_room_resumes(void **state)
{
    (void)state;
    world.port.full_at = 2;
    start("sources:\n" SOURCE_A SOURCE_B);
    for (int i = 0; i < 4; i++) {
        char name[20];
        snprintf(name, sizeof name, "%c/%d.xml", i % 2 ? 'b' : 'a', i);
        world_put(&world, name, "x");
    }
    world_run(&world, 10 * SECOND);
    assert_int_equal(world.port.count, 2);
    assert_true(status(0).paused && status(1).paused);
    fake_settle_at(&world.port, 0, "relayed");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 3);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 4);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_false(status(0).paused);
}

/* A verdict may come in the middle of intake's own work: nothing may be delivered from there. */
static void nothing_is_delivered_from_within_a_verdict(void **state)
{
    (void)state;
    world.port.full_at = 1;
    start("sources:\n" SOURCE_A);
    world_put(&world, "a/1.xml", "x");
    world_put(&world, "a/2.xml", "x");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 1);
    fake_settle_at(&world.port, 0, "relayed");
    assert_int_equal(world.port.count, 1);
    world_run(&world, 0);
    assert_int_equal(world.port.count, 2);
}

static void outcomes_are_counted_and_alarms_logged(void **state)
{
    (void)state;
    start("sources:\n" SOURCE_A);
    static const char *const verdicts[] = {"relayed",    "conflict", "duplicate",
                                           "unreadable", "refused",  "irrelevant"};
    for (int i = 0; i < 6; i++) {
        char name[20];
        snprintf(name, sizeof name, "a/%d.xml", i);
        world_put(&world, name, "x");
        world_run(&world, 0);
        fake_settle_all(&world.port, verdicts[i]);
    }
    struct source_status s = status(0);
    assert_int_equal(s.received, 6);
    assert_int_equal(s.relayed, 2);
    assert_int_equal(s.duplicate, 1);
    assert_int_equal(s.unreadable, 1);
    assert_int_equal(s.refused, 1);
    assert_int_equal(s.other, 1);
    assert_int_equal(s.in_flight, 0);
    assert_int_equal(s.last_message_us, world.loop->now_us);
    assert_true(world_logged(&world, "alert.unreadable source=a id=\"\""));
    assert_true(world_logged(&world, "alert.refused source=a"));
}

static void settle_sent(size_t i, const char *verdict, int64_t late_s)
{
    const struct fake_delivery *item = &world.port.items[i];
    const struct alert alert = {
        .sent = {.set = true, .utc_s = world.loop->now_us / SECOND - late_s}};
    const struct intake_outcome outcome = {.tag = item->tag,
                                           .source = item->source,
                                           .verdict = slice_from_cstr(verdict),
                                           .alert = &alert,
                                           .last = true};
    hosts_settle(world.hosts, &outcome);
}

static void lag_is_of_what_was_relayed_lately(void **state)
{
    (void)state;
    start("sources:\n" SOURCE_A);
    for (int i = 0; i < 14; i++) {
        char name[20];
        snprintf(name, sizeof name, "a/%02d.xml", i);
        world_put(&world, name, "x");
    }
    world_run(&world, 0);
    assert_int_equal(world.port.count, 14);
    assert_false(status(0).has_lag);
    settle_sent(0, "duplicate", 7200);
    assert_false(status(0).has_lag);
    settle_sent(1, "relayed", 7200); /* from a catch-up */
    assert_true(status(0).has_lag);
    assert_in_range(status(0).lag_us, 7200LL * SECOND, 7201LL * SECOND);
    settle_sent(2, "relayed", 3);
    settle_sent(3, "relayed", 2);
    assert_in_range(status(0).lag_us, 3 * SECOND, 4 * SECOND);
    for (size_t i = 4; i < 14; i++)
        settle_sent(i, "relayed", 60);
    assert_in_range(status(0).lag_us, 60 * SECOND, 61 * SECOND);
}

static void failed_start_is_tried_again_ever_more_slowly(void **state)
{
    (void)state;
    assert_int_equal(rmdir(world_path(&world, "a")), 0);
    start("sources:\n" SOURCE_A);
    assert_int_equal(status(0).state, SOURCE_DOWN);
    int64_t since_us = status(0).since_us;
    world_run(&world, 1000 * SECOND);
    assert_int_equal(status(0).since_us, since_us);
    /* Said once, not at each attempt. */
    const char *first = strstr(world.log, "source=a state=down");
    assert_non_null(first);
    assert_null(strstr(first + 1, "source=a state=down"));
    world_mkdir(&world, "a");
    world_run(&world, 61 * SECOND);
    assert_int_equal(status(0).state, SOURCE_LIVE);
}

static void unknown_adapters_and_options_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *sources, *message;
    } cases[] = {
        {"sources:\n - {name: a, adapter: fax}\n",
         "caprelay.yaml:5: sources[1].adapter: there is no adapter `fax`; one of "},
        {"sources:\n - {name: a, adapter: inject}\n", "opened by listen.inject"},
        {"sources:\n - {name: a, adapter: file, folder: x, spol: true}\n",
         "sources[1].spol: no such key; is `spool` meant?"},
        {"sources:\n - {name: a, adapter: file}\n", "sources[1].folder: is missing"},
        {"sources:\n - {name: a, adapter: file, folder: x, speed: 1}\n",
         "sources[1].speed: no such key"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[500];
        struct err err = {0};
        snprintf(text, sizeof text, WORLD_LISTEN "%s", cases[i].sources);
        const struct relay_conf *conf = world_conf(&world, text);
        assert_int_equal(hosts_check(conf, &err), ERR_INVALID);
        if (!strstr(err.text, cases[i].message))
            fail_msg("%s\n said: %s", cases[i].sources, err.text);
        relay_conf_release(conf);
    }
}

static void reload(const char *sources)
{
    char text[1000];
    struct err err = {0};
    snprintf(text, sizeof text, WORLD_LISTEN "%s", sources);
    const struct relay_conf *conf = world_conf(&world, text);
    if (hosts_reload(world.hosts, conf, &err) != OK)
        fail_msg("%s", err.text);
    relay_conf_release(conf);
    world_run(&world, 0);
}

static void reload_touches_only_what_changed(void **state)
{
    (void)state;
    start("sources:\n" SOURCE_A SOURCE_B);
    world_put(&world, "a/1.xml", "x");
    world_run(&world, 0);
    world_run(&world, 10 * SECOND);
    int64_t since_a = status(0).since_us;
    reload("sources:\n" SOURCE_A SOURCE_B_SPOOL " - {name: c, adapter: file, folder: .}\n");
    assert_int_equal(hosts_count(world.hosts), 3);
    assert_int_equal(status(0).since_us, since_a);
    assert_int_equal(status(0).received, 1);
    assert_int_equal(status(0).in_flight, 1);
    assert_int_equal(status(2).state, SOURCE_LIVE);
    world_put(&world, "b/2.xml", "x");
    world_run(&world, 0);
    fake_settle_all(&world.port, "relayed");
    assert_true(world_has(&world, "b/done/2.xml"));
}

static void removed_source_still_gets_its_verdicts(void **state)
{
    (void)state;
    start("sources:\n" SOURCE_A SOURCE_B_SPOOL);
    world_put(&world, "b/1.xml", "x");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 1);
    reload("sources:\n" SOURCE_A);
    assert_int_equal(hosts_count(world.hosts), 1);
    world_put(&world, "b/2.xml", "x");
    world_run(&world, 100 * SECOND);
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 0);
    assert_true(world_has(&world, "b/done/1.xml"));
}

static void bad_reload_changes_nothing(void **state)
{
    (void)state;
    start("sources:\n" SOURCE_A);
    struct err err = {0};
    const struct relay_conf *conf =
        world_conf(&world, WORLD_LISTEN "sources:\n - {name: a, adapter: file}\n");
    assert_int_equal(hosts_reload(world.hosts, conf, &err), ERR_INVALID);
    relay_conf_release(conf);
    world_put(&world, "a/1.xml", "x");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 1);
}

static void reference_names_every_adapters_options(void **state)
{
    (void)state;
    struct buf page;
    buf_init(&page, 100000);
    hosts_reference(&page);
    buf_put_char(&page, '\0');
    for (size_t i = 0; adapter_registry[i]; i++)
        for (const struct conf_row *row = adapter_registry[i]->options; row->type != CONF_END;
             row++)
            assert_non_null(strstr(page.ptr, row->name));
    buf_fini(&page);
}

static bool read_example(const char *name, char *text, size_t size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, CAPRELAY_SOURCE "/config/%s.yaml", name);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
    return true;
}

/* That of a real service has an example of its own. */
static void example_names_every_adapters_options(void **state)
{
    (void)state;
    enum { SIZE = 65536 };
    char *text = mem_alloc(SIZE), key[80], example[80];
    for (size_t i = 0; adapter_registry[i]; i++) {
        snprintf(example, sizeof example, "sources/%s", adapter_registry[i]->name);
        if (!read_example(example, text, SIZE))
            assert_true(read_example("caprelay", text, SIZE));
        for (const struct conf_row *row = adapter_registry[i]->options; row->type != CONF_END;
             row++) {
            snprintf(key, sizeof key, " %s:", row->name);
            if (!strstr(text, key))
                fail_msg("config/%s.yaml does not speak of %s", example, row->name);
        }
    }
    free(text);
}

/* What every adapter must have, and the version it was written for. */
static void registry_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; adapter_registry[i]; i++) {
        const struct adapter_ops *ops = adapter_registry[i];
        assert_int_equal(ops->api_version, ADAPTER_API_VERSION);
        assert_non_null(ops->name);
        assert_non_null(ops->summary);
        assert_non_null(ops->options);
        assert_true(ops->init && ops->start && ops->stop && ops->fini);
        assert_true(!ops->pause == !ops->resume);
        assert_ptr_equal(adapter_find(slice_from_cstr(ops->name)), ops);
    }
    assert_null(adapter_find(SLICE("nothing")));
}

int main(void)
{
#define HOSTS_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        HOSTS_TEST(full_journal_pauses_all_and_room_resumes),
        HOSTS_TEST(nothing_is_delivered_from_within_a_verdict),
        HOSTS_TEST(outcomes_are_counted_and_alarms_logged),
        HOSTS_TEST(lag_is_of_what_was_relayed_lately),
        HOSTS_TEST(failed_start_is_tried_again_ever_more_slowly),
        HOSTS_TEST(unknown_adapters_and_options_are_refused_with_their_line),
        HOSTS_TEST(reload_touches_only_what_changed),
        HOSTS_TEST(removed_source_still_gets_its_verdicts),
        HOSTS_TEST(bad_reload_changes_nothing),
        HOSTS_TEST(reference_names_every_adapters_options),
        HOSTS_TEST(example_names_every_adapters_options),
        HOSTS_TEST(registry_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
