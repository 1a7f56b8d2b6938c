/* Every recorded alert, both ways, with and without boundaries. */
#include "support.h"

#include <dirent.h>
#include <sys/stat.h>

struct tally {
    size_t files, alerts, translated;
};

static void run_alert(struct fixture *fixture, const char *path, const struct alert *alert,
                      struct tally *tally)
{
    for (int target = TARGET_US_EXCHANGE; target <= TARGET_CA_EXCHANGE; target++) {
        struct translation one, two;
        struct err err = {0};
        if (translate_to(fixture, alert, (enum target)target, NULL, 0, &one, &err) != OK)
            fail_msg("%s: %s", path, err.text);
        assert_int_equal(translate_to(fixture, alert, (enum target)target, NULL, 0, &two, &err),
                         OK);
        assert_true(slice_eq(one.xml, two.xml));
        check_translation(fixture, alert, (enum target)target, &one, true);
        check_explained(fixture, alert, (enum target)target);
        tally->translated++;
    }
}

static void run_file(struct fixture *fixture, const char *path, struct tally *tally)
{
    arena_destroy(fixture->arena);
    fixture->arena = arena_create();
    struct parsed parsed =
        parser_read(fixture->parser, fixture->arena, read_whole(fixture->arena, path));
    tally->files++;
    for (size_t i = 0; i < parsed.count; i++) {
        struct alert *alert = parsed.alerts[i];
        if (!alert->relayable)
            continue;
        tally->alerts++;
        run_alert(fixture, path, alert, tally);
    }
}

static void run_folder(struct fixture *fixture, const char *folder, struct tally *tally)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat status;
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        bool hidden = entries[i]->d_name[0] == '.';
        free(entries[i]);
        if (hidden || stat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode))
            run_folder(fixture, path, tally);
        else
            run_file(fixture, path, tally);
    }
    free(entries);
}

static void run(const char *boundaries)
{
    struct fixture fixture;
    struct tally tally = {0};
    struct stat status;
    struct err err = {0};
    if (stat(CAPRELAY_SHARED "/corpus", &status) != 0) {
        print_message("skipped: no recorded messages at %s\n", CAPRELAY_SHARED "/corpus");
        skip();
    }
    fixture_open(&fixture);
    if (boundaries && geo_open(boundaries, &fixture.geo, &err) != OK) {
        fixture_close(&fixture);
        print_message("skipped: %s\n", err.text);
        skip();
    }
    run_folder(&fixture, CAPRELAY_SHARED "/corpus", &tally);
    print_message("%zu files, %zu alerts, %zu translations\n", tally.files, tally.alerts,
                  tally.translated);
    assert_true(tally.alerts > 20);
    fixture_close(&fixture);
}

static void test_corpus(void **state)
{
    (void)state;
    run(NULL);
}

static void test_corpus_with_boundaries(void **state)
{
    (void)state;
    run(CAPRELAY_BUILD "/boundaries-standard.bin");
}

static void test_incident(void **state)
{
    (void)state;
    struct fixture fixture;
    struct tally tally = {0};
    fixture_open(&fixture);
    run_folder(&fixture, CAPRELAY_SOURCE "/incidents/fundy-surge", &tally);
    assert_int_equal(tally.alerts, 11);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_corpus_with_boundaries),
        cmocka_unit_test(test_incident),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
