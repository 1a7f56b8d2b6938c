/*
 * cog_key: a COG's key and certificate, made anew.
 */
#ifndef CAPRELAY_TESTS_COG_KEY_H
#define CAPRELAY_TESTS_COG_KEY_H

/* OpenSSL has a type of that name, base/err.h a code. */
#define ERR_STATE openssl_err_state
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#undef ERR_STATE

#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Both in one PEM file, mode 0600; good from a day before `from_s` to `to_s`. */
static inline void cog_key_write(const char *path, const char *name, int64_t from_s, int64_t to_s)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    ASN1_TIME_set(X509_getm_notBefore(certificate), from_s - 86400);
    ASN1_TIME_set(X509_getm_notAfter(certificate), to_s);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_issuer_name(certificate, subject);
    X509_set_pubkey(certificate, key);
    FILE *file = fopen(path, "w");
    if (!file || !X509_sign(certificate, key, EVP_sha256()) || !PEM_write_X509(file, certificate) ||
        !PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) || fclose(file) != 0 ||
        chmod(path, 0600) != 0)
        abort();
    X509_free(certificate);
    EVP_PKEY_free(key);
}

#endif
