#include "adapters/inject_http/post.h"

#include <stdarg.h>
#include <stdio.h>

/* Nobody guesses 32 characters; what is shorter was made up by somebody. */
enum { TOKEN_MIN = 32, TOKEN_MAX = 512 };

bool post_refuse(struct post_refusal *refusal, int status, const char *reason, const char *format,
                 ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(refusal->text, sizeof refusal->text, format, args);
    va_end(args);
    refusal->status = status;
    refusal->reason = reason;
    return false;
}

/* As much of what came as a refusal repeats. */
static struct slice shown(struct slice text)
{
    return slice_sub(text, 0, 100);
}

/* --- where --- */

static bool check_place(const struct post *post, struct post_refusal *refusal)
{
    if (!slice_eq_cstr(post->path, POST_PATH))
        return post_refuse(refusal, 404, "http.path",
                           "there is nothing here; alerts are taken by POST to " POST_PATH);
    if (!slice_eq_cstr(post->method, "POST"))
        return post_refuse(refusal, 405, "http.method",
                           "alerts are taken by POST here, and nothing is shown; what became of "
                           "one tells its receipt, or `caprelay why`");
    return true;
}

/* --- who --- */

static const struct relay_conf_authority *find_token(const struct relay_conf *conf,
                                                     struct slice token)
{
    uint8_t hash[SHA256_BYTES];
    const struct relay_conf_authority *found = NULL;
    sha256_of(token, hash);
    for (size_t i = 0; i < conf->authorities.count; i++) {
        const struct relay_conf_authority *authority = relay_conf_authority_at(conf, i);
        for (size_t j = 0; j < authority->token_hex.count; j++)
            if (sha256_eq(authority->tokens[j], hash))
                found = authority;
    }
    return found;
}

static const struct relay_conf_authority *find_certificate(const struct relay_conf *conf,
                                                           const uint8_t fingerprint[SHA256_BYTES])
{
    for (size_t i = 0; i < conf->authorities.count; i++) {
        const struct relay_conf_authority *authority = relay_conf_authority_at(conf, i);
        for (size_t j = 0; j < authority->certificate_hex.count; j++)
            if (sha256_eq(authority->certificates[j], fingerprint))
                return authority;
    }
    return NULL;
}

static bool check_token(const struct post *post, const struct relay_conf *conf,
                        const struct relay_conf_authority **out, struct post_refusal *refusal)
{
    struct slice scheme, rest = post->authorization;
    if (post->authorizations > 1)
        return post_refuse(refusal, 400, "http.authorization",
                           "the header Authorization came %zu times; send it once",
                           post->authorizations);
    if (!slice_next_token(&rest, &scheme) || !slice_ieq_cstr(scheme, "Bearer"))
        return post_refuse(refusal, 401, "inject.token",
                           "the header Authorization is not of the form `Bearer TOKEN`");
    struct slice token = slice_trim(rest);
    if (token.len < TOKEN_MIN || token.len > TOKEN_MAX)
        return post_refuse(refusal, 401, "inject.token",
                           "the token has %zu characters; from %d to %d are taken, as `caprelay "
                           "keys new token` makes them",
                           token.len, TOKEN_MIN, TOKEN_MAX);
    *out = find_token(conf, token);
    return *out || post_refuse(refusal, 401, "inject.token",
                               "no authority has this token at this relay; ask its operator to put "
                               "its SHA-256 under token_sha256");
}

static bool check_certificate(const struct post *post, const struct relay_conf *conf, int64_t now_s,
                              const struct relay_conf_authority **out, struct post_refusal *refusal)
{
    char hex[2 * SHA256_BYTES + 1];
    const struct httpd_certificate *certificate = &post->certificate;
    hex_encode(certificate->sha256, SHA256_BYTES, hex);
    *out = find_certificate(conf, certificate->sha256);
    if (!*out)
        return post_refuse(refusal, 403, "inject.certificate",
                           "no authority has the client certificate with the SHA-256 %s at this "
                           "relay; ask its operator to put it under certificate_sha256",
                           hex);
    if (now_s < certificate->not_before_s || now_s >= certificate->not_after_s) {
        bool ended = now_s >= certificate->not_after_s;
        char text[CLOCK_TEXT_MAX];
        clock_format_s(ended ? certificate->not_after_s : certificate->not_before_s, text);
        return post_refuse(refusal, 403, "inject.certificate",
                           ended ? "the client certificate ended on %s; send one that is valid, "
                                   "and have the relay's operator add it"
                                 : "the client certificate is valid from %s only; mind the clock",
                           text);
    }
    return true;
}

/* A token that is sent must be good, whatever certificate comes with it. */
static bool check_who(const struct post *post, const struct relay_conf *conf, int64_t now_s,
                      struct request *out, struct post_refusal *refusal)
{
    const struct relay_conf_authority *by_token = NULL, *by_certificate = NULL;
    if (!post->authorization.ptr && !post->has_certificate)
        return post_refuse(refusal, 401, "inject.token",
                           "nothing says who this is; send `Authorization: Bearer TOKEN`, or a "
                           "client certificate");
    if (post->authorization.ptr && !check_token(post, conf, &by_token, refusal))
        return false;
    if (post->has_certificate && !by_token &&
        !check_certificate(post, conf, now_s, &by_certificate, refusal))
        return false;
    if (post->has_certificate && by_token)
        by_certificate = find_certificate(conf, post->certificate.sha256);
    if (by_token && by_certificate && by_token != by_certificate)
        return post_refuse(refusal, 403, "inject.authority",
                           "the token is that of %s, the client certificate that of %s; send one "
                           "of them",
                           by_token->name.ptr, by_certificate->name.ptr);
    out->known = by_token ? by_token : by_certificate;
    out->authority = out->known->name;
    return true;
}

/* --- what --- */

/* text/xml, application/xml, application/ANYTHING+xml (RFC 7303). Which encoding the document has
 * says the document. */
static bool is_xml(struct slice content_type)
{
    struct slice type;
    if (!slice_next_part(&content_type, ';', &type))
        return false;
    type = slice_trim(type);
    if (slice_ieq_cstr(type, "text/xml") || slice_ieq_cstr(type, "application/xml"))
        return true;
    return slice_istarts_with(type, "application/") && type.len > strlen("application/+xml") &&
           slice_ieq_cstr(slice_sub(type, type.len - strlen("+xml"), type.len), "+xml");
}

static bool check_content(const struct post *post, struct post_refusal *refusal)
{
    if (!post->content_type.ptr || !is_xml(post->content_type))
        return post_refuse(refusal, 415, "http.content-type",
                           "the header Content-Type is `%.*s`; send the alert itself with "
                           "application/cap+xml (or application/xml, text/xml)",
                           SLICE_ARG(shown(post->content_type)));
    if (post->content_encoding.ptr && !slice_ieq_cstr(post->content_encoding, "identity"))
        return post_refuse(refusal, 415, "http.content-encoding",
                           "the header Content-Encoding is `%.*s`; send the alert uncompressed",
                           SLICE_ARG(shown(post->content_encoding)));
    return true;
}

/* Strict: dryrun=1 must not publish what was to be tried. */
static bool check_query(const struct post *post, struct request *out, struct post_refusal *refusal)
{
    static const struct {
        const char *text;
        bool dry_run;
    } known[] = {{"dry_run=1", true},
                 {"dry_run=true", true},
                 {"dry_run=0", false},
                 {"dry_run=false", false}};
    if (post->query.len == 0)
        return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_eq_cstr(post->query, known[i].text)) {
            out->dry_run = known[i].dry_run;
            return true;
        }
    return post_refuse(refusal, 400, "http.query",
                       "behind the question mark stands `%.*s`; only dry_run=1 is known",
                       SLICE_ARG(shown(post->query)));
}

bool post_check(const struct post *post, const struct relay_conf *conf, int64_t now_s,
                struct request *out, struct post_refusal *refusal)
{
    return check_place(post, refusal) && check_who(post, conf, now_s, out, refusal) &&
           check_content(post, refusal) && check_query(post, out, refusal);
}
