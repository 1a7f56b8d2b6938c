/*
 * webhook: each bulletin as one POST to an HTTP endpoint, signed with a shared secret
 * (docs/outlets.md).
 *
 * The signature is over time, class, number and body, so that nothing of these can be changed, and
 * an old request can be told from a new one. It is made anew for each try.
 */
#include "outlets/body.h"

#include "base/digest.h"
#include "base/hmac.h"
#include "conf/secret.h"
#include "http/http.h"
#include "http/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    SECRET_MIN = 16, /* characters */
    ANSWER_BYTES_MAX = 64 * 1024,
};

struct webhook {
    struct slice url, secret_file, bearer_file, ca_file, proxy, client_cert, client_key;
    int body; /* enum outlet_body */
    int64_t timeout_us;

    struct outlet *outlet;
    char secret[CONF_SECRET_BYTES + 1], bearer[CONF_SECRET_BYTES + 1];
    struct http_client *client;
    struct http_request *request; /* being answered; NULL: none */
};

#define AT(member) .offset = offsetof(struct webhook, member)

static const struct conf_row options[] = {
    {.name = "url",
     .type = CONF_TEXT,
     AT(url),
     .required = true,
     .check = http_check_url,
     .help = "Where each bulletin is posted to. https, unless the way is yours alone."},
    {.name = "secret_file",
     .type = CONF_PATH,
     AT(secret_file),
     .required = true,
     .help = "File with the secret that both sides share (`openssl rand -hex 32`): the key of the "
             "signature in the header Caprelay-Signature."},
    OUTLET_BODY_ROW(AT(body)),
    {.name = "bearer_file",
     .type = CONF_PATH,
     AT(bearer_file),
     .help = "File with a token for `Authorization: Bearer`, where the endpoint wants one."},
    {.name = "client_cert",
     .type = CONF_PATH,
     .file = CONF_FILE_CERTIFICATE,
     AT(client_cert),
     .help = "Certificate (PEM) that the relay shows."},
    {.name = "client_key",
     .type = CONF_PATH,
     .file = CONF_FILE_KEY,
     AT(client_key),
     .help = "Its key, where it is in a file of its own."},
    HTTP_CA_FILE_ROW(AT(ca_file)),
    HTTP_PROXY_ROW(AT(proxy)),
    OUTLET_TIMEOUT_ROW(AT(timeout_us),
                       "For one request; without an answer by then it is sent again."),
    {.type = CONF_END}};

/* --- the answer --- */

/*
 * What the status says of this bulletin, and not of the endpoint or our credentials: only that may
 * be skipped. A 404 or 403 is as likely a deployment gone wrong, which must not cost a bulletin.
 */
static bool is_refusal(int status)
{
    static const int of_the_way[] = {401, 403, 404, 405, 407, 408, 421, 425, 429, 451};

    for (size_t i = 0; i < sizeof of_the_way / sizeof *of_the_way; i++)
        if (status == of_the_way[i])
            return false;
    return status >= 400 && status < 500;
}

static void on_answer(void *context, const struct http_result *result)
{
    struct webhook *webhook = context;
    int status = result->status;

    webhook->request = NULL;
    if (result->failure == HTTP_FAILED_TOO_LARGE && status >= 200 && status < 300)
        outlet_done(webhook->outlet, OUTLET_DELIVERED, 0, "%d", status);
    else if (result->failure != HTTP_ANSWERED)
        outlet_done(webhook->outlet, OUTLET_LATER, 0, "%s: %s", http_failure_name(result->failure),
                    result->error);
    else if (status >= 200 && status < 300)
        outlet_done(webhook->outlet, OUTLET_DELIVERED, 0, "%d", status);
    else if (status >= 300 && status < 400)
        outlet_done(webhook->outlet, OUTLET_LATER, 0,
                    "answered %d: it has moved; `url` must be where it is now", status);
    else
        outlet_done(webhook->outlet, is_refusal(status) ? OUTLET_REFUSED : OUTLET_LATER,
                    result->retry_after_us, "answered %d", status);
}

/* --- the request --- */

static struct slice signature_header(struct arena *arena, const struct webhook *webhook,
                                     const struct outlet_bulletin *bulletin, struct slice body)
{
    int64_t now_s = outlet_now_s(webhook->outlet);
    struct slice before = arena_printf(arena, "%" PRId64 ".%s.%" PRIu64 ".", now_s,
                                       alert_class_name(bulletin->class), bulletin->number);
    const struct slice parts[] = {before, body};
    uint8_t mac[HMAC_BYTES];
    char hex[HMAC_HEX_MAX];

    hmac_sha256(slice_from_cstr(webhook->secret), parts, 2, mac);
    hex_encode(mac, sizeof mac, hex);
    return arena_printf(arena, "Caprelay-Signature: t=%" PRId64 ",v1=%s", now_s, hex);
}

static struct slice topics_header(struct arena *arena, const struct outlet_bulletin *bulletin)
{
    struct slice text = arena_printf(arena, "Caprelay-Topics:");

    for (size_t i = 0; i < bulletin->topic_count; i++)
        text = arena_printf(arena, "%s %s", text.ptr, bulletin->topics[i].ptr);
    return text;
}

static void webhook_deliver(void *instance, const struct outlet_bulletin *bulletin)
{
    struct webhook *webhook = instance;
    struct arena *arena = arena_create();
    struct http_call call = {
        .method = HTTP_POST,
        .url = webhook->url.ptr,
        .bearer = webhook->bearer[0] ? webhook->bearer : NULL,
        .client_cert = webhook->client_cert.ptr,
        .client_key = webhook->client_key.ptr,
    };
    call.body =
        outlet_body_make(arena, (enum outlet_body)webhook->body, bulletin, &call.content_type);
    const char *headers[] = {
        arena_printf(arena, "Caprelay-Relay: %s", bulletin->relay.ptr).ptr,
        arena_printf(arena, "Caprelay-Class: %s", alert_class_name(bulletin->class)).ptr,
        arena_printf(arena, "Caprelay-Number: %" PRIu64, bulletin->number).ptr,
        arena_printf(arena, "Caprelay-Side: %s", side_name(bulletin->side)).ptr,
        arena_printf(arena, "Caprelay-Identifier: %s", bulletin->identifier.ptr).ptr,
        arena_printf(arena, "Idempotency-Key: %s", bulletin->id.ptr).ptr,
        topics_header(arena, bulletin).ptr,
        signature_header(arena, webhook, bulletin, call.body).ptr,
    };
    call.headers = headers;
    call.header_count = sizeof headers / sizeof *headers;
    webhook->request = http_send(webhook->client, &call, on_answer, webhook);
    arena_destroy(arena);
}

/* --- the contract --- */

static enum err_code webhook_init(void *instance, struct outlet *outlet, struct err *err)
{
    struct webhook *webhook = instance;

    webhook->outlet = outlet;
    if (webhook->client_key.ptr && !webhook->client_cert.ptr)
        return err_set(
            err, ERR_INVALID,
            "client_key: says nothing without client_cert; name the certificate's file there");
    if (conf_secret_read(webhook->secret_file, SECRET_MIN, webhook->secret, err))
        return err_wrap(err, "secret_file");
    if (webhook->bearer_file.ptr && conf_secret_read(webhook->bearer_file, 1, webhook->bearer, err))
        return err_wrap(err, "bearer_file");
    return OK;
}

static enum err_code webhook_start(void *instance, struct err *err)
{
    struct webhook *webhook = instance;
    const struct http_options http = {.ca_file = webhook->ca_file.ptr,
                                      .proxy = webhook->proxy.ptr,
                                      .timeout_us = webhook->timeout_us,
                                      .max_body = ANSWER_BYTES_MAX,
                                      .max_parallel = 1};
    enum err_code code =
        http_client_create(outlet_loop(webhook->outlet), &http, &webhook->client, err);

    if (code)
        return code;
    outlet_ready(webhook->outlet, SOURCE_CONNECTING, "nothing was delivered yet since the start");
    return OK;
}

static void webhook_stop(void *instance)
{
    struct webhook *webhook = instance;

    http_cancel(webhook->request);
    webhook->request = NULL;
    http_client_destroy(webhook->client);
    webhook->client = NULL;
}

static void webhook_fini(void *instance)
{
    struct webhook *webhook = instance;

    webhook_stop(instance);
    explicit_bzero(webhook->secret, sizeof webhook->secret);
    explicit_bzero(webhook->bearer, sizeof webhook->bearer);
}

const struct outlet_ops outlet_webhook = {
    .kind = "webhook",
    .summary = "a signed POST to an HTTP endpoint for each bulletin",
    .instance_size = sizeof(struct webhook),
    .options = options,
    .init = webhook_init,
    .start = webhook_start,
    .deliver = webhook_deliver,
    .stop = webhook_stop,
    .fini = webhook_fini,
};
