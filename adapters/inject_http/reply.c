#include "adapters/inject_http/reply.h"

#include "seal/json.h"
#include "seal/packet.h"

#include <stdlib.h>

enum { STATUS_CREATED = 201, STATUS_OK = 200, RETRY_AFTER_S = 5 };

static int receipt_status(struct slice outcome, struct slice reason, bool dry_run, bool first)
{
    if (slice_eq_cstr(outcome, "refused")) {
        if (slice_eq_cstr(reason, "inject.receipt"))
            return 500;
        return slice_starts_with(reason, "inject.grant") ? 403 : 422;
    }
    return slice_eq_cstr(outcome, "accepted") && first && !dry_run ? STATUS_CREATED : STATUS_OK;
}

/* The two parts, and the status that its outcome means. */
static bool open_receipt(struct arena *arena, struct slice frame, bool first, struct packet *packet,
                         int *status)
{
    struct err err = {0};
    struct json_fields fields = {.arena = arena, .err = &err};
    if (packet_open(arena, frame, packet, &err) != OK || packet->count != 2 ||
        packet->parts[1].len != KEY_SIGNATURE_BYTES)
        return false;
    json_t *header = json_read(packet->parts[0], &err);
    if (!header)
        return false;
    struct slice outcome = json_get_text(&fields, header, "outcome");
    struct slice reason = json_get_text_maybe(&fields, header, "reason");
    bool dry_run = json_get_flag(&fields, header, "dry_run");
    json_decref(header);
    *status = receipt_status(outcome, reason, dry_run, first);
    return !json_failed(&fields);
}

void reply_receipt(struct httpd_request *request, struct slice frame, bool first)
{
    struct arena *arena = arena_create();
    struct packet packet;
    int status = 0;
    char hex[2 * KEY_SIGNATURE_BYTES + 1];
    const char *const headers[] = {"Caprelay-Receipt-Signature", hex};
    if (!open_receipt(arena, frame, first, &packet, &status)) {
        struct post_refusal refusal;
        post_refuse(&refusal, 500, "inject.receipt",
                    "the receipt cannot be read; ask the relay with `why`");
        reply_refusal(request, &refusal);
        arena_destroy(arena);
        return;
    }
    bool whole = slice_eq_cstr(httpd_header(request, "Accept"), "application/octet-stream");
    hex_encode((const uint8_t *)packet.parts[1].ptr, KEY_SIGNATURE_BYTES, hex);
    httpd_answer(request, &(struct httpd_answer){.status = status,
                                                 .content_type = whole ? "application/octet-stream"
                                                                       : "application/json",
                                                 .body = whole ? frame : packet.parts[0],
                                                 .headers = headers,
                                                 .header_count = 1});
    arena_destroy(arena);
}

static const char *title_of(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {{400, "Bad Request"},
                  {401, "Unauthorized"},
                  {403, "Forbidden"},
                  {404, "Not Found"},
                  {405, "Method Not Allowed"},
                  {413, "Content Too Large"},
                  {415, "Unsupported Media Type"},
                  {422, "Unprocessable Content"},
                  {429, "Too Many Requests"},
                  {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Internal Server Error";
}

void reply_refusal(struct httpd_request *request, const struct post_refusal *refusal)
{
    struct arena *arena = arena_create();
    json_t *problem = json_object();
    const char *headers[2];
    size_t header_count = 1;
    json_put_number(problem, "status", (uint64_t)refusal->status);
    json_put_cstr(problem, "title", title_of(refusal->status));
    json_put_cstr(problem, "reason", refusal->reason);
    json_put_cstr(problem, "detail", refusal->text);
    struct slice body = json_take_text(arena, problem);
    switch (refusal->status) {
    case 401:
        headers[0] = "WWW-Authenticate";
        headers[1] = "Bearer realm=\"caprelay\"";
        break;
    case 405:
        headers[0] = "Allow";
        headers[1] = "POST";
        break;
    case 429:
    case 503:
        headers[0] = "Retry-After";
        headers[1] = arena_printf(arena, "%d", RETRY_AFTER_S).ptr;
        break;
    default:
        header_count = 0;
    }
    httpd_answer(request, &(struct httpd_answer){.status = refusal->status,
                                                 .content_type = "application/problem+json",
                                                 .body = body,
                                                 .headers = headers,
                                                 .header_count = header_count});
    arena_destroy(arena);
}
