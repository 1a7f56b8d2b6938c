/*
 * What the files of the host share; adapters never see it.
 */
#ifndef CAPRELAY_ADAPTERS_HOST_INTERNAL_H
#define CAPRELAY_ADAPTERS_HOST_INTERNAL_H

#include "adapters/host.h"
#include "adapters/lag.h"

/* A source without `pause` that goes on while the journal is full: what is kept for it before it is
 * stopped. */
enum { HOST_QUEUE_DOCUMENTS_MAX = 256, HOST_QUEUE_BYTES_MAX = 32 * 1024 * 1024 };
/* Between failed starts: 1 s, 2 s, ... 60 s. */
enum { HOST_RETRY_FIRST_US = 1000000, HOST_RETRY_MAX_US = 60000000 };

struct host_delivery; /* deliver.c */

/* A document that waits for room in the journal. */
struct host_waiting {
    struct host_waiting *next;
    struct arena *arena;
    struct adapter_document document; /* all in the arena */
    int64_t received_us;
};

struct host {
    struct hosts *hosts;
    struct host *next;
    const struct adapter_ops *ops;
    void *instance;
    const struct relay_conf *conf;               /* held: options are lent from it */
    const struct relay_conf_source *conf_source; /* NULL: a door for authorities */
    struct intake_source *source; /* kept by `hosts`, since intake may lend it to the end */
    struct arena *mark_arena;

    enum source_state state;
    char reason[300];
    int64_t since_us;
    bool state_known;

    /* the files that the configuration names, as they were before they were read */
    struct digest source_files, option_files;

    bool initialised; /* init was good: fini is owed */
    bool running;     /* start was good */
    bool rewrites;    /* of class exercise, and the adapter does not see to it by itself */
    bool held_back;   /* stopped because its queue was full */
    bool paused;
    bool retired; /* no longer configured; goes when the last delivery has settled */
    struct loop_timer *retry;
    int64_t retry_us;
    int64_t started_mono_us;

    struct host_waiting *waiting, **waiting_end;
    size_t waiting_count, waiting_bytes;
    size_t in_flight;
    struct host_delivery *deliveries; /* in flight */
    struct source_status counts;
    struct lag lag;
};

/* One authority as intake wants it. */
struct host_authority {
    struct intake_source source;
    struct intake_grants grants;
};

/* All of one configuration; kept to the end, since intake may lend them. */
struct host_authorities {
    struct host_authorities *next;
    const struct relay_conf *conf; /* held */
    struct host_authority *items;
};

struct kept_source {
    struct kept_source *next;
    struct origin_trust *trust; /* of `source` */
    struct intake_source source;
    char name[64];
};

struct hosts {
    struct hosts_options options;
    const struct relay_conf *conf; /* held */
    struct host *first;
    struct kept_source *kept;
    struct host_authorities *authorities; /* the newest first */
    struct loop_timer *pulse;
    struct parser *parser; /* for what is rewritten; NULL until a source needs it */
    bool started;
    bool paused;
};

/* host_trust.c: NULL for a source whose signatures are ignored, and for injection. */
enum err_code host_trust_create(const struct relay_conf_source *source, struct origin_trust **out,
                                struct err *err);
/* Refuses where no pin counts any more. */
enum err_code host_trust_check(const struct host *host, int64_t now_s, struct err *err);
/* Policy, and the pin that ends first where one does soon or did. */
void host_trust_status(const struct host *host, int64_t now_us, struct source_status *status);

/* host.c */
enum err_code host_create(struct hosts *hosts, const struct adapter_ops *ops,
                          const struct relay_conf_source *source, struct host **out,
                          struct err *err);
void host_destroy(struct host *host);
/* Refuses what host_create() would, all of it (the document remembers), and with `pem` looks into
 * the files that only a start reads. */
enum err_code host_check(struct hosts *hosts, const struct adapter_ops *ops,
                         const struct relay_conf_source *source, conf_pem_fn pem, struct err *err);
/* A file that its configuration names was written anew, or leads elsewhere. */
bool host_files_changed(const struct host *host);
void host_start(struct host *host);
void host_stop(struct host *host);
void host_pause(struct host *host);
void host_resume(struct host *host);

/* deliver.c */
/* Of the newest document that was delivered with that mark and has not settled; NULL for none. Lent
 * until that settles. */
const struct slice *host_mark_in_flight(const struct host *host, struct slice key);
void host_drop_waiting(struct host *host);
/* Whatever has not settled by now never will. */
void host_drop_deliveries(struct host *host);
void host_deliver_waiting(struct host *host);

/* hosts.c */
void hosts_pause_all(struct hosts *hosts);
const struct host_authority *hosts_authority(struct hosts *hosts,
                                             const struct relay_conf_authority *authority);

#endif
