/* The file adapter over a real folder and a virtual clock. */
#include "tests/support/adapter_world.h"

#include "alert/parse.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct world world;

static int begin(void **state)
{
    (void)state;
    world_init(&world);
    world_mkdir(&world, "in");
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_fini(&world);
    return 0;
}

static void start(const char *more)
{
    char text[500];
    snprintf(text, sizeof text, "sources:\n - {name: inbox, adapter: file, folder: in%s}\n", more);
    world_start(&world, text);
    world_run(&world, 0);
}

static const char *bytes_at(size_t i)
{
    return world.port.items[i].bytes.ptr;
}

static struct source_status status(void)
{
    return hosts_status(world.hosts, 0);
}

static void files_that_are_there_come_oldest_first(void **state)
{
    (void)state;
    world_put_old(&world, "in/a.xml", "third", 10);
    world_put_old(&world, "in/b.xml", "first", 30);
    world_put_old(&world, "in/c.xml", "second", 20);
    start("");
    assert_int_equal(world.port.count, 3);
    assert_string_equal(bytes_at(0), "first");
    assert_string_equal(bytes_at(1), "second");
    assert_string_equal(bytes_at(2), "third");
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void closed_and_moved_in_files_come_at_once(void **state)
{
    (void)state;
    start("");
    world_put(&world, "in/a.xml", "closed");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 1);
    world_put(&world, "b.xml", "moved");
    char from[PATH_MAX];
    strcpy(from, world_path(&world, "b.xml"));
    assert_int_equal(rename(from, world_path(&world, "in/b.xml")), 0);
    world_run(&world, 0);
    assert_int_equal(world.port.count, 2);
    assert_string_equal(bytes_at(1), "moved");
}

static void unfinished_names_are_left_alone(void **state)
{
    (void)state;
    world_put_old(&world, "in/.hidden.xml", "x", 100);
    world_put_old(&world, "in/a.xml.tmp", "x", 100);
    world_put_old(&world, "in/a.xml.part", "x", 100);
    start("");
    world_put(&world, "in/.b.xml", "x");
    world_put(&world, "in/b.tmp", "x");
    world_run(&world, 60 * SECOND);
    assert_int_equal(world.port.count, 0);
    char from[PATH_MAX];
    strcpy(from, world_path(&world, "in/b.tmp"));
    assert_int_equal(rename(from, world_path(&world, "in/b.xml")), 0);
    world_run(&world, 0);
    assert_int_equal(world.port.count, 1);
}

/* A look must not take what somebody is still writing; once it is closed it comes at once. */
static void file_being_written_waits_for_its_end(void **state)
{
    (void)state;
    FILE *file = fopen(world_path(&world, "in/a.xml"), "w");
    fputs("half", file);
    fflush(file);
    start("");
    world_run(&world, 1 * SECOND);
    assert_int_equal(world.port.count, 0);
    fputs(" whole", file);
    fclose(file);
    world_run(&world, 0);
    assert_int_equal(world.port.count, 1);
    assert_string_equal(bytes_at(0), "half whole");
}

static void young_file_is_taken_when_it_stays_as_it_is(void **state)
{
    (void)state;
    world_put_old(&world, "in/a.xml", "text", 1);
    start("");
    assert_int_equal(world.port.count, 0);
    world_run(&world, 5 * SECOND);
    assert_int_equal(world.port.count, 1);
    world_put_old(&world, "in/future.xml", "text", -3600);
    world_run(&world, 5 * SECOND);
    assert_int_equal(world.port.count, 2);
}

static void restart_reads_nothing_twice(void **state)
{
    (void)state;
    world_put_old(&world, "in/a.xml", "one", 100);
    world_put_old(&world, "in/b.xml", "two", 90);
    start("");
    assert_int_equal(world.port.count, 2);
    fake_settle_all(&world.port, "relayed");
    world_stop(&world);
    world_put_old(&world, "in/c.xml", "three", 80);
    start("");
    world_run(&world, 100 * SECOND);
    assert_int_equal(world.port.count, 1);
    assert_string_equal(bytes_at(0), "three");
}

static void what_was_not_committed_is_read_again(void **state)
{
    (void)state;
    world_put_old(&world, "in/a.xml", "one", 100);
    start("");
    assert_int_equal(world.port.count, 1);
    world_stop(&world);
    start("");
    assert_int_equal(world.port.count, 1);
}

static void unreadable_file_that_changes_is_read_again(void **state)
{
    (void)state;
    world_put_old(&world, "in/a.xml", "<half", 100);
    start("");
    fake_settle_all(&world.port, "unreadable");
    world_run(&world, 100 * SECOND);
    assert_int_equal(world.port.count, 1);
    world_put(&world, "in/a.xml", "<half/>");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 2);
    assert_string_equal(bytes_at(1), "<half/>");
    assert_int_equal(status().unreadable, 1);
}

static void file_that_changes_in_flight_is_read_again(void **state)
{
    (void)state;
    start("");
    world_put(&world, "in/a.xml", "one");
    world_run(&world, 0);
    world_put(&world, "in/a.xml", "another");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 10 * SECOND);
    assert_int_equal(world.port.count, 2);
    assert_string_equal(bytes_at(1), "another");
    fake_settle_all(&world.port, "relayed");
    world_run(&world, 100 * SECOND);
    assert_int_equal(world.port.count, 2);
}

static void spool_moves_what_is_settled(void **state)
{
    (void)state;
    start(", spool: true");
    world_put(&world, "in/good.xml", "good");
    world_run(&world, 0);
    world_put(&world, "in/bad.xml", "bad");
    world_run(&world, 0);
    assert_true(world_has(&world, "in/good.xml"));
    fake_settle_at(&world.port, 0, "relayed");
    fake_settle_at(&world.port, 1, "unreadable");
    world_run(&world, 0);
    assert_false(world_has(&world, "in/good.xml"));
    assert_true(world_has(&world, "in/done/good.xml"));
    assert_true(world_has(&world, "in/refused/bad.xml"));
    assert_true(world_logged(&world, "file.refused source=inbox file=bad.xml verdict=unreadable"));
    assert_false(world_logged(&world, "file.refused source=inbox file=good.xml"));
    world_run(&world, 100 * SECOND);
    assert_int_equal(world.port.count, 2);
}

static void spool_overwrites_nothing(void **state)
{
    (void)state;
    start(", spool: true");
    for (int i = 0; i < 3; i++) {
        world_put(&world, "in/a.xml", i == 0 ? "one" : i == 1 ? "two" : "three");
        world_run(&world, 0);
        fake_settle_all(&world.port, "relayed");
    }
    assert_int_equal(world.port.count, 3);
    assert_true(world_has(&world, "in/done/a.xml"));
    assert_true(world_has(&world, "in/done/a.xml.1"));
    assert_true(world_has(&world, "in/done/a.xml.2"));
}

static void spool_keeps_a_file_that_changed_meanwhile(void **state)
{
    (void)state;
    start(", spool: true");
    world_put(&world, "in/a.xml", "one");
    world_run(&world, 0);
    world_put(&world, "in/a.xml", "two, longer");
    world_run(&world, 0);
    fake_settle_all(&world.port, "relayed");
    assert_true(world_has(&world, "in/a.xml"));
    world_run(&world, 10 * SECOND);
    assert_int_equal(world.port.count, 2);
    fake_settle_all(&world.port, "relayed");
    assert_false(world_has(&world, "in/a.xml"));
}

static void spool_after_a_crash_delivers_again_and_then_moves(void **state)
{
    (void)state;
    world_put_old(&world, "in/a.xml", "one", 100);
    start(", spool: true");
    world_stop(&world);
    start(", spool: true");
    assert_int_equal(world.port.count, 1);
    fake_settle_all(&world.port, "duplicate");
    assert_true(world_has(&world, "in/done/a.xml"));
}

static void settled_after_stop_still_moves(void **state)
{
    (void)state;
    world_put_old(&world, "in/a.xml", "one", 100);
    start(", spool: true");
    hosts_stop(world.hosts);
    fake_settle_all(&world.port, "relayed");
    assert_true(world_has(&world, "in/done/a.xml"));
}

static void put_oversized(void)
{
    world_put(&world, "in/big.xml", "<alert");
    assert_int_equal(truncate(world_path(&world, "in/big.xml"), 20 * 1024 * 1024), 0);
    world_age(&world, "in/big.xml", 100);
}

/* The journal gets a row for it, from as many bytes as make the parser refuse it by its size. */
static void oversized_file_arrives_cut(void **state)
{
    (void)state;
    put_oversized();
    start("");
    assert_int_equal(world.port.count, 1);
    assert_int_equal(world.port.items[0].bytes.len, PARSE_BYTES_MAX + 1);
    assert_int_equal(memcmp(bytes_at(0), "<alert", 7), 0);
    assert_true(world_logged(&world, "file.oversized source=inbox file=big.xml bytes=20971520"));
    fake_settle_all(&world.port, "unreadable");
    assert_int_equal(status().unreadable, 1);
    world_run(&world, 100 * SECOND);
    assert_int_equal(world.port.count, 1);
    world_stop(&world);
    start("");
    world_run(&world, 100 * SECOND);
    assert_int_equal(world.port.count, 0);
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void file_of_the_largest_size_arrives_whole(void **state)
{
    (void)state;
    world_put(&world, "in/big.xml", "<alert");
    assert_int_equal(truncate(world_path(&world, "in/big.xml"), PARSE_BYTES_MAX), 0);
    world_age(&world, "in/big.xml", 100);
    start("");
    assert_int_equal(world.port.count, 1);
    assert_int_equal(world.port.items[0].bytes.len, PARSE_BYTES_MAX);
    assert_false(world_logged(&world, "file.oversized"));
}

static void oversized_file_leaves_the_spool_with_its_verdict(void **state)
{
    (void)state;
    put_oversized();
    start(", spool: true");
    assert_int_equal(world.port.count, 1);
    assert_true(world_has(&world, "in/big.xml"));
    fake_settle_all(&world.port, "unreadable");
    assert_true(world_has(&world, "in/refused/big.xml"));
}

static void links_and_pipes_are_not_followed(void **state)
{
    (void)state;
    world_put_old(&world, "secret", "secret", 100);
    char target[PATH_MAX];
    strcpy(target, world_path(&world, "secret"));
    assert_int_equal(symlink(target, world_path(&world, "in/link.xml")), 0);
    assert_int_equal(mkfifo(world_path(&world, "in/pipe.xml"), 0644), 0);
    start("");
    world_run(&world, 200 * SECOND);
    assert_int_equal(world.port.count, 0);
    assert_true(world_logged(&world, "file=link.xml reason=\"is a link"));
    assert_true(world_logged(&world, "file=pipe.xml reason=\"is no regular file"));
    const char *first = strstr(world.log, "link.xml reason=\"is a link");
    assert_null(strstr(first + 1, "file.trouble source=inbox file=link.xml"));
}

/* Root may read everything, so it becomes somebody else for this one. */
static bool be_somebody(void)
{
    enum { NOBODY = 65534 };
    if (geteuid() != 0)
        return true;
    return chown(world.folder, NOBODY, NOBODY) == 0 &&
           chown(world_path(&world, "in"), NOBODY, NOBODY) == 0 &&
           chown(world_path(&world, "in/a.xml"), NOBODY, NOBODY) == 0 && seteuid(NOBODY) == 0;
}

static void unreadable_permission_is_told_and_mended(void **state)
{
    (void)state;
    world_put_old(&world, "in/a.xml", "text", 100);
    if (!be_somebody()) {
        printf("skipped: cannot become another user\n");
        skip();
    }
    assert_int_equal(chmod(world_path(&world, "in/a.xml"), 0), 0);
    start("");
    size_t delivered = world.port.count;
    enum source_state before = status().state;
    bool told = world_logged(&world, "Permission denied");
    assert_int_equal(chmod(world_path(&world, "in/a.xml"), 0644), 0);
    world_run(&world, 100 * SECOND);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(delivered, 0);
    assert_true(told);
    assert_int_equal(before, SOURCE_DEGRADED);
    assert_int_equal(world.port.count, 1);
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void vanished_file_is_told(void **state)
{
    (void)state;
    start("");
    world_put(&world, "in/a.xml", "text");
    hosts_pulse(world.hosts);
    fake_poll_fds(world.loop); /* the event is taken, the file not read yet */
    assert_int_equal(unlink(world_path(&world, "in/a.xml")), 0);
    world_run(&world, 0);
    assert_int_equal(world.port.count, 0);
    assert_true(world_logged(&world, "file.vanished source=inbox file=a.xml"));
}

/* Its time lies an hour ahead then. */
static void file_is_taken_when_it_is_quiet_whatever_the_clock(void **state)
{
    (void)state;
    world_put_old(&world, "in/a.xml", "text", 0);
    start("");
    world_run(&world, SECOND);
    assert_int_equal(world.port.count, 0);
    world.loop->step_us = -3600 * (int64_t)SECOND;
    world_run(&world, 40 * SECOND);
    assert_int_equal(world.port.count, 1);
}

static void empty_file_waits_for_content(void **state)
{
    (void)state;
    start("");
    world_put(&world, "in/a.xml", "");
    world_run(&world, 0);
    assert_int_equal(status().state, SOURCE_LIVE);
    world_run(&world, 100 * SECOND); /* whoever made it is not coming back */
    assert_int_equal(world.port.count, 0);
    assert_int_equal(status().state, SOURCE_DEGRADED);
    assert_true(world_logged(&world, "file.trouble source=inbox file=a.xml reason=\"is empty\""));
    world_put(&world, "in/a.xml", "text");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 1);
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void subfolders_are_watched_where_wanted(void **state)
{
    (void)state;
    world_mkdir(&world, "in/sub");
    world_put_old(&world, "in/sub/a.xml", "one", 100);
    start(", recursive: true, spool: true");
    assert_int_equal(world.port.count, 1);
    world_put(&world, "in/sub/b.xml", "two");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 2);
    world_mkdir(&world, "in/new");
    world_run(&world, 0);
    world_put(&world, "in/new/c.xml", "three");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 3);
    fake_settle_all(&world.port, "relayed");
    assert_true(world_has(&world, "in/done/sub/a.xml"));
    assert_true(world_has(&world, "in/done/new/c.xml"));
    world_run(&world, 100 * SECOND);
    assert_int_equal(world.port.count, 3);
}

static void subfolders_are_left_alone_otherwise(void **state)
{
    (void)state;
    world_mkdir(&world, "in/sub");
    world_put_old(&world, "in/sub/a.xml", "one", 100);
    start("");
    world_run(&world, 100 * SECOND);
    assert_int_equal(world.port.count, 0);
    assert_int_equal(status().state, SOURCE_LIVE);
}

static void rescan_finds_what_the_kernel_did_not_tell(void **state)
{
    (void)state;
    start("");
    world_put_old(&world, "old.xml", "text", 100);
    char from[PATH_MAX];
    strcpy(from, world_path(&world, "old.xml"));
    /* A hard link raises neither event. */
    assert_int_equal(link(from, world_path(&world, "in/a.xml")), 0);
    world_run(&world, 1 * SECOND);
    assert_int_equal(world.port.count, 0);
    world_run(&world, 30 * SECOND);
    assert_int_equal(world.port.count, 1);
}

static void absent_folder_is_down_until_it_comes(void **state)
{
    (void)state;
    assert_int_equal(rmdir(world_path(&world, "in")), 0);
    start("");
    assert_int_equal(status().state, SOURCE_DOWN);
    assert_non_null(strstr(status().reason.ptr, "No such file"));
    world_mkdir(&world, "in");
    world_put_old(&world, "in/a.xml", "text", 100);
    world_run(&world, 120 * SECOND);
    assert_int_equal(status().state, SOURCE_LIVE);
    assert_int_equal(world.port.count, 1);
}

static void removed_folder_is_noticed(void **state)
{
    (void)state;
    start("");
    assert_int_equal(rmdir(world_path(&world, "in")), 0);
    world_run(&world, 30 * SECOND);
    assert_int_equal(status().state, SOURCE_DOWN);
    world_mkdir(&world, "in");
    world_run(&world, 120 * SECOND);
    assert_int_equal(status().state, SOURCE_LIVE);
    world_put(&world, "in/a.xml", "text");
    world_run(&world, 0);
    assert_int_equal(world.port.count, 1);
}

static void many_files_come_in_bounded_turns(void **state)
{
    (void)state;
    for (int i = 0; i < 600; i++) {
        char name[40];
        snprintf(name, sizeof name, "in/%04d.xml", i);
        world_put_old(&world, name, name, 1000 - i);
    }
    start("");
    assert_int_equal(world.port.count, 256); /* no more in flight at once */
    while (world.port.settled < 600) {
        fake_settle_all(&world.port, "relayed");
        world_run(&world, 0);
    }
    assert_int_equal(world.port.count, 600);
    assert_string_equal(bytes_at(599), "in/0599.xml");
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        FILE_TEST(files_that_are_there_come_oldest_first),
        FILE_TEST(closed_and_moved_in_files_come_at_once),
        FILE_TEST(unfinished_names_are_left_alone),
        FILE_TEST(file_being_written_waits_for_its_end),
        FILE_TEST(young_file_is_taken_when_it_stays_as_it_is),
        FILE_TEST(restart_reads_nothing_twice),
        FILE_TEST(what_was_not_committed_is_read_again),
        FILE_TEST(unreadable_file_that_changes_is_read_again),
        FILE_TEST(file_that_changes_in_flight_is_read_again),
        FILE_TEST(spool_moves_what_is_settled),
        FILE_TEST(spool_overwrites_nothing),
        FILE_TEST(spool_keeps_a_file_that_changed_meanwhile),
        FILE_TEST(spool_after_a_crash_delivers_again_and_then_moves),
        FILE_TEST(settled_after_stop_still_moves),
        FILE_TEST(oversized_file_arrives_cut),
        FILE_TEST(file_of_the_largest_size_arrives_whole),
        FILE_TEST(oversized_file_leaves_the_spool_with_its_verdict),
        FILE_TEST(links_and_pipes_are_not_followed),
        FILE_TEST(unreadable_permission_is_told_and_mended),
        FILE_TEST(vanished_file_is_told),
        FILE_TEST(file_is_taken_when_it_is_quiet_whatever_the_clock),
        FILE_TEST(empty_file_waits_for_content),
        FILE_TEST(subfolders_are_watched_where_wanted),
        FILE_TEST(subfolders_are_left_alone_otherwise),
        FILE_TEST(rescan_finds_what_the_kernel_did_not_tell),
        FILE_TEST(absent_folder_is_down_until_it_comes),
        FILE_TEST(removed_folder_is_noticed),
        FILE_TEST(many_files_come_in_bounded_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
