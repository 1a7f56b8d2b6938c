#include "loop/thread.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

int thread_bell_create(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void thread_bell_ring(int bell)
{
    if (eventfd_write(bell, 1) != 0)
        abort(); /* the counter cannot be full: 2^64 signals */
}

void thread_bell_clear(int bell)
{
    eventfd_t count;
    (void)eventfd_read(bell, &count);
}

struct task {
    void *(*run)(void *context);
    void *context;
};

static atomic_size_t running;

static void *run_task(void *context)
{
    struct task task = *(struct task *)context;
    free(context);
    task.run(task.context);
    running--;
    return NULL;
}

int thread_start(void *(*run)(void *context), void *context, size_t stack_bytes)
{
    struct task *task = mem_alloc(sizeof *task);
    *task = (struct task){run, context};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (stack_bytes)
        pthread_attr_setstacksize(&attributes, stack_bytes);
    running++;
    int failure = pthread_create(&thread, &attributes, run_task, task);
    pthread_attr_destroy(&attributes);
    if (failure) {
        running--;
        free(task);
    }
    return failure;
}

size_t thread_count(void)
{
    return running;
}
