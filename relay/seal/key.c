#include "seal/key.h"

#include "base/buf.h"
#include "base/digest.h"

#include <sodium.h>

static const char *const purpose_names[] = {
    [KEY_ROOT] = "root",           [KEY_ACTUAL] = "actual", [KEY_EXERCISE] = "exercise",
    [KEY_AUTHORITY] = "authority", [KEY_CURVE] = "curve",
};

static const char *const kind_names[] = {
    [SEAL_BULLETIN] = "bulletin", [SEAL_BEAT] = "beat",     [SEAL_COPIES] = "copies",
    [SEAL_ANSWER] = "answer",     [SEAL_INJECT] = "inject", [SEAL_RECEIPT] = "receipt",
    [SEAL_KEYLIST] = "keylist",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *key_purpose_name(enum key_purpose purpose)
{
    return purpose > 0 && purpose < COUNT(purpose_names) ? purpose_names[purpose] : "";
}

enum key_purpose key_purpose_from_name(struct slice name)
{
    for (size_t i = 1; i < COUNT(purpose_names); i++)
        if (slice_eq_cstr(name, purpose_names[i]))
            return (enum key_purpose)i;
    return 0;
}

const char *seal_kind_name(enum seal_kind kind)
{
    return kind > 0 && kind < COUNT(kind_names) ? kind_names[kind] : "";
}

enum err_code seal_init(struct err *err)
{
    if (sodium_init() < 0)
        return err_set(err, ERR_CRYPTO, "libsodium does not start: no source of random bytes");
    return OK;
}

void seal_random(void *out, size_t size)
{
    randombytes_buf(out, size);
}

static void key_name_itself(struct key *key)
{
    struct digest digest = digest_of(slice_of(key->public_key, sizeof key->public_key));

    hex_encode(digest.bytes, (KEY_ID_MAX - 1) / 2, key->id);
}

void key_from_public(struct key *out, enum key_purpose purpose,
                     const uint8_t public_key[KEY_PUBLIC_BYTES])
{
    *out = (struct key){.purpose = purpose};
    memcpy(out->public_key, public_key, KEY_PUBLIC_BYTES);
    key_name_itself(out);
}

void key_from_seed(struct key *out, enum key_purpose purpose, const uint8_t seed[32])
{
    *out = (struct key){.purpose = purpose, .has_secret = true};
    if (purpose == KEY_CURVE) {
        memcpy(out->secret_key, seed, crypto_box_SECRETKEYBYTES);
        (void)crypto_scalarmult_base(out->public_key, out->secret_key);
    } else {
        (void)crypto_sign_seed_keypair(out->public_key, out->secret_key, seed);
    }
    key_name_itself(out);
}

void key_new(struct key *out, enum key_purpose purpose)
{
    uint8_t seed[32];

    randombytes_buf(seed, sizeof seed);
    key_from_seed(out, purpose, seed);
    sodium_memzero(seed, sizeof seed);
}

void key_wipe(struct key *key)
{
    if (key)
        sodium_memzero(key, sizeof *key);
}

enum alert_class key_class(const struct key *key)
{
    if (key->purpose == KEY_ACTUAL)
        return CLASS_ACTUAL;
    return key->purpose == KEY_EXERCISE ? CLASS_EXERCISE : CLASS_NONE;
}

/* Ed25519 with context is not in libsodium 1.0.18, so what separates the kinds is signed in front
 * of the bytes. The NUL ends it: no kind is the beginning of another's text. */
static void put_context(struct buf *out, enum seal_kind kind)
{
    buf_put_cstr(out, "caprelay/1/");
    buf_put_cstr(out, seal_kind_name(kind));
    buf_put_char(out, '\0');
}

static void signed_bytes(struct buf *out, enum seal_kind kind, struct slice bytes)
{
    buf_init(out, bytes.len + 64);
    put_context(out, kind);
    buf_put(out, bytes);
}

void key_sign(const struct key *key, enum seal_kind kind, struct slice bytes,
              uint8_t signature[KEY_SIGNATURE_BYTES])
{
    struct buf message;

    signed_bytes(&message, kind, bytes);
    (void)crypto_sign_detached(signature, NULL, (const unsigned char *)message.ptr, message.len,
                               key->secret_key);
    buf_fini(&message);
}

bool key_verify(const uint8_t public_key[KEY_PUBLIC_BYTES], enum seal_kind kind, struct slice bytes,
                struct slice signature)
{
    struct buf message;
    bool good;

    if (signature.len != KEY_SIGNATURE_BYTES)
        return false;
    signed_bytes(&message, kind, bytes);
    good = crypto_sign_verify_detached((const unsigned char *)signature.ptr,
                                       (const unsigned char *)message.ptr, message.len,
                                       public_key) == 0;
    buf_fini(&message);
    return good;
}
