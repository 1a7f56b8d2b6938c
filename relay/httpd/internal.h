/*
 * What the files of httpd share; nobody else includes it.
 */
#ifndef CAPRELAY_HTTPD_INTERNAL_H
#define CAPRELAY_HTTPD_INTERNAL_H

#include "httpd/httpd.h"

#include "base/buf.h"
#include "base/digest.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <sys/stat.h>

/* --- tls.c --- */

/* Certificate and key as they were read; sessions hold the one that they began with. */
struct httpd_tls {
    gnutls_certificate_credentials_t credentials;
    unsigned holds;
    int64_t ends_s;
    /* What libmicrohttpd wants to be given, though every session gets `credentials`. */
    gnutls_datum_t certificate_pem, key_pem;
};

enum err_code httpd_tls_load(const char *certificate, const char *key, struct httpd_tls **out,
                             struct err *err);
/* Accepts NULL. */
void httpd_tls_release(struct httpd_tls *tls);
/* Asks the client for a certificate, any, and holds `tls` for the session. */
void httpd_tls_begin(struct httpd_tls *tls, gnutls_session_t session);
bool httpd_tls_peer(gnutls_session_t session, struct httpd_certificate *out);

/* Whether a file is another than before. */
struct httpd_file_mark {
    struct timespec changed;
    ino_t inode;
    off_t size;
};

/* --- rate.c --- */

/* More addresses than that within a few seconds are not counted: there is no telling them apart
 * from clients that come once. */
enum { HTTPD_ADDRESSES_MAX = 1024 };

struct httpd_address {
    uint8_t bytes[8]; /* an IPv6 address by its /64, whose hosts are one site's */
    bool v6;
    unsigned begun; /* and not yet forgotten: per_second of them are with each second */
};

struct httpd_rate {
    struct httpd_address addresses[HTTPD_ADDRESSES_MAX];
    size_t count;
    uint64_t turned_away;
};

/* Whether a connection from there may begin; counts it. */
bool httpd_rate_take(struct httpd *httpd, const struct sockaddr *address);
/* A second has passed. */
void httpd_rate_forget(struct httpd *httpd);

/* --- connections --- */

enum httpd_phase {
    HTTPD_PHASE_HEAD = 0, /* nothing is known of whoever it is; also while a refused body is read */
    HTTPD_PHASE_BODY,
    HTTPD_PHASE_WAIT,
    HTTPD_PHASE_ANSWER
};

struct httpd_connection {
    struct httpd *httpd;
    struct httpd_connection *next, **place; /* oldest first */
    struct httpd_tls *tls;
    struct httpd_request *request; /* the one that is under way; NULL: none */
    int fd;
    enum httpd_phase phase;
    int left_s; /* until its phase is over */
    bool shut;  /* told to end */
};

struct httpd_request {
    struct httpd *httpd;
    struct httpd_connection *connection; /* NULL before its head has come */
    struct MHD_Connection *mhd;
    uint64_t id;
    char url[HTTPD_URL_MAX];
    bool url_cut;
    char method[16];
    char peer[46];
    bool owned;
    struct digest owner; /* of the name */
    struct buf body;
    size_t dropped;                /* bytes that were read after the answer was clear */
    struct MHD_Response *response; /* made, not yet handed on */
    int status;
    bool answered, whole, suspended;
};

struct httpd {
    struct loop *loop;
    struct httpd_options options; /* texts are its own */
    struct MHD_Daemon *daemon;
    struct loop_fd *watcher;
    struct loop_timer *again, *second;
    int eager; /* turns that may still follow each other at once */
    struct httpd_connection *first, **end;
    unsigned connections;
    size_t bodies_bytes;
    struct httpd_rate rate;
    uint16_t port;
    struct httpd_tls *tls; /* for the next connection */
    struct httpd_file_mark certificate_mark, key_mark;
};

/* httpd.c: has libmicrohttpd look at its connections soon. */
void httpd_kick(struct httpd *httpd);
void httpd_enter(struct httpd_connection *connection, enum httpd_phase phase);

/* owners.c: whether the body may have so much more. */
bool httpd_body_has_room(const struct httpd_request *request, size_t more);

/* request.c: callbacks of libmicrohttpd. */
void *httpd_on_url(void *cls, const char *url, struct MHD_Connection *mhd);
enum MHD_Result httpd_on_request(void *cls, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **state);
void httpd_on_completed(void *cls, struct MHD_Connection *mhd, void **state,
                        enum MHD_RequestTerminationCode code);
/* The client hears HTTPD_OVERDUE's answer. */
void httpd_overdue(struct httpd_request *request);
/* Without answering; for the end. */
void httpd_unsuspend(struct httpd_request *request);

#endif
