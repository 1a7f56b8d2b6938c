#include "adapters/inject/request.h"

#include "seal/json.h"
#include "seal/key.h"
#include "seal/packet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PART_HEADER = 0, PART_SIGNATURE, PART_CAP, PART_COUNT };

static bool refuse(struct request_refusal *refusal, const char *reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(struct request_refusal *refusal, const char *reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(refusal->text, sizeof refusal->text, format, args);
    va_end(args);
    refusal->reason = reason;
    return false;
}

static void read_fields(struct json_fields *fields, const json_t *header, struct request *out)
{
    out->authority = json_get_text(fields, header, "authority");
    out->key_id = json_get_text(fields, header, "key");
    out->digest = json_get_digest(fields, header, "digest");
    out->has_digest = !json_failed(fields);
    out->time_us = json_get_time_us(fields, header, "time");
    struct slice nonce = json_get_text(fields, header, "nonce");
    if (!json_failed(fields) && !hex_decode(nonce, out->nonce, sizeof out->nonce))
        json_fail(fields, "nonce", "32 hex digits");
    out->dry_run = json_get_flag(fields, header, "dry_run");
}

static bool read_header(struct arena *arena, struct slice text, struct request *out,
                        struct request_refusal *refusal)
{
    struct err err = {0};
    if (text.len > PACKET_HEADER_BYTES_MAX)
        return refuse(refusal, "inject.unreadable", "the header: larger than 1 MiB");
    json_t *header = json_read(text, &err);
    if (!header)
        return refuse(refusal, "inject.unreadable", "the header: %s", err.text);
    struct json_fields fields = {.arena = arena, .err = &err};
    read_fields(&fields, header, out);
    json_decref(header);
    if (json_failed(&fields))
        return refuse(refusal, "inject.unreadable", "the header: %s", err.text);
    return true;
}

static void key_id_of(const uint8_t *public_key, char out[KEY_ID_MAX])
{
    struct digest digest = digest_of(slice_of(public_key, KEY_PUBLIC_BYTES));
    hex_encode(digest.bytes, (KEY_ID_MAX - 1) / 2, out);
}

static bool check_authority(const struct relay_conf *conf, struct slice header,
                            struct slice signature, struct request *out,
                            struct request_refusal *refusal)
{
    char id[KEY_ID_MAX];
    const struct relay_conf_authority *authority = relay_conf_authority_find(conf, out->authority);
    if (!authority)
        return refuse(refusal, "inject.authority", "this relay knows no such authority");
    if (!authority->has_key)
        return refuse(refusal, "inject.authority",
                      "%s has no key at this relay; it can only come by HTTP", authority->name.ptr);
    key_id_of(authority->key, id);
    if (!slice_eq_cstr(out->key_id, id))
        return refuse(refusal, "inject.authority", "the key is not the one of %s at this relay",
                      authority->name.ptr);
    if (!key_verify(authority->key, SEAL_INJECT, header, signature))
        return refuse(refusal, "inject.signature", "the signature does not fit header and key");
    out->known = authority;
    return true;
}

static bool check_bytes(const struct request *request, struct request_refusal *refusal)
{
    if (request->cap.len == 0 || request->cap.len > REQUEST_CAP_MAX)
        return refuse(refusal, "inject.unreadable",
                      "the message has %zu bytes; from 1 to 8 MiB are taken", request->cap.len);
    struct digest digest = digest_of(request->cap);
    if (!digest_eq(&digest, &request->digest))
        return refuse(refusal, "inject.digest",
                      "the digest in the header is not that of the bytes");
    return true;
}

static bool check_time(const struct request *request, int64_t now_us,
                       struct request_refusal *refusal)
{
    int64_t off_s = (request->time_us - now_us) / 1000000;
    if (llabs((long long)off_s) <= REQUEST_TIME_WINDOW_S)
        return true;
    return refuse(refusal, "inject.time",
                  "the request's time is %" PRId64
                  " s off the relay's clock; at most %d s are taken",
                  off_s, REQUEST_TIME_WINDOW_S);
}

/* Who it says that it is, as far as that can be read: for the line in the log. */
static void read_claim(struct arena *arena, const struct packet *packet, struct request *out)
{
    struct request_refusal ignored;
    if (packet->count > 0)
        read_header(arena, packet->parts[PART_HEADER], out, &ignored);
}

bool request_read(struct arena *arena, struct slice frame, const struct relay_conf *conf,
                  int64_t now_us, struct request *out, struct request_refusal *refusal)
{
    struct err err = {0};
    struct packet packet;
    *out = (struct request){0};
    *refusal = (struct request_refusal){0};
    if (packet_open(arena, frame, &packet, &err) != OK)
        return refuse(refusal, "inject.unreadable", "%s", err.text);
    if (packet.count != PART_COUNT) {
        read_claim(arena, &packet, out);
        return refuse(refusal, "inject.unreadable",
                      "header, signature and message are wanted, not %zu parts", packet.count);
    }
    out->cap = packet.parts[PART_CAP];
    return read_header(arena, packet.parts[PART_HEADER], out, refusal) &&
           check_authority(conf, packet.parts[PART_HEADER], packet.parts[PART_SIGNATURE], out,
                           refusal) &&
           check_bytes(out, refusal) && check_time(out, now_us, refusal);
}
