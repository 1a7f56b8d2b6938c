/* Opening: one relay only, strangers refused, damage seen; the guard over a crash; closing. */
#include "fixture.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Runs SQL in the journal's file, as an operator or an accident would. */
static void run_sql(struct fixture *f, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    char *text = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", sql, text);
    sqlite3_close(db);
}

static void refuses_with(struct fixture *f, enum err_code code, const char *part)
{
    struct err err = {0};
    struct journal *journal = NULL;

    assert_int_equal(journal_open(&f->options, &journal, &err), code);
    assert_null(journal);
    if (!strstr(err.text, part))
        fail_msg("'%s' is not in '%s'", part, err.text);
}

/* The look before a start says the same, and leaves the file as it was. */
static void check_refuses(struct fixture *f, const char *part)
{
    struct err err = {0};
    struct stat before, after;

    assert_int_equal(stat(f->path, &before), 0);
    assert_int_equal(journal_check(f->path, &err), ERR_INVALID);
    if (!strstr(err.text, part) || !strstr(err.text, f->path))
        fail_msg("'%s' is not in '%s'", part, err.text);
    assert_int_equal(stat(f->path, &after), 0);
    assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void a_look_takes_nothing(void **state)
{
    struct fixture *f = *state;

    commit_away(f, relayed(f, CLASS_ACTUAL, "a", "ME", 0));
    assert_int_equal(journal_check(f->path, NULL), OK);
    commit_away(f, relayed(f, CLASS_ACTUAL, "b", "ME", 0));
    fixture_close(f);
    assert_int_equal(journal_check(f->path, NULL), OK);
    fixture_open(f);
    assert_int_equal(journal_check("/nowhere/at/all/journal.db", NULL), OK);
}

static void a_second_relay_is_kept_out(void **state)
{
    struct fixture *f = *state;
    char part[60];

    snprintf(part, sizeof part, "in use by process %ld", (long)getpid());
    refuses_with(f, ERR_EXISTS, part);
    commit_away(f, relayed(f, CLASS_ACTUAL, "a", "ME", 0));
    fixture_close(f);
    fixture_open(f);
}

static void a_newer_journal_is_refused(void **state)
{
    struct fixture *f = *state;

    fixture_close(f);
    run_sql(f, "PRAGMA user_version = 2");
    refuses_with(f, ERR_INVALID, "newer caprelayd");
    check_refuses(f, "newer caprelayd");
    run_sql(f, "PRAGMA user_version = 1");
    fixture_open(f);
}

static void another_database_is_refused(void **state)
{
    struct fixture *f = *state;

    fixture_close(f);
    unlink(f->path);
    run_sql(f, "CREATE TABLE contacts (name TEXT)");
    refuses_with(f, ERR_INVALID, "not a journal");
    check_refuses(f, "not a journal");
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    struct fixture *f = *state;

    fixture_close(f);
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", file);
    fclose(file);
    refuses_with(f, ERR_IO, "not a database");
    check_refuses(f, "no SQLite database");
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct fixture *f = *state;

    fixture_close(f);
    f->options.path = "/nowhere/at/all/journal.db";
    refuses_with(f, ERR_IO, "/nowhere/at/all/journal.db");
    f->options.path = f->path;
}

static void a_gap_in_the_numbers_is_damage(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++)
        commit_away(f, relayed(f, CLASS_ACTUAL, "a", "ME", 0));
    fixture_close(f);
    run_sql(f, "CREATE TABLE kept AS SELECT * FROM bulletins WHERE seq = 2;"
               "DELETE FROM bulletins WHERE seq = 2");
    refuses_with(f, ERR_INVALID, "damaged");
    check_refuses(f, "damaged");
    run_sql(f, "INSERT INTO bulletins SELECT * FROM kept; DROP TABLE kept;"
               "UPDATE bulletins SET chain = x'00' WHERE seq = 3");
    refuses_with(f, ERR_INVALID, "without its chain");
}

enum death { NOTHING_IN_WORK, KILLED, FAULT };

static void crash_with(struct fixture *f, const struct digest *digest, enum death death)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct journal *journal;
        struct err err;
        if (journal_open(&f->options, &journal, &err) != OK)
            _exit(1);
        journal_guard(journal, digest);
        if (death == NOTHING_IN_WORK)
            journal_unguard(journal);
        if (death != KILLED)
            journal_fault(journal);
        _exit(0); /* as a crash does: nothing is closed */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static unsigned crashes_of(struct fixture *f, const struct digest *digest)
{
    fixture_open(f);
    unsigned crashes = journal_crashes(f->journal, digest);
    fixture_close(f);
    return crashes;
}

static void crashes_are_counted_by_message(void **state)
{
    struct fixture *f = *state;
    struct digest one = digest_of(SLICE("one")), two = digest_of(SLICE("two"));

    fixture_close(f);
    crash_with(f, &one, NOTHING_IN_WORK);
    assert_int_equal(crashes_of(f, &one), 0);
    crash_with(f, &one, KILLED);
    assert_int_equal(crashes_of(f, &one), 1);
    assert_int_equal(crashes_of(f, &one), 1); /* not again at the next opening */
    crash_with(f, &two, FAULT);
    crash_with(f, &one, KILLED);
    assert_int_equal(crashes_of(f, &one), 2);
    assert_int_equal(crashes_of(f, &two), JOURNAL_CRASH_FAULT);
    crash_with(f, &two, FAULT);
    assert_true(crashes_of(f, &two) >= JOURNAL_CRASHES_MAX);
    assert_true(crashes_of(f, &one) < JOURNAL_CRASHES_MAX);
}

static void closing_commits_what_is_queued(void **state)
{
    struct fixture *f = *state;
    struct rows rows;

    gate_close(f);
    for (int i = 0; i < 20; i++)
        append(f, relayed(f, CLASS_ACTUAL, "a", "ME", 0));
    sem_post(&f->gate);
    fixture_close(f);
    fixture_open(f);
    assert_string_equal(since_text(f, CLASS_ACTUAL, NULL, 18, &rows), "19:us 20:us ");
}

static void waiting_ends_by_its_time(void **state)
{
    struct fixture *f = *state;

    gate_close(f);
    assert_false(journal_wait(f->journal, 0));
    gate_open(f);
    assert_true(journal_wait(f->journal, 0));
}

static void little_room_is_told(void **state)
{
    struct fixture *f = *state;

    assert_true(journal_state(f->journal).free_bytes > 0);
    fixture_close(f);
    f->options.free_min_bytes = INT64_MAX;
    fixture_open(f);
    commit_away(f, relayed(f, CLASS_ACTUAL, "a", "ME", 0));
    assert_int_equal(journal_state(f->journal).condition, JOURNAL_LOW);
    assert_non_null(strstr(journal_state(f->journal).text, "free"));
}

/* The views are for the operator's own sqlite3. */
static void views_can_be_asked(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    sqlite3_stmt *row;
    struct journal_entry *entry = relayed(f, CLASS_ACTUAL, "a", "ME", INT64_C(99999999999));

    add_bulletin(entry, SIDE_CA, "NB", 0);
    commit_away(f, entry);
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT verdict || ' ' || numbers || ' ' || sent FROM why",
                                        -1, &row, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(row, 0),
                        "relayed us 1, ca 2 1970-01-01 00:01:40");
    sqlite3_finalize(row);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT identifier FROM in_force", -1, &row, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    assert_int_equal(sqlite3_step(row), SQLITE_DONE);
    sqlite3_finalize(row);
    sqlite3_close(db);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_look_takes_nothing),
        TEST(a_second_relay_is_kept_out),
        TEST(a_newer_journal_is_refused),
        TEST(another_database_is_refused),
        TEST(a_file_that_is_no_database_is_refused),
        TEST(a_folder_that_is_not_there_is_told),
        TEST(a_gap_in_the_numbers_is_damage),
        TEST(crashes_are_counted_by_message),
        TEST(closing_commits_what_is_queued),
        TEST(waiting_ends_by_its_time),
        TEST(little_room_is_told),
        TEST(views_can_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
