#include "loop/thread.h"

#include <pthread.h>
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

int thread_start(void *(*run)(void *context), void *context, size_t stack_bytes)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (stack_bytes)
        pthread_attr_setstacksize(&attributes, stack_bytes);
    int failure = pthread_create(&thread, &attributes, run, context);
    pthread_attr_destroy(&attributes);
    return failure;
}
