#include "log/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct caught {
    int count;
    enum log_level level;
    char line[LOG_LINE_MAX + 16];
};

static void catch_line(void *context, enum log_level level, const char *line)
{
    struct caught *caught = context;
    caught->count++;
    caught->level = level;
    snprintf(caught->line, sizeof caught->line, "%s", line);
}

static int begin(void **state)
{
    static struct caught caught;
    caught = (struct caught){0};
    log_set_level(LOG_LEVEL_INFO);
    log_set_sink(catch_line, &caught);
    *state = &caught;
    return 0;
}

static int end(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    return 0;
}

static void line_is_event_and_pairs(void **state)
{
    struct caught *caught = *state;
    log_write(LOG_LEVEL_NOTICE, "source.state", "source=%s files=%d", "inbox", 3);
    assert_string_equal(caught->line, "source.state source=inbox files=3");
    assert_int_equal(caught->level, LOG_LEVEL_NOTICE);
}

static void lower_levels_are_left_out(void **state)
{
    struct caught *caught = *state;
    log_write(LOG_LEVEL_DEBUG, "x", "a=1");
    assert_int_equal(caught->count, 0);
    log_set_level(LOG_LEVEL_DEBUG);
    log_write(LOG_LEVEL_DEBUG, "x", "a=1");
    assert_int_equal(caught->count, 1);
    log_set_level(LOG_LEVEL_ERROR);
    log_write(LOG_LEVEL_WARNING, "x", "a=1");
    assert_int_equal(caught->count, 1);
}

static void plain_words_stay_plain(void **state)
{
    (void)state;
    assert_string_equal(log_quote_cstr("urn:oid:2.49.0.1.124").text, "urn:oid:2.49.0.1.124");
    assert_string_equal(log_quote_cstr("").text, "\"\"");
    assert_string_equal(log_quote((struct slice){0}).text, "\"\"");
    assert_string_equal(log_quote_cstr("two words").text, "\"two words\"");
    assert_string_equal(log_quote_cstr("Avertissement de tempête").text,
                        "\"Avertissement de tempête\"");
}

static void no_value_can_forge_a_pair(void **state)
{
    (void)state;
    assert_string_equal(log_quote_cstr("x verdict=relayed").text, "\"x verdict=relayed\"");
    assert_string_equal(log_quote_cstr("a\" verdict=relayed \"").text,
                        "\"a\\\" verdict=relayed \\\"\"");
    assert_string_equal(log_quote_cstr("a\\").text, "\"a\\\\\"");
}

static void no_value_can_end_a_line_or_move_the_cursor(void **state)
{
    struct caught *caught = *state;
    assert_string_equal(log_quote_cstr("a\nb").text, "\"a\\x0Ab\"");
    assert_string_equal(log_quote_cstr("\033[2J").text, "\"\\x1B[2J\"");
    assert_string_equal(log_quote(slice_of("a\0b", 3)).text, "\"a\\x00b\"");
    assert_string_equal(log_quote_cstr("\xC2\x9B"
                                       "2J")
                            .text,
                        "\"\\xC2\\x9B2J\""); /* C1: CSI */
    assert_string_equal(log_quote_cstr("\xE2\x80\xAE"
                                       "abc")
                            .text,
                        "\"\\xE2\\x80\\xAEabc\""); /* U+202E */
    log_write(LOG_LEVEL_INFO, "x", "id=%s", "a\nEMERGENCY all=clear");
    assert_string_equal(caught->line, "x id=a\\x0AEMERGENCY all=clear");
}

static void invalid_utf8_is_escaped_bytewise(void **state)
{
    (void)state;
    assert_string_equal(log_quote_cstr("caf\xE9").text, "\"caf\\xE9\"");
    assert_string_equal(log_quote_cstr("\xC0\x80").text, "\"\\xC0\\x80\"");          /* overlong */
    assert_string_equal(log_quote_cstr("\xED\xA0\x80").text, "\"\\xED\\xA0\\x80\""); /* surrogate */
    assert_string_equal(log_quote_cstr("\xF0\x9F").text, "\"\\xF0\\x9F\"");          /* cut */
    assert_string_equal(log_quote_cstr("\xF0\x9F\x8C\x8A").text, "\"\xF0\x9F\x8C\x8A\"");
}

static void long_values_and_lines_are_cut(void **state)
{
    struct caught *caught = *state;
    char *text = malloc(10000);
    memset(text, 'a', 9999);
    text[9999] = '\0';
    struct log_quoted quoted = log_quote_cstr(text);
    assert_true(strlen(quoted.text) < LOG_QUOTED_MAX);
    assert_string_equal(quoted.text + strlen(quoted.text) - 3, "...");
    memset(text, '\n', 9999);
    quoted = log_quote_cstr(text);
    assert_true(strlen(quoted.text) < LOG_QUOTED_MAX);
    assert_string_equal(quoted.text + strlen(quoted.text) - 4, "...\"");
    log_write(LOG_LEVEL_INFO, "x", "v=%s", text);
    assert_true(strlen(caught->line) <= LOG_LINE_MAX + 3);
    assert_string_equal(caught->line + strlen(caught->line) - 3, "...");
    free(text);
}

static void level_names_go_both_ways(void **state)
{
    (void)state;
    enum log_level level;
    for (int i = LOG_LEVEL_CRITICAL; i <= LOG_LEVEL_DEBUG; i++) {
        assert_true(
            log_level_from_name(slice_from_cstr(log_level_name((enum log_level)i)), &level));
        assert_int_equal(level, i);
    }
    assert_false(log_level_from_name(SLICE("loud"), &level));
}

/* What a line on stderr begins with, for a given JOURNAL_STREAM. */
static void write_to_file(const char *journal_stream_of_file, char *out, size_t size)
{
    char path[] = "/tmp/caprelay-log-XXXXXX";
    int fd = mkstemp(path), saved = dup(STDERR_FILENO);
    struct stat st;
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    char stream[64];
    snprintf(stream, sizeof stream, journal_stream_of_file, (uintmax_t)st.st_dev,
             (uintmax_t)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_set_sink(NULL, NULL);
    fflush(stderr);
    dup2(fd, STDERR_FILENO);
    log_write(LOG_LEVEL_WARNING, "x", "a=%d", 1);
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t n = pread(fd, out, size - 1, 0);
    out[n > 0 ? n : 0] = '\0';
    close(fd);
    unlink(path);
    unsetenv("JOURNAL_STREAM");
}

static void journal_gets_the_level_people_the_time(void **state)
{
    (void)state;
    char text[200];
    write_to_file("%ju:%ju", text, sizeof text);
    assert_string_equal(text, "<4>x a=1\n");
    /* stderr was redirected: the variable names another file */
    write_to_file("%ju:%ju1", text, sizeof text);
    assert_non_null(strstr(text, "Z warning  x a=1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(line_is_event_and_pairs, begin, end),
        cmocka_unit_test_setup_teardown(lower_levels_are_left_out, begin, end),
        cmocka_unit_test_setup_teardown(plain_words_stay_plain, begin, end),
        cmocka_unit_test_setup_teardown(no_value_can_forge_a_pair, begin, end),
        cmocka_unit_test_setup_teardown(no_value_can_end_a_line_or_move_the_cursor, begin, end),
        cmocka_unit_test_setup_teardown(invalid_utf8_is_escaped_bytewise, begin, end),
        cmocka_unit_test_setup_teardown(long_values_and_lines_are_cut, begin, end),
        cmocka_unit_test_setup_teardown(level_names_go_both_ways, begin, end),
        cmocka_unit_test_setup_teardown(journal_gets_the_level_people_the_time, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
