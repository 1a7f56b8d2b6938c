#include "cog/answer.h"

#include "alert/document.h"
#include "cog/cut.h"
#include "cog/names.h"

enum { TEXT_BYTES_MAX = 300, PAIR_BYTES_MAX = 200 };

struct reading {
    struct arena *arena;
    struct cog_answer *out;
};

/* --- trees --- */

static bool is_named(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, (const xmlChar *)name);
}

static bool is_in(const xmlNode *node, const char *uri)
{
    return node->ns && xmlStrEqual(node->ns->href, (const xmlChar *)uri);
}

static const xmlNode *element_from(const xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

/* NULL where there is none, or more than one. */
static const xmlNode *only_child(const xmlNode *node, const char *name)
{
    const xmlNode *found = NULL;
    for (const xmlNode *child = element_from(node->children); child;
         child = element_from(child->next)) {
        if (name && !is_named(child, name))
            continue;
        if (found)
            return NULL;
        found = child;
    }
    return found;
}

/* Of a child of that name, trimmed, control characters as blanks; absent for none or an empty one.
 */
static struct slice text_of(struct arena *arena, const xmlNode *node, const char *name, size_t max)
{
    const xmlNode *child = only_child(node, name);
    xmlChar *content = child ? xmlNodeGetContent(child) : NULL;
    struct slice text = slice_trim(slice_from_cstr((const char *)content));
    char *copy = arena_cstr(arena, slice_sub(text, 0, max));
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    xmlFree(content);
    return *copy ? slice_from_cstr(copy) : (struct slice){0};
}

static void be_strange(struct reading *reading, const char *text)
{
    *reading->out = (struct cog_answer){.text = slice_from_cstr(text),
                                        .alert_count = reading->out->alert_count};
}

/* --- statuses --- */

/* As it is read, with what was given so far. */
struct draft {
    struct cog_status status;
    struct slice error;
    bool begun;
};

/* What a channel says is told as a run of pairs that begins with its name [IDG Table 109]. */
static bool end_status(struct reading *reading, struct draft *draft)
{
    struct cog_answer *out = reading->out;
    if (!draft->begun)
        return true;
    bool yes = slice_ieq_cstr(draft->error, "Y"), no = slice_ieq_cstr(draft->error, "N");
    if (!draft->status.channel.len || !draft->status.code.len || !draft->status.text.len ||
        (!yes && !no) || out->status_count == COG_STATUSES_MAX)
        return false;
    draft->status.error = yes;
    out->statuses[out->status_count++] = draft->status;
    *draft = (struct draft){0};
    return true;
}

static bool put_once(struct slice *place, struct slice value)
{
    bool first = !place->ptr;
    *place = value;
    return first && value.len;
}

static bool take_pair(struct reading *reading, const xmlNode *node, struct draft *draft)
{
    struct slice name = text_of(reading->arena, node, "subParameterName", PAIR_BYTES_MAX);
    struct slice value = text_of(reading->arena, node, "subParameterValue", PAIR_BYTES_MAX);
    if (slice_eq_cstr(name, "CHANNELNAME")) {
        if (!end_status(reading, draft))
            return false;
        draft->begun = true;
        return put_once(&draft->status.channel, value);
    }
    if (slice_eq_cstr(name, "STATUSITEMID"))
        return draft->begun && put_once(&draft->status.code, value);
    if (slice_eq_cstr(name, "ERROR"))
        return draft->begun && put_once(&draft->error, value);
    if (slice_eq_cstr(name, "STATUS"))
        return draft->begun && put_once(&draft->status.text, value);
    return true;
}

static bool take_list_item(struct reading *reading, const xmlNode *item)
{
    struct cog_answer *out = reading->out;
    struct draft draft = {0};
    if (slice_ieq_cstr(text_of(reading->arena, item, "parameterName", PAIR_BYTES_MAX),
                       "identifier")) {
        struct slice value = text_of(reading->arena, item, "parameterValue", TEXT_BYTES_MAX);
        if (out->identifier.ptr && !slice_eq(out->identifier, value))
            return false;
        out->identifier = value;
    }
    for (const xmlNode *pair = element_from(item->children); pair; pair = element_from(pair->next))
        if (is_named(pair, "subParaListItem") && !take_pair(reading, pair, &draft))
            return false;
    return end_status(reading, &draft);
}

static void read_posted(struct reading *reading, const xmlNode *node)
{
    struct cog_answer *out = reading->out;
    out->kind = COG_POSTED;
    out->statuses = arena_alloc_array(reading->arena, COG_STATUSES_MAX, sizeof *out->statuses);
    for (const xmlNode *item = element_from(node->children); item; item = element_from(item->next))
        if (is_named(item, "parameterListItem") && !take_list_item(reading, item)) {
            be_strange(reading, "a channel's status is not told as it should be");
            return;
        }
    if (!out->status_count)
        be_strange(reading, "no channel's status is told");
}

/* --- alerts --- */

static bool is_cap(const xmlNode *node)
{
    struct slice uri = slice_from_cstr(node->ns ? (const char *)node->ns->href : NULL);
    return is_named(node, "alert") &&
           (slice_starts_with(uri, "urn:oasis:names:tc:emergency:cap:1.") ||
            slice_eq_cstr(uri, "http://www.incident.com/cap/1.0"));
}

/* IPAWS says that there is nothing by a message that is none; so its EDXL interface does. */
bool cog_says_none(struct arena *arena, struct slice alert)
{
    static const char none[] = "NO MESSAGE FOUND";
    struct document document;
    bool says = false;
    if (slice_ifind(alert, none) < 0)
        return false;
    document_init(&document, alert, NULL, DOCUMENT_AS_IT_IS);
    const xmlNode *root = document.tree ? xmlDocGetRootElement(document.tree) : NULL;
    if (root && is_cap(root))
        says = slice_ieq_cstr(text_of(arena, root, "identifier", TEXT_BYTES_MAX), none);
    document_fini(&document);
    return says;
}

/* What is left when the alerts are cut out: small, whatever they are. */
static struct slice without_alerts(struct arena *arena, struct slice bytes, size_t *count)
{
    struct cog_cutter cutter;
    size_t from, kept_to = 0, len = 0;
    char *rest = NULL;
    cog_cutter_init(&cutter, bytes);
    for (*count = 0; cog_cutter_find(&cutter, &from); ++*count) {
        rest = rest ? rest : arena_alloc(arena, bytes.len);
        memcpy(rest + len, bytes.ptr + kept_to, from - kept_to);
        len += from - kept_to;
        kept_to = cutter.at;
    }
    if (!rest)
        return bytes;
    memcpy(rest + len, bytes.ptr + kept_to, bytes.len - kept_to);
    return slice_of(rest, len + bytes.len - kept_to);
}

/* --- the envelope --- */

static void read_fault(struct reading *reading, const xmlNode *fault)
{
    struct slice code = text_of(reading->arena, fault, "faultcode", PAIR_BYTES_MAX);
    struct slice text = text_of(reading->arena, fault, "faultstring", TEXT_BYTES_MAX);
    reading->out->kind = COG_FAULT;
    reading->out->text = arena_printf(reading->arena, "%s%s%s", code.ptr ? code.ptr : "",
                                      code.len && text.len ? ": " : "", text.ptr ? text.ptr : "");
}

static void read_body(struct reading *reading, const xmlNode *body)
{
    const xmlNode *node = only_child(body, NULL);
    if (!node)
        be_strange(reading, "its Body does not hold one element");
    else if (is_named(node, "Fault") && is_in(node, COG_SOAP))
        read_fault(reading, node);
    else if (!is_in(node, COG_SERVICE))
        be_strange(reading, "its Body is not of IPAWS's service");
    else if (is_named(node, "postCAPResponseTypeDef"))
        read_posted(reading, node);
    else if (is_named(node, "messageResponseTypeDef"))
        reading->out->kind = COG_MESSAGES;
    else if (is_named(node, "getResponseTypeDef"))
        reading->out->kind = COG_RESPONSE;
    else
        be_strange(reading, "its Body is no answer that is known");
}

void cog_answer_read(struct arena *arena, struct slice bytes, struct cog_answer *out)
{
    struct reading reading = {arena, out};
    struct document document;
    *out = (struct cog_answer){0};
    document_init(&document, without_alerts(arena, bytes, &out->alert_count), NULL,
                  DOCUMENT_AS_IT_IS);
    const xmlNode *root = document.tree ? xmlDocGetRootElement(document.tree) : NULL;
    const xmlNode *body = root && is_named(root, "Envelope") && is_in(root, COG_SOAP)
                              ? only_child(root, "Body")
                              : NULL;
    if (!root)
        out->text = arena_printf(arena, "not XML that is read: %s", document.text);
    else if (!body || !is_in(body, COG_SOAP))
        be_strange(&reading, "not a SOAP envelope with one Body");
    else
        read_body(&reading, body);
    document_fini(&document);
    if (out->alert_count && out->kind != COG_MESSAGES && out->kind != COG_STRANGE)
        be_strange(&reading, "it holds alerts where none belong");
}
