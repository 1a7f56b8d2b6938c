/*
 * relay_conf: the relay's whole configuration as plain values.
 *
 * Loaded and checked whole, or not at all; constant afterwards; shared by counted holds, so that a
 * reload can let the old one go when its last source has settled. The room knows nothing of routes,
 * intake or keys: the enums repeat the values of alert/alert.h, so that a cast is enough (asserted
 * in adapters/host.c). Paths are absolute. For one thread.
 */
#ifndef CAPRELAY_CONF_RELAY_CONF_H
#define CAPRELAY_CONF_RELAY_CONF_H

#include "conf/conf.h"

enum { RELAY_CONF_KEY_BYTES = 32 };

/* As enum side, with what only a configuration says. */
enum conf_side { CONF_SIDE_NONE = 0, CONF_SIDE_CA = 1, CONF_SIDE_US = 2 };
/* As enum alert_class. */
enum conf_class { CONF_CLASS_ACTUAL = 1, CONF_CLASS_EXERCISE = 2 };
enum conf_access { CONF_ACCESS_CURVE = 0, CONF_ACCESS_PLAIN = 1 };

struct relay_conf_rule {
    struct slice name;
    int relay;  /* 1 relay, 0 drop */
    int status; /* as enum cap_status; 0: any */
    int to;     /* as enum side; 0: either */
    struct conf_texts events;
    int severity_at_least; /* as enum cap_severity; 0: any */
    int severity_at_most;
    struct conf_texts sources;
    double within_km; /* negative: any */
    double beyond_km;
    const struct conf_node *node;
};

struct relay_conf_authority {
    struct slice name;
    struct slice key_hex;
    bool has_key;                      /* or it cannot come by ZeroMQ */
    uint8_t key[RELAY_CONF_KEY_BYTES]; /* Ed25519, public */
    struct conf_texts token_hex, certificate_hex;
    uint8_t (*tokens)[RELAY_CONF_KEY_BYTES]; /* SHA-256, as many as in token_hex */
    uint8_t (*certificates)[RELAY_CONF_KEY_BYTES];
    int country;               /* as enum side; 0: told by each alert */
    unsigned classes;          /* bits 1u << enum alert_class */
    struct conf_texts regions; /* upper case; none: anywhere */
    struct conf_texts events;  /* none: any */
    const struct conf_node *node;
};

/* As enum origin_policy. */
enum conf_signature {
    CONF_SIGNATURE_IGNORE = 0,
    CONF_SIGNATURE_FLAG = 1,
    CONF_SIGNATURE_REQUIRE = 2
};

/* One key that may sign the alerts of a source. */
struct relay_conf_pin {
    struct slice name;
    struct slice spki;     /* 64 hex digits */
    struct slice file, ca; /* paths */
    struct slice subject;
    struct slice not_before, not_after; /* days as written */
    int64_t not_before_s, not_after_s; /* from the first instant, to behind the last; 0: no bound */
    bool allow_expired, allow_weak;
};

struct relay_conf_source {
    struct slice name;
    struct slice adapter;
    int country;      /* as enum side; 0: auto */
    int country_else; /* auto: as enum side; 0: both sides */
    int class_max;    /* as enum alert_class */
    struct {
        int policy; /* enum conf_signature */
        int64_t warn_before_us;
        struct conf_list pins; /* struct relay_conf_pin */
    } signature;
    const struct conf_node *node; /* the rest is the adapter's */
    struct digest digest;         /* equal: nothing in it was changed */
};

/* What becomes of a bulletin that the far end refuses for good. */
enum conf_refusal { CONF_REFUSAL_STOP = 0, CONF_REFUSAL_SKIP = 1 };
/* Where an outlet begins that never delivered anything. */
enum conf_from { CONF_FROM_NOW = 0, CONF_FROM_FIRST = 1 };

struct relay_conf_outlet {
    struct slice name;
    struct slice kind;
    unsigned classes;          /* bits 1u << enum alert_class */
    unsigned sides;            /* bits 1u << enum side; 0: both */
    struct conf_texts regions; /* none: all */
    int from;                  /* enum conf_from */
    int on_refusal;            /* enum conf_refusal */
    int64_t retry_first_us, retry_max_us;
    const struct conf_node *node; /* the rest is the kind's */
    struct digest digest;         /* equal: nothing in it was changed */
};

struct relay_conf {
    struct slice file;
    const struct conf_node *root;
    struct {
        struct slice name;
        struct slice sender; /* of derived messages */
    } relay;
    struct slice state_dir;
    struct {
        struct slice path;
        int64_t free_min_bytes;
        int64_t group_max;
        int64_t queue_max;
    } journal;
    struct slice boundaries;
    struct {
        bool filter;
        double within_km;
        double sliver_share; /* 0.01 */
    } border;
    struct {
        int64_t default_hours;
    } in_force;
    struct {
        struct slice actual, exercise; /* key files */
        struct slice list;             /* signed key list; absent for none */
        struct slice curve;            /* absent in plain mode */
    } keys;
    struct {
        struct slice feed, query;
        struct slice inject;      /* over ZeroMQ; absent: nobody can */
        struct slice inject_http; /* URL for conf_http_listen(); absent: nobody can */
    } listen;
    struct {
        struct slice certificate, key; /* PEM files; with https both are set */
        int64_t connections;
    } inject_http;
    struct {
        int mode; /* enum conf_access */
        struct conf_texts allow;
        bool any;                              /* `allow: any` is written out */
        uint8_t (*keys)[RELAY_CONF_KEY_BYTES]; /* CURVE public keys */
        size_t key_count;
    } access;
    struct {
        int compress;                /* 1 zstd, 0 none */
        int64_t inline_max_bytes;    /* 512 KiB */
        int64_t beat_interval_us;    /* 5 s */
        int64_t high_water_mark;     /* messages per subscriber */
        int64_t in_flight_max_bytes; /* bytes handed to ZeroMQ in one burst */
        int64_t backlog;             /* 1024 */
        int64_t io_threads;
        int64_t heartbeat_us;     /* ZMTP */
        int64_t answer_max_bytes; /* of one answer to a query */
    } publish;
    struct {
        int level; /* enum log_level */
    } log;
    struct conf_list rules;       /* struct relay_conf_rule */
    struct conf_list authorities; /* struct relay_conf_authority */
    struct conf_list sources;     /* struct relay_conf_source */
    struct conf_list outlets;     /* struct relay_conf_outlet */
};

/* The rows that every source has; what they do not name is the adapter's (conf_read_rest). */
extern const struct conf_row relay_conf_source_rows[];
/* The same for every outlet. */
extern const struct conf_row relay_conf_outlet_rows[];

/* Checks everything but the adapters' own options and what files hold. One hold is the caller's. */
enum err_code relay_conf_load(const char *path, const struct relay_conf **out, struct err *err);
enum err_code relay_conf_parse(const char *path, struct slice text, const struct relay_conf **out,
                               struct err *err);
/* As relay_conf_load(), for who wants to know all that is wrong (conf_faults_tell()): *out is there
 * wherever the file is YAML, and without OK is for nothing but further checks: what is not sound
 * (conf_is_sound()) is not set. */
enum err_code relay_conf_inspect(const char *path, const struct relay_conf **out, struct err *err);
enum err_code relay_conf_inspect_text(const char *path, struct slice text,
                                      const struct relay_conf **out, struct err *err);
/* An error that begins with a key ("keys.actual: ...") gets its place; see conf_place(). Another
 * stays as it is. The document remembers both. */
enum err_code relay_conf_place(const struct relay_conf *conf, const struct err *inner,
                               struct err *err);
const struct relay_conf *relay_conf_hold(const struct relay_conf *conf);
/* Accepts NULL. The last release frees it. */
void relay_conf_release(const struct relay_conf *conf);

static inline const struct relay_conf_rule *relay_conf_rule_at(const struct relay_conf *conf,
                                                               size_t i)
{
    return (const struct relay_conf_rule *)conf->rules.items + i;
}
static inline const struct relay_conf_authority *
relay_conf_authority_at(const struct relay_conf *conf, size_t i)
{
    return (const struct relay_conf_authority *)conf->authorities.items + i;
}
static inline const struct relay_conf_source *relay_conf_source_at(const struct relay_conf *conf,
                                                                   size_t i)
{
    return (const struct relay_conf_source *)conf->sources.items + i;
}

static inline const struct relay_conf_outlet *relay_conf_outlet_at(const struct relay_conf *conf,
                                                                   size_t i)
{
    return (const struct relay_conf_outlet *)conf->outlets.items + i;
}

/* NULL where there is none of that name. */
const struct relay_conf_authority *relay_conf_authority_find(const struct relay_conf *conf,
                                                             struct slice name);

/* Where to listen for HTTP, taken apart. */
struct conf_http_listen {
    bool tls, ipv6, is_local;
    char address[46]; /* numeric, as inet_pton() takes it */
    uint16_t port;
};
/* False where the URL is not of the form https://ADDRESS:PORT or http://ADDRESS:PORT. */
bool conf_http_listen(struct slice url, struct conf_http_listen *out);

/* The reference page of everything but the adapters (host_reference() adds those). */
void relay_conf_reference(struct buf *out);

#endif
