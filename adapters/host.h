/*
 * host: what runs the sources.
 *
 * For each configured source it makes the adapter's instance, reads its options, starts it (again
 * and again, with growing pauses, while it fails), hands documents to intake and verdicts back,
 * holds sources while the journal is full, and keeps what beats and `status` say of each. For the
 * loop's thread. Who it gets its world from is `struct host_port`: relayd wires it to intake and
 * journal, tests to their own.
 *
 * Order: hosts_create, intake_create with hosts_settle, hosts_start; at the end hosts_stop,
 * journal_close and a last intake_collect, hosts_destroy.
 */
#ifndef CAPRELAY_ADAPTERS_HOST_H
#define CAPRELAY_ADAPTERS_HOST_H

#include "adapters/adapter.h"
#include "conf/relay_conf.h"
#include "intake/intake.h"
#include "seal/key.h"

struct access; /* publish/access.h */
struct hosts;

struct host_port {
    void (*deliver)(void *context, const struct intake_delivery *delivery);
    bool (*full)(void *context);
    /* ERR_NOT_FOUND where there is none. */
    enum err_code (*mark)(void *context, struct arena *arena, struct slice source, struct slice key,
                          struct slice *value, struct err *err);
    void (*set_mark)(void *context, struct slice source, struct slice key, struct slice value);
    bool (*knows)(void *context, const struct cap_reference *reference);
    bool (*has_signed)(void *context, struct slice identifier);
    enum err_code (*receipt)(void *context, struct arena *arena, struct slice authority,
                             const struct digest *digest, struct slice *out, struct err *err);
    /* Around work on a document before intake has it, which may be what kills the relay. false: it
     * did so too often; the document is left for intake to set aside. */
    bool (*guard)(void *context, const struct digest *digest);
    void (*unguard)(void *context);
    void *context;
};

/* The port onto the real ones; *relay is lent for as long as the port is used. */
struct host_relay {
    struct intake *intake;
    struct journal *journal;
};
struct host_port host_port_relay(struct host_relay *relay);

struct hosts_options {
    struct loop *loop;
    struct host_port port;   /* may be set later: hosts_set_port() */
    struct slice relay_name; /* lent */
    /* For injection over ZeroMQ only; NULL where listen.inject is not set. Lent. */
    void *zmq_context;
    struct access *access;
    const struct key *actual_key;
    const struct key *exercise_key;
};

/* Checks every source of a configuration as a reload does: adapter known, options readable, init
 * good. Starts nothing. */
enum err_code hosts_check(const struct relay_conf *conf, struct err *err);
/* And as `--check-config` does: opens and reads the files that only a start reads. Takes also what
 * relay_conf_inspect() gives out for further checks. Both go on behind what they refuse: `err` has
 * the first, the configuration's document all. */
enum err_code hosts_check_files(const struct relay_conf *conf, conf_pem_fn pem, struct err *err);

/* Holds the configuration. Nothing is started. */
enum err_code hosts_create(const struct hosts_options *options, const struct relay_conf *conf,
                           struct hosts **out, struct err *err);
void hosts_set_port(struct hosts *hosts, const struct host_port *port);
void hosts_start(struct hosts *hosts);
/* No more deliveries; outcomes may still come. Idempotent. */
void hosts_stop(struct hosts *hosts);
/* After the intake is gone: nothing may settle any more. Accepts NULL. */
void hosts_destroy(struct hosts *hosts);

/* A new configuration (already checked): sources that did not change go on, others are stopped,
 * made anew or started. Fails only where hosts_check() would, and then nothing has changed. */
enum err_code hosts_reload(struct hosts *hosts, const struct relay_conf *conf, struct err *err);

/* For intake_options.settle, context the hosts. */
void hosts_settle(void *context, const struct intake_outcome *outcome);
/* To be called whenever the journal has committed something: resumes paused sources when there is
 * room. Cheap. */
void hosts_pulse(struct hosts *hosts);

/* What beats and `status` say of one source. Texts are lent until the loop goes on. */
struct source_status {
    struct slice name;
    struct slice adapter;
    enum alert_class class; /* the highest that it can give */
    enum source_state state;
    struct slice reason;
    int64_t since_us;
    int64_t last_message_us; /* 0: none yet */
    bool has_lag;            /* something was relayed since the start */
    int64_t lag_us;          /* of what was relayed lately (lag.h) */
    bool paused;
    uint64_t received; /* documents since start */
    uint64_t relayed;  /* alerts, by verdict */
    uint64_t duplicate;
    uint64_t unreadable;
    uint64_t refused;
    uint64_t other;
    size_t in_flight;
    enum origin_policy signature;
    struct slice pin;    /* ends soon, or has; absent where none does */
    int64_t pin_ends_us; /* of that one */
};
size_t hosts_count(const struct hosts *hosts);
struct source_status hosts_status(const struct hosts *hosts, size_t index);
/* The trust of the source of that name, as it is now; NULL for none. Lent while `hosts` lives. */
const struct origin_trust *hosts_trust(void *hosts, struct slice source);
/* Logs every pin that ends soon or has ended. */
void hosts_tell_pins(const struct hosts *hosts, int64_t now_us);

/* The reference page of all adapters' options. */
void hosts_reference(struct buf *out);

/* --- the wider door, for adapters/inject and inject_http alone --- */

struct host_injection {
    const struct relay_conf_authority *authority;
    struct slice bytes;
    bool dry_run;
    uint64_t receipt; /* comes back with settled() */
};
void host_inject(struct host *host, const struct host_injection *injection);
/* The receipt that was stored for these bytes; false where there is none. Lent from the arena. */
bool host_receipt(struct host *host, struct arena *arena, struct slice authority,
                  const struct digest *digest, struct slice *out);
/* The configuration of now: a reload changes it. */
const struct relay_conf *host_conf(struct host *host);
const struct hosts_options *host_options(struct host *host);

#endif
