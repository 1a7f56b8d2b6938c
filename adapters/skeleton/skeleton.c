/*
 * skeleton: a whole adapter in one file, to begin a new one from. docs/add-an-adapter.md walks
 * through it.
 *
 * Its far end is the simplest that can lose nothing: a server that numbers its documents. GET
 * URL/N: 200 is document N, 404 means not yet, 410 never will be. It passes the contract suite, and
 * no relay offers it: it is not in registry.c.
 */
#include "adapters/adapter.h"
#include "adapters/backoff.h"
#include "adapters/rows.h"
#include "alert/parse.h"
#include "http/http.h"
#include "http/rows.h"

#include <stdio.h>

enum {
    RETRY_FIRST_US = 1000000,
    RETRY_MAX_US = 60000000,
    TIMEOUT_US = 30000000,
    /* What the journal has not got yet is all that a crash makes us ask for again. */
    IN_FLIGHT_MAX = 16,
    NUMBER_TEXT_MAX = 24
};

/* The host allocates it, zeroed, and fills in the options. */
struct skeleton {
    struct host *host;
    /* options */
    struct slice url, ca_file;
    int64_t interval_us;
    /* */
    struct http_client *client; /* NULL until the first start */
    struct http_request *request;
    struct loop_timer *timer;
    struct backoff backoff;
    uint64_t next;    /* the document to ask for */
    unsigned waiting; /* delivered and not settled */
    bool running, paused;
};

static const struct conf_row options[] = {
    {.name = "url",
     .type = CONF_TEXT,
     .offset = offsetof(struct skeleton, url),
     .required = true,
     .check = http_check_url,
     .help = "Where the numbered documents are, without a slash at the end."},
    SOURCE_INTERVAL_ROW(.offset = offsetof(struct skeleton, interval_us), "30s",
                        "Between looks for the next document while there is none."),
    HTTP_CA_FILE_ROW(.offset = offsetof(struct skeleton, ca_file)),
    {.type = CONF_END}};

/* --- the cursor: stored by the journal in the transaction of the document that it goes with --- */

static const char mark_name[] = "next";

/* One that is not a number was not written by us: everything is asked for again, and becomes
 * duplicates, which is better than a hole. */
static void read_mark(struct skeleton *self)
{
    struct slice value;
    self->next = 0;
    if (!host_mark(self->host, slice_from_cstr(mark_name), &value))
        return;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9') {
            self->next = 0;
            return;
        }
        self->next = self->next * 10 + (uint64_t)(value.ptr[i] - '0');
    }
}

static void deliver(struct skeleton *self, struct slice bytes)
{
    char text[NUMBER_TEXT_MAX];
    uint64_t number = self->next++;
    snprintf(text, sizeof text, "%llu", (unsigned long long)self->next);
    const struct adapter_document document = {.bytes = bytes,
                                              .mark_key = slice_from_cstr(mark_name),
                                              .mark_value = slice_from_cstr(text),
                                              .receipt = number};
    self->waiting++;
    host_deliver(self->host, &document); /* may call pause_source() before it returns */
}

/* --- asking --- */

static void ask_in(struct skeleton *self, int64_t after_us)
{
    if (self->running && !self->paused && !self->request && self->waiting < IN_FLIGHT_MAX)
        loop_timer_start(self->timer, after_us);
}

/* A reason is a sentence for whoever is on call, and the same as long as the trouble is the same:
 * the host logs each change. */
static void fail(struct skeleton *self, const struct http_result *result)
{
    if (result->failure == HTTP_ANSWERED)
        host_state(self->host, SOURCE_DOWN, "the server answers %d", result->status);
    else
        host_state(self->host, SOURCE_DOWN, "%s", result->error);
    ask_in(self, backoff_next(&self->backoff, result->retry_after_us));
}

static void on_answer(void *context, const struct http_result *result)
{
    struct skeleton *self = context;
    int status = result->failure == HTTP_ANSWERED ? result->status : 0;
    bool too_large = result->failure == HTTP_FAILED_TOO_LARGE;
    self->request = NULL;
    if (!too_large && status != 200 && status != 404 && status != 410) {
        fail(self, result);
        return;
    }
    backoff_reset(&self->backoff);
    host_state(self->host, SOURCE_LIVE, "asking %s", http_url_line(self->url).text);
    if (status == 404) {
        ask_in(self, backoff_spread(&self->backoff, self->interval_us));
        return;
    }
    if (status == 410)
        host_log(self->host, LOG_LEVEL_WARNING, "skeleton.missing", "number=%llu",
                 (unsigned long long)self->next++);
    else
        deliver(self, result->body); /* what is too large is refused by intake, with a row */
    ask_in(self, 0);
}

static void on_time(void *context)
{
    struct skeleton *self = context;
    char url[1024];
    snprintf(url, sizeof url, "%s/%llu", self->url.ptr, (unsigned long long)self->next);
    const struct http_call call = {.url = url};
    self->request = http_send(self->client, &call, on_answer, self);
}

/* --- the contract --- */

/* What the rows cannot check. No I/O: `caprelayd --check-config` calls it too. */
static enum err_code init(void *instance, struct host *host, struct err *err)
{
    struct skeleton *self = instance;
    self->host = host;
    if (self->url.len > 900)
        return err_set(err, ERR_INVALID, "url: is longer than 900 characters");
    return OK;
}

/* Comes again after stop() and host_failed(): what is in flight by then must not be asked for once
 * more, so the mark is read only once. */
static enum err_code start(void *instance, struct err *err)
{
    struct skeleton *self = instance;
    struct loop *loop = host_loop(self->host);
    const struct http_options http = {
        .ca_file = self->ca_file.ptr, .timeout_us = TIMEOUT_US, .max_body = PARSE_BYTES_MAX + 1};
    if (!self->client) {
        enum err_code code = http_client_create(loop, &http, &self->client, err);
        if (code != OK)
            return code;
        self->timer = loop_timer_create(loop, on_time, self);
        backoff_init(&self->backoff, RETRY_FIRST_US, RETRY_MAX_US, host_seed(self->host));
        read_mark(self);
    }
    self->running = true;
    self->paused = false;
    ask_in(self, 0);
    return OK;
}

/* No delivery after this; may come twice, and before any start. */
static void stop(void *instance)
{
    struct skeleton *self = instance;
    self->running = false;
    if (self->timer)
        loop_timer_stop(self->timer);
    http_cancel(self->request);
    self->request = NULL;
}

static void fini(void *instance)
{
    struct skeleton *self = instance;
    loop_timer_destroy(self->timer);
    http_client_destroy(self->client);
}

/* The journal is full. The request on its way is forgotten: the server keeps the document. */
static void pause_source(void *instance)
{
    struct skeleton *self = instance;
    self->paused = true;
    loop_timer_stop(self->timer);
    http_cancel(self->request);
    self->request = NULL;
}

static void resume_source(void *instance)
{
    struct skeleton *self = instance;
    self->paused = false;
    ask_in(self, 0);
}

/* The journal has it, whatever the verdict. A far end that wants an acknowledgement gets it here
 * and nowhere else. */
static void settled(void *instance, const struct adapter_outcome *outcome)
{
    struct skeleton *self = instance;
    (void)outcome;
    self->waiting--;
    if (!loop_timer_active(self->timer))
        ask_in(self, 0);
}

const struct adapter_ops adapter_skeleton = {
    .name = "skeleton",
    .summary = "numbered documents of an HTTP server; a template, not for use",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct skeleton),
    .options = options,
    .init = init,
    .start = start,
    .stop = stop,
    .fini = fini,
    .pause = pause_source,
    .resume = resume_source,
    .settled = settled,
};
