#include "alert/edxl.h"

#include "alert/fields.h"
#include "alert/georss.h"
#include "alert/text.h"

enum { SHOWN_MAX = 80 };

static bool is_edxl(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
           slice_starts_with(slice_from_cstr((const char *)node->ns->href),
                             "urn:oasis:names:tc:emergency:EDXL:DE:");
}

/* In the spelling of either version. */
static bool is_named(const xmlNode *node, const char *name)
{
    return slice_ieq_cstr(slice_from_cstr((const char *)node->name), name);
}

bool edxl_is_distribution(const xmlNode *node)
{
    return is_edxl(node) && is_named(node, "EDXLDistribution");
}

bool edxl_is_content(const xmlNode *node)
{
    return is_edxl(node) && is_named(node, "contentObject");
}

static const xmlNode *find_below(const xmlNode *node, const char *name)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        const xmlNode *found = is_named(child, name) ? child : find_below(child, name);
        if (found)
            return found;
    }
    return NULL;
}

/* 1.0 has the value itself, 2.0 a list's URI and a Value. */
static struct slice value_of(struct reader *r, const xmlNode *node)
{
    const xmlNode *value = find_below(node, "Value");
    return field_words(r, value ? value : node);
}

/* "UNCLASSIFIED", "Unclassified and not sensitive". Anything else is not for everybody. */
static bool is_open(struct slice text)
{
    return slice_ieq_cstr(text, "unclassified") ||
           slice_ieq_cstr(text, "unclassified and not sensitive");
}

static void read_confidentiality(struct reader *r, const xmlNode *node, struct envelope *out)
{
    struct slice text = value_of(r, node);
    if (text.len && !is_open(text))
        out->confidentiality = text;
}

static void read_type(struct reader *r, const xmlNode *node)
{
    static const char *const telling[] = {"Update", "Cancel", "Error"};
    struct slice type = value_of(r, node);
    for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++)
        if (slice_ieq_cstr(type, telling[i]))
            reader_find(r, "edxl.type", FINDING_WARNING, node,
                        "the distribution is of type %s; each alert in it is taken by its own "
                        "msgType",
                        telling[i]);
}

static void add_geocode(struct reader *r, const xmlNode *node, struct slice name,
                        struct slice value, struct cap_area *area)
{
    if (!value.len)
        return;
    struct cap_pair *pair =
        field_append(r, &area->geocodes.items, &area->geocodes.count, sizeof *pair);
    *pair = (struct cap_pair){.name = name, .value = value, .line = reader_line(r, node)};
}

static void read_area_part(struct reader *r, const xmlNode *node, struct cap_area *area)
{
    static const struct {
        const char *element, *scheme;
    } codes[] = {
        {"country", "ISO 3166-1"}, {"subdivision", "ISO 3166-2"}, {"locCodeUN", "UN/LOCODE"}};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (is_named(node, codes[i].element)) {
            add_geocode(r, node, slice_from_cstr(codes[i].scheme), field_words(r, node), area);
            return;
        }
    const xmlNode *uri = find_below(node, "ValueListURI");
    if (is_edxl(node) && is_named(node, "polygon"))
        field_polygon(r, node, area);
    else if (is_edxl(node) && is_named(node, "circle"))
        field_circle(r, node, area);
    else if (georss_read(r, node, area) || georss_read_below(r, node, area))
        return;
    else if (uri)
        add_geocode(r, node, field_words(r, uri), value_of(r, node), area);
    else
        reader_find(r, "edxl.area", FINDING_WARNING, node, "not understood; left out");
}

static void read_target_area(struct reader *r, const xmlNode *node, struct envelope *out)
{
    for (const xmlNode *child = node->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE)
            read_area_part(r, child, &out->area);
}

/* Of 2.0: areas of a kind, which may be where something is, not whom it is for. */
static void read_target_areas(struct reader *r, const xmlNode *node, struct envelope *out)
{
    const xmlNode *kind = find_below(node, "AreaKind"),
                  *grouping = find_below(node, "AreaGrouping");
    struct slice kind_name = kind ? value_of(r, kind) : SLICE("");
    if (kind_name.len && !slice_ieq_cstr(kind_name, "DistributionTargetArea")) {
        reader_find(r, "edxl.area", FINDING_WARNING, node,
                    "areas of the kind '%.*s' are not targets; left out",
                    SLICE_ARG(text_clip(kind_name, SHOWN_MAX)));
        return;
    }
    if (grouping && !slice_ieq_cstr(field_words(r, grouping), "Union"))
        reader_find(r, "edxl.area", FINDING_WARNING, grouping, "the union of the areas is taken");
    for (const xmlNode *child = node->children; child; child = child->next)
        if (is_edxl(child) && is_named(child, "TargetArea"))
            read_target_area(r, child, out);
}

static void read_children(struct reader *r, const xmlNode *node, struct envelope *out)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (!is_edxl(child))
            continue;
        if (is_named(child, "distributionStatus"))
            envelope_bound(r, child, value_of(r, child), out);
        else if (is_named(child, "distributionType") || is_named(child, "DistributionKind"))
            read_type(r, child);
        else if (is_named(child, "combinedConfidentiality"))
            read_confidentiality(r, child, out);
        else if (is_named(child, "dateTimeExpires"))
            reader_find(r, "edxl.expires", FINDING_NOTE, child,
                        "the distribution expires at %.*s; each alert in it by its own times",
                        SLICE_ARG(text_clip(field_words(r, child), SHOWN_MAX)));
        else if (is_named(child, "explicitAddress"))
            reader_find(r, "edxl.addressed", FINDING_WARNING, child,
                        "the distribution is addressed to '%.*s'; who may have each alert in it, "
                        "its scope says",
                        SLICE_ARG(text_clip(value_of(r, child), SHOWN_MAX)));
        else if (is_named(child, "targetArea"))
            read_target_area(r, child, out);
        else if (is_named(child, "TargetAreas"))
            read_target_areas(r, child, out);
        else if (is_named(child, "Descriptor"))
            read_children(r, child, out);
    }
}

struct envelope *edxl_read_distribution(struct arena *arena, const xmlNode *node,
                                        unsigned line_offset)
{
    struct alert shell = {0};
    struct reader r = {.arena = arena, .alert = &shell, .root = node, .line_offset = line_offset};
    struct envelope *out = arena_alloc(arena, sizeof *out);
    out->form = FORM_EDXL_DE;
    out->area.line = reader_line(&r, node);
    read_children(&r, node, out);
    area_describe(arena, &out->area);
    if (out->status == STATUS_NONE && !findings_have_fatal(&shell.findings))
        reader_find(&r, "edxl.status-missing", FINDING_WARNING, node,
                    "there is no distributionStatus; each alert in it is of its own status");
    out->findings = shell.findings;
    return out;
}

struct envelope *edxl_read_content(struct arena *arena, const xmlNode *node, unsigned line_offset)
{
    struct alert shell = {0};
    struct reader r = {.arena = arena, .alert = &shell, .root = node, .line_offset = line_offset};
    struct envelope *out = arena_alloc(arena, sizeof *out);
    out->form = FORM_EDXL_DE;
    for (const xmlNode *child = node->children; child; child = child->next)
        if (is_edxl(child) && is_named(child, "confidentiality"))
            read_confidentiality(&r, child, out);
    return out;
}

void edxl_find_other_content(struct reader *r, const xmlNode *node)
{
    const xmlNode *plain = find_below(node, "nonXMLContent");
    const xmlNode *other = plain ? plain : find_below(node, "OtherContent");
    const xmlNode *embedded = find_below(node, "embeddedXMLContent");
    const xmlNode *type = other ? find_below(other, "mimeType") : NULL;
    const xmlNode *element = embedded ? xmlFirstElementChild((xmlNode *)embedded) : NULL;
    if (other)
        reader_find(
            r, "edxl.other-content", FINDING_WARNING, node,
            "holds no CAP alert but content of type '%.*s'; left out",
            SLICE_ARG(text_clip(type ? field_words(r, type) : SLICE("unknown"), SHOWN_MAX)));
    else if (element)
        reader_find(r, "edxl.other-content", FINDING_WARNING, node,
                    "holds no CAP alert but a '%.*s'; left out",
                    SLICE_ARG(text_clip(slice_from_cstr((const char *)element->name), SHOWN_MAX)));
    else
        reader_find(r, "edxl.other-content", FINDING_WARNING, node, "holds nothing that is known");
}
