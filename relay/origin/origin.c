/* All signatures of one document. */
#include "origin/origin.h"

#include "alert/document.h"
#include "origin/internal.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <string.h>

static const char *const names[ORIGIN_VERDICT_COUNT] = {
    [ORIGIN_NONE] = "none",
    [ORIGIN_UNCHECKED] = "unchecked",
    [ORIGIN_MALFORMED] = "malformed",
    [ORIGIN_UNSUPPORTED] = "unsupported",
    [ORIGIN_DIGEST_MISMATCH] = "digest-mismatch",
    [ORIGIN_INVALID] = "signature-invalid",
    [ORIGIN_UNTRUSTED] = "untrusted",
    [ORIGIN_WEAK] = "weak",
    [ORIGIN_EXPIRED] = "expired-pinned",
    [ORIGIN_VALID] = "valid",
};

const char *origin_verdict_name(enum origin_verdict verdict)
{
    return names[verdict];
}

int origin_compare(enum origin_verdict a, enum origin_verdict b)
{
    int proof_a = a >= ORIGIN_WEAK ? (int)a : 0;
    int proof_b = b >= ORIGIN_WEAK ? (int)b : 0;
    return proof_a - proof_b;
}

/* --- one signature --- */

static struct slice id_of(struct arena *arena, xmlNode *signature)
{
    xmlChar *id = xmlGetNoNsProp(signature, (const xmlChar *)"Id");
    struct slice out = arena_copy(arena, slice_sub(slice_from_cstr((const char *)id), 0, 100));
    xmlFree(id);
    return out;
}

/* What is not signed and not needed is taken out: nothing can be taken from it by mistake. */
static void leave_only_signed(xmlNode *signature)
{
    const xmlNode *value = shape_child(signature, "SignatureValue");
    while (value->next) {
        xmlNode *rest = value->next;
        xmlUnlinkNode(rest);
        xmlFreeNode(rest);
    }
}

static void check_certificate(const struct origin_trust *trust, struct arena *arena,
                              struct content *content, const struct shape *shape, X509 *certificate,
                              int64_t now_s, struct origin_signature *out)
{
    bool weak = shape->sha1;
    const char *text = NULL;
    certificate_describe(arena, certificate, out);
    if (!certificate_key_is_bearable(certificate, &weak, &text)) {
        out->verdict = ORIGIN_UNSUPPORTED;
        out->text = slice_from_cstr(text);
        return;
    }
    leave_only_signed(shape->signature);
    out->verdict = crypto_verify(content, shape->signature, certificate);
    if (out->verdict == ORIGIN_DIGEST_MISMATCH)
        out->text = SLICE("the alert is not what was signed");
    else if (out->verdict == ORIGIN_INVALID)
        out->text = SLICE("it was not made by the key that it names");
    else
        certificate_judge(trust, arena, certificate, weak, now_s, out);
}

static void check_signature(const struct origin_trust *trust, struct arena *arena,
                            struct content *content, xmlNode *signature, int64_t now_s,
                            struct origin_signature *out)
{
    struct shape shape;
    const char *text = NULL;
    out->id = id_of(arena, signature);
    out->verdict = shape_of_signature(signature, &shape, &text);
    if (out->verdict == ORIGIN_VALID) {
        X509 *certificate = certificate_of(shape.key_info, &text);
        out->verdict = ORIGIN_UNSUPPORTED;
        if (certificate)
            check_certificate(trust, arena, content, &shape, certificate, now_s, out);
        X509_free(certificate);
    }
    if (text && !out->text.ptr)
        out->text = slice_from_cstr(text);
}

/* --- the document --- */

static struct slice joined(struct arena *arena, struct slice before, struct slice more)
{
    if (!before.len)
        return more;
    return arena_printf(arena, "%.*s; %.*s", SLICE_ARG(before), SLICE_ARG(more));
}

static struct slice told(struct arena *arena, const struct origin_signature *signature)
{
    struct slice id = signature->id.len ? signature->id : SLICE("signature");
    struct slice text = arena_printf(arena, "%.*s: %s", SLICE_ARG(id), names[signature->verdict]);
    if (signature->subject.len)
        text = arena_printf(arena, "%.*s, %.*s", SLICE_ARG(text), SLICE_ARG(signature->subject));
    if (signature->issuer.len)
        text = arena_printf(arena, "%.*s by %.*s", SLICE_ARG(text), SLICE_ARG(signature->issuer));
    if (signature->fingerprint[0])
        text = arena_printf(arena, "%.*s, sha256 %s", SLICE_ARG(text), signature->fingerprint);
    if (signature->text.len)
        text = arena_printf(arena, "%.*s (%.*s)", SLICE_ARG(text), SLICE_ARG(signature->text));
    return text;
}

static struct slice signer_of(struct arena *arena, const struct origin_signature *signature)
{
    return arena_printf(arena, "%.*s: %.*s (sha256 %s)", SLICE_ARG(signature->pin),
                        SLICE_ARG(signature->subject), signature->fingerprint);
}

static void take_best(struct arena *arena, struct origin *out)
{
    for (size_t i = 0; i < out->count; i++) {
        const struct origin_signature *signature = &out->signatures[i];
        bool better = signature->accepted != out->accepted ? signature->accepted
                                                           : signature->verdict > out->verdict;
        if (better)
            out->verdict = signature->verdict;
        out->accepted |= signature->accepted;
        out->text = joined(arena, out->text, told(arena, signature));
        if (signature->accepted)
            out->signer = joined(arena, out->signer, signer_of(arena, signature));
    }
}

static void check_tree(const struct origin_trust *trust, struct arena *arena, xmlNode *root,
                       int64_t now_s, struct origin *out)
{
    xmlNode *signatures[ORIGIN_SIGNATURES_MAX];
    size_t count = 0;
    const char *text = shape_of_document(root, signatures, &count);
    if (text) {
        out->verdict = ORIGIN_MALFORMED;
        out->text = slice_from_cstr(text);
        return;
    }
    out->count = count;
    out->signatures = arena_alloc_array(arena, count, sizeof *out->signatures);
    for (size_t i = 0; i < count; i++)
        xmlUnlinkNode(signatures[i]);
    struct content content = {.root = root};
    for (size_t i = 0; i < count; i++)
        check_signature(trust, arena, &content, signatures[i], now_s, &out->signatures[i]);
    content_fini(&content);
    for (size_t i = 0; i < count; i++)
        xmlFreeNode(signatures[i]);
    take_best(arena, out);
}

/* Canonicalisation reports what it dislikes through libxml2, and would write to stderr. */
static void on_stray_error(void *user, xmlError *error)
{
    (void)user;
    (void)error;
}

void origin_check(const struct origin_trust *trust, struct arena *arena, struct slice bytes,
                  int64_t now_s, struct origin *out)
{
    struct document document;
    struct err err;
    *out = (struct origin){0};
    if (crypto_init(&err) != OK) {
        out->verdict = ORIGIN_UNCHECKED;
        out->text = arena_printf(arena, "%s", err.text);
        return;
    }
    document_init(&document, bytes, NULL, DOCUMENT_AS_IT_IS);
    if (!document.tree) {
        out->verdict = ORIGIN_MALFORMED;
        out->text = arena_printf(arena, "the bytes as received are not XML that is read: %s",
                                 document.text);
    } else {
        xmlStructuredErrorFunc handler_before = xmlStructuredError;
        void *context_before = xmlStructuredErrorContext;
        xmlSetStructuredErrorFunc(NULL, on_stray_error);
        check_tree(trust, arena, xmlDocGetRootElement(document.tree), now_s, out);
        xmlSetStructuredErrorFunc(context_before, handler_before);
    }
    document_fini(&document);
}
