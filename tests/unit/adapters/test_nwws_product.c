/* Products of the weather wire: as NOAAPort carries them, as XML leaves them, and broken ones. */
#include "adapters/nwws/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALERT                                                                                      \
    "<?xml version=\"1.0\"?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n  "          \
    "<note>a &lt; b > c</note>\n</alert>"

static struct product read_text(const char *text)
{
    return product_read(slice_from_cstr(text));
}

static void test_both_forms(void **state)
{
    static const char *const forms[] = {
        "\001006\r\r\nXOUS52 KWBC 292141\r\r\nCAPCAE\r\r\n" ALERT "\r\r\n\003\n",
        "\n\n006 \n\nXOUS52 KWBC 292141\n\nCAPCAE\n\n" ALERT "\n\n",
        "006 \r\nXOUS52 KWBC 292141\r\nCAPCAE\r\n" ALERT,
        "XOUS52 KWBC 292141\nCAPCAE\n" ALERT "\n",
        "\n\n\n006\nXOUS52 KWBC 292141 \nCAPCAE \n\n\n" ALERT "\n\n\n\003",
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct product product = read_text(forms[i]);
        assert_true(slice_eq_cstr(product.heading, "XOUS52 KWBC 292141"));
        assert_true(slice_eq_cstr(product.awips_id, "CAPCAE"));
        assert_true(slice_eq_cstr(product.text, ALERT));
        assert_true(slice_eq_cstr(product.markup, ALERT));
        assert_true(product_has_alert(&product));
    }
}

static void test_short_stations_and_corrections(void **state)
{
    (void)state;
    struct product product =
        read_text("\n\n454\n\nASUS45 KCYS 171910 CCA\n\nRWRWY \n\nWYOMING ROUNDUP\n\n");
    assert_true(slice_eq_cstr(product.heading, "ASUS45 KCYS 171910 CCA"));
    assert_true(slice_eq_cstr(product.awips_id, "RWRWY"));
    assert_true(slice_eq_cstr(product.text, "WYOMING ROUNDUP"));
    assert_null(product.markup.ptr);
    assert_false(product_has_alert(&product));
}

/* What has no frame, or another one, or half of one: the alert is found all the same. */
static void test_broken_frames(void **state)
{
    static const struct {
        const char *text;
        bool heading, awips_id, markup, alert;
    } cases[] = {
        {ALERT, false, false, true, true},
        {"\n\n006 \n\n" ALERT, false, false, true, true},
        {"\n\n006 \n\nXOUS52 KWBC 292141\n\n" ALERT, true, false, true, true},
        {"XOUS52 KWBC 2921\nCAPCAE\n" ALERT, false, false, true, true}, /* no heading */
        {"xous52 kwbc 292141\n" ALERT, false, false, true, true},
        {"123456\nXOUS52 KWBC 292141\nCAPCAE\n" ALERT, false, false, true, true},
        {"XOUS52 KWBC 292141\nTOOLONGID\n" ALERT, true, false, true, true},
        {"XOUS52 KWBC 292141\nCAPCAE\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><ident",
         true, true, true, true}, /* cut off: to the last > */
        {"XOUS52 KWBC 292141\nCAPCAE\n<alert", true, true, false, false},
        {"XOUS52 KWBC 292141\nCAPCAE\n> <", true, true, false, false},
        {"XOUS52 KWBC 292141\nCAPCAE\n", true, true, false, false},
        {"XOUS52 KWBC 292141", true, false, false, false},
        {"006", false, false, false, false},
        {"\001\r\r\n\003", false, false, false, false},
        {"", false, false, false, false},
        {"XOUS52 KWBC 292141\nTAFBOS\nWIND < 10KT AND > 5KT", true, true, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct product product = read_text(cases[i].text);
        assert_int_equal(product.heading.ptr != NULL, cases[i].heading);
        assert_int_equal(product.awips_id.ptr != NULL, cases[i].awips_id);
        assert_int_equal(product.markup.ptr != NULL, cases[i].markup);
        assert_int_equal(product_has_alert(&product), cases[i].alert);
        if (cases[i].alert && slice_ends_with(slice_from_cstr(cases[i].text), ALERT))
            assert_true(slice_eq_cstr(product.markup, ALERT));
    }
}

static bool lies_within(struct slice part, struct slice whole)
{
    return !part.ptr || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

/* Cut at every byte, and with every byte another: what is found lies in what was given. */
static void test_every_cut_and_every_changed_byte(void **state)
{
    static const char text[] =
        "\001\r\r\n006 \r\r\nXOUS52 KWBC 292141\r\r\nCAPCAE\r\r\n" ALERT "\r\r\n\003\n";
    static const char bytes[] = {'\0', '\001', '\003', '\r', '\n', ' ', '<', '>', 'A', '9', '\377'};
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char *copy = malloc(len + 1); /* exact, for the address sanitizer */
        memcpy(copy, text, len);
        struct slice whole = slice_of(copy, len);
        for (size_t i = 0; i <= sizeof bytes && len > 0; i++) {
            struct product product = product_read(whole);
            assert_true(lies_within(product.heading, whole));
            assert_true(lies_within(product.awips_id, whole));
            assert_true(lies_within(product.text, whole));
            assert_true(lies_within(product.markup, product.text));
            if (i < sizeof bytes)
                copy[len - 1] = bytes[i];
        }
        free(copy);
    }
}

static void test_the_recorded_product(void **state)
{
    static char bytes[65536];
    (void)state;
    FILE *file = fopen(CAPRELAY_SHARED "/corpus/nws/cap_decoded_wire.txt", "rb");
    if (!file) {
        printf("skipped: no recorded product in " CAPRELAY_SHARED "\n");
        skip();
    }
    struct slice whole = slice_of(bytes, fread(bytes, 1, sizeof bytes, file));
    fclose(file);
    struct product product = product_read(whole);
    assert_true(slice_eq_cstr(product.heading, "XOUS52 KWBC 292141"));
    assert_true(slice_eq_cstr(product.awips_id, "CAPCAE"));
    assert_true(slice_starts_with(product.markup, "<?xml "));
    assert_true(slice_ends_with(product.markup, "</alert>"));
    assert_true(slice_eq(product.markup, product.text));
    assert_true(product_has_alert(&product));
}

static void test_numbers(void **state)
{
    static const char *const broken[] = {
        "", ".", "1", "1.", ".1", "1.2.3", "a.1", "1.a", "-1.2", "99999999999999999999999.1"};
    uint64_t process, number;
    (void)state;
    assert_true(product_number_read(SLICE("14425.3"), &process, &number));
    assert_int_equal(process, 14425);
    assert_int_equal(number, 3);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_false(product_number_read(slice_from_cstr(broken[i]), &process, &number));
}

struct step {
    uint64_t process, number, missing;
    bool jumped, repeat;
};

static void take_steps(const struct step *steps, size_t count)
{
    struct product_numbers numbers = {0};
    for (size_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        struct product_hole hole =
            product_numbers_note(&numbers, step->process, step->number, step->repeat);
        if (hole.missing != step->missing || hole.jumped != step->jumped)
            fail_msg("step %zu: %llu missing, jumped %d", i, (unsigned long long)hole.missing,
                     hole.jumped);
    }
}
#define STEPS(steps) take_steps(steps, sizeof(steps) / sizeof *(steps))

static void test_holes(void **state)
{
    static const struct step steps[] = {
        {7, 100, .missing = 0},                            /* the first of a process */
        {7, 101, .missing = 0},  {7, 101, .missing = 0},   /* again */
        {7, 99, .repeat = true}, {7, 101, .repeat = true}, /* in the history */
        {7, 102, .missing = 0},  {7, 105, .missing = 2},
        {7, 105, .missing = 0},  {7, 103, .repeat = true},
        {8, 3, .missing = 0},    {8, 4, .missing = 0},
        {7, 106, .missing = 0}, /* two at once */
        {8, 6, .missing = 1},    {8, 9, .missing = 2, .repeat = true},
        {9, 1, .missing = 0},    {10, 1, .missing = 0},
        {11, 1, .missing = 0},   {7, 200, .missing = 93},
        {7, 202, .missing = 1},
    };
    (void)state;
    STEPS(steps);
}

/* A number that somebody made up neither hides what is missing later nor is told for ever. */
static void test_a_made_up_number_hides_nothing(void **state)
{
    static const uint64_t most = UINT64_MAX;
    static const struct step far[] = {
        {7, 100, .missing = 0},  {7, most, .jumped = true}, {7, 101, .missing = 0},
        {7, 104, .missing = 2},  {7, most, .missing = 0},   {7, 105, .missing = 0},
        {7, most, .missing = 0}, {7, 107, .missing = 1},    {7, most - 1, .missing = 0},
        {7, 108, .missing = 0},
    };
    static const struct step near[] = {
        {7, 100, .missing = 0}, {7, 5000, .missing = 4899}, {7, 101, .missing = 0},
        {7, 104, .missing = 2}, {7, 5001, .missing = 0},    {7, 105, .missing = 0},
    };
    static const struct step behind[] = {
        {7, 900000, .missing = 0}, {7, 1, .jumped = true}, {7, 900001, .missing = 0},
        {7, 900003, .missing = 1}, {7, 2, .missing = 0},
    };
    (void)state;
    STEPS(far);
    STEPS(near);
    STEPS(behind);
}

/* A process that counts anew, or an outage of days, is followed from its first number on. */
static void test_a_true_jump_is_told_once_and_followed(void **state)
{
    static const struct step outage[] = {
        {7, 100, .missing = 0},
        {7, 5000000, .jumped = true, .repeat = true},
        {7, 5000001, .missing = 0, .repeat = true},
        {7, 5000003, .missing = 1},
    };
    static const struct step anew[] = {
        {7, 5000000, .missing = 0},
        {7, 1, .jumped = true},
        {7, 2, .missing = 0},
        {7, 4, .missing = 1},
    };
    static const struct step soon_anew[] = {
        {7, 100, .missing = 0},
        {7, 1, .missing = 0},
        {7, 2, .missing = 0},
        {7, 4, .missing = 1},
    };
    (void)state;
    STEPS(outage);
    STEPS(anew);
    STEPS(soon_anew);
}

/* Whatever is said: what the run goes on by is told if it is missing. */
static void test_many_made_up_numbers(void **state)
{
    struct product_numbers numbers = {0};
    uint64_t seed = 1, missing = 0, skipped = 0;
    (void)state;
    for (uint64_t number = 1000; number < 21000; number++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        if (number % 7 == 0)
            product_numbers_note(&numbers, 7, UINT64_MAX - (seed >> 20), false);
        if (number % 11 == 3 && number < 20990) {
            skipped++;
            continue;
        }
        missing += product_numbers_note(&numbers, 7, number, false).missing;
    }
    assert_int_equal(missing, skipped);
}

/* A run that has come far is not forgotten for many that said little, under whatever names. */
static void test_made_up_processes_displace_no_run(void **state)
{
    struct product_numbers numbers = {0};
    (void)state;
    for (uint64_t number = 100; number <= 120; number++)
        product_numbers_note(&numbers, 7, number, false);
    for (uint64_t process = 1000; process < 1100; process++)
        for (uint64_t number = 1; number < 20; number++)
            assert_int_equal(product_numbers_note(&numbers, process, number, false).missing, 0);
    assert_int_equal(product_numbers_note(&numbers, 7, 123, false).missing, 2);
}

/* Those that have fallen silent make room, however much they said: a process may begin anew. */
static void test_silent_runs_make_room(void **state)
{
    struct product_numbers numbers = {0};
    (void)state;
    for (uint64_t process = 1; process <= PRODUCT_RUNS; process++)
        for (uint64_t number = 1; number <= 50; number++)
            product_numbers_note(&numbers, process, number, false);
    for (uint64_t number = 51; number <= PRODUCT_SILENT + 51; number++)
        product_numbers_note(&numbers, PRODUCT_RUNS, number, false);
    product_numbers_note(&numbers, 30, 1, false);
    for (uint64_t process = 31; process < 31 + PRODUCT_RUNS - 2; process++)
        product_numbers_note(&numbers, process, 1, false);
    assert_int_equal(product_numbers_note(&numbers, 30, 3, false).missing, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_forms),
        cmocka_unit_test(test_short_stations_and_corrections),
        cmocka_unit_test(test_broken_frames),
        cmocka_unit_test(test_every_cut_and_every_changed_byte),
        cmocka_unit_test(test_the_recorded_product),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_a_made_up_number_hides_nothing),
        cmocka_unit_test(test_a_true_jump_is_told_once_and_followed),
        cmocka_unit_test(test_many_made_up_numbers),
        cmocka_unit_test(test_made_up_processes_displace_no_run),
        cmocka_unit_test(test_silent_runs_make_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
