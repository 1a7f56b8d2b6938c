#include "relayd_fault.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

/* SIGABRT is also what a watchdog sends. */
static const int FAULTS[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
enum { FAULT_COUNT = sizeof FAULTS / sizeof *FAULTS, STACK_BYTES = 65536 };

/* A signal handler is given no context: the only state outside a struct. */
static _Atomic(struct journal *) watched;
static struct sigaction before[FAULT_COUNT];
static _Alignas(16) char stack[STACK_BYTES]; /* for a stack that overflowed */

/* What was there before does the rest: a core, or a sanitizer's report. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    struct journal *journal = atomic_load(&watched);

    if (journal)
        journal_fault(journal);
    for (size_t i = 0; i < FAULT_COUNT; i++)
        if (FAULTS[i] == number)
            sigaction(number, &before[i], NULL);
    if (info->si_code <= 0)
        raise(number); /* it was sent; a fault comes again by itself */
}

void relayd_fault_watch(struct journal *journal)
{
    const stack_t own = {.ss_sp = stack, .ss_size = STACK_BYTES};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    atomic_store(&watched, journal);
    sigaltstack(&own, NULL);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < FAULT_COUNT; i++)
        sigaction(FAULTS[i], &action, &before[i]);
}

void relayd_fault_forget(void)
{
    if (!atomic_load(&watched))
        return;
    for (size_t i = 0; i < FAULT_COUNT; i++)
        sigaction(FAULTS[i], &before[i], NULL);
    atomic_store(&watched, NULL);
}
