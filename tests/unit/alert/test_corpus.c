/* The recorded messages beside the project: what their manifest says about each must come out here.
 */
#include "fixture.h"

#include "alert/identity.h"
#include "alert/write.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#define FOLDER CAPRELAY_SHARED "/corpus/"

static struct slice read_whole(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return (struct slice){NULL, 0};
    struct buf bytes;
    buf_init(&bytes, PARSE_BYTES_MAX);
    char chunk[65536];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_put(&bytes, slice_of(chunk, got));
    fclose(file);
    struct slice copy = arena_copy(arena, buf_slice(&bytes));
    buf_fini(&bytes);
    return copy;
}

struct row {
    struct slice file, kind, version, infos, bytes, wellformed, valid, signatures;
};

static bool next_row(struct slice *rest, struct row *row)
{
    struct slice line;
    while (slice_next_part(rest, '\n', &line)) {
        struct slice *cells[] = {&row->file,  &row->kind,       &row->version, &row->infos,
                                 &row->bytes, &row->wellformed, &row->valid,   &row->signatures};
        size_t i = 0;
        while (i < 8 && slice_next_part(&line, '\t', cells[i]))
            i++;
        if (i == 8 && !slice_eq_cstr(row->file, "file"))
            return true;
    }
    return false;
}

static unsigned count_signatures(struct slice text)
{
    unsigned count = 0;
    struct slice token;
    /* Then the manifest's own reader did not see them all. */
    if (slice_find(text, "unparsable") >= 0)
        return 0;
    /* Each is NAME:RESULT, and a name may hold a blank. */
    while (slice_next_token(&text, &token))
        count += slice_find(token, ":") >= 0;
    return count;
}

static void check_row(struct fixture *fixture, const struct row *row)
{
    struct arena *arena = arena_create();
    struct slice path = arena_printf(arena, FOLDER "%.*s", SLICE_ARG(row->file));
    struct slice bytes = read_whole(arena, path.ptr);
    assert_non_null(bytes.ptr);
    struct parsed parsed = parser_read(fixture->parser, arena, bytes);
    const struct alert *alert = parsed.alerts[0];
    bool valid = slice_eq_cstr(row->valid, "valid") || slice_eq_cstr(row->valid, "valid(DE)");
    bool told = valid || slice_eq_cstr(row->valid, "INVALID");
    unsigned long long infos = 0, found = 0;
    for (size_t i = 0; i < parsed.count; i++) {
        found += parsed.alerts[i]->info_count;
        if (told && parsed.alerts[i]->schema_valid != valid)
            fail_msg("%.*s: schema_valid should be %d", SLICE_ARG(row->file), valid);
    }
    if (slice_eq_cstr(row->wellformed, "not-wf"))
        assert_int_equal(alert->kind, KIND_UNREADABLE);
    if (alert->kind != KIND_UNREADABLE) {
        assert_true(slice_to_u64(row->infos, &infos));
        assert_int_equal(found, infos);
        /* A feed may name two: that of its entries and that of the alert in one of them. */
        assert_true(slice_ends_with(row->version, cap_version_name(alert->version)));
        if (parsed.count == 1 && count_signatures(row->signatures) > 0)
            assert_int_equal(alert->signature_count, count_signatures(row->signatures));
    }
    arena_destroy(arena);
}

static void test_manifest(void **state)
{
    struct fixture *fixture = *state;
    struct slice rest = read_whole(fixture->arena, FOLDER "MANIFEST.tsv");
    if (!rest.ptr) {
        print_message("skipped: there is no " FOLDER "MANIFEST.tsv\n");
        skip();
    }
    struct row row;
    size_t count = 0;
    for (; next_row(&rest, &row); count++)
        check_row(fixture, &row);
    assert_true(count > 50);
}

static void check_round_trip(struct fixture *fixture, struct arena *arena,
                             const struct alert *alert)
{
    struct buf out;
    struct err err = {0};
    buf_init(&out, 2 * PARSE_BYTES_MAX);
    alert_write(alert, &out);
    assert_false(buf_failed(&out));
    if (alert->schema_valid && parser_validate_cap12(fixture->parser, buf_slice(&out), &err) != OK)
        fail_msg("%.*s: %s", SLICE_ARG(alert->identifier), err.text);
    struct parsed again = parser_read(fixture->parser, arena, buf_slice(&out));
    struct digest a = alert_content(alert), b = alert_content(again.alerts[0]);
    assert_true(digest_eq(&a, &b));
    buf_fini(&out);
}

/* All that can be relayed comes back the same, including what is not valid as it was received. */
static void test_round_trips(void **state)
{
    struct fixture *fixture = *state;
    struct slice rest = read_whole(fixture->arena, FOLDER "MANIFEST.tsv");
    if (!rest.ptr) {
        print_message("skipped: there is no " FOLDER "MANIFEST.tsv\n");
        skip();
    }
    struct row row;
    size_t count = 0;
    while (next_row(&rest, &row)) {
        struct arena *arena = arena_create();
        struct slice path = arena_printf(arena, FOLDER "%.*s", SLICE_ARG(row.file));
        struct parsed parsed = parser_read(fixture->parser, arena, read_whole(arena, path.ptr));
        for (size_t i = 0; i < parsed.count; i++) {
            if (parsed.alerts[i]->relayable) {
                check_round_trip(fixture, arena, parsed.alerts[i]);
                count++;
            }
        }
        arena_destroy(arena);
    }
    assert_true(count > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_round_trips),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
