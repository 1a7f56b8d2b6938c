/*
 * The stage that makes a chain of the versions of an incident.
 *
 * An Atom entry tells no message type: a later version of it is an Update of the version that was
 * published before, and a Cancel where it says that it is over. So readers drop what the hub has
 * changed or withdrawn, in place of showing every version until it expires.
 */
#include "intake/passage.h"

#include "alert/identity.h"
#include "alert/lifecycle.h"

enum { VERSIONS_MAX = 16 };

static bool is_version(const struct passage *passage, const struct known_message *message)
{
    const struct identity *one = &passage->identity, *other = &message->row.identity;
    return slice_eq(one->identifier, other->identifier) && slice_eq(one->sender, other->sender) &&
           one->sent_s != other->sent_s;
}

/* The latest that was published, by its own time; NULL: none. */
static const struct identity *latest_version(struct passage *passage)
{
    struct known_message *messages =
        arena_alloc_array(passage->arena, VERSIONS_MAX, sizeof *messages);
    const struct identity *latest = NULL;
    size_t count = known_find_secondary(passage->known, passage->arena, passage->class,
                                        passage->secondary_key, messages, VERSIONS_MAX);
    for (size_t i = 0; i < count; i++)
        if (is_version(passage, &messages[i]) &&
            (!latest || messages[i].row.identity.sent_s > latest->sent_s))
            latest = &messages[i].row.identity;
    return latest;
}

static void follow(struct passage *passage, const struct identity *before)
{
    struct alert *alert = passage->alert;
    struct cap_reference *reference = arena_alloc(passage->arena, sizeof *reference);
    reference->sender = before->sender;
    reference->identifier = before->identifier;
    reference->sent = cap_time_make(passage->arena, before->sent_s, 0);
    alert->msg_type = alert_entry_is_over(alert) ? MSG_TYPE_CANCEL : MSG_TYPE_UPDATE;
    alert->references = reference;
    alert->reference_count = 1;
    passage->references = arena_alloc(passage->arena, sizeof *passage->references);
    *passage->references = *before;
    passage->reference_count = 1;
}

bool stage_versions(struct passage *passage)
{
    if (!alert_is_entry(passage->alert))
        return true;
    const struct identity *latest = latest_version(passage);
    if (latest && latest->sent_s < passage->identity.sent_s) {
        follow(passage, latest);
    } else if (latest) {
        passage->superseded = true;
        passage_remark(passage, "superseded", "a later version of the entry came before it");
    }
    return true;
}
