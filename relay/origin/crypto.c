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

/* The digest is compared first; where it does not fit, the value is not looked at. */
static enum origin_verdict verdict_of(xmlSecDSigCtx *context, int result)
{
    if (result == 0 && context->status == xmlSecDSigStatusSucceeded)
        return ORIGIN_VALID;
    const xmlSecDSigReferenceCtx *reference =
        xmlSecPtrListGetItem(&context->signedInfoReferences, 0);
    bool mismatch = reference && reference->status == xmlSecDSigStatusInvalid;
    return mismatch ? ORIGIN_DIGEST_MISMATCH : ORIGIN_INVALID;
}

enum origin_verdict crypto_verify(xmlNode *signature, X509 *certificate)
{
    enum origin_verdict verdict = ORIGIN_INVALID;
    xmlSecDSigCtx *context = xmlSecDSigCtxCreate(NULL);
    if (!context)
        return verdict;
    context->enabledReferenceUris = xmlSecTransformUriTypeEmpty;
    context->flags |= XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
    context->signKey = key_of(X509_get_pubkey(certificate));
    if (context->signKey && !enable_known(context))
        verdict = verdict_of(context, xmlSecDSigCtxVerify(context, signature));
    xmlSecDSigCtxDestroy(context);
    return verdict;
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
