#include "xmpp/seat.h"

#include "base/mem.h"
#include "xmpp/stamp.h"

#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strophe.h>
#include <sys/select.h>

enum {
    /* Whoever sends more in one stanza has something else in mind. */
    STANZA_BYTES_MAX = 64 << 20,
    NICK_TRIES = 9,
    FIELDS_MAX = 16,
    NICK_BYTES = 256,
    JID_BYTES = 1024
};

#define NS_MUC "http://jabber.org/protocol/muc"
#define NS_MUC_USER "http://jabber.org/protocol/muc#user"
#define NS_PING "urn:xmpp:ping"
#define NS_DELAY "urn:xmpp:delay"
#define NS_OLD_DELAY "jabber:x:delay"

struct seat {
    const struct muc_server *server;
    const struct muc_room *room;
    const struct seat_hooks *hooks;
    xmpp_mem_t memory;
    xmpp_log_t log;
    xmpp_ctx_t *ctx;
    xmpp_conn_t *conn;
    bool encrypted, logged_in, joined, lost;
    bool moved; /* what comes is put into memory */
    unsigned tries, pings;
    char nick[NICK_BYTES];
    size_t used;         /* bytes that the library holds */
    char trouble[200];   /* what went wrong, where the library's own words are poor */
    char complaint[200]; /* the last error that the library logged */
    struct err why;      /* where it is lost */
};

/* The library's callbacks for sockets and certificates bring nothing of ours along; a seat has its
 * thread for itself. */
static _Thread_local struct seat *seat_of_thread;

/* --- losing it --- */

static void lose(struct seat *seat, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void lose(struct seat *seat, const char *format, ...)
{
    char text[sizeof seat->why.text];
    va_list args;
    if (seat->lost)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    seat->lost = true;
    err_set(&seat->why, ERR_IO, "%s", text);
}

static const char *name_of(xmpp_stanza_t *stanza)
{
    const char *name = stanza ? xmpp_stanza_get_name(stanza) : NULL;
    return name ? name : "";
}

static bool is_ns(xmpp_stanza_t *stanza, const char *ns)
{
    const char *own = xmpp_stanza_get_ns(stanza);
    return own && strcmp(own, ns) == 0;
}

/* The server's own words: the name of the condition, and the text if there is one. */
static void lose_by(struct seat *seat, const char *what, xmpp_stanza_t *conditions, const char *ns)
{
    const char *condition = "no reason given";
    char *text = NULL;
    for (xmpp_stanza_t *at = conditions; at; at = xmpp_stanza_get_next(at)) {
        if (!xmpp_stanza_is_tag(at) || !is_ns(at, ns))
            continue;
        if (strcmp(name_of(at), "text") != 0)
            condition = name_of(at);
        else if (!text)
            text = xmpp_stanza_get_text(at);
    }
    lose(seat, "%s: %s%s%.150s", what, condition, text ? ": " : "", text ? text : "");
    if (text)
        xmpp_free(seat->ctx, text);
}

/* The library hands over an errno, or the number of an error of OpenSSL, which are few. */
static void lose_connection(struct seat *seat, int error, const xmpp_stream_error_t *stream)
{
    enum { SYSTEM_ERRORS_FROM = 20 };
    const struct muc_server *server = seat->server;
    if (seat->trouble[0])
        lose(seat, "%s", seat->trouble);
    else if (stream && stream->stanza)
        lose_by(seat, "the server ends the session", xmpp_stanza_get_children(stream->stanza),
                XMPP_NS_STREAMS_IETF);
    else if (error >= SYSTEM_ERRORS_FROM)
        lose(seat, "%s:%u: %s", server->host, server->port, strerror(error));
    else if (seat->encrypted && !seat->logged_in && error == 0)
        lose(seat, "the server refuses the login of %s: is the password right? (%s)", server->jid,
             seat->complaint[0] ? seat->complaint : "it does not say more");
    else if (seat->complaint[0])
        lose(seat, "%s:%u: %s", server->host, server->port, seat->complaint);
    else
        lose(seat, "%s:%u: the connection broke%s", server->host, server->port,
             seat->logged_in ? "" : " before the login");
}

/* --- what the library asks of its surroundings --- */

static void account(struct seat *seat, void *grown)
{
    seat->used += malloc_usable_size(grown);
    seat->moved = true;
    if (seat->used > STANZA_BYTES_MAX)
        lose(seat, "the server sends more than %d MiB in one stanza", STANZA_BYTES_MAX >> 20);
}

static void *memory_alloc(size_t size, void *context)
{
    void *block = mem_alloc(size ? size : 1);
    account(context, block);
    return block;
}

static void memory_free(void *block, void *context)
{
    struct seat *seat = context;
    seat->used -= block ? malloc_usable_size(block) : 0;
    free(block);
}

static void *memory_realloc(void *block, size_t size, void *context)
{
    struct seat *seat = context;
    seat->used -= block ? malloc_usable_size(block) : 0;
    block = mem_realloc(block, size ? size : 1);
    account(seat, block);
    return block;
}

/* Why nobody could be reached is told nowhere else. */
static void on_log(void *context, xmpp_log_level_t level, const char *area, const char *text)
{
    struct seat *seat = context;
    int error;
    (void)area;
    if (sscanf(text, "connection failed, error %d", &error) == 1)
        snprintf(seat->complaint, sizeof seat->complaint, "%s", strerror(error));
    else if (level >= XMPP_LEVEL_ERROR)
        snprintf(seat->complaint, sizeof seat->complaint, "%s", text);
}

/* select(2) is what the library waits by. */
static int on_socket(xmpp_conn_t *conn, void *given)
{
    struct seat *seat = seat_of_thread;
    int fd = *(int *)given;
    (void)conn;
    if (fd >= FD_SETSIZE) {
        snprintf(seat->trouble, sizeof seat->trouble,
                 "more than %d files are open, more than libstrophe can deal with", FD_SETSIZE);
        return -1;
    }
    seat->hooks->socket(seat->hooks->context, fd);
    return 0;
}

static int on_bad_certificate(const xmpp_tlscert_t *certificate, const char *const why)
{
    struct seat *seat = seat_of_thread;
    const char *subject = xmpp_tlscert_get_string(certificate, XMPP_CERT_SUBJECT);
    if (!seat->trouble[0])
        snprintf(seat->trouble, sizeof seat->trouble,
                 "the server's certificate is not good: %s (%.80s)", why ? why : "no reason given",
                 subject ? subject : "no subject");
    return 0;
}

/* --- sending --- */

static void room_address(const struct seat *seat, char out[JID_BYTES])
{
    snprintf(out, JID_BYTES, "%s/%s", seat->room->jid, seat->nick);
}

static xmpp_stanza_t *add_child(xmpp_ctx_t *ctx, xmpp_stanza_t *parent, const char *name,
                                const char *ns)
{
    xmpp_stanza_t *child = xmpp_stanza_new(ctx);
    xmpp_stanza_set_name(child, name);
    if (ns)
        xmpp_stanza_set_ns(child, ns);
    xmpp_stanza_add_child(parent, child);
    xmpp_stanza_release(child); /* its parent holds it */
    return child;
}

static void send_off(struct seat *seat, xmpp_stanza_t *stanza)
{
    xmpp_send(seat->conn, stanza);
    xmpp_stanza_release(stanza);
}

static void send_join(struct seat *seat)
{
    char to[JID_BYTES], since[STAMP_TEXT];
    if (seat->tries == 0)
        snprintf(seat->nick, sizeof seat->nick, "%s", seat->room->nick);
    else
        snprintf(seat->nick, sizeof seat->nick, "%.200s-%u", seat->room->nick, seat->tries + 1);
    room_address(seat, to);
    xmpp_stanza_t *presence = xmpp_presence_new(seat->ctx);
    xmpp_stanza_set_to(presence, to);
    xmpp_stanza_t *history =
        add_child(seat->ctx, add_child(seat->ctx, presence, "x", NS_MUC), "history", NULL);
    if (seat->room->since_us > 0) {
        stamp_write(seat->room->since_us, since);
        xmpp_stanza_set_attribute(history, "since", since);
    } else {
        xmpp_stanza_set_attribute(history, "maxstanzas", "0");
    }
    send_off(seat, presence);
}

/* --- the seat --- */

/* Of a stanza that comes from the room: who in it; false for every other sender. */
static bool from_room(const struct seat *seat, xmpp_stanza_t *stanza, struct slice *nick)
{
    struct slice from = slice_from_cstr(xmpp_stanza_get_from(stanza)), room;
    if (!from.ptr || !slice_next_part(&from, '/', &room) || !slice_ieq_cstr(room, seat->room->jid))
        return false;
    *nick = from.ptr ? from : SLICE("");
    return true;
}

static bool has_status(xmpp_stanza_t *presence, const char *code)
{
    xmpp_stanza_t *user = xmpp_stanza_get_child_by_ns(presence, NS_MUC_USER);
    xmpp_stanza_t *at = user ? xmpp_stanza_get_children(user) : NULL;
    for (; at; at = xmpp_stanza_get_next(at)) {
        const char *own = xmpp_stanza_is_tag(at) ? xmpp_stanza_get_attribute(at, "code") : NULL;
        if (own && strcmp(name_of(at), "status") == 0 && strcmp(own, code) == 0)
            return true;
    }
    return false;
}

/* XEP-0045, section 15.6. */
static void lose_seat(struct seat *seat, xmpp_stanza_t *presence)
{
    static const struct {
        const char *code, *text;
    } table[] = {{"301", "the account is banned from the room"},
                 {"307", "the account was thrown out of the room"},
                 {"321", "the account may no longer be in the room"},
                 {"322", "the room is for members only now"},
                 {"332", "the room's server is shut down"},
                 {"333", "the room takes the connection for broken"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (has_status(presence, table[i].code)) {
            lose(seat, "%s", table[i].text);
            return;
        }
    lose(seat, "the server has taken %s out of the room %s", seat->nick, seat->room->jid);
}

static void on_refusal(struct seat *seat, xmpp_stanza_t *presence)
{
    char what[300];
    xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(presence, "error");
    if (error && xmpp_stanza_get_child_by_name(error, "conflict") && ++seat->tries < NICK_TRIES) {
        send_join(seat);
        return;
    }
    snprintf(what, sizeof what, "the room %.200s cannot be entered", seat->room->jid);
    lose_by(seat, what, error ? xmpp_stanza_get_children(error) : NULL, XMPP_NS_STANZAS_IETF);
}

static int on_presence(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *context)
{
    struct seat *seat = context;
    const char *type = xmpp_stanza_get_type(stanza);
    struct slice nick;
    (void)conn;
    if (!from_room(seat, stanza, &nick))
        return 1;
    if (type && strcmp(type, "error") == 0) {
        if (!seat->joined)
            on_refusal(seat, stanza);
        return 1;
    }
    if (!has_status(stanza, "110") && !slice_eq_cstr(nick, seat->nick))
        return 1; /* of others */
    if (type && strcmp(type, "unavailable") == 0) {
        lose_seat(seat, stanza);
    } else if (has_status(stanza, "201")) {
        /* Leaving lets it go again; staying would be listening where nobody speaks. */
        lose(seat, "there is no room %s: the server made one for who asked", seat->room->jid);
    } else if (!seat->joined) {
        seat->joined = true;
        snprintf(seat->nick, sizeof seat->nick, "%.*s", SLICE_ARG(nick)); /* it may be another */
        seat->hooks->joined(seat->hooks->context, seat->nick);
    }
    return 1;
}

/* --- messages --- */

static int64_t said_us(xmpp_stanza_t *message)
{
    int64_t us;
    xmpp_stanza_t *delay = xmpp_stanza_get_child_by_ns(message, NS_DELAY);
    if (!delay)
        delay = xmpp_stanza_get_child_by_ns(message, NS_OLD_DELAY);
    const char *stamp = delay ? xmpp_stanza_get_attribute(delay, "stamp") : NULL;
    return stamp && stamp_read(stamp, &us) ? us : 0;
}

static size_t read_fields(xmpp_stanza_t *stanza, struct muc_field fields[FIELDS_MAX])
{
    const char *texts[2 * FIELDS_MAX];
    int count = xmpp_stanza_get_attributes(stanza, texts, 2 * FIELDS_MAX) / 2;
    for (int i = 0; i < count; i++)
        fields[i] =
            (struct muc_field){slice_from_cstr(texts[2 * i]), slice_from_cstr(texts[2 * i + 1])};
    return (size_t)count;
}

static int on_message(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *context)
{
    struct seat *seat = context;
    struct muc_field fields[FIELDS_MAX];
    struct muc_message message = {.fields = fields};
    (void)conn;
    if (!from_room(seat, stanza, &message.nick))
        return 1;
    char *body = xmpp_message_get_body(stanza), *payload = NULL;
    xmpp_stanza_t *extension = xmpp_stanza_get_child_by_ns(stanza, seat->room->payload_ns);
    message.said_us = said_us(stanza);
    message.body = slice_from_cstr(body);
    if (extension) {
        payload = xmpp_stanza_get_text(extension);
        message.payload = slice_from_cstr(payload ? payload : "");
        message.field_count = read_fields(extension, fields);
    }
    if (message.body.ptr || message.payload.ptr) /* not the room's subject */
        seat->hooks->message(seat->hooks->context, &message);
    if (body)
        xmpp_free(seat->ctx, body);
    if (payload)
        xmpp_free(seat->ctx, payload);
    return 1;
}

/* --- pings --- */

/* XEP-0410, section 3.3: some errors are the answer of a seat that is there. */
static int on_pong(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *context)
{
    static const char *const there[] = {"service-unavailable", "feature-not-implemented"};
    struct seat *seat = context;
    const char *type = xmpp_stanza_get_type(stanza);
    (void)conn;
    if (type && (strcmp(type, "get") == 0 || strcmp(type, "set") == 0))
        return 1; /* our own ping, which the room has sent on to us */
    xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(stanza, "error");
    bool good = !error;
    for (size_t i = 0; error && i < sizeof there / sizeof *there; i++)
        good |= xmpp_stanza_get_child_by_name(error, there[i]) != NULL;
    if (good)
        seat->hooks->pong(seat->hooks->context);
    else
        lose_by(seat, "the room does not know this relay any more", xmpp_stanza_get_children(error),
                XMPP_NS_STANZAS_IETF);
    return 0;
}

void seat_ping(struct seat *seat)
{
    char id[32], to[JID_BYTES];
    if (!seat->joined || seat->lost)
        return;
    snprintf(id, sizeof id, "ping-%u", ++seat->pings);
    room_address(seat, to);
    xmpp_stanza_t *iq = xmpp_iq_new(seat->ctx, "get", id);
    xmpp_stanza_set_to(iq, to);
    add_child(seat->ctx, iq, "ping", NS_PING);
    xmpp_id_handler_add(seat->conn, on_pong, id, seat);
    send_off(seat, iq);
    seat->moved = false; /* that was us */
}

/* Whoever asks gets an answer: the server looks this way whether the session is alive. */
static int on_question(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *context)
{
    struct seat *seat = context;
    const char *type = xmpp_stanza_get_type(stanza);
    xmpp_stanza_t *answer;
    (void)conn;
    if (!type || (strcmp(type, "get") != 0 && strcmp(type, "set") != 0))
        return 1;
    if (xmpp_stanza_get_child_by_ns(stanza, NS_PING)) {
        answer = xmpp_stanza_reply(stanza);
        if (answer)
            xmpp_stanza_set_type(answer, "result");
    } else {
        answer = xmpp_stanza_reply_error(stanza, "cancel", "service-unavailable", "not served");
    }
    if (answer)
        send_off(seat, answer);
    return 1;
}

/* --- life --- */

static void on_connection(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
                          xmpp_stream_error_t *stream, void *context)
{
    struct seat *seat = context;
    if (event != XMPP_CONN_CONNECT) {
        lose_connection(seat, error, stream);
        return;
    }
    seat->logged_in = true;
    xmpp_handler_add(conn, on_message, NULL, "message", "groupchat", seat);
    xmpp_handler_add(conn, on_presence, NULL, "presence", NULL, seat);
    xmpp_handler_add(conn, on_question, NULL, "iq", NULL, seat);
    send_join(seat);
}

/* The library gives expat the allocator of the first context that there ever was, even when that
 * one is gone or another thread's. So the first one is nobody's and stays. */
static void initialize_library(void)
{
    static xmpp_ctx_t *first;
    xmpp_initialize();
    first = xmpp_ctx_new(NULL, NULL);
    if (!first || !xmpp_conn_new(first))
        abort();
}

enum err_code seat_open(const struct muc_server *server, const struct muc_room *room,
                        const struct seat_hooks *hooks, struct seat **out, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialize_library);
    char jid[JID_BYTES];
    struct seat *seat = *out = mem_alloc(sizeof *seat);
    *seat = (struct seat){.server = server, .room = room, .hooks = hooks};
    seat->memory = (xmpp_mem_t){memory_alloc, memory_free, memory_realloc, seat};
    seat->log = (xmpp_log_t){on_log, seat};
    seat_of_thread = seat;
    seat->ctx = xmpp_ctx_new(&seat->memory, &seat->log);
    seat->conn = xmpp_conn_new(seat->ctx);
    snprintf(jid, sizeof jid, "%s%s%s", server->jid, server->resource ? "/" : "",
             server->resource ? server->resource : "");
    /* Without stream management: what it would hold back for an hour is in the room's history, and
     * a session that is kept for one that is gone sits in the room as if it were there. */
    xmpp_conn_set_flags(seat->conn, XMPP_CONN_FLAG_MANDATORY_TLS | XMPP_CONN_FLAG_DISABLE_SM);
    xmpp_conn_set_jid(seat->conn, jid);
    xmpp_conn_set_pass(seat->conn, server->password);
    xmpp_conn_set_cafile(seat->conn, server->ca_file);
    xmpp_conn_set_certfail_handler(seat->conn, on_bad_certificate);
    xmpp_conn_set_sockopt_callback(seat->conn, on_socket);
    if (xmpp_connect_client(seat->conn, server->host, server->port, on_connection, seat) !=
        XMPP_EOK)
        return seat->trouble[0] ? err_set(err, ERR_IO, "%s", seat->trouble)
                                : err_set(err, ERR_IO, "%s:%u: no address, or nobody there",
                                          server->host, server->port);
    return OK;
}

enum err_code seat_turn(struct seat *seat, unsigned timeout_ms, struct err *err)
{
    if (!seat->lost)
        xmpp_run_once(seat->ctx, timeout_ms);
    seat->encrypted |= xmpp_conn_is_secured(seat->conn) != 0;
    return seat->lost ? err_set(err, seat->why.code, "%s", seat->why.text) : OK;
}

bool seat_moved(struct seat *seat)
{
    bool moved = seat->moved;
    seat->moved = false;
    return moved;
}

void seat_close(struct seat *seat)
{
    if (!seat)
        return;
    seat->lost = true; /* whatever is told from here on is not news */
    if (seat->conn)
        xmpp_conn_release(seat->conn);
    if (seat->ctx)
        xmpp_ctx_free(seat->ctx);
    seat_of_thread = NULL;
    free(seat);
}
