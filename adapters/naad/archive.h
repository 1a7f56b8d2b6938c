/*
 * archive: what NAAD's streams did not bring, from its archive hosts.
 *
 * A heartbeat names the ten latest alerts, and an Update or Cancel those it follows. What has not
 * arrived is asked for: at each host in turn, again after growing pauses, and then given up with a
 * warning, since the archive keeps a few days only. What has arrived is known by the journal, so
 * nothing is asked for twice over a restart. For the loop's thread.
 *
 * File naming: profiles of NAAD's archive; DATE/SENTIIDENTIFIER.xml, with - and : as _ and + as p.
 */
#ifndef CAPRELAY_ADAPTERS_NAAD_ARCHIVE_H
#define CAPRELAY_ADAPTERS_NAAD_ARCHIVE_H

#include "adapters/adapter.h"
#include "base/arena.h"

/* The file's path below a host's URL; absent where `sent` has no date in front. Pure. */
struct slice archive_path(struct arena *arena, struct slice sent, struct slice identifier);

struct archive_options {
    struct host *host;
    const struct conf_texts *bases; /* URLs without a slash at the end; lent */
    size_t document_max;
    int64_t timeout_us;
    int64_t keep_us;  /* how far back the archive reaches */
    int64_t grace_us; /* the streams may still bring it; also between two rounds at the hosts */
    void (*document)(void *context, struct slice bytes);
    /* One more is given up: the state may be another. */
    void (*missing)(void *context);
    void *context;
};

struct archive;

enum err_code archive_create(const struct archive_options *options, struct archive **out,
                             struct err *err);
void archive_destroy(struct archive *archive); /* accepts NULL */
void archive_start(struct archive *archive);
/* Idempotent; asks for nothing more, and forgets what it wanted. */
void archive_stop(struct archive *archive);
void archive_pause(struct archive *archive);
void archive_resume(struct archive *archive);

/* That alert was referenced. Asks for it unless it is here, was asked for, or is too old; true: it
 * will. */
bool archive_want(struct archive *archive, const struct cap_reference *reference);

struct archive_state {
    size_t waiting;            /* wanted and not here */
    uint64_t brought, missing; /* since the start */
};
struct archive_state archive_state(const struct archive *archive);

#endif
