/*
 * What the files of this room share. Nothing here outlives one document, but for the pins.
 */
#ifndef CAPRELAY_ORIGIN_INTERNAL_H
#define CAPRELAY_ORIGIN_INTERNAL_H

#include "origin/origin.h"
#include "origin/sign.h"

#include <libxml/c14n.h>
#include <libxml/tree.h>

/* OpenSSL has a type of that name, base/err.h a code. */
#define ERR_STATE openssl_err_state
#include <openssl/err.h>
#include <openssl/x509.h>
#undef ERR_STATE

/* --- signer.c --- */

/* A regular file of at most `max` bytes, and with `secret` one that not everybody may read; waits
 * for nobody. The caller frees *out with BIO_free. */
enum err_code origin_pem_open(const char *path, bool secret, off_t max, BIO **out, struct err *err);

/* --- trust.c --- */

struct pin {
    struct slice name; /* these two in the trust's arena */
    struct slice subject;
    uint8_t spki[32];
    bool by_spki, by_issuer;
    X509 **certificates; /* pinned ones, or with by_issuer what issued */
    size_t certificate_count;
    int64_t not_before_s, not_after_s; /* 0: no bound */
    bool allow_expired, allow_weak;
};

struct origin_trust {
    enum origin_policy policy;
    struct arena *arena;
    struct pin *pins;
    size_t count;
};

/* --- shape.c --- */

/* One Signature of the accepted form. */
struct shape {
    xmlNode *signature;
    xmlNode *key_info; /* NULL: none */
    bool sha1;         /* anywhere in it */
};

/* NULL, or why the document as a whole is not accepted. Fills `signatures` with the direct children
 * of the root, at most ORIGIN_SIGNATURES_MAX. */
const char *shape_of_document(const xmlNode *root, xmlNode **signatures, size_t *count);
/* ORIGIN_VALID, or ORIGIN_MALFORMED or ORIGIN_UNSUPPORTED with a static text. */
enum origin_verdict shape_of_signature(xmlNode *signature, struct shape *out, const char **text);
/* Parts of a Signature of the accepted form. */
struct shape_parts {
    xmlNode *signed_info, *canonicalisation, *signature_method, *signature_value;
    xmlNode *transform; /* the canonicalisation of the reference; NULL: none is named */
    xmlNode *digest_method, *digest_value;
};
struct shape_parts shape_parts_of(const xmlNode *signature);
/* Of a Transform as accepted: its mode, and whether it comes with a list of prefixes. */
xmlC14NMode shape_mode(const xmlNode *transform, bool *with_prefixes);
/* A direct child; NULL for none. In the namespace of XML signatures. */
xmlNode *shape_child(const xmlNode *node, const char *name);

/* --- certificate.c --- */

/* The first certificate of a KeyInfo; NULL with a static text. X509_free() it. */
X509 *certificate_of(const xmlNode *key_info, const char **text);
/* Whether it is a kind and size of key that is accepted; `weak` where too short to be good. */
bool certificate_key_is_bearable(X509 *certificate, bool *weak, const char **text);
/* Absent where there is none, or one that is no text for a line. */
struct slice certificate_common_name(struct arena *arena, const X509_NAME *name);
/* Names and fingerprint. */
void certificate_describe(struct arena *arena, X509 *certificate, struct origin_signature *out);
bool certificate_spki(X509 *certificate, uint8_t out[32]);
/* Instants of its validity; 0 where they cannot be read. */
int64_t certificate_not_before_s(X509 *certificate);
int64_t certificate_not_after_s(X509 *certificate);
/* Which pin vouches for it now, the best one; sets verdict, pin and text. `weak` was found. */
void certificate_judge(const struct origin_trust *trust, struct arena *arena, X509 *certificate,
                       bool weak, int64_t now_s, struct origin_signature *out);

/* --- crypto.c --- */

/* Once for the process; ERR_STATE where libxmlsec1 is not what it was built with. */
enum err_code crypto_init(struct err *err);
/* What all Signatures of a document are over: the root without any of them. Its canonical forms are
 * made once, where a Signature asks for one. */
struct content {
    xmlNode *root;
    xmlOutputBuffer *canonical[XML_C14N_1_1 + 1]; /* by xmlC14NMode; NULL: not yet */
};
void content_fini(struct content *content);
/* The arithmetic alone: ORIGIN_VALID, ORIGIN_DIGEST_MISMATCH or ORIGIN_INVALID. The Signature is
 * unlinked, was a child of the root, is of the accepted form and without KeyInfo and Objects. */
enum origin_verdict crypto_verify(struct content *content, xmlNode *signature, X509 *certificate);
/* Fills digests and value of a template. References may name elements whose Ids are known. */
bool crypto_sign(xmlNode *signature, EVP_PKEY *key);

/* --- signer.c --- */

struct signer {
    struct arena *arena;
    X509 *certificate;
    EVP_PKEY *key;
    struct slice common_name, base64; /* in the arena */
};

#endif
