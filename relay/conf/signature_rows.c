/* What a source says of the XML signatures of its alerts. */
#include "conf/relay_conf.h"
#include "conf/relay_rows.h"

#define SOURCE(member) .offset = offsetof(struct relay_conf_source, member)
#define PIN(member) .offset = offsetof(struct relay_conf_pin, member)

static const struct conf_choice policy_choices[] = {{"ignore", CONF_SIGNATURE_IGNORE},
                                                    {"flag", CONF_SIGNATURE_FLAG},
                                                    {"require", CONF_SIGNATURE_REQUIRE},
                                                    {NULL, 0}};

static enum err_code check_day(const void *value, struct err *err)
{
    struct slice day = *(const struct slice *)value;
    int64_t from_s;
    if (conf_day(day, &from_s))
        return OK;
    return err_set(err, ERR_INVALID, "`%s` is no day; write it as 2026-07-12", day.ptr);
}

static enum err_code check_fingerprint(const void *value, struct err *err)
{
    struct slice text = *(const struct slice *)value;
    if (conf_is_hex_key(text))
        return OK;
    return err_set(err, ERR_INVALID,
                   "is no fingerprint; 64 hex digits, the SHA-256 of the public key (of its "
                   "SubjectPublicKeyInfo)");
}

static const struct conf_row pin_rows[] = {
    {.name = "name",
     .type = CONF_TEXT,
     PIN(name),
     .required = true,
     .help = "Whose key it is; stands beside the signer's name in bulletins and log."},
    {.name = "spki",
     .type = CONF_TEXT,
     PIN(spki),
     .check = check_fingerprint,
     .help = "The key itself: 64 hex digits, SHA-256 of its SubjectPublicKeyInfo. Any certificate "
             "for that key is as good; its names and dates are then its own word, so give "
             "not_after. With policy flag the remark on a bulletin names the fingerprint."},
    {.name = "file",
     .type = CONF_PATH,
     PIN(file),
     .help = "Or a file of up to 16 certificates (PEM): these, and no others."},
    {.name = "ca",
     .type = CONF_PATH,
     PIN(ca),
     .help = "Or a file of certificates of issuers (PEM): what one of them issued to `subject`. "
             "Bears a signer who renews every year."},
    {.name = "subject",
     .type = CONF_TEXT,
     PIN(subject),
     .help = "With ca: the common name (CN) in the certificate, letter for letter."},
    {.name = "not_before",
     .type = CONF_TEXT,
     PIN(not_before),
     .check = check_day,
     .help = "The first day (UTC) on which the pin counts. Two pins that overlap carry over a "
             "change of keys."},
    {.name = "not_after",
     .type = CONF_TEXT,
     PIN(not_after),
     .check = check_day,
     .help = "The last day (UTC) on which it counts; without it as long as its certificate."},
    {.name = "allow_expired",
     .type = CONF_BOOL,
     PIN(allow_expired),
     .fallback = "false",
     .help = "Whether a certificate past its end is good enough (verdict expired-pinned). "
             "Environment Canada has signed with one for more than a year."},
    {.name = "allow_weak",
     .type = CONF_BOOL,
     PIN(allow_weak),
     .fallback = "false",
     .help = "Whether SHA-1 and RSA keys below 2048 bits are (verdict weak)."},
    {.type = CONF_END}};

const struct conf_row conf_signature_rows[] = {
    {.name = "policy",
     .type = CONF_CHOICE,
     SOURCE(signature.policy),
     .fallback = "ignore",
     .choices = policy_choices,
     .help = "require: an alert without a signature by a pinned key is refused, with an alarm. "
             "flag: it is relayed with a remark. ignore: signatures are not checked."},
    {.name = "warn_before",
     .type = CONF_DURATION,
     SOURCE(signature.warn_before_us),
     .fallback = "30d",
     .min = 86400,
     .max = 31536000,
     .help = "How long before a pin ends log and `status` begin to say so."},
    {.name = "pins",
     .type = CONF_LIST,
     SOURCE(signature.pins),
     .rows = pin_rows,
     .item_size = sizeof(struct relay_conf_pin),
     .help = "Who may sign. Each pin names a key in one of three ways: spki, file, or ca with "
             "subject."},
    {.type = CONF_END}};
