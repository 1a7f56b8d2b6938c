/*
 * sign: XML signatures of the relay's own, for interfaces that demand them (IPAWS).
 *
 * Made in one form only: RSA-SHA256 over exclusive canonicalisation, SHA-256 digests, the one that
 * IPAWS asks for [IDG 4.02, 8.2]. The bytes that are signed stay as they are: the finished
 * Signature is put into the text, and the text is never written anew. Signing is a function of
 * bytes and key: no I/O, no clock; safe from several threads, each with its own arena.
 */
#ifndef CAPRELAY_ORIGIN_SIGN_H
#define CAPRELAY_ORIGIN_SIGN_H

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

#define SIGN_DSIG "http://www.w3.org/2000/09/xmldsig#"
/* The attribute `Id` of this namespace is what a Reference such as "#body" means. */
#define SIGN_UTILITY                                                                               \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

/* A certificate with its private key. */
struct signer;

/* Reads PEM files, for as long as the disk takes; `key` NULL: it is in the certificate's file. A
 * file with a key that others than its owner and group may read is refused, so are an encrypted
 * key, one that is not RSA of 2048 to 8192 bits, and one of another certificate. Errors begin with
 * "certificate: " or "key: ", name the file, and never what is in it. */
enum err_code signer_create(const char *certificate, const char *key, struct signer **out,
                            struct err *err);
/* Accepts NULL. */
void signer_destroy(struct signer *signer);

/* Lent as long as the signer. The name may be absent; the certificate is DER in base64. */
struct slice signer_common_name(const struct signer *signer);
struct slice signer_certificate(const struct signer *signer);
int64_t signer_not_before_s(const struct signer *signer);
int64_t signer_not_after_s(const struct signer *signer);

/* An alert with an enveloped signature as the last child of its root, certificate included, in the
 * arena. One that has a signature already is refused: it is somebody else's. */
enum err_code sign_alert(const struct signer *signer, struct arena *arena, struct slice alert,
                         struct slice *out, struct err *err);

/* A Signature that is yet to be made, to be put into a text: over the elements that `references`
 * name ("#body"), `key_info` being what stands in its KeyInfo. */
struct slice sign_template(struct arena *arena, const char *const *references, size_t count,
                           const char *key_info);
/* Makes the Signature whose template stands at `at`, `len` bytes long, in a whole document. */
enum err_code sign_fill(const struct signer *signer, struct arena *arena, struct slice text,
                        size_t at, size_t len, struct slice *out, struct err *err);

#endif
