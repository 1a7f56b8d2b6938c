#include "amqp/link.h"

#include "base/mem.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHANNEL = 1, FRAME_BYTES_MAX = 131072 };

struct link {
    amqp_connection_state_t connection;
    bool logged_in;
};

static struct timeval timeout_of(const struct amqp_server *server)
{
    int64_t us = server->connect_timeout_us;
    return (struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
}

/* --- reasons --- */

/* The library says no more of a system call that failed than that a socket error occurred. */
static bool hides_reason(int status)
{
    return status == AMQP_STATUS_SOCKET_ERROR || status == AMQP_STATUS_TCP_ERROR;
}

/* Right after the call: what reading or writing ended with is still in errno. */
static const char *reason_of(int status)
{
    int system = errno;
    bool tells = system != 0 && system != EAGAIN && system != EINTR && system != EINPROGRESS;
    return hides_reason(status) && tells ? strerror(system) : amqp_error_string2(status);
}

/* 0: there is somebody now. */
static int try_address(const struct addrinfo *address)
{
    enum { PATIENCE_MS = 2000 };
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof error;
    if (fd < 0)
        return errno;
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0)
        error = errno;
    if (error == EINPROGRESS && poll(&poll_fd, 1, PATIENCE_MS) != 1)
        error = ETIMEDOUT;
    else if (error == EINPROGRESS && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    close(fd);
    return error;
}

/* Of connecting the reason is lost inside the library, and it takes no socket of ours for TLS: the
 * system is asked once more. */
static const char *reason_of_connecting(const struct amqp_server *server, int status)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses;
    char port[8];
    int error = 0;
    snprintf(port, sizeof port, "%u", (unsigned)server->port);
    if (!hides_reason(status) || getaddrinfo(server->host, port, &hints, &addresses) != 0)
        return amqp_error_string2(status);
    for (const struct addrinfo *one = addresses; one; one = one->ai_next)
        if ((error = try_address(one)) == 0)
            break;
    freeaddrinfo(addresses);
    return error ? strerror(error) : amqp_error_string2(status);
}

/* What a broker says when it refuses: "NOT_FOUND - no exchange 'x' in vhost '/'". */
static enum err_code fail_reply(struct err *err, const char *what, amqp_rpc_reply_t reply)
{
    amqp_bytes_t text = amqp_empty_bytes;
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
        return err_set(err, ERR_IO, "%s: %s", what, reason_of(reply.library_error));
    if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD)
        text = ((amqp_connection_close_t *)reply.reply.decoded)->reply_text;
    else if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD)
        text = ((amqp_channel_close_t *)reply.reply.decoded)->reply_text;
    return err_set(err, ERR_IO, "%s: the broker says: %.*s", what,
                   (int)(text.len > 200 ? 200 : text.len), (const char *)text.bytes);
}

static enum err_code check(struct link *link, const char *what, struct err *err)
{
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(link->connection);
    return reply.reply_type == AMQP_RESPONSE_NORMAL ? OK : fail_reply(err, what, reply);
}

/* --- opening --- */

static enum err_code make_tls(amqp_socket_t *socket, const struct amqp_server *server,
                              struct err *err)
{
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 1);
    int status = amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    if (status == AMQP_STATUS_OK)
        status = amqp_ssl_socket_set_cacert(socket, server->ca_file);
    return status == AMQP_STATUS_OK ? OK
                                    : err_set(err, ERR_IO, "TLS with %s: %s", server->ca_file,
                                              amqp_error_string2(status));
}

static enum err_code connect_to(struct link *link, const struct amqp_server *server,
                                struct err *err)
{
    struct timeval timeout = timeout_of(server);
    amqp_socket_t *socket =
        server->tls ? amqp_ssl_socket_new(link->connection) : amqp_tcp_socket_new(link->connection);
    if (!socket)
        return err_set(err, ERR_IO, "no socket could be made");
    if (server->tls && make_tls(socket, server, err) != OK)
        return ERR_IO;
    amqp_set_handshake_timeout(link->connection, &timeout);
    amqp_set_rpc_timeout(link->connection, &timeout);
    int status = amqp_socket_open_noblock(socket, server->host, server->port, &timeout);
    return status == AMQP_STATUS_OK
               ? OK
               : err_set(err, ERR_IO, "%s", reason_of_connecting(server, status));
}

static enum err_code log_in(struct link *link, const struct amqp_server *server, struct err *err)
{
    amqp_rpc_reply_t reply =
        amqp_login(link->connection, server->vhost, 1, FRAME_BYTES_MAX, (int)server->heartbeat_s,
                   AMQP_SASL_METHOD_PLAIN, server->user, server->password);
    if (reply.reply_type != AMQP_RESPONSE_NORMAL)
        return fail_reply(err, "logging in", reply);
    link->logged_in = true;
    amqp_channel_open(link->connection, CHANNEL);
    return check(link, "opening a channel", err);
}

static enum err_code declare(struct link *link, const struct amqp_queue *queue, struct err *err)
{
    amqp_table_entry_t expires = {
        .key = amqp_cstring_bytes("x-expires"),
        .value = {.kind = AMQP_FIELD_KIND_I64, .value.i64 = queue->expires_us / 1000}};
    amqp_table_t arguments = {.num_entries = queue->expires_us > 0, .entries = &expires};
    amqp_bytes_t name = amqp_cstring_bytes(queue->name);
    amqp_queue_declare(link->connection, CHANNEL, name, 0, queue->durable, 0, 0, arguments);
    enum err_code code = check(link, "declaring the queue", err);
    for (size_t i = 0; code == OK && i < queue->binding_count; i++) {
        amqp_queue_bind(link->connection, CHANNEL, name, amqp_cstring_bytes(queue->exchange),
                        amqp_cstring_bytes(queue->bindings[i]), amqp_empty_table);
        code = check(link, "binding the queue", err);
    }
    return code;
}

static enum err_code consume(struct link *link, const struct amqp_queue *queue, struct err *err)
{
    amqp_basic_qos(link->connection, CHANNEL, 0, queue->prefetch, 0);
    enum err_code code = check(link, "setting the prefetch", err);
    if (code != OK)
        return code;
    amqp_basic_consume(link->connection, CHANNEL, amqp_cstring_bytes(queue->name), amqp_empty_bytes,
                       0, 0, 0, amqp_empty_table);
    return check(link, "consuming the queue", err);
}

static enum err_code open_channel(const struct amqp_server *server, struct link **out,
                                  struct err *err)
{
    struct link *link = *out = mem_alloc(sizeof *link);
    link->connection = amqp_new_connection();
    enum err_code code =
        link->connection ? connect_to(link, server, err) : err_set(err, ERR_IO, "no connection");
    return code == OK ? log_in(link, server, err) : code;
}

static enum err_code finish_open(struct link *link, enum err_code code, struct link **out)
{
    if (code == OK)
        *out = link;
    else
        link_close(link);
    return code;
}

enum err_code link_open(const struct amqp_server *server, const struct amqp_queue *queue,
                        struct link **out, struct err *err)
{
    struct link *link = NULL;
    enum err_code code = open_channel(server, &link, err);
    if (code == OK)
        code = declare(link, queue, err);
    if (code == OK)
        code = consume(link, queue, err);
    return finish_open(link, code, out);
}

enum err_code link_open_publisher(const struct amqp_server *server, const char *exchange,
                                  struct link **out, struct err *err)
{
    struct link *link = NULL;
    enum err_code code = open_channel(server, &link, err);
    if (code == OK && exchange[0]) {
        amqp_exchange_declare(link->connection, CHANNEL, amqp_cstring_bytes(exchange),
                              amqp_empty_bytes, 1, 0, 0, 0, amqp_empty_table);
        code = check(link, "looking for the exchange", err);
    }
    if (code == OK) {
        amqp_confirm_select(link->connection, CHANNEL);
        code = check(link, "asking for confirmations", err);
    }
    return finish_open(link, code, out);
}

/* Closing politely waits for an answer: not longer than a moment, the thread has nothing to lose.
 */
void link_close(struct link *link)
{
    struct timeval moment = {.tv_sec = 1};
    if (!link)
        return;
    if (link->connection) {
        amqp_set_rpc_timeout(link->connection, &moment);
        if (link->logged_in)
            amqp_connection_close(link->connection, AMQP_REPLY_SUCCESS);
        amqp_destroy_connection(link->connection);
    }
    free(link);
}

/* --- running --- */

int link_fd(const struct link *link)
{
    return amqp_get_sockfd(link->connection);
}

enum err_code link_ack(struct link *link, uint64_t tag, struct err *err)
{
    int status = amqp_basic_ack(link->connection, CHANNEL, tag, 0);
    return status == AMQP_STATUS_OK ? OK
                                    : err_set(err, ERR_IO, "acknowledging: %s", reason_of(status));
}

static struct slice slice_of_bytes(amqp_bytes_t bytes)
{
    return slice_of(bytes.bytes, bytes.len);
}

/* Something else than a message: the broker closes, or cancels the consumer (the queue is gone). */
static enum err_code take_method(struct link *link, struct err *err)
{
    struct timeval now = {0};
    amqp_frame_t frame;
    int status = amqp_simple_wait_frame_noblock(link->connection, &frame, &now);
    if (status == AMQP_STATUS_TIMEOUT)
        return OK;
    if (status != AMQP_STATUS_OK)
        return err_set(err, ERR_IO, "%s", reason_of(status));
    if (frame.frame_type != AMQP_FRAME_METHOD)
        return OK;
    const amqp_rpc_reply_t reply = {.reply_type = AMQP_RESPONSE_SERVER_EXCEPTION,
                                    .reply = frame.payload.method};
    if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD ||
        reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD)
        return fail_reply(err, "closed", reply);
    if (reply.reply.id == AMQP_BASIC_CANCEL_METHOD)
        return err_set(err, ERR_IO, "the broker has deleted the queue");
    return OK;
}

enum err_code link_take(struct link *link, link_fn fn, void *context, struct err *err)
{
    for (;;) {
        struct timeval now = {0};
        amqp_envelope_t envelope;
        amqp_maybe_release_buffers(link->connection);
        amqp_rpc_reply_t reply = amqp_consume_message(link->connection, &envelope, &now, 0);
        if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
            bool typed = envelope.message.properties._flags & AMQP_BASIC_CONTENT_TYPE_FLAG;
            const struct amqp_message message = {
                .tag = envelope.delivery_tag,
                .routing_key = slice_of_bytes(envelope.routing_key),
                .content_type = typed ? slice_of_bytes(envelope.message.properties.content_type)
                                      : (struct slice){0},
                .body = slice_of_bytes(envelope.message.body),
                .redelivered = envelope.redelivered};
            fn(context, &message);
            amqp_destroy_envelope(&envelope);
            continue;
        }
        if (reply.reply_type != AMQP_RESPONSE_LIBRARY_EXCEPTION)
            return fail_reply(err, "closed", reply);
        if (reply.library_error == AMQP_STATUS_TIMEOUT)
            return OK;
        if (reply.library_error != AMQP_STATUS_UNEXPECTED_STATE)
            return err_set(err, ERR_IO, "%s", reason_of(reply.library_error));
        if (take_method(link, err) != OK)
            return ERR_IO;
    }
}

/* --- publishing --- */

enum { FIELDS_MAX = 16, PERSISTENT = 2, CONFIRM_LOOK_US = 200000 };

static void fill_table(amqp_table_entry_t *entries, const struct amqp_publication *publication)
{
    for (size_t i = 0; i < publication->field_count; i++) {
        const struct amqp_field *field = &publication->fields[i];
        entries[i] = (amqp_table_entry_t){.key = amqp_cstring_bytes(field->name)};
        if (field->text) {
            entries[i].value.kind = AMQP_FIELD_KIND_UTF8;
            entries[i].value.value.bytes = amqp_cstring_bytes(field->text);
        } else {
            entries[i].value.kind = AMQP_FIELD_KIND_I64;
            entries[i].value.value.i64 = field->number;
        }
    }
}

static enum err_code send_publication(struct link *link, const char *exchange,
                                      const struct amqp_publication *publication, struct err *err)
{
    amqp_table_entry_t entries[FIELDS_MAX];
    const amqp_bytes_t body = {publication->body.len, (void *)(uintptr_t)publication->body.ptr};
    if (publication->field_count > FIELDS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d fields", FIELDS_MAX);
    fill_table(entries, publication);
    const amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG |
                  AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                  AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_APP_ID_FLAG,
        .content_type = amqp_cstring_bytes(publication->content_type),
        .headers = {.num_entries = (int)publication->field_count, .entries = entries},
        .delivery_mode = PERSISTENT,
        .message_id = amqp_cstring_bytes(publication->message_id),
        .timestamp = (uint64_t)publication->timestamp_s,
        .app_id = amqp_cstring_bytes(publication->app_id)};
    int status =
        amqp_basic_publish(link->connection, CHANNEL, amqp_cstring_bytes(exchange),
                           amqp_cstring_bytes(publication->routing_key), 1, 0, &properties, body);
    return status == AMQP_STATUS_OK ? OK
                                    : err_set(err, ERR_IO, "publishing: %s", reason_of(status));
}

/* The message that a basic.return brings along. */
static enum err_code drop_returned(struct link *link, struct err *err)
{
    amqp_message_t message;
    amqp_rpc_reply_t reply = amqp_read_message(link->connection, CHANNEL, &message, 0);
    if (reply.reply_type != AMQP_RESPONSE_NORMAL)
        return fail_reply(err, "reading what was returned", reply);
    amqp_destroy_message(&message);
    return OK;
}

/* One frame; *done where it decides. */
static enum err_code take_confirm(struct link *link, const amqp_frame_t *frame,
                                  enum amqp_confirm *confirm, bool *done, struct err *err)
{
    const amqp_rpc_reply_t reply = {.reply_type = AMQP_RESPONSE_SERVER_EXCEPTION,
                                    .reply = frame->payload.method};
    if (frame->frame_type != AMQP_FRAME_METHOD)
        return OK;
    switch (frame->payload.method.id) {
    case AMQP_BASIC_ACK_METHOD:
        *done = true;
        return OK;
    case AMQP_BASIC_NACK_METHOD:
        *confirm = AMQP_NOT_TAKEN;
        *done = true;
        return OK;
    case AMQP_BASIC_RETURN_METHOD: /* its acknowledgement follows */
        *confirm = AMQP_UNROUTABLE;
        return drop_returned(link, err);
    case AMQP_CHANNEL_CLOSE_METHOD:
    case AMQP_CONNECTION_CLOSE_METHOD:
        return fail_reply(err, "closed", reply);
    default:
        return OK;
    }
}

enum err_code link_publish(struct link *link, const char *exchange,
                           const struct amqp_publication *publication,
                           bool (*goes_on)(void *context), void *context,
                           enum amqp_confirm *confirm, struct err *err)
{
    enum err_code code = send_publication(link, exchange, publication, err);
    *confirm = AMQP_TAKEN;
    for (bool done = false; code == OK && !done;) {
        struct timeval look = {.tv_usec = CONFIRM_LOOK_US};
        amqp_frame_t frame;
        if (!goes_on(context))
            return err_set(err, ERR_STATE, "closed");
        amqp_maybe_release_buffers(link->connection);
        int status = amqp_simple_wait_frame_noblock(link->connection, &frame, &look);
        if (status == AMQP_STATUS_TIMEOUT)
            continue;
        if (status != AMQP_STATUS_OK)
            return err_set(err, ERR_IO, "%s", reason_of(status));
        code = take_confirm(link, &frame, confirm, &done, err);
    }
    return code;
}
