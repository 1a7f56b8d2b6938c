/* Calls that ask the relay once and wait for the answer. */
#include "client/internal.h"

#include "seal/packet.h"

enum { IN_FORCE_PAGE = 200 };

/* What the call before lent is dropped. */
static struct arena *fresh_arena(struct caprelay *relay)
{
    arena_destroy(relay->answer_arena);
    relay->answer_arena = arena_create();
    return relay->answer_arena;
}

static enum caprelay_code ask_for_json(struct caprelay *relay, const struct request *request,
                                       const char **json, struct caprelay_error *error)
{
    struct arena *arena = fresh_arena(relay);
    struct verified_answer answer;
    struct message message;
    enum caprelay_code code = query_ask(relay, arena, request, &message, &answer, error);

    *json = code == CAPRELAY_OK ? arena_cstr(arena, answer.header.json) : NULL;
    return code;
}

enum caprelay_code caprelay_status(struct caprelay *relay, const char **json,
                                   struct caprelay_error *error)
{
    return ask_for_json(relay, &(struct request){.verb = "status"}, json, error);
}

enum caprelay_code caprelay_why(struct caprelay *relay, const char *text, unsigned max,
                                const char **json, struct caprelay_error *error)
{
    struct request request = {.verb = "why", .text = text, .max = max ? max : 20};

    return ask_for_json(relay, &request, json, error);
}

/* The one frame that an answer must have behind its header. */
static enum caprelay_code ask_for_frame(struct caprelay *relay, const struct request *request,
                                        struct arena *arena, struct slice *frame,
                                        struct caprelay_error *error)
{
    struct verified_answer answer;
    struct message message;
    enum caprelay_code code = query_ask(relay, arena, request, &message, &answer, error);

    if (code != CAPRELAY_OK)
        return code;
    if (message.count != 2)
        return client_error(error, CAPRELAY_REFUSED, "%zu frames instead of one",
                            message.count - 1);
    *frame = message.frames[1];
    return CAPRELAY_OK;
}

enum caprelay_code caprelay_copies(struct caprelay *relay, uint64_t seq, const char **json,
                                   struct caprelay_error *error)
{
    struct request request = {.verb = "copies", .seq = seq};
    struct arena *arena = fresh_arena(relay);
    struct verifier verifier = client_verifier(relay);
    struct signed_header header;
    struct slice frame = {0};
    struct err err = {0};
    enum caprelay_code code = ask_for_frame(relay, &request, arena, &frame, error);

    *json = NULL;
    if (code != CAPRELAY_OK)
        return code;
    if (verify_copies(&verifier, arena, relay->class, seq, frame, &header, &err) != OK)
        return client_error(error, CAPRELAY_REFUSED, "%s", err.text);
    *json = arena_cstr(arena, header.json);
    return CAPRELAY_OK;
}

static enum caprelay_code open_bulletin(struct caprelay *relay, struct arena *arena,
                                        struct slice frame, struct verified_bulletin *bulletin,
                                        struct caprelay_error *error)
{
    struct verifier verifier = client_verifier(relay);
    struct err err = {0};
    enum err_code code =
        verify_bulletin(&verifier, arena, (struct slice){0}, frame, bulletin, &err);

    if (code == OK && bulletin->header.class != relay->class)
        code = err_set(&err, ERR_CRYPTO, "class: not what was asked for");
    if (code == OK && !bulletin->original.ptr && !query_original(relay, arena, bulletin, &err))
        code = err.code;
    return code == OK ? CAPRELAY_OK : client_error(error, CAPRELAY_REFUSED, "%s", err.text);
}

enum caprelay_code caprelay_get(struct caprelay *relay, uint64_t seq,
                                const struct caprelay_bulletin **bulletin,
                                struct caprelay_error *error)
{
    struct request request = {.verb = "get", .seq = seq};
    struct arena *arena = fresh_arena(relay);
    struct verified_bulletin verified;
    struct slice frame = {0};
    enum caprelay_code code = ask_for_frame(relay, &request, arena, &frame, error);

    *bulletin = NULL;
    if (code == CAPRELAY_OK)
        code = open_bulletin(relay, arena, frame, &verified, error);
    if (code != CAPRELAY_OK)
        return code;
    if (verified.seq != seq)
        return client_error(error, CAPRELAY_REFUSED, "number: another bulletin");
    bulletin_export(arena, &verified, true, &relay->got);
    *bulletin = &relay->got;
    return CAPRELAY_OK;
}

enum caprelay_code caprelay_get_bytes(struct caprelay *relay, const char *digest_hex_text,
                                      const char **bytes, size_t *len, struct caprelay_error *error)
{
    struct request request = {.verb = "get", .digest = digest_hex_text};
    struct arena *arena = fresh_arena(relay);
    struct slice frame = {0};
    struct digest wanted, found;
    struct packet packet;
    enum caprelay_code code;

    *bytes = NULL;
    *len = 0;
    if (!hex_decode(slice_from_cstr(digest_hex_text), wanted.bytes, sizeof wanted.bytes))
        return client_error(error, CAPRELAY_INVALID, "a digest has 64 hex digits");
    code = ask_for_frame(relay, &request, arena, &frame, error);
    if (code != CAPRELAY_OK)
        return code;
    if (packet_open(arena, frame, &packet, NULL) != OK || packet.count != 1)
        return client_error(error, CAPRELAY_REFUSED, "frame: not one part");
    found = digest_of(packet.parts[0]);
    if (!digest_eq(&found, &wanted))
        return client_error(error, CAPRELAY_REFUSED, "digest: other bytes");
    *len = packet.parts[0].len;
    *bytes = arena_cstr(arena, packet.parts[0]);
    return CAPRELAY_OK;
}

/* Hands out one page; *after becomes its last number. Refuses the whole where one is not good: a
 * list of what is in force must not be short in silence. */
static enum caprelay_code in_force_page(struct caprelay *relay, uint64_t *after, bool *more,
                                        caprelay_bulletin_fn each, void *context,
                                        struct caprelay_error *error)
{
    struct request request = {.verb = "in-force",
                              .topics = relay->follow.whole ? NULL : relay->topics,
                              .topic_count = relay->topic_count,
                              .has_after = true,
                              .after = *after,
                              .max = IN_FORCE_PAGE};
    struct arena *arena = fresh_arena(relay);
    struct verified_answer answer;
    struct message message;
    enum caprelay_code code = query_ask(relay, arena, &request, &message, &answer, error);

    *more = code == CAPRELAY_OK && answer.more;
    for (size_t i = 1; code == CAPRELAY_OK && i < message.count; i++) {
        struct verified_bulletin verified;
        struct caprelay_bulletin bulletin;
        code = open_bulletin(relay, arena, message.frames[i], &verified, error);
        if (code != CAPRELAY_OK)
            return code;
        if (verified.seq <= *after)
            return client_error(error, CAPRELAY_REFUSED, "number: out of order");
        *after = verified.seq;
        bulletin_export(arena, &verified, true, &bulletin);
        if (!each(context, &bulletin))
            *more = false;
    }
    return code;
}

enum caprelay_code caprelay_in_force(struct caprelay *relay, caprelay_bulletin_fn each,
                                     void *context, struct caprelay_error *error)
{
    uint64_t after = 0, before;
    bool more = true;
    enum caprelay_code code = CAPRELAY_OK;

    while (code == CAPRELAY_OK && more) {
        before = after;
        code = in_force_page(relay, &after, &more, each, context, error);
        if (more && after == before)
            return client_error(error, CAPRELAY_REFUSED, "number: a page without end");
    }
    return code;
}
