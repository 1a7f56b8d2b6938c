/*
 * fetches: the files that were announced and have not settled. For the loop's thread.
 *
 * One is fetched, tried again while the server says that it is not there yet, refuses it or cannot
 * be reached, handed on, and settled; only then may its announcement be acknowledged. One that is
 * nowhere after all tries, or is refused for too long (see patience.h), is reported lost.
 */
#ifndef CAPRELAY_ADAPTERS_ECCC_FETCHES_H
#define CAPRELAY_ADAPTERS_ECCC_FETCHES_H

#include "adapters/adapter.h"
#include "adapters/eccc/pointer.h"

struct fetches_options {
    struct host *host;
    const char *ca_file; /* NULL: the system's */
    size_t document_max;
    int64_t timeout_us;
    unsigned parallel;
    int64_t retry_first_us, retry_max_us;
    int64_t give_up_us; /* a file that the server says it does not have: after so long of that */
    /* The document, and the number that comes back with settled(). */
    void (*document)(void *context, uint64_t number, struct slice bytes);
    /* It will not come: `reason` is one line. Its announcement is done with. */
    void (*missing)(void *context, uint64_t number, struct slice name, const char *reason);
    /* After each answer: why files wait (text), or that none does for that (NULL). */
    void (*trouble)(void *context, const char *text);
    void *context;
};

struct fetches;

enum err_code fetches_create(const struct fetches_options *options, struct fetches **out,
                             struct err *err);
void fetches_destroy(struct fetches *fetches); /* accepts NULL */
/* `number` is the caller's own, and unique among those that have not settled. */
void fetches_add(struct fetches *fetches, uint64_t number, const struct pointer *pointer);
/* All that are being fetched are forgotten, but not for how long the server has refused them. */
void fetches_clear(struct fetches *fetches);
void fetches_pause(struct fetches *fetches);
void fetches_resume(struct fetches *fetches);
size_t fetches_count(const struct fetches *fetches);

#endif
