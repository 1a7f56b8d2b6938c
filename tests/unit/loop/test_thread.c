#include "loop/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <semaphore.h>
#include <unistd.h>

struct visit {
    sem_t begun, may_end;
};

static void *stay(void *context)
{
    struct visit *visit = context;
    sem_post(&visit->begun);
    sem_wait(&visit->may_end);
    return NULL;
}

static void wait_for_count(size_t count)
{
    for (int i = 0; i < 10000 && thread_count() != count; i++)
        usleep(1000);
    assert_int_equal(thread_count(), count);
}

static void a_thread_counts_until_it_returns(void **state)
{
    (void)state;
    struct visit visits[2];
    assert_int_equal(thread_count(), 0);
    for (size_t i = 0; i < 2; i++) {
        sem_init(&visits[i].begun, 0, 0);
        sem_init(&visits[i].may_end, 0, 0);
        assert_int_equal(thread_start(stay, &visits[i], 0), 0);
    }
    for (size_t i = 0; i < 2; i++)
        sem_wait(&visits[i].begun);
    assert_int_equal(thread_count(), 2);
    sem_post(&visits[0].may_end);
    wait_for_count(1);
    sem_post(&visits[1].may_end);
    wait_for_count(0);
}

/* More address space than there is. */
static void one_that_cannot_start_does_not_count(void **state)
{
    (void)state;
    struct visit unused;
    assert_int_equal(thread_start(stay, &unused, SIZE_MAX / 4), EAGAIN);
    assert_int_equal(thread_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_counts_until_it_returns),
        cmocka_unit_test(one_that_cannot_start_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
