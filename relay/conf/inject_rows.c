/* Who may inject, and what listening for them over HTTP needs. */
#include "conf/relay_conf.h"
#include "conf/relay_rows.h"

#define AT(member) .offset = offsetof(struct relay_conf, member)
#define AUTHORITY(member) .offset = offsetof(struct relay_conf_authority, member)

static enum err_code check_hex_key(const void *value, struct err *err)
{
    struct slice text = *(const struct slice *)value;
    if (conf_is_hex_key(text))
        return OK;
    return err_set(err, ERR_INVALID,
                   "is no public key; 64 hex digits, as `caprelay keys show` prints them");
}

enum err_code conf_check_http_listen(const void *value, struct err *err)
{
    struct slice text = *(const struct slice *)value;
    struct conf_http_listen listen;
    if (!conf_http_listen(text, &listen))
        return err_set(err, ERR_INVALID,
                       "`%s` is nowhere to listen; write https://ADDRESS:PORT with a numeric "
                       "address, as https://0.0.0.0:9653 or https://[::]:9653",
                       text.ptr);
    if (!listen.tls && !listen.is_local)
        return err_set(err, ERR_INVALID,
                       "`%s` can be reached from outside, and tokens would pass in clear; write "
                       "https, or 127.0.0.1",
                       text.ptr);
    return OK;
}

const struct conf_row conf_inject_http_rows[] = {
    {.name = "certificate",
     .type = CONF_PATH,
     AT(inject_http.certificate),
     .help = "Its certificate and those above it (PEM). Looked at again every five seconds: a "
             "renewed one needs no restart."},
    {.name = "key",
     .type = CONF_PATH,
     AT(inject_http.key),
     .help = "The certificate's private key (PEM). Default: in the certificate's file."},
    {.name = "connections",
     .type = CONF_INT,
     AT(inject_http.connections),
     .fallback = "128",
     .min = 8,
     .max = 1000,
     .help = "Connections at one time; further ones wait to be accepted. One address has at most "
             "a quarter of them."},
    {.type = CONF_END}};

const struct conf_row conf_authority_rows[] = {
    {.name = "name",
     .type = CONF_TEXT,
     AUTHORITY(name),
     .required = true,
     .check = conf_check_name,
     .help = "Who injects; over ZeroMQ it names itself so in each request."},
    {.name = "key",
     .type = CONF_TEXT,
     AUTHORITY(key_hex),
     .check = check_hex_key,
     .help = "Its public Ed25519 key, 64 hex digits (`caprelay keys show`). Without it the "
             "authority cannot come by ZeroMQ."},
    {.name = "token_sha256",
     .type = CONF_TEXTS,
     AUTHORITY(token_hex),
     .help = "SHA-256 of its bearer tokens (`caprelay keys new token` prints both), for "
             "listen.inject_http. Two of them carry over a change."},
    {.name = "certificate_sha256",
     .type = CONF_TEXTS,
     AUTHORITY(certificate_hex),
     .help = "Or SHA-256 fingerprints of its client certificates (`openssl x509 -noout "
             "-fingerprint -sha256`): these, by whomever issued, until their own end."},
    {.name = "country",
     .type = CONF_CHOICE,
     AUTHORITY(country),
     .fallback = "auto",
     .choices = conf_country_choices,
     .help = "The side that its alerts come from; auto: told by each alert."},
    {.name = "classes",
     .type = CONF_CHOICES,
     AUTHORITY(classes),
     .fallback = "exercise",
     .choices = conf_class_choices,
     .help = "Which classes it may inject. Actual must be written out."},
    {.name = "regions",
     .type = CONF_TEXTS,
     AUTHORITY(regions),
     .check = conf_check_regions,
     .help =
         "States and provinces in which the areas of its alerts must lie; without it anywhere."},
    {.name = "events",
     .type = CONF_TEXTS,
     AUTHORITY(events),
     .help = "CAP-CP or SAME event codes, or event names, that it may use; without it any."},
    {.type = CONF_NODE, AUTHORITY(node)},
    {.type = CONF_END}};
