/* A COMMIT whose outcome is not known: what is there is taken as it is, what is not is done again.
 */
#include "fixture.h"
#include "journal/internal.h"

#include <sys/stat.h>

struct bench {
    struct fixture fixture;
    struct store store;
    struct recorder recorder;
};

static int setup(void **state)
{
    struct bench *bench = mem_alloc(sizeof *bench);

    fixture_init(&bench->fixture);
    fixture_open(&bench->fixture);
    assert_ok(store_open(&bench->store, bench->fixture.path, STORE_WRITER, err));
    recorder_init(&bench->recorder, &bench->store, &bench->fixture.options.hooks,
                  &bench->fixture.clock);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;

    recorder_fini(&bench->recorder);
    store_close(&bench->store);
    fixture_fini(&bench->fixture);
    free(bench);
    return 0;
}

static void what_was_committed_after_all_gets_its_facts_back(void **state)
{
    struct bench *bench = *state;
    struct fixture *f = &bench->fixture;
    struct journal_entry *group[2], *culprit;
    bool committed = false;

    group[0] = relayed(f, CLASS_ACTUAL, "a", "ME", 0);
    add_bulletin(group[0], SIDE_CA, "NB", 0);
    group[0]->authority = SLICE("nb-emo");
    group[1] = relayed(f, CLASS_EXERCISE, "b", "ME", 0);
    assert_ok(recorder_commit(&bench->recorder, group, 2, &culprit, err));
    struct digest chain = group[0]->bulletins[1].chain;
    struct slice receipt = group[0]->receipt;

    /* as a second try would have left them */
    group[0]->bulletins[0].seq = group[0]->bulletins[1].seq = group[1]->bulletins[0].seq = 77;
    group[0]->bulletins[1].chain = (struct digest){{0}};
    group[0]->receipt = (struct slice){0};
    assert_ok(recorder_recover(&bench->recorder, group, 2, &committed, err));
    assert_true(committed);
    assert_int_equal(group[0]->bulletins[0].seq, 1);
    assert_int_equal(group[0]->bulletins[1].seq, 2);
    assert_int_equal(group[1]->bulletins[0].seq, 1);
    assert_true(digest_eq(&group[0]->bulletins[1].chain, &chain));
    assert_true(slice_eq(group[0]->receipt, receipt));
    journal_entry_destroy(group[0]);
    journal_entry_destroy(group[1]);
}

static void what_was_rolled_back_is_not_there(void **state)
{
    struct bench *bench = *state;
    struct fixture *f = &bench->fixture;
    struct journal_entry *entry = relayed(f, CLASS_ACTUAL, "a", "ME", 0), *culprit = NULL;
    bool committed = true;

    f->refuse_event = "surge";
    assert_code(ERR_CRYPTO, recorder_commit(&bench->recorder, &entry, 1, &culprit, err));
    assert_ptr_equal(culprit, entry);
    assert_ok(store_exec(&bench->store, "ROLLBACK", err));
    assert_ok(recorder_recover(&bench->recorder, &entry, 1, &committed, err));
    assert_false(committed);
    f->refuse_event = NULL;
    assert_ok(recorder_commit(&bench->recorder, &entry, 1, &culprit, err));
    assert_int_equal(entry->bulletins[0].seq, 1);
    journal_entry_destroy(entry);
}

/* One topic twice in one bulletin is a fault of whoever made the entry, not of the disk. */
static void what_the_tables_refuse_is_the_entrys_own_fault(void **state)
{
    struct bench *bench = *state;
    struct fixture *f = &bench->fixture;

    struct journal_entry *entry = commit(f, relayed(f, CLASS_ACTUAL, "a", "ME ME", 0));
    assert_true(slice_eq_cstr(entry->verdict, "refused"));
    assert_true(slice_find(entry->detail, "UNIQUE") >= 0);
    journal_entry_destroy(entry);
    entry = commit(f, relayed(f, CLASS_ACTUAL, "b", "ME", 0));
    assert_int_equal(entry->bulletins[0].seq, 1);
    journal_entry_destroy(entry);
}

static int64_t wal_size(const struct fixture *f)
{
    char file[128];
    struct stat status;

    snprintf(file, sizeof file, "%s-wal", f->path);
    assert_int_equal(stat(file, &status), 0);
    return (int64_t)status.st_size;
}

/* 64 MiB go through it. */
static void the_wal_does_not_grow_for_ever(void **state)
{
    struct fixture *f = &((struct bench *)*state)->fixture;
    unsigned seed = 1;

    for (int i = 0; i < 256; i++) {
        struct journal_entry *entry = entry_of(f, CLASS_ACTUAL, "large", "irrelevant");
        char *bytes = arena_alloc(entry->arena, 262144);
        for (size_t b = 0; b < 262144; b++)
            bytes[b] = (char)((seed = seed * 1103515245u + 12345u) >> 16);
        entry->bytes = slice_of(bytes, 262144);
        append(f, entry);
        if (i % 8 == 7)
            assert_true(journal_wait(f->journal, WAIT_MS));
    }
    assert_true(wal_size(f) < INT64_C(32) << 20);
    assert_int_equal(journal_state(f->journal).condition, JOURNAL_GOOD);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_committed_after_all_gets_its_facts_back),
        TEST(what_was_rolled_back_is_not_there),
        TEST(what_the_tables_refuse_is_the_entrys_own_fault),
        TEST(the_wal_does_not_grow_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
