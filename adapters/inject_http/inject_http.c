/*
 * inject-http: authorities POST alerts (docs/protocol.md 5.3), for those without ZeroMQ.
 *
 * The head of a request is refused or taken at once. Whole requests wait in a row, in which
 * authorities take turns, so that a burst of large ones does not hold the loop, and while the
 * journal is full; their clients wait for the
 * receipt, suspended, until the commit. What differs from the door over ZeroMQ is how an authority
 * proves who it is, and the form of the answers; the rest is inject/door.h.
 */
#include "adapters/host.h"
#include "adapters/inject/door.h"
#include "adapters/inject_http/post.h"
#include "adapters/inject_http/reply.h"
#include "adapters/inject_http/row.h"

#include "base/map.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TAKEN_PER_TURN = 4, /* each may be a parse of 8 MiB */
    BODIES_MAX = 64 * 1024 * 1024,
    PER_ADDRESS_PART = 4, /* of all connections, one address has at most a quarter */
    /* An address that begins as many all the time has some hundredths of a processor, a script that
     * connects anew for each alert is not held up. */
    PER_SECOND = 10,
    PER_SECOND_AT_ONCE = 60,
    TURNED_AWAY_EVERY_US = 60 * 1000000,
    RENEW_EVERY_US = 5 * 1000000,
    DAY_S = 86400,
    CERTIFICATE_WARN_S = 14 * DAY_S
};

struct inject_http {
    struct host *host;
    struct httpd *httpd;
    struct loop_timer *serve, *renew, *turned_away;
    struct door door;
    struct row row;
    struct map *warned; /* certificate to when it was told that it ends */
    bool paused;
};

static const struct conf_row options[] = {{.type = CONF_END}};

static int64_t now_s(const struct inject_http *inject)
{
    return host_now_us(inject->host) / 1000000;
}

/* --- requests --- */

static void refuse(struct inject_http *inject, struct httpd_request *http,
                   const struct request *request, const struct post_refusal *refusal)
{
    char text[500];
    snprintf(text, sizeof text, "%s (from %s)", refusal->text, httpd_peer(http));
    refusals_log(&inject->door.refusals, request, refusal->reason, text);
    reply_refusal(http, refusal);
}

static bool read_head(const struct inject_http *inject, const struct httpd_request *http,
                      struct post *post, struct request *request, struct post_refusal *refusal)
{
    *post = (struct post){.method = httpd_method(http),
                          .path = httpd_path(http),
                          .query = httpd_query(http),
                          .content_type = httpd_header(http, "Content-Type"),
                          .content_encoding = httpd_header(http, "Content-Encoding"),
                          .authorization = httpd_header(http, "Authorization"),
                          .authorizations = httpd_header_count(http, "Authorization")};
    post->has_certificate = httpd_client_certificate(http, &post->certificate);
    *request = (struct request){0};
    return post_check(post, host_conf(inject->host), now_s(inject), request, refusal);
}

static enum door_verdict take(struct inject_http *inject, struct arena *arena,
                              struct httpd_request *http, struct request *request,
                              struct slice *receipt, struct request_refusal *refusal)
{
    uint64_t id = httpd_id(http);
    request->cap = httpd_body(http);
    request->digest = digest_of(request->cap);
    request->has_digest = true;
    if (request->cap.len > 0)
        return door_take(&inject->door, arena, request, slice_of(&id, sizeof id), receipt, refusal);
    *refusal =
        (struct request_refusal){"inject.unreadable", "the body is empty; send the alert as it is"};
    return DOOR_REFUSED;
}

static int status_of(const struct inject_http *inject, const char *reason)
{
    if (strcmp(reason, "inject.busy") == 0)
        return door_has_room(&inject->door) ? 429 : 503;
    return strcmp(reason, "inject.unreadable") == 0 ? 400 : 422;
}

/* Before its alert is refused in the middle of an emergency. Once a day for each certificate. */
static void warn_of_end(struct inject_http *inject, const struct post *post, struct slice authority)
{
    int64_t now = now_s(inject), ends = post->certificate.not_after_s;
    if (post->authorization.ptr || ends - now > CERTIFICATE_WARN_S)
        return;
    struct slice key = slice_of(post->certificate.sha256, SHA256_BYTES);
    int64_t *told = map_get(inject->warned, key);
    if (told && now - *told < DAY_S)
        return;
    if (!told)
        map_put(inject->warned, key, told = mem_alloc(sizeof *told));
    *told = now;
    char text[CLOCK_TEXT_MAX];
    host_log(inject->host, LOG_LEVEL_WARNING, "inject.certificate-ends",
             "authority=%s until=%s text=\"have it renewed, and add the new one\"",
             log_quote(authority).text, clock_format_s(ends, text));
}

/* The head is read again: a reload may have changed who may come. */
static void serve(struct inject_http *inject, struct httpd_request *http)
{
    struct arena *arena = arena_create();
    struct post post;
    struct request request;
    struct request_refusal why;
    struct post_refusal refusal;
    struct slice receipt;
    if (!read_head(inject, http, &post, &request, &refusal)) {
        refuse(inject, http, &request, &refusal);
    } else {
        warn_of_end(inject, &post, request.authority);
        switch (take(inject, arena, http, &request, &receipt, &why)) {
        case DOOR_REFUSED:
            post_refuse(&refusal, status_of(inject, why.reason), why.reason, "%s", why.text);
            refuse(inject, http, &request, &refusal);
            break;
        case DOOR_STORED:
            reply_receipt(http, receipt, false);
            break;
        case DOOR_WAITS:
            httpd_forget_body(http); /* intake has its own */
            break;
        }
    }
    arena_destroy(arena);
}

static void serve_row(void *context)
{
    struct inject_http *inject = context;
    size_t taken = 0;
    while (inject->row.count > 0 && taken < TAKEN_PER_TURN && !inject->paused &&
           door_has_room(&inject->door)) {
        struct httpd_request *http = httpd_find(inject->httpd, row_take(&inject->row));
        if (!http)
            continue;
        taken++;
        serve(inject, http);
    }
    if (taken == TAKEN_PER_TURN)
        loop_timer_start(inject->serve, 0);
}

static void wake(struct inject_http *inject)
{
    if (inject->serve && inject->row.count > 0 && !inject->paused)
        loop_timer_start(inject->serve, 0);
}

static void on_request(void *context, struct httpd_request *http, enum httpd_event event)
{
    struct inject_http *inject = context;
    struct post post;
    struct request request;
    struct post_refusal refusal;
    bool good = read_head(inject, http, &post, &request, &refusal);
    switch (event) {
    case HTTPD_HEAD:
        if (good && httpd_own(http, request.authority))
            return;
        if (good)
            post_refuse(&refusal, 429, "inject.busy",
                        "too many connections of this authority already; wait for answers");
        break;
    case HTTPD_WHOLE:
        row_put(&inject->row, httpd_id(http), request.authority);
        wake(inject);
        return;
    case HTTPD_TOO_LARGE:
        post_refuse(&refusal, 413, "inject.unreadable",
                    "the message is too large; from 1 to %d bytes (8 MiB) are taken",
                    REQUEST_CAP_MAX);
        break;
    case HTTPD_NO_ROOM:
        post_refuse(&refusal, 503, "inject.busy", "too much is being sent at once; try later");
        break;
    case HTTPD_OVERDUE:
        post_refuse(&refusal, 503, "inject.busy",
                    "the journal takes long; send the same bytes again until there is a receipt, "
                    "nothing is published twice");
        break;
    }
    refuse(inject, http, &request, &refusal);
}

static void answer(void *context, struct slice client, struct slice receipt)
{
    struct inject_http *inject = context;
    uint64_t id = 0;
    memcpy(&id, client.ptr, sizeof id);
    struct httpd_request *http = inject->httpd ? httpd_find(inject->httpd, id) : NULL;
    if (http)
        reply_receipt(http, receipt, true);
}

/* --- the certificate --- */

static void tell_state(struct inject_http *inject, const struct err *trouble)
{
    const char *url = host_conf(inject->host)->listen.inject_http.ptr;
    int64_t ends_s = httpd_certificate_ends_s(inject->httpd);
    char text[CLOCK_TEXT_MAX];
    if (ends_s)
        clock_format_s(ends_s, text);
    if (trouble)
        host_state(inject->host, SOURCE_DEGRADED, "listening on %s with the certificate before: %s",
                   url, trouble->text);
    else if (ends_s && ends_s <= now_s(inject))
        host_state(inject->host, SOURCE_DEGRADED,
                   "listening on %s, but its certificate ended on %s", url, text);
    else if (ends_s && ends_s - now_s(inject) < CERTIFICATE_WARN_S)
        host_state(inject->host, SOURCE_LIVE, "listening on %s; its certificate ends on %s", url,
                   text);
    else
        host_state(inject->host, SOURCE_LIVE, "listening on %s", url);
}

static void renew(void *context)
{
    struct inject_http *inject = context;
    struct err err = {0};
    bool good = httpd_renew(inject->httpd, &err) == OK;
    tell_state(inject, good ? NULL : &err);
}

static void tell_turned_away(void *context)
{
    struct inject_http *inject = context;
    uint64_t count = httpd_turned_away(inject->httpd);
    if (count > 0)
        host_log(inject->host, LOG_LEVEL_WARNING, "inject.turned-away",
                 "count=%" PRIu64 " text=\"connections in the last minute from addresses that "
                 "begin more than %d a second\"",
                 count, PER_SECOND);
}

/* --- the contract --- */

static enum err_code inject_http_init(void *instance, struct host *host, struct err *err)
{
    struct inject_http *inject = instance;
    (void)err;
    inject->host = host;
    inject->warned = map_create();
    inject->door = (struct door){.host = host, .answer = answer, .context = inject};
    return OK;
}

static void debug_line(void *context, const char *line)
{
    struct inject_http *inject = context;
    host_log(inject->host, LOG_LEVEL_DEBUG, "inject.httpd", "text=%s", log_quote_cstr(line).text);
}

static enum err_code open_httpd(struct inject_http *inject, struct err *err)
{
    const struct relay_conf *conf = host_conf(inject->host);
    struct conf_http_listen listen;
    if (!conf_http_listen(conf->listen.inject_http, &listen))
        return err_set(err, ERR_INVALID, "listen.inject_http is no URL");
    unsigned connections = (unsigned)conf->inject_http.connections;
    const struct httpd_options wanted = {
        .address = listen.address,
        .ipv6 = listen.ipv6,
        .port = listen.port,
        .certificate = listen.tls ? conf->inject_http.certificate.ptr : NULL,
        .key = conf->inject_http.key.ptr,
        .connections_max = connections,
        /* On the loopback all come from one address, by whatever stands before the relay. */
        .per_address_max = listen.is_local ? 0 : connections / PER_ADDRESS_PART,
        .per_second = listen.is_local ? 0 : PER_SECOND,
        .per_second_at_once = PER_SECOND_AT_ONCE,
        .body_max = REQUEST_CAP_MAX,
        .bodies_max = BODIES_MAX,
        .fn = on_request,
        .log = debug_line,
        .context = inject};
    return httpd_create(host_loop(inject->host), &wanted, &inject->httpd, err);
}

static enum err_code inject_http_start(void *instance, struct err *err)
{
    struct inject_http *inject = instance;
    enum err_code code = door_start(&inject->door, err);
    if (code == OK)
        code = open_httpd(inject, err);
    if (code != OK)
        return code; /* the host calls stop */
    inject->serve = loop_timer_create(host_loop(inject->host), serve_row, inject);
    inject->renew = loop_timer_create(host_loop(inject->host), renew, inject);
    loop_timer_repeat(inject->renew, RENEW_EVERY_US, RENEW_EVERY_US);
    inject->turned_away = loop_timer_create(host_loop(inject->host), tell_turned_away, inject);
    loop_timer_repeat(inject->turned_away, TURNED_AWAY_EVERY_US, TURNED_AWAY_EVERY_US);
    tell_state(inject, NULL);
    return OK;
}

static void inject_http_stop(void *instance)
{
    struct inject_http *inject = instance;
    httpd_destroy(inject->httpd);
    inject->httpd = NULL;
    loop_timer_destroy(inject->serve);
    loop_timer_destroy(inject->renew);
    loop_timer_destroy(inject->turned_away);
    inject->serve = inject->renew = inject->turned_away = NULL;
    row_fini(&inject->row);
    inject->paused = false;
    door_stop(&inject->door);
}

static void inject_http_fini(void *instance)
{
    struct inject_http *inject = instance;
    inject_http_stop(inject);
    door_fini(&inject->door);
    map_destroy(inject->warned, free);
}

static void inject_http_pause(void *instance)
{
    struct inject_http *inject = instance;
    inject->paused = true;
}

static void inject_http_resume(void *instance)
{
    struct inject_http *inject = instance;
    inject->paused = false;
    wake(inject);
}

static void inject_http_settled(void *instance, const struct adapter_outcome *outcome)
{
    struct inject_http *inject = instance;
    door_settled(&inject->door, outcome);
    wake(inject);
}

const struct adapter_ops adapter_inject_http = {
    .name = "inject-http",
    .summary = "alerts that authorities hand in over HTTP",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct inject_http),
    .options = options,
    .init = inject_http_init,
    .start = inject_http_start,
    .stop = inject_http_stop,
    .fini = inject_http_fini,
    .pause = inject_http_pause,
    .resume = inject_http_resume,
    .settled = inject_http_settled,
};
