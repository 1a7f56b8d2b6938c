/* The engine on the virtual clock, with a real journal and the webhook against a server in memory.
 */
#include "../journal/fixture.h"
#include "outlets/outlets.h"
#include "seal/packet.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_loop.h"

#include <sys/stat.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

static struct {
    struct fixture journal;
    struct loop *loop;
    const struct relay_conf *conf;
    struct outlets *outlets;
    char secret[128];
    char log[65536];
    /* the far end */
    int status;      /* of what follows */
    uint64_t refuse; /* that number gets a 422 */
    int64_t retry_after_us;
    char taken[8192]; /* "actual/1 actual/2 " */
    int posts;
} world;

/* --- a journal with packets in it --- */

static enum err_code seal(void *context, const struct journal_entry *entry,
                          const struct journal_bulletin *bulletin, const uint64_t *topic_prevs,
                          const struct digest *chain_prev, int64_t time_us, uint64_t conflict_seq,
                          const struct slice *copies, size_t copy_count, struct buf *frame,
                          struct digest *chain, struct err *err)
{
    char header[200];
    (void)context, (void)entry, (void)topic_prevs, (void)time_us, (void)conflict_seq, (void)copies,
        (void)copy_count, (void)err;
    snprintf(header, sizeof header, "{\"v\":1,\"derived\":{\"identifier\":\"%.*s\"}}",
             SLICE_ARG(bulletin->derived_identifier));
    packet_put(frame, slice_from_cstr(header));
    packet_put(frame, SLICE("signature"));
    packet_put(frame, SLICE("<derived/>"));
    packet_put(frame, SLICE("<original/>"));
    *chain = chain_of(chain_prev, bulletin->seq);
    return OK;
}

static void publish(enum alert_class class, const char *region, int count)
{
    static int serial;
    for (int i = 0; i < count; i++) {
        char name[20];
        snprintf(name, sizeof name, "m%d", ++serial);
        append(&world.journal, relayed(&world.journal, class, name, region, 0));
    }
    assert_true(journal_wait(world.journal.journal, WAIT_MS));
    for (struct journal_entry *entry; (entry = journal_collect(world.journal.journal));)
        journal_entry_destroy(entry);
    if (world.outlets)
        outlets_advance(world.outlets);
}

/* --- the far end --- */

static const char *header_of(const struct http_call *call, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < call->header_count; i++)
        if (strncmp(call->headers[i], name, len) == 0 && call->headers[i][len] == ':')
            return call->headers[i] + len + 2;
    fail_msg("no header %s", name);
    return NULL;
}

static void answer(const struct http_call *call, struct http_result *result)
{
    const char *class = header_of(call, "Caprelay-Class");
    uint64_t number = strtoull(header_of(call, "Caprelay-Number"), NULL, 10);
    size_t used = strlen(world.taken);

    world.posts++;
    result->status = number == world.refuse ? 422 : world.status;
    if (result->status == 0) {
        result->failure = HTTP_FAILED_CONNECT;
        result->error = "refused";
    }
    if (result->status == 429)
        result->retry_after_us = world.retry_after_us;
    if (result->status == 200)
        snprintf(world.taken + used, sizeof world.taken - used, "%s/%llu ", class,
                 (unsigned long long)number);
}

/* --- the outlets --- */

static const struct relay_conf *conf_of(const char *more)
{
    char text[2000], path[128];
    const struct relay_conf *conf = NULL;

    snprintf(path, sizeof path, "%s/caprelay.yaml", world.journal.folder);
    snprintf(text, sizeof text,
             "keys: {actual: a, exercise: e}\naccess: {mode: plain}\nlisten: {feed: "
             "'tcp://127.0.0.1:1', query: 'tcp://127.0.0.1:2'}\noutlets:\n - {name: eoc, kind: "
             "webhook, url: 'http://127.0.0.1:3/', secret_file: %s%s}\n",
             world.secret, more);
    assert_ok(relay_conf_parse(path, slice_from_cstr(text), &conf, err));
    return conf;
}

static void begin(const char *more)
{
    const struct outlets_options options = {
        .loop = world.loop, .journal = world.journal.journal, .relay_name = SLICE("test")};

    world.conf = conf_of(more);
    assert_ok(outlets_create(&options, world.conf, &world.outlets, err));
    outlets_start(world.outlets);
}

static void end(void)
{
    outlets_destroy(world.outlets);
    world.outlets = NULL;
    relay_conf_release(world.conf);
    world.conf = NULL;
    assert_true(journal_wait(world.journal.journal, WAIT_MS));
}

static void run(int64_t for_us)
{
    fake_loop_run(world.loop, for_us);
}

static struct outlet_status status_of(enum alert_class class)
{
    for (size_t i = 0; i < outlets_count(world.outlets); i++)
        if (outlets_status(world.outlets, i).class == class)
            return outlets_status(world.outlets, i);
    fail_msg("no outlet of that class");
    return (struct outlet_status){0};
}

static void assert_state(enum source_state state, const char *reason)
{
    struct outlet_status status = status_of(CLASS_ACTUAL);
    if (status.state != state || !strstr(status.reason.ptr, reason))
        fail_msg("%s: %s", source_state_name(status.state), status.reason.ptr);
}

static size_t count_in_log(const char *text)
{
    size_t count = 0;
    for (const char *at = world.log; (at = strstr(at, text)); at++)
        count++;
    return count;
}

static void note_line(void *context, enum log_level level, const char *line)
{
    size_t used = strlen(world.log);
    (void)context, (void)level;
    snprintf(world.log + used, sizeof world.log - used, "%s\n", line);
}

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    fixture_init(&world.journal);
    world.journal.options.hooks.seal = seal;
    fixture_open(&world.journal);
    assert_ok(loop_create(&world.loop, err));
    snprintf(world.secret, sizeof world.secret, "%s/secret", world.journal.folder);
    FILE *file = fopen(world.secret, "w");
    assert_non_null(file);
    fputs("0123456789abcdef\n", file);
    fclose(file);
    chmod(world.secret, 0600);
    fake_http_open(answer);
    world.status = 200;
    log_set_sink(note_line, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    outlets_destroy(world.outlets);
    relay_conf_release(world.conf);
    loop_destroy(world.loop);
    unlink(world.secret);
    fixture_fini(&world.journal);
    log_set_sink(NULL, NULL);
    return 0;
}

/* --- tests --- */

static void in_order_and_one_at_a_time(void **state)
{
    (void)state;
    publish(CLASS_ACTUAL, "ME", 3); /* before the outlet was there */
    begin("");
    publish(CLASS_ACTUAL, "ME", 4);
    run(SECOND);
    assert_string_equal(world.taken, "actual/4 actual/5 actual/6 actual/7 ");
    assert_int_equal(fake_http.running_max, 1);
    assert_state(SOURCE_LIVE, "delivering");
    struct outlet_status status = status_of(CLASS_ACTUAL);
    assert_int_equal(status.cursor, 7);
    assert_int_equal(status.behind, 0);
    assert_int_equal(status.delivered, 4);
}

static void the_cursor_outlives_the_outlet(void **state)
{
    (void)state;
    begin("");
    publish(CLASS_ACTUAL, "ME", 3);
    run(SECOND);
    end();
    publish(CLASS_ACTUAL, "ME", 2);
    world.taken[0] = '\0';
    begin("");
    run(SECOND);
    assert_string_equal(world.taken, "actual/4 actual/5 ");
}

/* A crash: what the journal has is what was confirmed up to a second ago, and never more. */
static void the_stored_cursor_lags_and_never_leads(void **state)
{
    struct arena *arena = arena_create();
    struct slice value = {0};
    (void)state;

    begin(", from: first");
    world.status = 500;
    publish(CLASS_ACTUAL, "ME", 2);
    run(10 * SECOND);
    assert_true(journal_wait(world.journal.journal, WAIT_MS));
    assert_ok(journal_mark(world.journal.journal, arena, SLICE("outlet:eoc"), SLICE("actual"),
                           &value, err));
    assert_true(slice_eq_cstr(value, "0"));
    world.status = 200;
    run(30 * SECOND);
    assert_string_equal(world.taken, "actual/1 actual/2 ");
    assert_true(journal_wait(world.journal.journal, WAIT_MS));
    assert_ok(journal_mark(world.journal.journal, arena, SLICE("outlet:eoc"), SLICE("actual"),
                           &value, err));
    assert_true(slice_eq_cstr(value, "2"));
    arena_destroy(arena);
}

static void an_hour_away_is_some_tries_and_two_lines_in_the_log(void **state)
{
    (void)state;
    begin("");
    world.status = 0;
    publish(CLASS_ACTUAL, "ME", 50);
    run(30 * SECOND);
    assert_state(SOURCE_DEGRADED, "connect: refused");
    run(60 * MINUTE);
    assert_state(SOURCE_DOWN, "connect: refused");
    assert_int_equal(status_of(CLASS_ACTUAL).behind, 50);
    /* Pauses of one to two minutes, and the short ones before. */
    assert_in_range(world.posts, 30, 75);
    assert_int_equal(count_in_log("state=degraded"), 1);
    assert_int_equal(count_in_log("state=down"), 1);
    world.status = 200;
    run(3 * MINUTE);
    assert_int_equal(status_of(CLASS_ACTUAL).behind, 0);
    assert_state(SOURCE_LIVE, "delivering");
    assert_true(strncmp(world.taken, "actual/1 actual/2 actual/3 ", 27) == 0);
}

static void who_asks_for_patience_gets_it(void **state)
{
    (void)state;
    begin("");
    world.status = 429;
    world.retry_after_us = 10 * MINUTE;
    publish(CLASS_ACTUAL, "ME", 1);
    run(10 * MINUTE - SECOND);
    assert_int_equal(world.posts, 1);
    run(2 * MINUTE); /* and a little more, so that not all come at once */
    assert_int_equal(world.posts, 2);
}

static void a_refusal_stops_what_is_behind_it(void **state)
{
    (void)state;
    begin("");
    world.refuse = 2;
    publish(CLASS_ACTUAL, "ME", 3);
    run(60 * MINUTE);
    assert_string_equal(world.taken, "actual/1 ");
    assert_state(SOURCE_DOWN, "number 2 is refused: answered 422");
    assert_in_range(world.posts, 25, 35); /* offered again every two minutes */
    assert_int_equal(count_in_log("state=down"), 1);
    world.refuse = 0;
    run(3 * MINUTE);
    assert_string_equal(world.taken, "actual/1 actual/2 actual/3 ");
}

static void a_refusal_is_skipped_only_where_that_was_said(void **state)
{
    (void)state;
    begin(", on_refusal: skip");
    world.refuse = 2;
    publish(CLASS_ACTUAL, "ME", 3);
    run(SECOND);
    assert_string_equal(world.taken, "actual/1 actual/3 ");
    assert_int_equal(status_of(CLASS_ACTUAL).skipped, 1);
    assert_int_equal(count_in_log("outlet.skipped"), 1);
    assert_non_null(strstr(world.log, "number=2"));
    /* What speaks of the endpoint never is. */
    static const int of_the_way[] = {301, 401, 403, 404, 405, 407, 408, 429, 500, 503};
    for (size_t i = 0; i < sizeof of_the_way / sizeof *of_the_way; i++) {
        world.status = of_the_way[i];
        publish(CLASS_ACTUAL, "ME", i == 0);
        run(5 * MINUTE);
        assert_int_equal(status_of(CLASS_ACTUAL).behind, 1);
    }
    assert_int_equal(status_of(CLASS_ACTUAL).skipped, 1);
}

static void what_is_not_wanted_moves_the_cursor_alone(void **state)
{
    (void)state;
    begin(", regions: [HI]");
    publish(CLASS_ACTUAL, "ME", 300); /* more than a turn takes */
    publish(CLASS_ACTUAL, "--", 1);   /* may be anywhere */
    publish(CLASS_ACTUAL, "NH ME", 5);
    publish(CLASS_ACTUAL, "HI ME", 1);
    run(SECOND);
    assert_string_equal(world.taken, "actual/301 actual/307 ");
    assert_int_equal(status_of(CLASS_ACTUAL).behind, 0);
    end();
    begin(", regions: [HI]");
    run(SECOND);
    assert_int_equal(world.posts, 2);
}

static void other_sides_are_left_out(void **state)
{
    (void)state;
    begin(", sides: ca");
    publish(CLASS_ACTUAL, "ME", 3);
    run(SECOND);
    assert_int_equal(world.posts, 0);
    assert_int_equal(status_of(CLASS_ACTUAL).cursor, 3);
}

static void exercises_go_nowhere_by_themselves(void **state)
{
    (void)state;
    begin("");
    publish(CLASS_EXERCISE, "ME", 3);
    run(MINUTE);
    assert_int_equal(world.posts, 0);
    assert_int_equal(outlets_count(world.outlets), 1);
}

static void one_class_does_not_wait_for_the_other(void **state)
{
    (void)state;
    begin(", class: [actual, exercise]");
    world.refuse = 2;
    publish(CLASS_EXERCISE, "ME", 3);
    publish(CLASS_ACTUAL, "ME", 1);
    run(MINUTE);
    assert_non_null(strstr(world.taken, "actual/1 "));
    assert_non_null(strstr(world.taken, "exercise/1 "));
    assert_null(strstr(world.taken, "exercise/3 "));
    assert_state(SOURCE_LIVE, "delivering");
    assert_int_equal(status_of(CLASS_EXERCISE).state, SOURCE_DOWN);
    assert_int_equal(status_of(CLASS_EXERCISE).behind, 2);
}

static void a_journal_that_ends_below_the_cursor_is_told(void **state)
{
    (void)state;
    journal_set_mark(world.journal.journal, SLICE("outlet:eoc"), SLICE("actual"), SLICE("9"));
    assert_true(journal_wait(world.journal.journal, WAIT_MS));
    begin("");
    publish(CLASS_ACTUAL, "ME", 12);
    run(MINUTE);
    assert_int_equal(world.posts, 0);
    assert_state(SOURCE_DOWN, "the journal ends below");
}

static void a_reload_changes_what_changed_and_keeps_the_place(void **state)
{
    (void)state;
    begin("");
    publish(CLASS_ACTUAL, "ME", 2);
    run(SECOND / 2); /* the cursor is not stored yet */
    const struct relay_conf *same = conf_of(""), *other = conf_of(", class: [actual, exercise]");
    assert_ok(outlets_reload(world.outlets, same, err));
    assert_int_equal(status_of(CLASS_ACTUAL).delivered, 2); /* the same outlet */
    assert_ok(outlets_reload(world.outlets, other, err));
    assert_int_equal(outlets_count(world.outlets), 2);
    assert_int_equal(status_of(CLASS_ACTUAL).cursor, 2);
    publish(CLASS_ACTUAL, "ME", 1);
    publish(CLASS_EXERCISE, "ME", 1);
    run(SECOND);
    assert_non_null(strstr(world.taken, "actual/1 actual/2 "));
    assert_non_null(strstr(world.taken, "actual/3 "));
    assert_non_null(strstr(world.taken, "exercise/1 "));
    assert_int_equal(world.posts, 4);
    relay_conf_release(same);
    relay_conf_release(other);
}

static void stopping_drops_what_is_on_its_way_and_it_comes_again(void **state)
{
    (void)state;
    begin("");
    publish(CLASS_ACTUAL, "ME", 1);
    run(1000); /* sent, not answered */
    assert_int_equal(fake_http.running, 1);
    outlets_stop(world.outlets);
    outlets_stop(world.outlets);
    assert_int_equal(fake_http.running, 0);
    run(MINUTE);
    assert_int_equal(world.posts, 0);
    end();
    begin("");
    run(SECOND);
    assert_string_equal(world.taken, "actual/1 ");
}

/* The keys of every kind, as ` key: ` in the example. */
static void the_example_speaks_of_every_key(void **state)
{
    char *text = calloc(1, 65536), key[80];
    FILE *file = fopen(CAPRELAY_SOURCE "/config/caprelay.yaml", "r");
    (void)state;

    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    const char *at = strstr(text, "\n# outlets:");
    assert_non_null(at);
    for (size_t i = 0; outlet_registry[i]; i++) {
        snprintf(key, sizeof key, "#     kind: %s", outlet_registry[i]->kind);
        const char *own = strstr(at, key);
        if (!own)
            fail_msg("no example of %s", outlet_registry[i]->kind);
        const char *until = strstr(own, "#   - name: ");
        until = until ? until : strstr(own, "\n\n");
        for (const struct conf_row *row = outlet_registry[i]->options; row->type; row++) {
            snprintf(key, sizeof key, "#     %s: ", row->name);
            const char *found = strstr(own, key);
            if (!found || found > until)
                fail_msg("the example of %s does not speak of %s", outlet_registry[i]->kind,
                         row->name);
        }
    }
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_speaks_of_every_key),
        TEST(in_order_and_one_at_a_time),
        TEST(the_cursor_outlives_the_outlet),
        TEST(the_stored_cursor_lags_and_never_leads),
        TEST(an_hour_away_is_some_tries_and_two_lines_in_the_log),
        TEST(who_asks_for_patience_gets_it),
        TEST(a_refusal_stops_what_is_behind_it),
        TEST(a_refusal_is_skipped_only_where_that_was_said),
        TEST(what_is_not_wanted_moves_the_cursor_alone),
        TEST(other_sides_are_left_out),
        TEST(exercises_go_nowhere_by_themselves),
        TEST(one_class_does_not_wait_for_the_other),
        TEST(a_journal_that_ends_below_the_cursor_is_told),
        TEST(a_reload_changes_what_changed_and_keeps_the_place),
        TEST(stopping_drops_what_is_on_its_way_and_it_comes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
