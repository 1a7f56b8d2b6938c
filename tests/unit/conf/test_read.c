/* Rows, scalars, and what is refused, with the place. */
#include "conf/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct inner {
    struct slice name;
    int64_t count;
};

struct target {
    struct slice text, path;
    bool flag;
    int64_t number, duration, size;
    double real;
    int choice;
    struct conf_texts texts;
    unsigned choices;
    struct inner inner;
    struct conf_list list;
    const struct conf_node *rest;
};

static const struct conf_choice colours[] = {{"red", 1}, {"green", 2}, {"blue", 3}, {NULL, 0}};

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

static enum err_code check_even(const void *value, struct err *err)
{
    return *(const int64_t *)value % 2 == 0
               ? OK
               : err_set(err, ERR_INVALID, "is odd; write an even one");
}

static const struct conf_row inner_rows[] = {{.name = "name",
                                              .type = CONF_TEXT,
                                              .offset = offsetof(struct inner, name),
                                              .required = true,
                                              .help = "The name."},
                                             {.name = "count",
                                              .type = CONF_INT,
                                              .offset = offsetof(struct inner, count),
                                              .fallback = "7",
                                              .help = "How many."},
                                             {.type = CONF_END}};

static const struct conf_row map_rows[] = {{.name = "count",
                                            .type = CONF_INT,
                                            .offset = offsetof(struct inner, count),
                                            .fallback = "7",
                                            .help = "How many."},
                                           {.type = CONF_END}};

#define ROW(key, kind)                                                                             \
    .name = #key, .type = kind, .offset = offsetof(struct target, key), .help = #key
static const struct conf_row rows[] = {
    {ROW(text, CONF_TEXT), .fallback = "hello"},
    {ROW(path, CONF_PATH)},
    {ROW(flag, CONF_BOOL)},
    {ROW(number, CONF_INT), .min = -10, .max = 1000, .unit = "things", .check = check_even},
    {ROW(duration, CONF_DURATION), .min = 0.1, .max = 86400},
    {ROW(size, CONF_SIZE)},
    {ROW(real, CONF_NUMBER), .fallback = "1.5"},
    {ROW(choice, CONF_CHOICE), .choices = colours},
    {ROW(texts, CONF_TEXTS)},
    {ROW(choices, CONF_CHOICES), .choices = colours, .fallback = "green"},
    {ROW(inner, CONF_MAP), .rows = map_rows},
    {ROW(list, CONF_LIST), .rows = inner_rows, .item_size = sizeof(struct inner)},
    {.type = CONF_END}};

static struct conf_doc *doc; /* of the last read(), for its texts */

static enum err_code read_text(const char *text, struct target *out, struct err *err)
{
    conf_doc_destroy(doc);
    doc = NULL;
    *out = (struct target){0};
    enum err_code code = conf_doc_parse("/etc/x.yaml", slice_from_cstr(text), &doc, err);
    return code == OK ? conf_read(conf_doc_root(doc), rows, out, err) : code;
}

static int drop_doc(void **state)
{
    (void)state;
    conf_doc_destroy(doc);
    doc = NULL;
    return 0;
}

static void every_type_is_read(void **state)
{
    (void)state;
    struct target t;
    struct err err = {0};
    assert_int_equal(
        read_text("text: a b\npath: sub/x\nflag: true\nnumber: -4\nduration: 2m\nsize: 512KiB\n"
                  "real: 0.25\nchoice: blue\ntexts: [a, 'b c']\nchoices: [red, blue]\n"
                  "inner: {count: 3}\nlist:\n  - name: one\n  - {name: two, count: 9}\n",
                  &t, &err),
        OK);
    assert_string_equal(t.text.ptr, "a b");
    assert_string_equal(t.path.ptr, "/etc/sub/x");
    assert_true(t.flag);
    assert_int_equal(t.number, -4);
    assert_int_equal(t.duration, 120000000);
    assert_int_equal(t.size, 524288);
    assert_true(t.real == 0.25);
    assert_int_equal(t.choice, 3);
    assert_int_equal(t.texts.count, 2);
    assert_string_equal(t.texts.items[1].ptr, "b c");
    assert_int_equal(t.choices, 1u << 1 | 1u << 3);
    assert_int_equal(t.inner.count, 3);
    assert_int_equal(t.list.count, 2);
    const struct inner *items = t.list.items;
    assert_string_equal(items[0].name.ptr, "one");
    assert_int_equal(items[0].count, 7);
    assert_int_equal(items[1].count, 9);
}

static void defaults_apply_also_inside_absent_maps(void **state)
{
    (void)state;
    struct target t;
    assert_int_equal(read_text("flag: false\n", &t, NULL), OK);
    assert_string_equal(t.text.ptr, "hello");
    assert_true(t.real == 1.5);
    assert_int_equal(t.choices, 1u << 2);
    assert_int_equal(t.inner.count, 7);
    assert_null(t.path.ptr);
    assert_int_equal(t.list.count, 0);
}

static void one_text_is_a_list_of_one(void **state)
{
    (void)state;
    struct target t;
    assert_int_equal(read_text("texts: any\n", &t, NULL), OK);
    assert_int_equal(t.texts.count, 1);
    assert_string_equal(t.texts.items[0].ptr, "any");
}

struct refusal {
    const char *text;
    const char *message; /* what must be in it */
};

static void check_refusals(const struct refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct target t;
        struct err err = {0};
        if (read_text(cases[i].text, &t, &err) == OK)
            fail_msg("accepted: %s", cases[i].text);
        if (!strstr(err.text, cases[i].message))
            fail_msg("%s\n  said: %s\n  wanted: %s", cases[i].text, err.text, cases[i].message);
    }
}

static void ambiguous_numbers_are_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"number: 050", "/etc/x.yaml:1: number: `050` is no whole number; a leading zero"},
        {"number: 1_000", "without separators"},
        {"number: 0x10", "only decimal"},
        {"number: 0o10", "only decimal"},
        {"number: 1e2", "without an exponent"},
        {"number: 2.0", "no whole number"},
        {"number: 12:30", "no whole number"},
        {"number: yes", "no whole number"},
        {"number: +4", "no whole number"},
        {"number: '4'", "without quotes"},
        {"number: 99999999999999999999", "no whole number"},
        {"number: 4 # fine\nreal: 1e3", "/etc/x.yaml:2: real: `1e3`"},
        {"real: .5", "no number"},
        {"real: 5.", "no number"},
        {"real: 01.5", "leading zero"},
        {"real: .inf", "no number"},
        {"real: nan", "no number"},
        {"duration: 5", "write a whole number with ms, s, m, h or d"},
        {"duration: 1.5s", "no duration"},
        {"duration: 05s", "no duration"},
        {"duration: 5 s", "no duration"},
        {"duration: 5sec", "no duration"},
        {"duration: 99999999999999d", "no duration"},
        {"size: 512", "KiB"},
        {"size: 512KB", "KiB"},
        {"size: 512k", "KiB"},
        {"flag: 1", "neither true nor false"},
        {"flag: 'true'", "neither true nor false"},
        {"flag: True", "neither true nor false"},
    };
    check_refusals(cases, sizeof cases / sizeof *cases);
}

static void ranges_and_checks_hold(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"number: 1002", "from -10 to 1000 things"},
        {"number: -12", "out of range"},
        {"number: 5", "number: is odd; write an even one"},
        {"duration: 50ms", "from 0.1 to 86400 s"},
        {"choice: pink", "`pink` is not known; one of red, green, blue"},
        {"choice: Red", "not known"},
        {"choices: [red, pink]", "/etc/x.yaml:1: choices[2]: `pink`"},
        {"choices: []", "is empty"},
    };
    check_refusals(cases, sizeof cases / sizeof *cases);
}

static void unknown_repeated_and_missing_keys_are_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"text: a\nnumbr: 2", "/etc/x.yaml:2: numbr: no such key; is `number` meant?"},
        {"inner: {cuont: 2}", "inner.cuont: no such key; is `count` meant?"},
        {"completely-else: 2", "no such key here"},
        {"text: a\nreal: 1\ntext: b", "/etc/x.yaml:3: text: is given twice; it was on line 1"},
        {"list:\n  - count: 1", "/etc/x.yaml:2: list[1].name: is missing: The name."},
        {"text:", "text: has no value"},
        {"text: ~", "has no value"},
        {"text: null", "has no value"},
        {"text: [a]", "a single value is wanted, not a list"},
        {"texts: {a: b}", "a list is wanted"},
        {"list: {a: b}", "a list is wanted"},
        {"list: [a]", "keys with values are wanted"},
        {"inner: [a]", "keys with values are wanted"},
    };
    check_refusals(cases, sizeof cases / sizeof *cases);
}

static void what_hides_meaning_is_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"text: &a hello", "/etc/x.yaml:1: an anchor"},
        {"text: hello\nreal: *a", "/etc/x.yaml:2: an alias"},
        {"text: !!str hello", "a tag"},
        {"number: !!int '4'", "a tag"},
        {"inner: &a {count: 3}", "an anchor"},
        {"inner:\n  <<: *a", "an alias"},
        {"text: a\n---\ntext: b", "a second document"},
        {"[a, b]", "the file must hold keys"},
        {"", "the file must hold keys"},
        {"text: \"a\\0b\"", "NUL"},
        {"text: [a", "/etc/x.yaml:"},
        {"text: a\n\tnumber: 2", "/etc/x.yaml:2"},
        {"{{a: b}: c}", "a key must be a plain word"},
        {"a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}}}}}}}}}",
         "nested too deeply"},
    };
    check_refusals(cases, sizeof cases / sizeof *cases);
}

static const struct conf_row known[] = {
    {.name = "text", .type = CONF_TEXT, .offset = offsetof(struct target, text), .help = "x"},
    {.type = CONF_REST, .offset = offsetof(struct target, rest)},
    {.type = CONF_END}};
static const struct conf_row more[] = {
    {.name = "folder", .type = CONF_TEXT, .offset = offsetof(struct target, text), .help = "x"},
    {.type = CONF_END}};

static void rest_is_read_by_whoever_knows_it(void **state)
{
    (void)state;
    struct target t = {0}, own = {0};
    struct err err = {0};
    assert_int_equal(conf_doc_parse("x", SLICE("text: a\nfolder: b\n"), &doc, &err), OK);
    assert_int_equal(conf_read(conf_doc_root(doc), known, &t, &err), OK);
    assert_ptr_equal(t.rest, conf_doc_root(doc));
    assert_int_equal(conf_read_rest(t.rest, known, more, &own, &err), OK);
    assert_string_equal(own.text.ptr, "b");
    conf_doc_destroy(doc);

    assert_int_equal(conf_doc_parse("x", SLICE("text: a\nfoldr: b\n"), &doc, &err), OK);
    assert_int_equal(conf_read(conf_doc_root(doc), known, &t, &err), OK);
    assert_int_equal(conf_read_rest(t.rest, known, more, &own, &err), ERR_INVALID);
    assert_string_equal(err.text, "x:2: foldr: no such key; is `folder` meant?");
}

static struct digest digest_of_text(const char *text)
{
    assert_int_equal(conf_doc_parse("x", slice_from_cstr(text), &doc, NULL), OK);
    struct digest digest = conf_node_digest(conf_doc_root(doc));
    conf_doc_destroy(doc);
    doc = NULL;
    return digest;
}

static void digest_ignores_layout_only(void **state)
{
    (void)state;
    struct digest a = digest_of_text("a: 1\nb: [x, y]\n");
    struct digest same = digest_of_text("# remark\na:   1\nb:\n  - x\n  - y\n");
    struct digest other = digest_of_text("a: 1\nb: [x, z]\n");
    struct digest moved = digest_of_text("a: 1\nb: [xy]\n");
    assert_true(digest_eq(&a, &same));
    assert_false(digest_eq(&a, &other));
    assert_false(digest_eq(&a, &moved));
}

static void relative_paths_follow_the_file(void **state)
{
    (void)state;
    struct target t = {0};
    char here[1000], wanted[2100];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(conf_doc_parse("conf/x.yaml", SLICE("path: y\n"), &doc, NULL), OK);
    assert_int_equal(conf_read(conf_doc_root(doc), rows, &t, NULL), OK);
    snprintf(wanted, sizeof wanted, "%s/conf/y", here);
    assert_string_equal(t.path.ptr, wanted);
}

static void reference_has_every_key_with_its_default(void **state)
{
    (void)state;
    struct buf page;
    buf_init(&page, 100000);
    conf_reference_rows(&page, "Title", rows);
    buf_put_char(&page, '\0');
    for (const struct conf_row *row = rows; row->type != CONF_END; row++)
        assert_non_null(strstr(page.ptr, row->name));
    assert_non_null(strstr(page.ptr, "list[].name  text, required"));
    assert_non_null(strstr(page.ptr, "number  whole number (things), -10 to 1000"));
    assert_non_null(strstr(page.ptr, "choice  one of red, green, blue"));
    assert_non_null(strstr(page.ptr, "text  text, default hello"));
    buf_fini(&page);
}

/* What decides is which file it is and when it was written; not the path, not the folder's life. */
static void a_file_that_is_written_anew_is_noticed(void **state)
{
    struct files {
        struct slice path, folder, absent;
        struct conf_list list;
    };
    struct item {
        struct slice path;
    };
    static const struct conf_row item_rows[] = {
        {.name = "path", .type = CONF_PATH, .offset = offsetof(struct item, path)},
        {.type = CONF_END}};
    static const struct conf_row file_rows[] = {
        {.name = "path", .type = CONF_PATH, .offset = offsetof(struct files, path)},
        {.name = "folder", .type = CONF_PATH, .offset = offsetof(struct files, folder)},
        {.name = "absent", .type = CONF_PATH, .offset = offsetof(struct files, absent)},
        {.name = "list",
         .type = CONF_LIST,
         .offset = offsetof(struct files, list),
         .rows = item_rows,
         .item_size = sizeof(struct item)},
        {.type = CONF_END}};
    (void)state;
    char folder[] = "/tmp/caprelay-files-XXXXXX", a[64], b[64], c[64];
    assert_non_null(mkdtemp(folder));
    snprintf(a, sizeof a, "%s/a", folder);
    snprintf(b, sizeof b, "%s/b", folder);
    snprintf(c, sizeof c, "%s/c", folder);
    write_text(a, "one");
    write_text(b, "one");
    struct item item = {slice_from_cstr(b)};
    struct files files = {slice_from_cstr(a), slice_from_cstr(folder), {NULL, 0}, {&item, 1}};
    struct digest before = conf_files_digest(file_rows, &files), after;
    write_text(c, "in the folder");
    after = conf_files_digest(file_rows, &files);
    assert_true(digest_eq(&before, &after));
    assert_int_equal(rename(c, a), 0);
    after = conf_files_digest(file_rows, &files);
    assert_false(digest_eq(&before, &after));
    before = after;
    write_text(b, "of a list, and longer");
    after = conf_files_digest(file_rows, &files);
    assert_false(digest_eq(&before, &after));
    before = after;
    assert_int_equal(unlink(a), 0);
    after = conf_files_digest(file_rows, &files);
    assert_false(digest_eq(&before, &after));
    assert_int_equal(unlink(b), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_type_is_read, drop_doc),
        cmocka_unit_test_teardown(defaults_apply_also_inside_absent_maps, drop_doc),
        cmocka_unit_test_teardown(one_text_is_a_list_of_one, drop_doc),
        cmocka_unit_test_teardown(ambiguous_numbers_are_refused, drop_doc),
        cmocka_unit_test_teardown(ranges_and_checks_hold, drop_doc),
        cmocka_unit_test_teardown(unknown_repeated_and_missing_keys_are_refused, drop_doc),
        cmocka_unit_test_teardown(what_hides_meaning_is_refused, drop_doc),
        cmocka_unit_test_teardown(rest_is_read_by_whoever_knows_it, drop_doc),
        cmocka_unit_test_teardown(digest_ignores_layout_only, drop_doc),
        cmocka_unit_test_teardown(relative_paths_follow_the_file, drop_doc),
        cmocka_unit_test_teardown(reference_has_every_key_with_its_default, drop_doc),
        cmocka_unit_test(a_file_that_is_written_anew_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
