/* The daemon in the loop: its descriptor, its places and their times. */
#include "httpd/internal.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SECOND_US = 1000000,
    EAGER_TURNS = 64,
    PAUSE_US = 10000,
    BACKLOG = 128,
    BUFFER_BYTES = 64 * 1024, /* of one connection; a head must fit */
    SHED_AT_ONCE = 16,        /* places above connections_max for those that are being shed */
    SILENCE_S = 180           /* libmicrohttpd's own bound, should ours fail */
};

/* --- turns --- */

/* libmicrohttpd waits for nothing here: its descriptor was ready, or something is left over. It
 * also says that something is left over for as long as a client stops in the middle of a handshake
 * (it holds the socket to be readable, and GnuTLS wants more), so that only so many turns follow at
 * once without anything new. */
static void run(void *context)
{
    struct httpd *httpd = context;
    MHD_UNSIGNED_LONG_LONG left_ms = 0;
    MHD_run(httpd->daemon);
    if (MHD_get_timeout(httpd->daemon, &left_ms) != MHD_YES || left_ms > 0)
        return;
    loop_timer_start(httpd->again, httpd->eager > 0 ? 0 : PAUSE_US);
    httpd->eager -= httpd->eager > 0;
}

static void on_ready(void *context, int events)
{
    struct httpd *httpd = context;
    (void)events;
    httpd->eager = EAGER_TURNS;
    run(httpd);
}

void httpd_kick(struct httpd *httpd)
{
    httpd->eager = EAGER_TURNS;
    loop_timer_start(httpd->again, 0);
}

/* --- places --- */

void httpd_enter(struct httpd_connection *connection, enum httpd_phase phase)
{
    static const int seconds[] = {[HTTPD_PHASE_HEAD] = HTTPD_HEAD_S,
                                  [HTTPD_PHASE_BODY] = HTTPD_BODY_S,
                                  [HTTPD_PHASE_WAIT] = HTTPD_WAIT_S,
                                  [HTTPD_PHASE_ANSWER] = HTTPD_ANSWER_S};
    connection->phase = phase;
    connection->left_s = seconds[phase];
}

/* libmicrohttpd has no call for it, but it notices. */
static void shut(struct httpd_connection *connection)
{
    connection->shut = true;
    shutdown(connection->fd, SHUT_RDWR);
}

/* Seconds are counted while there is anything to count them for. */
static void count_seconds(struct httpd *httpd)
{
    bool wanted = httpd->connections > 0 || httpd->rate.count > 0;
    if (wanted && !loop_timer_active(httpd->second))
        loop_timer_repeat(httpd->second, SECOND_US, SECOND_US);
    else if (!wanted)
        loop_timer_stop(httpd->second);
}

/* One second for all of them. Counted, not read from a clock that people set. */
static void every_second(void *context)
{
    struct httpd *httpd = context;
    httpd_rate_forget(httpd);
    for (struct httpd_connection *c = httpd->first; c; c = c->next) {
        if (c->left_s > 0 && --c->left_s > 0)
            continue;
        if (c->phase == HTTPD_PHASE_WAIT && c->request && !c->request->answered)
            httpd_overdue(c->request);
        else if (!c->shut)
            shut(c);
    }
    run(httpd);
    count_seconds(httpd);
}

static enum MHD_Result may_begin(void *cls, const struct sockaddr *address, socklen_t size)
{
    struct httpd *httpd = cls;
    (void)size;
    bool may = httpd_rate_take(httpd, address);
    count_seconds(httpd);
    return may ? MHD_YES : MHD_NO;
}

/* All places are taken: that of the oldest that has shown nothing of itself. */
static void shed(struct httpd *httpd)
{
    for (struct httpd_connection *c = httpd->first; c; c = c->next)
        if (c->phase == HTTPD_PHASE_HEAD && !c->shut) {
            shut(c);
            return;
        }
}

static void connection_began(struct httpd *httpd, struct MHD_Connection *mhd, void **context)
{
    struct httpd_connection *connection = mem_alloc(sizeof *connection);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (httpd->connections++ >= httpd->options.connections_max)
        shed(httpd);
    connection->httpd = httpd;
    connection->fd = info->connect_fd;
    connection->place = httpd->end;
    *httpd->end = connection;
    httpd->end = &connection->next;
    httpd_enter(connection, HTTPD_PHASE_HEAD);
    info = httpd->tls ? MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION) : NULL;
    if (info) {
        connection->tls = httpd->tls;
        httpd_tls_begin(httpd->tls, info->tls_session);
    }
    *context = connection;
    count_seconds(httpd);
}

static void connection_ended(struct httpd *httpd, struct httpd_connection *connection)
{
    *connection->place = connection->next;
    if (connection->next)
        connection->next->place = connection->place;
    else
        httpd->end = connection->place;
    httpd_tls_release(connection->tls);
    free(connection);
    httpd->connections--;
    count_seconds(httpd);
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        connection_began(cls, mhd, context);
    else if (*context)
        connection_ended(cls, *context);
}

/* --- life --- */

static void on_log(void *cls, const char *format, va_list args)
{
    const struct httpd *httpd = cls;
    char line[300];
    if (!httpd->options.log)
        return;
    int len = vsnprintf(line, sizeof line, format, args);
    if (len > 0 && (size_t)len < sizeof line && line[len - 1] == '\n')
        line[len - 1] = '\0';
    httpd->options.log(httpd->options.context, line);
}

union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool read_endpoint(const struct httpd_options *options, union endpoint *out, socklen_t *size)
{
    *out = (union endpoint){0};
    *size = options->ipv6 ? sizeof out->v6 : sizeof out->v4;
    out->any.sa_family = options->ipv6 ? AF_INET6 : AF_INET;
    if (options->ipv6)
        out->v6.sin6_port = htons(options->port);
    else
        out->v4.sin_port = htons(options->port);
    return inet_pton(out->any.sa_family, options->address,
                     options->ipv6 ? (void *)&out->v6.sin6_addr : (void *)&out->v4.sin_addr) == 1;
}

static int listening_socket(const struct httpd_options *options, uint16_t *port, struct err *err)
{
    union endpoint endpoint;
    socklen_t size;
    int one = 1, zero = 0;
    if (!read_endpoint(options, &endpoint, &size)) {
        err_set(err, ERR_INVALID, "%s: no numeric address", options->address);
        return -1;
    }
    int fd = socket(endpoint.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0;
    if (good && options->ipv6)
        good = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero) == 0;
    good = good && bind(fd, &endpoint.any, size) == 0 && listen(fd, BACKLOG) == 0 &&
           getsockname(fd, &endpoint.any, &size) == 0;
    *port = ntohs(options->ipv6 ? endpoint.v6.sin6_port : endpoint.v4.sin_port);
    if (good)
        return fd;
    err_errno(err, errno, "cannot listen on %s port %u", options->address, options->port);
    if (fd >= 0)
        close(fd);
    return -1;
}

static enum err_code start_daemon(struct httpd *httpd, struct err *err)
{
    const struct httpd_options *options = &httpd->options;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, httpd->tls ? httpd->tls->certificate_pem.data : NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, httpd->tls ? httpd->tls->key_pem.data : NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    int fd = listening_socket(options, &httpd->port, err);
    if (fd < 0)
        return ERR_IO;
    httpd->daemon = MHD_start_daemon(
        flags | (httpd->tls ? MHD_USE_TLS : 0) | (options->ipv6 ? MHD_USE_IPv6 : 0), 0, may_begin,
        httpd, httpd_on_request, httpd, MHD_OPTION_EXTERNAL_LOGGER, on_log, httpd,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        options->connections_max + SHED_AT_ONCE, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        options->per_address_max, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)BUFFER_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, httpd_on_url, httpd, MHD_OPTION_NOTIFY_COMPLETED,
        httpd_on_completed, httpd, MHD_OPTION_NOTIFY_CONNECTION, on_connection, httpd,
        MHD_OPTION_ARRAY, httpd->tls ? tls : none, MHD_OPTION_END);
    /* The socket is libmicrohttpd's from here on, also where it fails. */
    return httpd->daemon ? OK : err_set(err, ERR_IO, "libmicrohttpd does not start");
}

static void mark_files(const struct httpd *httpd, struct httpd_file_mark marks[2])
{
    const char *const paths[] = {httpd->options.certificate, httpd->options.key};
    for (int i = 0; i < 2; i++) {
        struct stat found = {0};
        marks[i] = (struct httpd_file_mark){0};
        if (stat(paths[i], &found) == 0)
            marks[i] = (struct httpd_file_mark){found.st_mtim, found.st_ino, found.st_size};
    }
}

static enum err_code load_tls(struct httpd *httpd, struct err *err)
{
    struct httpd_file_mark marks[2];
    struct httpd_tls *tls = NULL;
    mark_files(httpd, marks);
    enum err_code code = httpd_tls_load(httpd->options.certificate, httpd->options.key, &tls, err);
    if (code != OK)
        return code;
    httpd_tls_release(httpd->tls);
    httpd->tls = tls;
    httpd->certificate_mark = marks[0];
    httpd->key_mark = marks[1];
    return OK;
}

static bool same_mark(const struct httpd_file_mark *a, const struct httpd_file_mark *b)
{
    return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
           a->inode == b->inode && a->size == b->size;
}

enum err_code httpd_renew(struct httpd *httpd, struct err *err)
{
    struct httpd_file_mark marks[2];
    if (!httpd->tls)
        return OK;
    mark_files(httpd, marks);
    if (same_mark(&marks[0], &httpd->certificate_mark) && same_mark(&marks[1], &httpd->key_mark))
        return OK;
    return load_tls(httpd, err);
}

int64_t httpd_certificate_ends_s(const struct httpd *httpd)
{
    return httpd->tls ? httpd->tls->ends_s : 0;
}

uint16_t httpd_port(const struct httpd *httpd)
{
    return httpd->port;
}

static void copy_options(struct httpd *httpd, const struct httpd_options *options)
{
    httpd->options = *options;
    httpd->options.address = mem_strdup(options->address);
    httpd->options.certificate = options->certificate ? mem_strdup(options->certificate) : NULL;
    httpd->options.key = options->key ? mem_strdup(options->key) : NULL;
}

enum err_code httpd_create(struct loop *loop, const struct httpd_options *options,
                           struct httpd **out, struct err *err)
{
    struct httpd *httpd = mem_alloc(sizeof *httpd);
    enum err_code code = OK;
    *out = NULL;
    httpd->loop = loop;
    httpd->end = &httpd->first;
    copy_options(httpd, options);
    httpd->again = loop_timer_create(loop, run, httpd);
    httpd->second = loop_timer_create(loop, every_second, httpd);
    if (options->certificate)
        code = load_tls(httpd, err);
    if (code == OK)
        code = start_daemon(httpd, err);
    if (code != OK) {
        httpd_destroy(httpd);
        return code;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    httpd->watcher = loop_fd_create(loop, info->epoll_fd, LOOP_READ, on_ready, httpd);
    loop_fd_start(httpd->watcher);
    *out = httpd;
    return OK;
}

void httpd_destroy(struct httpd *httpd)
{
    if (!httpd)
        return;
    loop_fd_destroy(httpd->watcher);
    for (struct httpd_connection *c = httpd->first; c; c = c->next)
        if (c->request)
            httpd_unsuspend(c->request); /* libmicrohttpd does not stop with one suspended */
    if (httpd->daemon)
        MHD_stop_daemon(httpd->daemon);
    loop_timer_destroy(httpd->again);
    loop_timer_destroy(httpd->second);
    httpd_tls_release(httpd->tls);
    free((void *)(uintptr_t)httpd->options.address);
    free((void *)(uintptr_t)httpd->options.certificate);
    free((void *)(uintptr_t)httpd->options.key);
    free(httpd);
}
