/* tests/golden/translate: what came in, and every byte that must go out. */
#include "support.h"

#include <dirent.h>

#define GOLDEN CAPRELAY_SOURCE "/tests/golden/translate/"

static struct slice notes_text(struct arena *arena, const struct notes *notes)
{
    struct buf text;
    buf_init(&text, PARSE_BYTES_MAX);
    for (size_t i = 0; i < notes->count; i++)
        buf_printf(&text, "%s: %.*s: %.*s\n", notes->items[i].code,
                   SLICE_ARG(notes->items[i].where), SLICE_ARG(notes->items[i].text));
    struct slice copy = arena_copy(arena, buf_slice(&text));
    buf_fini(&text);
    return copy;
}

static void compare(struct arena *arena, const char *name, const char *suffix, struct slice got)
{
    char path[4096];
    snprintf(path, sizeof(path), GOLDEN "out/%s.%s", name, suffix);
    if (getenv("CAPRELAY_GOLDEN_WRITE")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(got.ptr, 1, got.len, file), got.len);
        assert_int_equal(fclose(file), 0);
    }
    struct slice expected = read_whole(arena, path);
    if (!slice_eq(expected, got))
        fail_msg("%s differs; got:\n%.*s", path, SLICE_ARG(got));
}

/* The alerts in NAME.ref, if there is such a file. */
static struct parsed references(struct fixture *fixture, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), GOLDEN "in/%s.ref", name);
    struct slice bytes = read_whole(fixture->arena, path);
    return slice_is_empty(bytes) ? (struct parsed){0}
                                 : parser_read(fixture->parser, fixture->arena, bytes);
}

static void run_golden(struct fixture *fixture, const char *name)
{
    char path[4096];
    struct err err = {0};
    struct translation translation;
    snprintf(path, sizeof(path), GOLDEN "in/%s.xml", name);
    const struct alert *alert = alert_of(fixture, read_whole(fixture->arena, path));
    struct parsed referenced = references(fixture, name);
    enum target target = strncmp(name, "to-us-", 6) == 0 ? TARGET_US_EXCHANGE : TARGET_CA_EXCHANGE;
    if (translate_to(fixture, alert, target, (const struct alert *const *)referenced.alerts,
                     referenced.count, &translation, &err) != OK)
        fail_msg("%s: %s", name, err.text);
    check_translation(fixture, alert, target, &translation, alert->info_count > 0);
    compare(fixture->arena, name, "xml", translation.xml);
    compare(fixture->arena, name, "notes", notes_text(fixture->arena, &translation.notes));
}

static size_t run_all(bool with_boundaries)
{
    struct fixture fixture;
    struct dirent **entries = NULL;
    struct err err;
    size_t run = 0;
    fixture_open(&fixture);
    if (with_boundaries &&
        geo_open(CAPRELAY_BUILD "/boundaries-standard.bin", &fixture.geo, &err) != OK) {
        fixture_close(&fixture);
        print_message("skipped: %s\n", err.text);
        skip();
    }
    int count = scandir(GOLDEN "in", &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char name[256];
        snprintf(name, sizeof(name), "%s", entries[i]->d_name);
        free(entries[i]);
        char *suffix = strstr(name, ".xml");
        if (!suffix || (strstr(name, ".geo") != NULL) != with_boundaries)
            continue;
        *suffix = '\0';
        run_golden(&fixture, name);
        run++;
    }
    free(entries);
    fixture_close(&fixture);
    return run;
}

static void test_golden(void **state)
{
    (void)state;
    assert_true(run_all(false) >= 8);
}

static void test_golden_with_boundaries(void **state)
{
    (void)state;
    assert_true(run_all(true) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_golden_with_boundaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
