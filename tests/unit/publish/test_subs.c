#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "publish/subs.h"

#include <stdio.h>

struct seen {
    size_t topics;
    size_t total;
};

static void see(void *context, struct slice topic, size_t count)
{
    struct seen *seen = context;

    (void)topic;
    seen->topics++;
    seen->total += count;
}

static struct seen look(const struct subs *subs)
{
    struct seen seen = {0};

    subs_each(subs, see, &seen);
    return seen;
}

static void test_counts_each_topic(void **state)
{
    struct subs *subs = subs_create();

    (void)state;
    subs_take(subs, SLICE("\1actual.us.ME."));
    subs_take(subs, SLICE("\1actual.us.ME."));
    subs_take(subs, SLICE("\1beat.actual."));
    assert_int_equal(look(subs).topics, 2);
    assert_int_equal(look(subs).total, 3);
    subs_take(subs, slice_of("\0actual.us.ME.", 14));
    assert_int_equal(look(subs).total, 2);
    subs_take(subs, slice_of("\0actual.us.ME.", 14));
    assert_int_equal(look(subs).topics, 1);
    subs_destroy(subs);
}

static void test_nonsense_changes_nothing(void **state)
{
    struct subs *subs = subs_create();

    (void)state;
    subs_take(subs, SLICE(""));
    subs_take(subs, SLICE("\2hello"));
    subs_take(subs, slice_of("\0never.subscribed.", 18));
    assert_int_equal(look(subs).topics, 0);
    assert_int_equal(subs_uncounted(subs), 0);
    subs_destroy(subs);
}

static void test_bounded(void **state)
{
    struct subs *subs = subs_create();
    char text[SUBS_TOPIC_BYTES_MAX + 3];

    (void)state;
    for (int i = 0; i < SUBS_TOPICS_MAX + 5; i++) {
        int len = snprintf(text, sizeof(text), "\1topic %d", i);

        subs_take(subs, slice_of(text, (size_t)len));
    }
    assert_int_equal(look(subs).topics, SUBS_TOPICS_MAX);
    assert_int_equal(subs_uncounted(subs), 5);
    memset(text, 'x', sizeof(text));
    text[0] = 1;
    subs_take(subs, slice_of(text, SUBS_TOPIC_BYTES_MAX + 2));
    assert_int_equal(subs_uncounted(subs), 6);
    subs_destroy(subs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_each_topic),
        cmocka_unit_test(test_nonsense_changes_nothing),
        cmocka_unit_test(test_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
