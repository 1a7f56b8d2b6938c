#include "adapters/inject/door.h"

enum err_code door_start(struct door *door, struct err *err)
{
    refusals_start(&door->refusals, door->host);
    return parser_create(&door->parser, err);
}

void door_stop(struct door *door)
{
    refusals_stop(&door->refusals);
    parser_destroy(door->parser);
    door->parser = NULL;
}

void door_fini(struct door *door)
{
    door_stop(door);
    while (door->pending.first)
        pending_free(pending_take(&door->pending, door->pending.first->receipt));
}

bool door_has_room(const struct door *door)
{
    return door->pending.count < DOOR_PENDING_MAX;
}

/* One receipt speaks of one alert. */
static bool check_single(const struct door *door, struct arena *arena,
                         const struct request *request, struct request_refusal *refusal)
{
    struct parsed parsed = parser_read(door->parser, arena, request->cap);
    if (parsed.count <= 1)
        return true;
    *refusal = (struct request_refusal){"inject.several",
                                        "the message holds several alerts; send each by itself"};
    return false;
}

static enum door_verdict busy(struct request_refusal *refusal)
{
    *refusal = (struct request_refusal){"inject.busy", "too many requests wait already; try later"};
    return DOOR_REFUSED;
}

bool door_has_room_for(const struct door *door, struct slice authority)
{
    return door_has_room(door) &&
           pending_count_of(&door->pending, authority) < DOOR_PENDING_MAX - door->pending.count;
}

static void launch(struct door *door, struct slice client, const struct request *request)
{
    struct pending *pending =
        pending_add(&door->pending, request->known->name, &request->digest, request->dry_run);
    pending_add_client(pending, client);
    const struct host_injection injection = {.authority = request->known,
                                             .bytes = request->cap,
                                             .dry_run = request->dry_run,
                                             .receipt = pending->receipt};
    host_inject(door->host, &injection); /* a dry run settles in here: pending is gone */
}

enum door_verdict door_take(struct door *door, struct arena *arena, const struct request *request,
                            struct slice client, struct slice *receipt,
                            struct request_refusal *refusal)
{
    struct slice authority = request->known->name;
    struct pending *same =
        request->dry_run ? NULL : pending_find(&door->pending, authority, &request->digest);
    if (same)
        return pending_add_client(same, client) ? DOOR_WAITS : busy(refusal);
    if (!request->dry_run && host_receipt(door->host, arena, authority, &request->digest, receipt))
        return DOOR_STORED;
    if (!door_has_room_for(door, authority))
        return busy(refusal);
    if (!check_single(door, arena, request, refusal))
        return DOOR_REFUSED;
    launch(door, client, request);
    return DOOR_WAITS;
}

/* Intake made no receipt for it. */
static void answer_without(struct door *door, const struct pending *pending, struct slice client)
{
    static const char *const reason = "inject.receipt";
    static const char *const text = "the relay could not make a receipt; ask it with `why`";
    const struct request request = {.authority = slice_from_cstr(pending->authority),
                                    .has_digest = true,
                                    .digest = pending->digest,
                                    .dry_run = pending->dry_run};
    struct buf frame;
    buf_init(&frame, REFUSALS_RECEIPT_MAX);
    refusals_log(&door->refusals, &request, reason, text);
    if (refusals_seal(&door->refusals, &request, reason, text, &frame))
        door->answer(door->context, client, buf_slice(&frame));
    buf_fini(&frame);
}

void door_settled(struct door *door, const struct adapter_outcome *outcome)
{
    struct pending *pending = pending_take(&door->pending, outcome->receipt);
    if (!pending)
        return;
    struct slice receipt = outcome->intake ? outcome->intake->receipt : (struct slice){0};
    for (size_t i = 0; i < pending->client_count; i++) {
        struct slice client =
            slice_of(pending->clients[i].identity, pending->clients[i].identity_len);
        if (receipt.len > 0)
            door->answer(door->context, client, receipt);
        else
            answer_without(door, pending, client);
    }
    pending_free(pending);
}
