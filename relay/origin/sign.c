/* Putting signatures into texts. */
#include "origin/sign.h"

#include "alert/document.h"
#include "base/buf.h"
#include "origin/internal.h"

#include <libxml/parser.h>
#include <libxml/valid.h>
#include <libxml/xmlerror.h>

enum { TEMPLATE_BYTES_MAX = 64 * 1024, IDS_MAX = 16 };

#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define RSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define SHA_256 "http://www.w3.org/2001/04/xmlenc#sha256"

/* --- templates --- */

static void put_reference(struct buf *out, const char *uri)
{
    buf_printf(out, "<ds:Reference URI=\"%s\"><ds:Transforms>", uri);
    if (!*uri)
        buf_put_cstr(out, "<ds:Transform Algorithm=\"" ENVELOPED "\"/>");
    buf_put_cstr(out, "<ds:Transform Algorithm=\"" EXCLUSIVE "\"/></ds:Transforms>"
                      "<ds:DigestMethod Algorithm=\"" SHA_256 "\"/><ds:DigestValue/>"
                      "</ds:Reference>");
}

struct slice sign_template(struct arena *arena, const char *const *references, size_t count,
                           const char *key_info)
{
    struct buf text;
    buf_init(&text, TEMPLATE_BYTES_MAX);
    buf_put_cstr(&text, "<ds:Signature xmlns:ds=\"" SIGN_DSIG "\"><ds:SignedInfo>"
                        "<ds:CanonicalizationMethod Algorithm=\"" EXCLUSIVE "\"/>"
                        "<ds:SignatureMethod Algorithm=\"" RSA_SHA256 "\"/>");
    for (size_t i = 0; i < count; i++)
        put_reference(&text, references[i]);
    buf_put_cstr(&text, "</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo>");
    buf_put_cstr(&text, key_info);
    buf_put_cstr(&text, "</ds:KeyInfo></ds:Signature>");
    struct slice out = buf_failed(&text) ? (struct slice){0} : arena_copy(arena, buf_slice(&text));
    buf_fini(&text);
    return out;
}

/* --- trees --- */

static xmlNode *next_element(xmlNode *node, const xmlNode *root)
{
    if (node->type == XML_ELEMENT_NODE && node->children)
        return node->children;
    while (node != root && !node->next)
        node = node->parent;
    return node == root ? NULL : node->next;
}

static bool is_template(const xmlNode *node)
{
    if (node->type != XML_ELEMENT_NODE || !xmlStrEqual(node->name, (const xmlChar *)"Signature"))
        return false;
    const xmlNode *value = shape_child(node, "SignatureValue");
    return value && !value->children;
}

static bool register_id(xmlDoc *tree, xmlNode *node, size_t *ids)
{
    xmlAttr *attribute = xmlHasNsProp(node, (const xmlChar *)"Id", (const xmlChar *)SIGN_UTILITY);
    if (!attribute)
        return true;
    xmlChar *value = xmlNodeGetContent((xmlNode *)attribute);
    bool good = value && ++*ids <= IDS_MAX && xmlAddID(NULL, tree, value, attribute);
    xmlFree(value);
    return good;
}

/* The only template of the tree, with every Id made known; NULL where that is not so: two elements
 * of one Id could be told from each other by nobody. */
static xmlNode *prepare(xmlDoc *tree)
{
    xmlNode *root = xmlDocGetRootElement(tree), *found = NULL;
    size_t templates = 0, ids = 0;
    for (xmlNode *node = root; node; node = next_element(node, root)) {
        if (node->type == XML_ELEMENT_NODE && !register_id(tree, node, &ids))
            return NULL;
        if (is_template(node)) {
            found = node;
            templates++;
        }
    }
    return templates == 1 ? found : NULL;
}

static struct slice written(struct arena *arena, xmlNode *signature)
{
    struct slice out = {0};
    xmlBuffer *text = xmlBufferCreate();
    if (text && xmlNodeDump(text, signature->doc, signature, 0, 0) > 0)
        out = arena_copy(arena, slice_of(xmlBufferContent(text), (size_t)xmlBufferLength(text)));
    xmlBufferFree(text);
    return out;
}

static void on_stray_error(void *user, xmlError *error)
{
    (void)user, (void)error;
}

static struct slice make(const struct signer *signer, struct arena *arena, xmlDoc *tree)
{
    /* Both belong to the thread. */
    xmlStructuredErrorFunc handler_before = xmlStructuredError;
    void *context_before = xmlStructuredErrorContext;
    struct slice out = {0};
    xmlSetStructuredErrorFunc(NULL, on_stray_error);
    xmlNode *signature = prepare(tree);
    if (signature && crypto_sign(signature, signer->key))
        out = written(arena, signature);
    xmlSetStructuredErrorFunc(context_before, handler_before);
    return out;
}

enum err_code sign_fill(const struct signer *signer, struct arena *arena, struct slice text,
                        size_t at, size_t len, struct slice *out, struct err *err)
{
    struct document document;
    document_init(&document, text, NULL, DOCUMENT_AS_IT_IS);
    if (!document.tree)
        return err_set(err, ERR_INVALID,
                       "what is to be signed is not XML that is read: line %u: %s", document.line,
                       document.text);
    struct slice signature = make(signer, arena, document.tree);
    document_fini(&document);
    if (!signature.len)
        return err_set(err, ERR_CRYPTO, "it cannot be signed");
    char *whole = arena_alloc(arena, text.len - len + signature.len + 1);
    memcpy(whole, text.ptr, at);
    memcpy(whole + at, signature.ptr, signature.len);
    memcpy(whole + at + signature.len, text.ptr + at + len, text.len - at - len);
    *out = slice_of(whole, text.len - len + signature.len);
    return OK;
}

/* --- alerts --- */

/* Where the end tag of the root begins: nothing but white space may stand behind it. */
static bool find_end(struct slice alert, size_t *at)
{
    struct slice text = slice_trim(alert);
    size_t end = (size_t)(text.ptr - alert.ptr) + text.len;
    if (!text.len || alert.ptr[end - 1] != '>')
        return false;
    for (*at = end - 1; *at > 0; --*at)
        if (alert.ptr[*at] == '<' || (alert.ptr[*at] == '>' && *at != end - 1))
            break;
    return alert.ptr[*at] == '<' && alert.ptr[*at + 1] == '/';
}

static enum err_code refuse_signed(struct slice alert, struct err *err)
{
    struct document document;
    xmlNode *signatures[ORIGIN_SIGNATURES_MAX];
    size_t count = 0;
    enum err_code code = OK;
    document_init(&document, alert, NULL, DOCUMENT_AS_IT_IS);
    const char *text =
        document.tree ? shape_of_document(xmlDocGetRootElement(document.tree), signatures, &count)
                      : document.text;
    if (text)
        code = err_set(err, ERR_INVALID, "this alert cannot be signed: %s", text);
    else if (count)
        code = err_set(err, ERR_EXISTS, "the alert is signed already");
    document_fini(&document);
    return code;
}

enum err_code sign_alert(const struct signer *signer, struct arena *arena, struct slice alert,
                         struct slice *out, struct err *err)
{
    static const char *const whole[] = {""};
    size_t at = 0;
    enum err_code code = refuse_signed(alert, err);
    if (code)
        return code;
    if (!find_end(alert, &at))
        return err_set(err, ERR_INVALID, "something stands behind the alert's end");
    struct slice key_info = arena_printf(
        arena, "<ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>",
        signer->base64.ptr);
    struct slice template = sign_template(arena, whole, 1, key_info.ptr);
    char *text = arena_alloc(arena, alert.len + template.len + 1);
    memcpy(text, alert.ptr, at);
    memcpy(text + at, template.ptr, template.len);
    memcpy(text + at + template.len, alert.ptr + at, alert.len - at);
    return sign_fill(signer, arena, slice_of(text, alert.len + template.len), at, template.len, out,
                     err);
}
