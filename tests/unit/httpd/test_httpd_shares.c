/* What one address, one owner and one silent client may have of the places. */
#include "fixture.h"

static void one_owner_leaves_bodies_to_others(void **state)
{
    (void)state;
    at_once = false;
    owner = "a";
    announce(&clients[0], 60000, "");
    send_body(&clients[0], 60000);
    announce(&clients[1], 60000, "");
    send_body(&clients[1], 60000);
    assert_int_equal(seen[HTTPD_WHOLE], 1);
    assert_int_equal(posting_status(&clients[1]), 503);
    owner = "b";
    announce(&clients[2], 90000, "");
    send_body(&clients[2], 90000);
    assert_int_equal(seen[HTTPD_WHOLE], 2);
}

static void one_owner_leaves_places_to_others(void **state)
{
    (void)state;
    owner = "a";
    for (int i = 0; i < 3; i++)
        announce(&clients[i], 1000, "");
    assert_int_equal(posting_status(&clients[0]), 0);
    assert_int_equal(posting_status(&clients[1]), 0);
    send_body(&clients[2], 1000);
    assert_int_equal(posting_status(&clients[2]), 429);
    owner = "b";
    announce(&clients[3], 1000, "");
    send_body(&clients[3], 1000);
    assert_int_equal(posting_status(&clients[3]), 200);
    send_body(&clients[0], 1000); /* it has a place again */
    owner = "a";
    ask(&clients[4], "POST /", "", "hello");
    assert_int_equal(posting_status(&clients[4]), 200);
}

static void newest_gets_the_place_of_the_oldest_silent_one(void **state)
{
    (void)state;
    announce(&clients[0], 1000, ""); /* known: its head was taken */
    for (int i = 1; i < PLACES; i++) {
        posting_open(&clients[i], httpd_port(httpd));
        go(0);
    }
    ask(&clients[PLACES], "POST /", "", "hello");
    assert_int_equal(posting_status(&clients[PLACES]), 200);
    posting_read(&clients[0]);
    posting_read(&clients[1]);
    posting_read(&clients[2]);
    assert_false(clients[0].ended);
    assert_true(clients[1].ended);
    assert_false(clients[2].ended);
}

static void one_address_has_its_part_of_the_places(void **state)
{
    (void)state;
    struct err err = {0};
    struct httpd_options options = usual();
    options.per_address_max = 2;
    httpd_destroy(httpd);
    assert_int_equal(httpd_create(loop, &options, &httpd, &err), OK);
    for (int i = 0; i < 3; i++) {
        posting_open(&clients[i], httpd_port(httpd));
        go(0);
        posting_read(&clients[i]);
        assert_int_equal(clients[i].ended, i == 2);
    }
    posting_close(&clients[0]);
    go(SECOND);
    ask(&clients[3], "POST /", "", "hello");
    assert_int_equal(posting_status(&clients[3]), 200);
}

static void begin_from(const char *source, struct posting *client)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    inet_pton(AF_INET, source, &from.sin_addr);
    to.sin_port = htons(httpd_port(httpd));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *client = (struct posting){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(bind(client->fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(client->fd, (struct sockaddr *)&to, sizeof to), 0);
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    go(0);
    posting_read(client);
}

/* How many of so many connections, one after the other, are not closed at once. */
static int taken_of(int count, const char *source)
{
    int taken = 0;
    for (int i = 0; i < count; i++) {
        begin_from(source, &clients[0]);
        taken += !clients[0].ended;
        posting_close(&clients[0]);
        go(0);
    }
    return taken;
}

static void an_address_begins_so_many_a_second(void **state)
{
    (void)state;
    enum { PER_SECOND = 3, AT_ONCE = 10 };
    struct err err = {0};
    struct httpd_options options = usual();
    options.per_second = PER_SECOND;
    options.per_second_at_once = AT_ONCE;
    httpd_destroy(httpd);
    assert_int_equal(httpd_create(loop, &options, &httpd, &err), OK);
    assert_int_equal(taken_of(30, "127.0.0.1"), AT_ONCE);
    assert_int_equal(taken_of(5, "127.0.0.2"), 5); /* another */
    assert_int_equal(httpd_turned_away(httpd), 20);
    assert_int_equal(httpd_turned_away(httpd), 0);
    go(SECOND);
    assert_int_equal(taken_of(30, "127.0.0.1"), PER_SECOND);
    go(60 * SECOND); /* with nobody there */
    assert_int_equal(taken_of(30, "127.0.0.1"), AT_ONCE);
    go(60 * SECOND);
    ask(&clients[1], "POST /", "", "hello");
    assert_int_equal(posting_status(&clients[1]), 200);
}

static void more_addresses_than_are_counted_are_taken(void **state)
{
    (void)state;
    struct err err = {0};
    struct httpd_options options = usual();
    char source[20];
    options.per_second = options.per_second_at_once = 1;
    httpd_destroy(httpd);
    assert_int_equal(httpd_create(loop, &options, &httpd, &err), OK);
    for (int i = 0; i < 1100; i++) {
        snprintf(source, sizeof source, "127.1.%d.%d", i / 250, 1 + i % 250);
        assert_int_equal(taken_of(1, source), 1);
    }
    assert_int_equal(taken_of(1, "127.1.0.1"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTPD_TEST(one_owner_leaves_bodies_to_others),
        HTTPD_TEST(one_owner_leaves_places_to_others),
        HTTPD_TEST(newest_gets_the_place_of_the_oldest_silent_one),
        HTTPD_TEST(one_address_has_its_part_of_the_places),
        HTTPD_TEST(an_address_begins_so_many_a_second),
        HTTPD_TEST(more_addresses_than_are_counted_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
