/* Where the access code of a hub goes, and where it never does. */
#include "adapters/hub_access.h"
#include "tests/support/atom_world.h"

static void the_secret_goes_to_the_feeds_server_alone(void **state)
{
    (void)state;
    fake_atom.secret = "dh4nhz";
    fake_atom_add("<alert>a</alert>", NULL);
    start_with(HUB ", bbox: '-69.1,44.5,-63.7,48.1', lang: en, parameters: ['author=a b']");
    run(30 * SECOND);
    assert_int_equal(times("<alert>a</alert>"), 1);
    assert_non_null(strstr(fake_atom.message_url, "/m/0?secret=dh4nhz"));
    run(2 * MINUTE);
    assert_non_null(strstr(fake_http.last_url,
                           "?bbox=-69.1%2C44.5%2C-63.7%2C48.1&lang=en&author=a%20b&dtsince=20"));
    world_stop(&world);
    fake_atom.secret = NULL;
    fake_atom.link_server = "http://cap.example";
    fake_atom_add("<alert>b</alert>", NULL);
    start_with(HUB ", fetch_from: ['http://cap.example/']");
    run(20 * SECOND);
    assert_int_equal(times("<alert>b</alert>"), 1);
    assert_non_null(strstr(fake_atom.message_url, "http://cap.example/m/1"));
    assert_null(strstr(fake_atom.message_url, "secret"));
}

static void the_secret_can_be_a_header_and_is_in_no_log(void **state)
{
    (void)state;
    fake_atom.secret = "dh4nhz";
    fake_atom_add("<alert>a</alert>", NULL);
    start_with(HUB ", secret_in: header");
    run(MINUTE);
    assert_int_equal(times("<alert>a</alert>"), 1);
    assert_null(strstr(fake_http.last_url, "secret"));
    assert_null(strstr(fake_atom.message_url, "secret"));
    fake_atom.message_status = 404;
    fake_atom_add("<alert>never</alert>", NULL);
    run(30 * MINUTE);
    assert_non_null(strstr(world.log, "atom.missing"));
    fake_atom.status = 401;
    run(10 * MINUTE);
    assert_true(slice_find(status().reason, "access code") > 0);
    assert_null(strstr(world.log, "dh4nhz"));
}

static void a_secret_that_the_hub_repeats_is_not_published(void **state)
{
    (void)state;
    fake_atom_add(NULL, INCIDENT "<title>t</title><link rel='edit' "
                                 "href='https://h/e?secret=dh4nhz'/><x>secret=</x>");
    start_with(HUB);
    run(MINUTE);
    assert_int_equal(times("secret=******'/>"), 1);
    assert_int_equal(times("dh4nhz"), 0);
}

/* A server writes it as its URLs and its XML want it. */
static void a_secret_that_is_repeated_escaped_is_not_published(void **state)
{
    static const char *const forms[] = {
        "ab+c/d==&amp;'%",        "ab%2Bc%2Fd%3D%3D%26%27%25",         "ab%2bc%2fd%3d%3d%26%27%25",
        "ab+c%2Fd==%26&apos;%25", "ab&#43;c&#x2F;d&#x3d;=&#38;&#39;%", "ab+c/d==&#x26;'&#37;"};
    (void)state;
    write_secret("ab+c/d==&'%\n");
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char entry[300];
        snprintf(entry, sizeof entry,
                 INCIDENT "<title>t</title><link rel='edit' "
                          "href=\"https://h/e?secret=%s&amp;x=%zu\"/><x>secret=ab%%2B</x>",
                 forms[i], i);
        fake_atom_add(NULL, entry);
    }
    start_with(HUB);
    run(MINUTE);
    assert_int_equal(world.port.count, sizeof forms / sizeof *forms);
    assert_int_equal(times("secret=***"), sizeof forms / sizeof *forms);
    assert_int_equal(times("*&amp;x="), sizeof forms / sizeof *forms);
    assert_int_equal(times("secret=ab%2B</x>"), sizeof forms / sizeof *forms);
}

/* A hub writes it into addresses, and addresses into XML. */
static void a_secret_is_blotted_out_however_it_is_written(void **state)
{
    (void)state;
    static const char *const written[] = {
        "secret=a+b&amp;c/d=",
        "secret=a%2Bb%26c%2fd%3D",
        "secret%3Da%2Bb%26c%2Fd%3D",
        "Secret: a+b&#38;c/d=",
        "<secret>a&#x2B;b&c/d=<",
        "MASAS-Secret \"a+b&amp;c&#x2f;d=\"",
        "secret%253Da%252Bb%2526c%252fd%253D",
    };
    struct hub_access access = {.secret = "a+b&c/d="};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        char text[100], *stars;
        snprintf(text, sizeof text, "<x>%s/>", written[i]);
        hub_access_blot(&access, slice_from_cstr(text));
        stars = strchr(text, '*');
        if (!stars || strpbrk(stars + strspn(stars, "*"), "abcd=") || strlen(text) < 8)
            fail_msg("%s: %s", written[i], text);
    }
    char others[] = "secret=a+b&amp;c/e= secret=a%2 secret secret=";
    hub_access_blot(&access, slice_from_cstr(others));
    assert_null(strchr(others, '*'));
}

static void a_secret_in_a_linked_message_is_not_published(void **state)
{
    (void)state;
    fake_atom_add("<alert>https://h/e?secret=dh4nhz</alert>", NULL);
    start_with(HUB);
    run(MINUTE);
    assert_int_equal(times("<alert>https://h/e?secret=******</alert>"), 1);
    assert_int_equal(times("dh4nhz"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATOM_TEST(the_secret_goes_to_the_feeds_server_alone),
        ATOM_TEST(the_secret_can_be_a_header_and_is_in_no_log),
        ATOM_TEST(a_secret_that_the_hub_repeats_is_not_published),
        ATOM_TEST(a_secret_is_blotted_out_however_it_is_written),
        ATOM_TEST(a_secret_in_a_linked_message_is_not_published),
        ATOM_TEST(a_secret_that_is_repeated_escaped_is_not_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
