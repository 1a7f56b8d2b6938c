/*
 * thread: a thread of its own for a library that blocks, and how it and the loop wake each other.
 *
 * What they tell each other is in a queue of theirs under a lock; the descriptor (an eventfd, for
 * loop_fd and poll) only says that something is there. Both hold what they share, and the last to
 * let go frees it: nobody waits for the other to end. From any thread.
 */
#ifndef CAPRELAY_LOOP_THREAD_H
#define CAPRELAY_LOOP_THREAD_H

#include <stddef.h>

/* -1: there are no descriptors left. To be closed by the owner. */
int thread_bell_create(void);
void thread_bell_ring(int bell);
/* Before one looks for what is there; nothing rung is fine. */
void thread_bell_clear(int bell);

/* Nobody joins it. `stack_bytes`: 0 for the usual. 0, or an errno. */
int thread_start(void *(*run)(void *context), void *context, size_t stack_bytes);
/* Those that have not returned from `run`. While there are any a process must not end by exit():
 * libraries then free what the threads still use. */
size_t thread_count(void);

#endif
