/* Posting to IPAWS on the virtual clock, with a real journal and the service in memory. */
#include "../journal/fixture.h"
#include "alert/alert.h"
#include "outlets/outlets.h"
#include "seal/packet.h"
#include "tests/support/cog_key.h"
#include "tests/support/fake_ipaws.h"
#include "tests/support/fake_loop.h"

#include <sys/stat.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define BLOCK(channel)                                                                             \
    "<parameter><valueName>BLOCKCHANNEL</valueName><value>" channel "</value></parameter>"
#define BLOCKED BLOCK("EAS") BLOCK("CMAS") BLOCK("NWEM")
#define GOOD                                                                                       \
    "CAPEXCH 200 N Ack,CAPEXCH 202 N alert-signature-is-valid,IPAWS 300 N Ack,NWEM 401 N not,"     \
    "EAS 501 N not,PUBLIC 800 N Ack"

static struct {
    struct fixture journal;
    struct loop *loop;
    const struct relay_conf *conf;
    struct outlets *outlets;
    char key[128];
    char log[65536];
    /* of the next bulletin */
    const char *status, *scope, *parameters;
    int64_t age_s;
    char derived[4000];
} world;

/* --- a journal with packets in it --- */

static int64_t now_s(void)
{
    return world.loop->now_us / SECOND;
}

static enum err_code seal(void *context, const struct journal_entry *entry,
                          const struct journal_bulletin *bulletin, const uint64_t *topic_prevs,
                          const struct digest *chain_prev, int64_t time_us, uint64_t conflict_seq,
                          const struct slice *copies, size_t copy_count, struct buf *frame,
                          struct digest *chain, struct err *err)
{
    (void)context, (void)entry, (void)topic_prevs, (void)time_us, (void)conflict_seq, (void)copies,
        (void)copy_count, (void)err;
    packet_put(frame, SLICE("{\"v\":1,\"derived\":{\"identifier\":\"x-1\"}}"));
    packet_put(frame, SLICE("signature"));
    packet_put(frame, slice_from_cstr(world.derived));
    packet_put(frame, SLICE("<original/>"));
    *chain = chain_of(chain_prev, bulletin->seq);
    return OK;
}

static void write_derived(void)
{
    struct arena *arena = arena_create();
    snprintf(
        world.derived, sizeof world.derived,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n<identifier>x-1</identifier>\n"
        "<sender>relay@example.org</sender>\n<sent>%s</sent>\n<status>%s</status>\n"
        "<msgType>Alert</msgType>\n<scope>%s</scope>\n<code>IPAWSv1.0</code>\n<info>\n"
        "<language>en-US</language>\n<category>Met</category>\n<event>Storm</event>\n"
        "<urgency>Expected</urgency>\n<severity>Severe</severity>\n"
        "<certainty>Likely</certainty>\n%s<area><areaDesc>a</areaDesc></area>\n</info>\n"
        "</alert>\n",
        cap_time_make(arena, now_s() - world.age_s, 0).text.ptr, world.status, world.scope,
        world.parameters);
    arena_destroy(arena);
}

static void publish(enum alert_class class)
{
    static int serial;
    char name[20];
    snprintf(name, sizeof name, "m%d", ++serial);
    write_derived();
    append(&world.journal, relayed(&world.journal, class, name, "ME", 0));
    assert_true(journal_wait(world.journal.journal, WAIT_MS));
    for (struct journal_entry *entry; (entry = journal_collect(world.journal.journal));)
        journal_entry_destroy(entry);
    outlets_advance(world.outlets);
}

/* --- the outlet --- */

#define AGREEMENT ", agreement: 'MOA 2026-17'"

static enum err_code make(const char *more, struct err *fault)
{
    char text[2000], path[128];
    const struct outlets_options options = {
        .loop = world.loop, .journal = world.journal.journal, .relay_name = SLICE("test")};

    snprintf(path, sizeof path, "%s/caprelay.yaml", world.journal.folder);
    snprintf(text, sizeof text,
             "keys: {actual: a, exercise: e}\naccess: {mode: plain}\nlisten: {feed: "
             "'tcp://127.0.0.1:1', query: 'tcp://127.0.0.1:2'}\noutlets:\n - {name: cog, kind: "
             "ipaws_cog, user: ops, certificate: '%s'%s}\n",
             world.key, more);
    assert_ok(relay_conf_parse(path, slice_from_cstr(text), &world.conf, err));
    return outlets_create(&options, world.conf, &world.outlets, fault);
}

static void begin(const char *more)
{
    char text[600];
    struct err fault = {0};
    snprintf(text, sizeof text,
             ", sides: us, environment: test, url: 'http://127.0.0.1:3/', cog_id: '120999'%s",
             more);
    if (make(text, &fault))
        fail_msg("%s", fault.text);
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

static struct outlet_status status(void)
{
    return outlets_status(world.outlets, 0);
}

static void assert_state(enum source_state state, const char *reason)
{
    struct outlet_status found = status();
    if (found.state != state || !strstr(found.reason.ptr, reason))
        fail_msg("%s: %s", source_state_name(found.state), found.reason.ptr);
}

static bool logged(const char *text)
{
    return strstr(world.log, text) != NULL;
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
    snprintf(world.key, sizeof world.key, "%s/cog.pem", world.journal.folder);
    cog_key_write(world.key, "IPAWSOPEN_120999", now_s(), now_s() + 100 * 86400);
    fake_ipaws_open();
    fake_ipaws.statuses = GOOD;
    world.status = "Actual";
    world.scope = "Public";
    world.parameters = BLOCKED;
    log_set_sink(note_line, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    outlets_destroy(world.outlets);
    relay_conf_release(world.conf);
    loop_destroy(world.loop);
    fake_ipaws_clear();
    unlink(world.key);
    fixture_fini(&world.journal);
    log_set_sink(NULL, NULL);
    return 0;
}

/* --- tests --- */

static void every_channel_said_yes(void **state)
{
    (void)state;
    begin(AGREEMENT);
    publish(CLASS_ACTUAL);
    publish(CLASS_ACTUAL);
    run(SECOND);
    assert_int_equal(fake_ipaws.posts, 2);
    assert_int_equal(status().delivered, 2);
    assert_state(SOURCE_LIVE, "delivering; PUBLIC 2 acked, 0 refused");
    assert_true(logged("ipaws.posted outlet=cog class=actual number=1 identifier=x-1 "
                       "agreement=\"MOA 2026-17\" answer=\"CAPEXCH 200 Ack; "));
    assert_non_null(strstr(fake_ipaws.posted, "<ipaws:logonCogId>120999</ipaws:logonCogId>"));
    assert_int_equal(fake_http.running_max, 1);
}

static void without_an_agreement_nothing_is_ever_sent(void **state)
{
    static const char *const none[] = {"", ", agreement: ''", ", agreement: '  '"};
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        begin(none[i]);
        publish(CLASS_ACTUAL);
        run(3 * MINUTE);
        assert_state(SOURCE_DOWN, "off: no `agreement` is named");
        assert_int_equal(fake_http.requests, 0);
        assert_int_equal(status().cursor, 0);
        end();
    }
}

/* What is too old when there is one at last is not sent either. */
static void an_agreement_does_not_bring_back_the_past(void **state)
{
    (void)state;
    begin("");
    publish(CLASS_ACTUAL);
    run(10 * MINUTE);
    end();
    begin(AGREEMENT);
    run(SECOND);
    publish(CLASS_ACTUAL);
    run(SECOND);
    assert_int_equal(fake_ipaws.posts, 1);
    assert_int_equal(status().skipped, 1);
    assert_int_equal(status().delivered, 1);
    assert_true(logged("it was sent 601 s ago, and max_age is 300 s") ||
                logged("it was sent 600 s ago, and max_age is 300 s"));
}

static void what_may_not_go_is_left_out_and_the_next_goes(void **state)
{
    static const struct {
        const char *status, *scope, *parameters;
        int64_t age_s;
        const char *why;
    } cases[] = {
        {"Actual", "Public", BLOCKED, 301, "it was sent 301 s ago, and max_age is 300 s"},
        {"Actual", "Public", BLOCKED, -301, "it was sent 301 s from now"},
        {"Test", "Public", BLOCKED, 0, "its status is Test"},
        {"Exercise", "Public", BLOCKED, 0, "its status is Exercise"},
        {"Draft", "Public", BLOCKED, 0, "its status is Draft"},
        {"Actual", "Restricted", BLOCKED, 0, "its scope Restricted"},
        {"Actual", "Public", "", 0, "it asks for NWEM, EAS, CMAS, which `channels` does not name"},
        {"Actual", "Public", BLOCK("EAS") BLOCK("NWEM"), 0, "it asks for CMAS, which"},
        {"Actual", "Public", BLOCKED BLOCK("PUBLIC"), 0, "it blocks every channel"},
        {"</status>", "Public", BLOCKED, 0, "cannot be read"},
    };
    (void)state;
    begin(AGREEMENT); /* on_refusal is stop: this is no refusal */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world.status = cases[i].status;
        world.scope = cases[i].scope;
        world.parameters = cases[i].parameters;
        world.age_s = cases[i].age_s;
        world.log[0] = '\0';
        publish(CLASS_ACTUAL);
        run(SECOND);
        assert_int_equal(fake_http.requests, 0);
        assert_int_equal(status().skipped, i + 1);
        assert_state(SOURCE_DEGRADED, "was left out: ");
        if (!logged(cases[i].why) || !logged("outlet.skipped"))
            fail_msg("case %zu: %s", i, world.log);
    }
    world.status = "Actual";
    world.scope = "Public";
    world.parameters = BLOCKED;
    world.age_s = 299;
    publish(CLASS_ACTUAL);
    run(SECOND);
    assert_int_equal(fake_ipaws.posts, 1);
    assert_state(SOURCE_LIVE, "delivering");
}

static void channels_that_are_named_must_all_say_yes(void **state)
{
    (void)state;
    begin(AGREEMENT ", on_refusal: skip, channels: [eas, CMAS]");
    world.parameters = BLOCK("NWEM");
    fake_ipaws.statuses = "CAPEXCH 200 N Ack,EAS 500 N Ack,CMAS 600 N Ack,PUBLIC 801 N not";
    publish(CLASS_ACTUAL);
    run(SECOND);
    assert_int_equal(status().delivered, 1);
    fake_ipaws.statuses = "CAPEXCH 200 N Ack,EAS 500 N Ack,CMAS 615 Y no-permission";
    publish(CLASS_ACTUAL);
    run(SECOND);
    assert_int_equal(status().delivered, 1);
    assert_int_equal(status().skipped, 1);
    assert_true(logged("ipaws.refused"));
    assert_state(SOURCE_DEGRADED, "refused in part, though EAS sent it out");
    assert_state(SOURCE_DEGRADED, "EAS 2 acked, 0 refused; CMAS 1 acked, 1 refused");
    /* PUBLIC was not named: such an alert is none of this agreement's. */
    world.parameters = BLOCKED;
    publish(CLASS_ACTUAL);
    run(SECOND);
    assert_int_equal(fake_ipaws.posts, 2);
    assert_true(logged("it asks for PUBLIC"));
}

/* IPAWS has it: a repeat would be taken for a success. */
static void a_refusal_in_part_is_not_posted_again(void **state)
{
    (void)state;
    begin(AGREEMENT);
    fake_ipaws.statuses = "CAPEXCH 200 N Ack,PUBLIC 801 N message-not-disseminated";
    publish(CLASS_ACTUAL);
    run(20 * MINUTE);
    assert_int_equal(fake_ipaws.posts, 1);
    assert_int_equal(status().delivered, 0);
    assert_state(SOURCE_DOWN, "stopped: number 1 is refused: refused: CAPEXCH 200 Ack; PUBLIC 801");
}

/* What IPAWS did not take may be posted again, while it is young. */
static void a_refusal_by_the_exchange_is_tried_until_it_is_too_old(void **state)
{
    (void)state;
    begin(AGREEMENT);
    fake_ipaws.statuses = "CAPEXCH 208 Y alert-signature-not-valid";
    publish(CLASS_ACTUAL);
    run(20 * MINUTE);
    assert_in_range(fake_ipaws.posts, 2, 4);
    assert_int_equal(status().delivered, 0);
    assert_int_equal(status().skipped, 1);
    assert_true(logged("CAPEXCH 208 alert-signature-not-valid"));
    assert_true(logged("s ago, and max_age is 300 s"));
}

static void an_answer_that_was_lost_is_made_good_by_the_next(void **state)
{
    (void)state;
    begin(AGREEMENT);
    fake_http_fail(HTTP_FAILED_BROKEN, 0);
    publish(CLASS_ACTUAL);
    run(SECOND / 2);
    assert_state(SOURCE_DEGRADED, "broken: ");
    fake_http_fail(HTTP_ANSWERED, 0);
    fake_ipaws.statuses = "CAPEXCH 201 Y duplicate-message";
    run(10 * SECOND);
    assert_int_equal(status().delivered, 1);
    assert_true(logged("ipaws.known"));
    assert_state(SOURCE_LIVE, "delivering; 1 known before");
}

static void doubt_is_no_success_and_ends_with_the_alerts_age(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *why;
    } cases[] = {
        {"<html/>", 200, "the answer is not understood: not a SOAP envelope"},
        {"<html/>", 502, "answered 502"},
        {"", 200, "the answer is not understood: not XML"},
        {"<S:Envelope xmlns:S='http://schemas.xmlsoap.org/soap/envelope/'><S:Body><S:Fault>"
         "<faultstring>signed with invalid certificate</faultstring></S:Fault></S:Body>"
         "</S:Envelope>",
         500, "IPAWS answers with a fault: signed with invalid certificate"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake_ipaws.instead = cases[i].body;
        fake_ipaws.instead_status = cases[i].status;
        fake_ipaws.posts = 0;
        world.log[0] = '\0';
        begin(AGREEMENT);
        publish(CLASS_ACTUAL);
        run(4 * MINUTE);
        assert_state(SOURCE_DOWN, cases[i].why);
        assert_int_equal(status().delivered, 0);
        run(6 * MINUTE);
        assert_int_equal(status().skipped, 1);
        assert_in_range(fake_ipaws.posts, 3, 20);
        end();
    }
}

static void a_certificate_that_ends_is_told_and_then_signs_nothing(void **state)
{
    (void)state;
    cog_key_write(world.key, "IPAWSOPEN_120999", now_s(), now_s() + 60);
    begin(AGREEMENT);
    assert_state(SOURCE_CONNECTING, "; THE COG'S CERTIFICATE ENDS AT 20");
    run(2 * MINUTE);
    publish(CLASS_ACTUAL);
    run(MINUTE);
    assert_state(SOURCE_DEGRADED, "the COG's certificate ended at 20");
    assert_int_equal(fake_http.requests, 0);
}

static void exercises_go_to_the_test_environment_and_as_exercises(void **state)
{
    (void)state;
    begin(AGREEMENT ", class: exercise");
    world.status = "Exercise";
    publish(CLASS_EXERCISE);
    run(SECOND);
    assert_int_equal(fake_ipaws.posts, 1);
    world.status = "Actual";
    publish(CLASS_EXERCISE);
    run(SECOND);
    assert_int_equal(fake_ipaws.posts, 1);
    assert_true(logged("its status is Actual"));
}

static void senseless_options_are_refused(void **state)
{
#define US ", sides: us, cog_id: '120999'"
#define TEST_URL ", environment: test, url: 'https://x/'"
    static const struct {
        const char *more, *why;
    } cases[] = {
        {", cog_id: '120999'" TEST_URL, "outlets[1].sides: IPAWS is for `us` alone"},
        {", sides: ca, cog_id: '120999'" TEST_URL, "outlets[1].sides: "},
        {US ", url: 'https://x/'", "environment"},
        {US ", environment: test, url: 'ftp://x/'", "url: "},
        {US ", environment: production, url: 'https://x/', class: [actual, exercise]",
         "outlets[1].class: exercises go to FEMA's test environment alone"},
        {US ", environment: test, url: 'https://apps.fema.gov/x'", "begins with tdl."},
        {US ", environment: production, url: 'https://tdl.apps.fema.gov/x'", "begins with tdl."},
        {", sides: us, cog_id: '200999'" TEST_URL, "begins with 2"},
        {", sides: us, cog_id: '120998'" TEST_URL, "does not hold the COG id 120998"},
        {US TEST_URL ", channels: [PUBLIC, RADIO]",
         "outlets[1].channels: `RADIO` is not known; one of PUBLIC"},
        {US TEST_URL ", max_age: 2h", "max_age"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err fault = {0};
        assert_int_not_equal(make(cases[i].more, &fault), OK);
        if (!strstr(fault.text, cases[i].why))
            fail_msg("case %zu: %s", i, fault.text);
        end();
    }
    struct err fault = {0};
    chmod(world.key, 0644);
    assert_int_not_equal(make(US TEST_URL, &fault), OK);
    assert_non_null(strstr(fault.text, "may be read by everybody"));
}

/* While a request is on its way, and while a decision is not told yet. */
static void it_can_be_stopped_at_any_time(void **state)
{
    (void)state;
    begin(AGREEMENT);
    publish(CLASS_ACTUAL);
    end();
    world.status = "Draft";
    begin(AGREEMENT);
    publish(CLASS_ACTUAL);
    end();
    assert_int_equal(fake_ipaws.posts, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_channel_said_yes),
        TEST(without_an_agreement_nothing_is_ever_sent),
        TEST(an_agreement_does_not_bring_back_the_past),
        TEST(what_may_not_go_is_left_out_and_the_next_goes),
        TEST(channels_that_are_named_must_all_say_yes),
        TEST(a_refusal_in_part_is_not_posted_again),
        TEST(a_refusal_by_the_exchange_is_tried_until_it_is_too_old),
        TEST(an_answer_that_was_lost_is_made_good_by_the_next),
        TEST(doubt_is_no_success_and_ends_with_the_alerts_age),
        TEST(a_certificate_that_ends_is_told_and_then_signs_nothing),
        TEST(exercises_go_to_the_test_environment_and_as_exercises),
        TEST(senseless_options_are_refused),
        TEST(it_can_be_stopped_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
