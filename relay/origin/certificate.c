/* The signer's certificate, and which pin vouches for it. */
#include "origin/internal.h"

#include "base/mem.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CERTIFICATE_BASE64_MAX = 16 * 1024, RSA_BITS_MIN = 1024, EXPONENT_BITS_MAX = 33 };

/* --- reading --- */

/* The digits alone; NULL where there are none or too many. free() it. */
static char *base64_text(const xmlNode *node, size_t *len)
{
    const xmlNode *text = node->children;
    if (!text || text->next || text->type != XML_TEXT_NODE)
        return NULL;
    const char *from = (const char *)text->content;
    size_t given = strlen(from);
    if (given > CERTIFICATE_BASE64_MAX)
        return NULL;
    char *out = mem_alloc(given + 1);
    *len = 0;
    for (; *from; from++)
        if (!strchr(" \t\r\n", *from))
            out[(*len)++] = *from;
    return out;
}

static X509 *certificate_read(const xmlNode *node)
{
    size_t len = 0;
    char *text = base64_text(node, &len);
    if (!text)
        return NULL;
    unsigned char *der = mem_alloc(len + 1);
    int size = EVP_DecodeBlock(der, (const unsigned char *)text, (int)len);
    /* It counts the padding as bytes of zero. */
    for (size_t i = len; size > 0 && i > 0 && text[i - 1] == '='; i--)
        size--;
    const unsigned char *at = der;
    X509 *certificate = size > 0 ? d2i_X509(NULL, &at, size) : NULL;
    if (certificate && at != der + size) {
        X509_free(certificate);
        certificate = NULL;
    }
    free(der);
    free(text);
    return certificate;
}

X509 *certificate_of(const xmlNode *key_info, const char **text)
{
    const xmlNode *data = key_info ? shape_child(key_info, "X509Data") : NULL;
    const xmlNode *node = data ? shape_child(data, "X509Certificate") : NULL;
    X509 *certificate = node ? certificate_read(node) : NULL;
    if (!certificate)
        *text = node ? "its certificate cannot be read" : "it names no certificate";
    return certificate;
}

static bool rsa_is_bearable(EVP_PKEY *key, bool *weak)
{
    int bits = EVP_PKEY_get_bits(key);
    BIGNUM *exponent = NULL;
    bool small = EVP_PKEY_get_bn_param(key, "e", &exponent) == 1 &&
                 BN_num_bits(exponent) <= EXPONENT_BITS_MAX;
    BN_free(exponent);
    *weak |= bits < ORIGIN_RSA_BITS_GOOD;
    return small && bits >= RSA_BITS_MIN && bits <= ORIGIN_RSA_BITS_MAX;
}

static bool curve_is_known(EVP_PKEY *key)
{
    static const char *const known[] = {"prime256v1", "secp384r1", "secp521r1"};
    char name[40] = "";
    size_t len = 0;
    if (EVP_PKEY_get_group_name(key, name, sizeof name, &len) != 1)
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return false;
}

bool certificate_key_is_bearable(X509 *certificate, bool *weak, const char **text)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    int kind = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
    bool good = (kind == EVP_PKEY_RSA && rsa_is_bearable(key, weak)) ||
                (kind == EVP_PKEY_EC && curve_is_known(key));
    if (!good)
        *text = "its key is neither RSA of 1024 to 8192 bits nor of the curves P-256, P-384, P-521";
    return good;
}

/* --- saying who it is --- */

struct slice certificate_common_name(struct arena *arena, const X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    unsigned char *utf8 = NULL;
    if (at < 0)
        return (struct slice){0};
    int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (len < 0)
        return (struct slice){0};
    struct slice text = arena_copy(arena, slice_of((const char *)utf8, (size_t)len));
    OPENSSL_free(utf8);
    /* For one line of a log: what is no text is shown as none. */
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ')
            return (struct slice){0};
    return text;
}

bool certificate_spki(X509 *certificate, uint8_t out[32])
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (len <= 0)
        return false;
    SHA256(der, (size_t)len, out);
    OPENSSL_free(der);
    return true;
}

void certificate_describe(struct arena *arena, X509 *certificate, struct origin_signature *out)
{
    uint8_t spki[32];
    out->subject = certificate_common_name(arena, X509_get_subject_name(certificate));
    out->issuer = certificate_common_name(arena, X509_get_issuer_name(certificate));
    if (certificate_spki(certificate, spki))
        for (size_t i = 0; i < sizeof spki; i++)
            snprintf(out->fingerprint + 2 * i, 3, "%02x", spki[i]);
}

static int64_t instant_of(const ASN1_TIME *time)
{
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return 0;
    return (int64_t)timegm(&parts);
}

int64_t certificate_not_before_s(X509 *certificate)
{
    return instant_of(X509_get0_notBefore(certificate));
}

int64_t certificate_not_after_s(X509 *certificate)
{
    return instant_of(X509_get0_notAfter(certificate));
}

/* --- pins --- */

/* Names alone prove nothing, anybody can write them: the issuer's key must have signed it, and not
 * over SHA-1 or MD5, which can be forged. */
static bool was_issued_by(X509 *certificate, X509 *issuer)
{
    int digest = NID_undef;
    if (X509_get_signature_info(certificate, &digest, NULL, NULL, NULL) != 1 ||
        digest == NID_sha1 || digest == NID_md5)
        return false;
    return X509_check_issued(issuer, certificate) == X509_V_OK &&
           X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
}

static bool pin_names(const struct pin *pin, struct arena *arena, X509 *certificate)
{
    uint8_t spki[32];
    if (pin->by_spki)
        return certificate_spki(certificate, spki) && memcmp(spki, pin->spki, sizeof spki) == 0;
    if (pin->by_issuer &&
        !slice_eq(certificate_common_name(arena, X509_get_subject_name(certificate)), pin->subject))
        return false;
    for (size_t i = 0; i < pin->certificate_count; i++) {
        X509 *held = pin->certificates[i];
        if (pin->by_issuer ? was_issued_by(certificate, held) : X509_cmp(certificate, held) == 0)
            return true;
    }
    return false;
}

static bool pin_is_in_time(const struct pin *pin, int64_t now_s)
{
    return now_s >= pin->not_before_s && (!pin->not_after_s || now_s < pin->not_after_s);
}

/* ORIGIN_UNTRUSTED with a text where the pin does not bear it. */
static enum origin_verdict judge_by(const struct pin *pin, X509 *certificate, bool weak,
                                    int64_t now_s, const char **text)
{
    int64_t begins_s = certificate_not_before_s(certificate);
    int64_t ends_s = certificate_not_after_s(certificate);
    bool ended = !ends_s || now_s > ends_s;
    *text = NULL;
    if (!pin_is_in_time(pin, now_s))
        *text = "the pin of its key is not in force now";
    else if (now_s < begins_s)
        *text = "its certificate is not valid yet";
    else if (ended && !pin->allow_expired)
        *text = "its certificate is past its end, and the pin does not allow that";
    if (*text)
        return ORIGIN_UNTRUSTED;
    if (weak) {
        *text = "SHA-1, or a short key";
        return ORIGIN_WEAK;
    }
    if (ended)
        *text = "its certificate is past its end";
    return ended ? ORIGIN_EXPIRED : ORIGIN_VALID;
}

void certificate_judge(const struct origin_trust *trust, struct arena *arena, X509 *certificate,
                       bool weak, int64_t now_s, struct origin_signature *out)
{
    out->verdict = ORIGIN_UNTRUSTED;
    out->text = SLICE("no pin names its key");
    for (size_t i = 0; trust && i < trust->count; i++) {
        const struct pin *pin = &trust->pins[i];
        const char *text = NULL;
        if (!pin_names(pin, arena, certificate))
            continue;
        enum origin_verdict verdict = judge_by(pin, certificate, weak, now_s, &text);
        bool accepted = verdict > ORIGIN_WEAK || (verdict == ORIGIN_WEAK && pin->allow_weak);
        if (verdict < out->verdict || (verdict == ORIGIN_WEAK && out->accepted))
            continue;
        out->verdict = verdict;
        out->accepted = accepted;
        out->text = slice_from_cstr(text);
        out->pin = verdict == ORIGIN_UNTRUSTED ? (struct slice){0} : pin->name;
    }
}
