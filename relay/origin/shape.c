/* The one form of a signature that is accepted. Everything else is refused before any arithmetic:
 * that is what makes signature wrapping fail. */
#include "origin/internal.h"

#include <string.h>

#define DSIG "http://www.w3.org/2000/09/xmldsig#"
#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"

/* Long enough for RSA of 8192 bits in lines; a longer one is nobody's. */
enum { VALUE_BYTES_MAX = 4096, PREFIXES_BYTES_MAX = 1000 };

struct algorithm {
    const char *uri;
    bool sha1;
    xmlC14NMode mode; /* of a canonicalisation */
};

/* Without comments: with URI="" comments are never part of what is signed. */
static const struct algorithm canonicalisations[] = {
    {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", .mode = XML_C14N_1_0},
    {"http://www.w3.org/2006/12/xml-c14n11", .mode = XML_C14N_1_1},
    {EXCLUSIVE, .mode = XML_C14N_EXCLUSIVE_1_0},
    {.uri = NULL},
};
static const struct algorithm signings[] = {
    {"http://www.w3.org/2000/09/xmldsig#rsa-sha1", .sha1 = true},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", .sha1 = false},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", .sha1 = false},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", .sha1 = false},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", .sha1 = false},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", .sha1 = false},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", .sha1 = false},
    {.uri = NULL},
};
static const struct algorithm digests[] = {
    {"http://www.w3.org/2000/09/xmldsig#sha1", .sha1 = true},
    {"http://www.w3.org/2001/04/xmlenc#sha256", .sha1 = false},
    {"http://www.w3.org/2001/04/xmldsig-more#sha384", .sha1 = false},
    {"http://www.w3.org/2001/04/xmlenc#sha512", .sha1 = false},
    {.uri = NULL},
};
static const struct algorithm enveloped[] = {
    {"http://www.w3.org/2000/09/xmldsig#enveloped-signature", .sha1 = false},
    {.uri = NULL},
};

/* --- trees --- */

static bool is_named(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static bool is_dsig(const xmlNode *node, const char *name)
{
    return is_named(node, name) && node->ns && node->ns->href &&
           strcmp((const char *)node->ns->href, DSIG) == 0;
}

static xmlNode *element_from(xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

static xmlNode *first_element(const xmlNode *node)
{
    return element_from(node->children);
}

static xmlNode *next_element(const xmlNode *node)
{
    return element_from(node->next);
}

xmlNode *shape_child(const xmlNode *node, const char *name)
{
    xmlNode *child = first_element(node);
    while (child && !is_dsig(child, name))
        child = next_element(child);
    return child;
}

/* The attribute's value where it is one piece of text, as all of these are; "" where empty, NULL
 * where it is absent or anything else. */
static const char *attribute(const xmlNode *node, const char *name)
{
    for (const xmlAttr *at = node->properties; at; at = at->next) {
        if (at->ns || strcmp((const char *)at->name, name) != 0)
            continue;
        if (!at->children)
            return "";
        return at->children->type == XML_TEXT_NODE && !at->children->next
                   ? (const char *)at->children->content
                   : NULL;
    }
    return NULL;
}

static xmlNode *next_in_document(xmlNode *node, const xmlNode *root)
{
    if (node->children && node->type == XML_ELEMENT_NODE)
        return node->children;
    while (node != root && !node->next)
        node = node->parent;
    return node == root ? NULL : node->next;
}

const char *shape_of_document(const xmlNode *root, xmlNode **signatures, size_t *count)
{
    *count = 0;
    if (!is_named(root, "alert"))
        return "the root is no alert: a signature over the whole document cannot be that of an "
               "alert in it";
    xmlNode *node = (xmlNode *)(uintptr_t)root;
    while ((node = next_in_document(node, root))) {
        if (is_named(node, "alert"))
            return "there is a second alert in the document";
        if (!is_dsig(node, "Signature"))
            continue;
        if (node->parent != root)
            return "a Signature is not a child of the alert";
        if (*count == ORIGIN_SIGNATURES_MAX)
            return "there are more than four signatures";
        signatures[(*count)++] = node;
    }
    return NULL;
}

/* --- one signature --- */

static const struct algorithm *algorithm_in(const struct algorithm *table, const xmlNode *node)
{
    const char *uri = attribute(node, "Algorithm");
    for (; uri && table->uri; table++)
        if (strcmp(uri, table->uri) == 0)
            return table;
    return NULL;
}

/* Only exclusive canonicalisation takes something: a list of prefixes. */
static bool is_canonicalisation(const xmlNode *node)
{
    const struct algorithm *found = algorithm_in(canonicalisations, node);
    const xmlNode *child = first_element(node);
    if (!found || !child)
        return found != NULL;
    const char *prefixes = attribute(child, "PrefixList");
    return strcmp(found->uri, EXCLUSIVE) == 0 && is_named(child, "InclusiveNamespaces") &&
           child->ns && strcmp((const char *)child->ns->href, EXCLUSIVE) == 0 && prefixes &&
           strlen(prefixes) <= PREFIXES_BYTES_MAX && !next_element(child);
}

static bool takes_nothing(const struct algorithm *table, const xmlNode *node, bool *sha1)
{
    const struct algorithm *found = algorithm_in(table, node);
    if (!found || first_element(node))
        return false;
    *sha1 |= found->sha1;
    return true;
}

/* Of three forms of the last four digits one is canonical; the others would let a byte be changed
 * without a trace. White space is nothing. */
static bool is_plain_base64(const xmlNode *node)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const xmlNode *text = node->children;
    if (!text || text->next || text->type != XML_TEXT_NODE)
        return false;
    const char *c = (const char *)text->content;
    size_t count = 0, pads = 0, last = 0;
    if (strlen(c) > VALUE_BYTES_MAX)
        return false;
    for (; *c; c++) {
        const char *digit = strchr(digits, *c);
        if (strchr(" \t\r\n", *c))
            continue;
        if (*c == '=')
            pads++;
        else if (!digit || pads)
            return false;
        else
            last = (size_t)(digit - digits);
        count++;
    }
    unsigned unused = pads == 2 ? 15 : pads == 1 ? 3 : 0;
    return count > pads && count % 4 == 0 && pads <= 2 && !(last & unused);
}

static enum origin_verdict bad(enum origin_verdict verdict, const char *why, const char **text)
{
    *text = why;
    return verdict;
}

static enum origin_verdict shape_of_transforms(const xmlNode *transforms, const char **text)
{
    bool sha1 = false;
    const xmlNode *first = first_element(transforms);
    if (!first || !is_dsig(first, "Transform") || !takes_nothing(enveloped, first, &sha1))
        return bad(ORIGIN_UNSUPPORTED, "the first transform is not the enveloped signature", text);
    const xmlNode *second = next_element(first);
    if (!second)
        return ORIGIN_VALID;
    if (!is_dsig(second, "Transform") || !is_canonicalisation(second) || next_element(second))
        return bad(ORIGIN_UNSUPPORTED,
                   "a transform beside the enveloped signature and one canonicalisation", text);
    return ORIGIN_VALID;
}

static enum origin_verdict shape_of_reference(const xmlNode *reference, bool *sha1,
                                              const char **text)
{
    const char *uri = attribute(reference, "URI");
    if (!uri || *uri)
        return bad(ORIGIN_MALFORMED, "the Reference is not to the whole document (URI=\"\")", text);
    const xmlNode *transforms = first_element(reference);
    const xmlNode *method = transforms ? next_element(transforms) : NULL;
    const xmlNode *value = method ? next_element(method) : NULL;
    if (!value || next_element(value) || !is_dsig(transforms, "Transforms") ||
        !is_dsig(method, "DigestMethod") || !is_dsig(value, "DigestValue"))
        return bad(ORIGIN_MALFORMED, "the Reference lacks transforms, digest method or value",
                   text);
    if (!takes_nothing(digests, method, sha1))
        return bad(ORIGIN_UNSUPPORTED, "the digest method is not accepted", text);
    if (!is_plain_base64(value))
        return bad(ORIGIN_MALFORMED, "the digest value is not in base64", text);
    return shape_of_transforms(transforms, text);
}

static enum origin_verdict shape_of_signed_info(const xmlNode *info, bool *sha1, const char **text)
{
    const xmlNode *canonical = first_element(info);
    const xmlNode *method = canonical ? next_element(canonical) : NULL;
    const xmlNode *reference = method ? next_element(method) : NULL;
    if (!reference || !is_dsig(canonical, "CanonicalizationMethod") ||
        !is_dsig(method, "SignatureMethod") || !is_dsig(reference, "Reference"))
        return bad(ORIGIN_MALFORMED, "SignedInfo lacks methods or Reference", text);
    if (next_element(reference))
        return bad(ORIGIN_MALFORMED, "there is more than one Reference", text);
    if (!is_canonicalisation(canonical))
        return bad(ORIGIN_UNSUPPORTED, "the canonicalisation is not accepted", text);
    if (!takes_nothing(signings, method, sha1))
        return bad(ORIGIN_UNSUPPORTED, "the signature method is not accepted", text);
    return shape_of_reference(reference, sha1, text);
}

/* NAADS puts its Object into no namespace. */
static bool only_objects(const xmlNode *node)
{
    while (node && is_named(node, "Object"))
        node = next_element(node);
    return !node;
}

enum origin_verdict shape_of_signature(xmlNode *signature, struct shape *out, const char **text)
{
    *out = (struct shape){.signature = signature};
    const xmlNode *info = first_element(signature);
    xmlNode *value = info ? next_element(info) : NULL;
    if (!value || !is_dsig(info, "SignedInfo") || !is_dsig(value, "SignatureValue"))
        return bad(ORIGIN_MALFORMED, "it does not begin with SignedInfo and SignatureValue", text);
    if (!is_plain_base64(value))
        return bad(ORIGIN_MALFORMED, "the signature value is not in base64", text);
    xmlNode *rest = next_element(value);
    if (rest && is_dsig(rest, "KeyInfo")) {
        out->key_info = rest;
        rest = next_element(rest);
    }
    if (!only_objects(rest))
        return bad(ORIGIN_MALFORMED, "there is more in it than KeyInfo and Objects", text);
    return shape_of_signed_info(info, &out->sha1, text);
}

/* --- its parts, once it is of the form --- */

struct shape_parts shape_parts_of(const xmlNode *signature)
{
    struct shape_parts parts = {.signed_info = first_element(signature)};
    parts.signature_value = next_element(parts.signed_info);
    parts.canonicalisation = first_element(parts.signed_info);
    parts.signature_method = next_element(parts.canonicalisation);
    xmlNode *transforms = first_element(next_element(parts.signature_method));
    parts.transform = next_element(first_element(transforms));
    parts.digest_method = next_element(transforms);
    parts.digest_value = next_element(parts.digest_method);
    return parts;
}

xmlC14NMode shape_mode(const xmlNode *transform, bool *with_prefixes)
{
    *with_prefixes = transform && first_element(transform);
    return transform ? algorithm_in(canonicalisations, transform)->mode : XML_C14N_1_0;
}
