/* Pins: whom a source's alerts may be signed by. */
#include "origin/internal.h"

#include "base/mem.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { PINS_MAX = 64, CERTIFICATES_MAX = 16, PIN_BYTES_MAX = 1024 * 1024 };

static enum err_code read_certificates(struct pin *pin, struct arena *arena, const char *path,
                                       struct err *err)
{
    BIO *file = NULL;
    enum err_code code = origin_pem_open(path, false, PIN_BYTES_MAX, &file, err);
    if (code)
        return code;
    pin->certificates = arena_alloc_array(arena, CERTIFICATES_MAX, sizeof(X509 *));
    while (pin->certificate_count < CERTIFICATES_MAX) {
        X509 *certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
        if (!certificate)
            break;
        pin->certificates[pin->certificate_count++] = certificate;
    }
    BIO_free(file);
    if (pin->certificate_count)
        return OK;
    return err_set(err, ERR_INVALID, "%s holds no certificate; PEM is wanted", path);
}

static enum err_code check_issuers(const struct pin *pin, const char *path, struct err *err)
{
    for (size_t i = 0; i < pin->certificate_count; i++)
        if (X509_check_ca(pin->certificates[i]) == 0)
            return err_set(err, ERR_INVALID,
                           "%s holds a certificate that may not issue others; pin it by `file`",
                           path);
    return OK;
}

static enum err_code fill_pin(struct pin *pin, struct arena *arena, const struct origin_pin *from,
                              struct err *err)
{
    bool by_spki = from->spki.len > 0;
    pin->name = arena_copy(arena, from->name);
    if (by_spki + (from->file != NULL) + (from->ca != NULL) != 1)
        return err_set(err, ERR_INVALID, "one of spki, file and ca is wanted");
    if ((from->ca != NULL) != (from->subject.len > 0))
        return err_set(err, ERR_INVALID, "ca and subject go together");
    if (from->not_after_s && from->not_after_s <= from->not_before_s)
        return err_set(err, ERR_INVALID, "not_after is not later than not_before");
    pin->by_spki = by_spki;
    pin->by_issuer = from->ca != NULL;
    pin->subject = arena_copy(arena, from->subject);
    pin->not_before_s = from->not_before_s;
    pin->not_after_s = from->not_after_s;
    pin->allow_expired = from->allow_expired;
    pin->allow_weak = from->allow_weak;
    if (by_spki)
        return hex_decode(from->spki, pin->spki, sizeof pin->spki)
                   ? OK
                   : err_set(err, ERR_INVALID, "spki is not 64 hex digits");
    const char *path = from->file ? from->file : from->ca;
    enum err_code code = read_certificates(pin, arena, path, err);
    return code == OK && from->ca ? check_issuers(pin, path, err) : code;
}

enum err_code origin_trust_create(enum origin_policy policy, const struct origin_pin *pins,
                                  size_t count, struct origin_trust **out, struct err *err)
{
    *out = NULL;
    enum err_code code = crypto_init(err);
    if (code != OK)
        return code;
    if (count > PINS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d pins", PINS_MAX);
    struct origin_trust *trust = mem_alloc(sizeof *trust);
    trust->policy = policy;
    trust->arena = arena_create();
    trust->pins = arena_alloc_array(trust->arena, count, sizeof *trust->pins);
    for (size_t i = 0; code == OK && i < count; i++) {
        trust->count = i + 1;
        code = fill_pin(&trust->pins[i], trust->arena, &pins[i], err);
        if (code != OK)
            err_wrap(err, "pin %.*s", SLICE_ARG(pins[i].name));
    }
    if (code != OK) {
        origin_trust_destroy(trust);
        return code;
    }
    *out = trust;
    return OK;
}

void origin_trust_destroy(struct origin_trust *trust)
{
    if (!trust)
        return;
    for (size_t i = 0; i < trust->count; i++)
        for (size_t k = 0; k < trust->pins[i].certificate_count; k++)
            X509_free(trust->pins[i].certificates[k]);
    arena_destroy(trust->arena);
    free(trust);
}

enum origin_policy origin_policy_of(const struct origin_trust *trust)
{
    return trust ? trust->policy : ORIGIN_IGNORE;
}

/* When nothing that the pin names is good any more; 0: never, as far as it says. With an issuer it
 * is the issuer's own end. */
static int64_t pin_ends_s(const struct pin *pin)
{
    int64_t last_s = 0;
    for (size_t i = 0; i < pin->certificate_count && !pin->allow_expired; i++) {
        int64_t ends_s = certificate_not_after_s(pin->certificates[i]);
        last_s = ends_s > last_s ? ends_s : last_s;
    }
    if (!last_s || (pin->not_after_s && pin->not_after_s < last_s))
        return pin->not_after_s;
    return last_s;
}

void origin_trust_alarms(const struct origin_trust *trust, int64_t now_s, int64_t warn_s,
                         origin_alarm_fn each, void *context)
{
    for (size_t i = 0; trust && i < trust->count; i++) {
        int64_t ends_s = pin_ends_s(&trust->pins[i]);
        if (ends_s && ends_s - warn_s <= now_s)
            each(context, trust->pins[i].name, ends_s);
    }
}
