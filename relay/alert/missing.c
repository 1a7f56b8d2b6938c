#include "alert/read.h"

static const xmlNode *child_named(const xmlNode *parent, const char *name, size_t index)
{
    for (const xmlNode *child = parent->children; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE && strcmp((const char *)child->name, name) == 0 &&
            index-- == 0)
            return child;
    }
    return parent;
}

static void require(struct reader *r, bool present, const char *rule, const char *name)
{
    if (!present && !findings_have(&r->alert->findings, rule))
        reader_find(r, rule, FINDING_FATAL, child_named(r->root, name, 0), "%s is missing or empty",
                    name);
}

/* Unknown codes already have a fatal finding of their own. */
static bool has_or_told(const struct reader *r, unsigned value, const char *rule_unknown)
{
    return value != 0 || findings_have(&r->alert->findings, rule_unknown);
}

static void require_identity(struct reader *r)
{
    const struct alert *alert = r->alert;
    require(r, alert->identifier.len > 0, "cap.identifier.missing", "identifier");
    require(r, alert->sender.len > 0, "cap.sender.missing", "sender");
    require(r, alert->sent.set || alert->sent.text.len > 0, "cap.sent.missing", "sent");
    if (!alert->sent.set && alert->sent.text.len > 0)
        reader_find(r, "cap.sent.unreadable", FINDING_FATAL, child_named(r->root, "sent", 0),
                    "without its time the message cannot be told from others");
    require(r, has_or_told(r, alert->status, "cap.status.unknown"), "cap.status.missing", "status");
    require(r, has_or_told(r, alert->msg_type, "cap.msgtype.unknown"), "cap.msgtype.missing",
            "msgType");
}

static void require_scope(struct reader *r)
{
    struct alert *alert = r->alert;
    if (has_or_told(r, alert->scope, "cap.scope.unknown"))
        return;
    if (alert->version == CAP_1_0)
        alert->scope = SCOPE_PUBLIC;
    else
        require(r, false, "cap.scope.missing", "scope");
}

static void find_missing_code(struct reader *r, const xmlNode *info, unsigned *value,
                              unsigned unknown, const char *rule, const char *name)
{
    if (*value != 0)
        return;
    *value = unknown;
    reader_find(r, rule, FINDING_WARNING, info, "%s is missing or empty; read as Unknown", name);
}

static void find_missing_in_info(struct reader *r, struct cap_info *info, const xmlNode *node)
{
    unsigned urgency = info->urgency, severity = info->severity, certainty = info->certainty;
    find_missing_code(r, node, &urgency, URGENCY_UNKNOWN, "cap.urgency.missing", "urgency");
    find_missing_code(r, node, &severity, SEVERITY_UNKNOWN, "cap.severity.missing", "severity");
    find_missing_code(r, node, &certainty, CERTAINTY_UNKNOWN, "cap.certainty.missing", "certainty");
    info->urgency = (enum cap_urgency)urgency;
    info->severity = (enum cap_severity)severity;
    info->certainty = (enum cap_certainty)certainty;
    if (info->event.len == 0)
        reader_find(r, "cap.event.missing", FINDING_WARNING, node, "event is missing or empty");
    if (info->category_count == 0 && r->alert->version != CAP_1_0)
        reader_find(r, "cap.category.missing", FINDING_WARNING, node, "there is no category");
}

void find_missing(struct reader *r)
{
    require_identity(r);
    require_scope(r);
    size_t i = 0;
    for (const xmlNode *node = r->root->children; node && i < r->alert->info_count;
         node = node->next) {
        if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "info") == 0)
            find_missing_in_info(r, &r->alert->infos[i++], node);
    }
}
