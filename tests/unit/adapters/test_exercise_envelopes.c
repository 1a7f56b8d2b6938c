/* Wrapped alerts and incident information from a source of class exercise: nothing that comes out
 * says Actual, and what was refused stays refused. */
#include "../alert/fixture.h"

#include "adapters/exercise.h"

#define ACTUAL                                                                                     \
    ALERT("<identifier>1</identifier><sender>emo@nb.example</sender>"                              \
          "<sent>2026-04-15T17:51:47-03:00</sent><status>Actual</status><msgType>Alert</msgType>"  \
          "<scope>Public</scope>" INFO)
#define ENVELOPE(status)                                                                           \
    "<d:EDXLDistribution "                                                                         \
    "xmlns:d='urn:oasis:names:tc:emergency:EDXL:DE:1.0'><d:distributionStatus>" status             \
    "</d:distributionStatus><d:contentObject>" ACTUAL "</d:contentObject></d:EDXLDistribution>"
#define ENTRY(status)                                                                              \
    "<entry xmlns='http://www.w3.org/2005/Atom'><id>e</id><author><name>hub</name></author>"       \
    "<updated>2026-04-15T20:51:47Z</updated><title>Fire</title>"                                   \
    "<category scheme='masas:category:icon' term='fire'/>" status "</entry>"
#define STATUS "<category scheme='masas:category:status' term='Actual'/>"

static void check(void **state, const char *text, size_t count, enum cap_status status)
{
    struct fixture *fixture = *state;
    struct exercise_parts parts =
        exercise_rewrite(fixture->parser, fixture->arena, slice_from_cstr(text), SLICE("training"));
    assert_int_equal(parts.count, count);
    for (size_t i = 0; i < parts.count; i++) {
        struct parsed parsed = parser_read(fixture->parser, fixture->arena, parts.items[i]);
        assert_int_equal(parsed.count, 1);
        assert_int_equal(parsed.alerts[0]->form, FORM_CAP);
        assert_int_equal(parsed.alerts[0]->status, status);
        assert_int_equal(parsed.alerts[0]->relayable, status != STATUS_NONE);
    }
}

static void test_wrapped(void **state)
{
    check(state, ENVELOPE("Actual"), 1, STATUS_EXERCISE);
    check(state, ENVELOPE("Test"), 1, STATUS_TEST);
    /* Nothing in it can be an exercise: intake gets it as it is, and refuses it. */
    check(state, ENVELOPE("Drill"), 0, STATUS_NONE);
    check(state, ENVELOPE("System"), 0, STATUS_NONE);
    check(state, "<x>" ENVELOPE("Drill") "</x>", 0, STATUS_NONE);
}

static void test_incidents(void **state)
{
    check(state, ENTRY(STATUS), 1, STATUS_EXERCISE);
    check(state, ENTRY(""), 0, STATUS_NONE);
}

/* Beside one that is rewritten, a refused one is written anew: without a status. */
static void test_refused_beside_good(void **state)
{
    struct fixture *fixture = *state;
    struct exercise_parts parts = exercise_rewrite(
        fixture->parser, fixture->arena,
        SLICE("<x>" ENVELOPE("Drill") ENTRY("") ENTRY(STATUS) "</x>"), SLICE("training"));
    static const enum cap_status expected[] = {STATUS_NONE, STATUS_NONE, STATUS_EXERCISE};
    assert_int_equal(parts.count, 3);
    for (size_t i = 0; i < parts.count; i++) {
        struct parsed parsed = parser_read(fixture->parser, fixture->arena, parts.items[i]);
        assert_int_equal(parsed.alerts[0]->status, expected[i]);
        assert_int_equal(parsed.alerts[0]->relayable, i == 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_incidents),
        cmocka_unit_test(test_refused_beside_good),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
