/* libxmlsec1, with everything closed that is not needed. */
#include "origin/internal.h"

#include <pthread.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/keys.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;

/* A bad signature is a verdict; it has no business on stderr. */
static void keep_silent(const char *file, int line, const char *function, const char *object,
                        const char *subject, int reason, const char *text)
{
    (void)file;
    (void)line;
    (void)function;
    (void)object;
    (void)subject;
    (void)reason;
    (void)text;
}

/* Never shut down: other threads may still verify when one ends, and exit frees all. */
static void init_once(void)
{
    ready = xmlSecInit() == 0 && xmlSecCheckVersion() == 1 && xmlSecCryptoInit() == 0;
    xmlSecErrorsSetCallback(keep_silent);
}

enum err_code crypto_init(struct err *err)
{
    pthread_once(&once, init_once);
    return ready ? OK : err_set(err, ERR_STATE, "libxmlsec1 with OpenSSL cannot be used");
}

/* Takes the key, which may be NULL. */
static xmlSecKey *key_of(EVP_PKEY *pkey)
{
    xmlSecKeyData *data = pkey ? xmlSecOpenSSLEvpKeyAdopt(pkey) : NULL;
    xmlSecKey *key = data ? xmlSecKeyCreate() : NULL;
    if (pkey && !data)
        EVP_PKEY_free(pkey);
    if (key && xmlSecKeySetValue(key, data) == 0)
        return key;
    if (data)
        xmlSecKeyDataDestroy(data);
    if (key)
        xmlSecKeyDestroy(key);
    return NULL;
}

/* --- verifying --- */

/*
 * libxmlsec1's own xmlSecDSigCtxVerify() goes through the whole document for each step of each
 * Signature and asks of each node whether it belongs to it. Here the same steps of the same library
 * are given what they are over: the canonical form of the alert, made once, and SignedInfo in a
 * document that holds nothing else. Each step that fails ends it.
 */

static bool context_begin(xmlSecTransformCtx *context)
{
    const xmlSecTransformId known[] = {
        xmlSecTransformInclC14NId,    xmlSecTransformInclC14N11Id,  xmlSecTransformExclC14NId,
        xmlSecTransformRsaSha1Id,     xmlSecTransformRsaSha256Id,   xmlSecTransformRsaSha384Id,
        xmlSecTransformRsaSha512Id,   xmlSecTransformEcdsaSha256Id, xmlSecTransformEcdsaSha384Id,
        xmlSecTransformEcdsaSha512Id, xmlSecTransformSha1Id,        xmlSecTransformSha256Id,
        xmlSecTransformSha384Id,      xmlSecTransformSha512Id,
    };
    int failed = xmlSecTransformCtxInitialize(context);
    context->enabledUris = xmlSecTransformUriTypeEmpty;
    for (size_t i = 0; !failed && i < sizeof known / sizeof *known; i++)
        failed = xmlSecPtrListAdd(&context->enabledTransforms, (void *)(uintptr_t)known[i]);
    return !failed;
}

/* Appends the step that the node names. */
static xmlSecTransform *add_step(xmlSecTransformCtx *context, xmlNode *node,
                                 xmlSecTransformUsage usage)
{
    xmlSecTransform *step = xmlSecTransformCtxNodeRead(context, node, usage);
    if (step && (usage & (xmlSecTransformUsageDigestMethod | xmlSecTransformUsageSignatureMethod)))
        step->operation = xmlSecTransformOperationVerify;
    return step;
}

/* Whether what went through the step is what the node's base64 says. */
static enum origin_verdict compare(xmlSecTransformCtx *context, xmlSecTransform *step,
                                   xmlNode *value, enum origin_verdict otherwise)
{
    if (xmlSecTransformVerifyNodeContent(step, value, context) < 0)
        return ORIGIN_INVALID;
    return step->status == xmlSecTransformStatusOk ? ORIGIN_VALID : otherwise;
}

static int everything(void *user, xmlNode *node, xmlNode *parent)
{
    (void)user;
    (void)node;
    (void)parent;
    return 1;
}

/* NULL where libxml2 refuses. */
static xmlOutputBuffer *canonical(struct content *content, xmlC14NMode mode)
{
    if (content->canonical[mode])
        return content->canonical[mode];
    xmlOutputBuffer *out = xmlAllocOutputBuffer(NULL);
    if (out && xmlC14NExecute(content->root->doc, everything, NULL, mode, NULL, 0, out) < 0) {
        xmlOutputBufferClose(out);
        out = NULL;
    }
    return content->canonical[mode] = out;
}

void content_fini(struct content *content)
{
    for (size_t i = 0; i < sizeof content->canonical / sizeof *content->canonical; i++)
        if (content->canonical[i])
            xmlOutputBufferClose(content->canonical[i]);
}

/* A list of prefixes is libxmlsec1's to read; no such signature is on record. */
static bool execute_with_prefixes(xmlSecTransformCtx *context, const struct content *content)
{
    xmlSecNodeSet *nodes = xmlSecNodeSetGetChildren(content->root->doc, NULL, 0, 0);
    bool done = nodes && xmlSecTransformCtxXmlExecute(context, nodes) == 0;
    if (nodes)
        xmlSecNodeSetDestroy(nodes);
    return done;
}

/* A piece at a time: libxmlsec1 copies what it gets. */
static bool execute_canonical(xmlSecTransformCtx *context, struct content *content,
                              xmlC14NMode mode)
{
    enum { PIECE_BYTES = 16 * 1024 };
    xmlOutputBuffer *out = canonical(content, mode);
    if (!out || xmlSecTransformCtxPrepare(context, xmlSecTransformDataTypeBin) < 0)
        return false;
    const xmlSecByte *bytes = xmlOutputBufferGetContent(out);
    size_t left = xmlOutputBufferGetSize(out), len = 0;
    int failed = 0;
    for (; left > 0 && !failed; left -= len, bytes += len) {
        len = left < PIECE_BYTES ? left : PIECE_BYTES;
        failed =
            xmlSecTransformPushBin(context->first, bytes, (xmlSecSize)len, len == left, context);
    }
    return !failed;
}

/* The Signature is out of the document: that is the enveloped transform. */
static enum origin_verdict verify_digest(struct content *content, const struct shape_parts *parts)
{
    enum origin_verdict verdict = ORIGIN_INVALID;
    xmlSecTransformCtx context;
    bool with_prefixes;
    xmlC14NMode mode = shape_mode(parts->transform, &with_prefixes);
    bool begun = context_begin(&context);
    if (begun && with_prefixes)
        begun = add_step(&context, parts->transform, xmlSecTransformUsageDSigTransform);
    xmlSecTransform *digest =
        begun ? add_step(&context, parts->digest_method, xmlSecTransformUsageDigestMethod) : NULL;
    bool done = digest && (with_prefixes ? execute_with_prefixes(&context, content)
                                         : execute_canonical(&context, content, mode));
    if (done)
        verdict = compare(&context, digest, parts->digest_value, ORIGIN_DIGEST_MISMATCH);
    xmlSecTransformCtxFinalize(&context);
    return verdict;
}

static enum origin_verdict verify_value(const struct shape_parts *parts, xmlSecKey *key)
{
    enum origin_verdict verdict = ORIGIN_INVALID;
    xmlSecTransformCtx context;
    bool begun = context_begin(&context) &&
                 add_step(&context, parts->canonicalisation, xmlSecTransformUsageC14NMethod);
    xmlSecTransform *signing =
        begun ? add_step(&context, parts->signature_method, xmlSecTransformUsageSignatureMethod)
              : NULL;
    xmlSecNodeSet *nodes =
        signing ? xmlSecNodeSetGetChildren(parts->signed_info->doc, parts->signed_info, 1, 0)
                : NULL;
    if (nodes && xmlSecTransformSetKey(signing, key) == 0 &&
        xmlSecTransformCtxXmlExecute(&context, nodes) == 0)
        verdict = compare(&context, signing, parts->signature_value, ORIGIN_INVALID);
    if (nodes)
        xmlSecNodeSetDestroy(nodes);
    xmlSecTransformCtxFinalize(&context);
    return verdict;
}

/* SignedInfo has the namespaces of the root, and nothing else of the document. */
static enum origin_verdict verify_alone(xmlNode *root, xmlNode *signature,
                                        const struct shape_parts *parts, xmlSecKey *key)
{
    xmlNode *first = root->children, *last = root->last;
    root->children = root->last = NULL;
    xmlAddChild(root, signature);
    enum origin_verdict verdict = verify_value(parts, key);
    xmlUnlinkNode(signature);
    root->children = first;
    root->last = last;
    return verdict;
}

enum origin_verdict crypto_verify(struct content *content, xmlNode *signature, X509 *certificate)
{
    struct shape_parts parts = shape_parts_of(signature);
    xmlSecKey *key = key_of(X509_get_pubkey(certificate));
    /* The digest is compared first; where it does not fit, the value is not looked at. */
    enum origin_verdict verdict = key ? verify_digest(content, &parts) : ORIGIN_INVALID;
    if (verdict == ORIGIN_VALID)
        verdict = verify_alone(content->root, signature, &parts, key);
    if (key)
        xmlSecKeyDestroy(key);
    return verdict;
}

/* --- signing --- */

/* shape.c has looked already; this holds should it ever be wrong. */
static int enable_known(xmlSecDSigCtx *context)
{
    const xmlSecTransformId both[] = {xmlSecTransformInclC14NId, xmlSecTransformInclC14N11Id,
                                      xmlSecTransformExclC14NId};
    const xmlSecTransformId of_signature[] = {
        xmlSecTransformRsaSha1Id,     xmlSecTransformRsaSha256Id,   xmlSecTransformRsaSha384Id,
        xmlSecTransformRsaSha512Id,   xmlSecTransformEcdsaSha256Id, xmlSecTransformEcdsaSha384Id,
        xmlSecTransformEcdsaSha512Id,
    };
    const xmlSecTransformId of_reference[] = {xmlSecTransformEnvelopedId, xmlSecTransformSha1Id,
                                              xmlSecTransformSha256Id, xmlSecTransformSha384Id,
                                              xmlSecTransformSha512Id};
    int failed = 0;
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        failed |= xmlSecDSigCtxEnableSignatureTransform(context, both[i]);
        failed |= xmlSecDSigCtxEnableReferenceTransform(context, both[i]);
    }
    for (size_t i = 0; i < sizeof of_signature / sizeof *of_signature; i++)
        failed |= xmlSecDSigCtxEnableSignatureTransform(context, of_signature[i]);
    for (size_t i = 0; i < sizeof of_reference / sizeof *of_reference; i++)
        failed |= xmlSecDSigCtxEnableReferenceTransform(context, of_reference[i]);
    return failed;
}

bool crypto_sign(xmlNode *signature, EVP_PKEY *key)
{
    xmlSecDSigCtx *context = xmlSecDSigCtxCreate(NULL);
    if (!context)
        return false;
    context->enabledReferenceUris =
        xmlSecTransformUriTypeEmpty | xmlSecTransformUriTypeSameDocument;
    EVP_PKEY_up_ref(key);
    context->signKey = key_of(key);
    bool done = context->signKey && !enable_known(context) &&
                xmlSecDSigCtxSign(context, signature) == 0 &&
                context->status == xmlSecDSigStatusSucceeded;
    xmlSecDSigCtxDestroy(context);
    return done;
}
