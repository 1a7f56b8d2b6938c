#include "conf/relay_conf.h"

#include "conf/internal.h"
#include "conf/relay_rows.h"

#include "base/mem.h"

#include <stdlib.h>

/* What relay_conf_hold() counts; the public struct is its first member. */
struct held_conf {
    struct relay_conf conf;
    struct conf_doc *doc;
    unsigned holds;
};

/* --- what one row cannot say --- */

static void set_defaults(struct relay_conf *conf, struct arena *arena)
{
    if (!conf->relay.sender.ptr)
        conf->relay.sender = arena_printf(arena, "caprelay:%s", conf->relay.name.ptr);
    if (!conf->journal.path.ptr)
        conf->journal.path = arena_printf(arena, "%s/journal.db", conf->state_dir.ptr);
}

static enum err_code check_plain(const struct relay_conf *conf, const struct conf_node *root,
                                 struct err *err)
{
    const struct {
        const char *key;
        struct slice endpoint;
    } sockets[] = {{"feed", conf->listen.feed},
                   {"query", conf->listen.query},
                   {"inject", conf->listen.inject}};
    const struct conf_node *listen = conf_child(root, SLICE("listen"));
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        if (sockets[i].endpoint.ptr && !conf_endpoint_is_local(sockets[i].endpoint))
            return conf_fail(listen, sockets[i].key, err,
                             "`%s` can be reached from outside, and access.mode is plain; use "
                             "127.0.0.1, or access.mode curve",
                             sockets[i].endpoint.ptr);
    return OK;
}

static enum err_code check_curve(struct relay_conf *conf, const struct conf_node *root,
                                 struct err *err)
{
    const struct conf_node *access = conf_child(root, SLICE("access"));
    if (!conf->keys.curve.ptr)
        return conf_fail(root, "keys", err,
                         "curve is missing; name the file of the CURVE key, or set access.mode to "
                         "plain for the loopback");
    if (conf->access.allow.count == 0)
        return conf_fail(access ? access : root, access ? "allow" : "access", err,
                         "nobody is allowed to connect; list their CURVE public keys in "
                         "access.allow, or write `any`");
    return OK;
}

static enum err_code read_allow(struct relay_conf *conf, struct arena *arena,
                                const struct conf_node *root, struct err *err)
{
    const struct conf_texts *allow = &conf->access.allow;
    const struct conf_node *access = conf_child(root, SLICE("access"));
    conf->access.keys = arena_alloc_array(arena, allow->count, sizeof *conf->access.keys);
    for (size_t i = 0; i < allow->count; i++) {
        if (slice_eq_cstr(allow->items[i], "any")) {
            conf->access.any = true;
            continue;
        }
        if (!conf_curve_key(allow->items[i], conf->access.keys[conf->access.key_count++]))
            return conf_fail(access, "allow", err,
                             "`%s` is no CURVE public key; 40 characters of Z85 or 64 hex digits, "
                             "or the word any",
                             allow->items[i].ptr);
    }
    if (conf->access.any && allow->count > 1)
        return conf_fail(access, "allow", err,
                         "`any` makes the other keys needless; one or the other");
    return OK;
}

static enum err_code check_access(struct relay_conf *conf, struct arena *arena,
                                  const struct conf_node *root, struct err *err)
{
    enum err_code code = read_allow(conf, arena, root, err);
    if (code != OK)
        return code;
    return conf->access.mode == CONF_ACCESS_PLAIN ? check_plain(conf, root, err)
                                                  : check_curve(conf, root, err);
}

/* Names must be told apart; each item begins with `struct slice name`. */
static enum err_code check_unique(const struct conf_list *list, size_t item_size,
                                  const struct conf_node *root, const char *key, struct err *err)
{
    const struct conf_node *node =
        list->count ? conf_child(root, slice_from_cstr(key))->first : NULL;
    const char *items = list->items;
    for (size_t i = 0; i < list->count; i++, node = node->next)
        for (size_t j = 0; j < i; j++) {
            struct slice a = *(const struct slice *)(const void *)(items + i * item_size);
            struct slice b = *(const struct slice *)(const void *)(items + j * item_size);
            if (slice_eq(a, b))
                return conf_fail(node, "name", err, "`%s` is taken by %s[%zu]; names must differ",
                                 a.ptr, key, j + 1);
        }
    return OK;
}

static bool has_source(const struct relay_conf *conf, struct slice name)
{
    for (size_t i = 0; i < conf->sources.count; i++)
        if (slice_eq(relay_conf_source_at(conf, i)->name, name))
            return true;
    return slice_eq_cstr(name, "inject") &&
           (conf->listen.inject.ptr || conf->listen.inject_http.ptr);
}

static enum err_code check_rule(const struct relay_conf *conf, struct relay_conf_rule *rule,
                                struct err *err)
{
    if (!conf_has(rule->node, "within_km"))
        rule->within_km = -1;
    if (!conf_has(rule->node, "beyond_km"))
        rule->beyond_km = -1;
    if (rule->within_km >= 0 && rule->beyond_km >= rule->within_km)
        return conf_fail(rule->node, "beyond_km", err,
                         "nothing is farther than %g km and within %g km", rule->beyond_km,
                         rule->within_km);
    /* 1 is Extreme: at least moderate and at most severe is 3 and 2. */
    if (rule->severity_at_least && rule->severity_at_most > rule->severity_at_least)
        return conf_fail(rule->node, "severity_at_most", err,
                         "lies below severity_at_least, so nothing can match");
    for (size_t i = 0; i < rule->sources.count; i++)
        if (!has_source(conf, rule->sources.items[i]))
            return conf_fail(rule->node, "sources", err, "there is no source `%s`",
                             rule->sources.items[i].ptr);
    return OK;
}

static enum err_code check_rules(struct relay_conf *conf, const struct conf_node *root,
                                 struct err *err)
{
    struct relay_conf_rule *rules = conf->rules.items;
    enum err_code code = check_unique(&conf->rules, sizeof *rules, root, "rules", err);
    for (size_t i = 0; code == OK && i < conf->rules.count; i++)
        code = check_rule(conf, &rules[i], err);
    return code;
}

/* Whose a credential is must be plain. `theirs` are `count` times 32 bytes, `key` names the rows in
 * which both stand. */
static enum err_code check_taken(const struct relay_conf_authority *authority, const uint8_t *value,
                                 const struct relay_conf_authority *other, const void *theirs,
                                 size_t count, const char *key, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(value, (const uint8_t *)theirs + i * RELAY_CONF_KEY_BYTES,
                   RELAY_CONF_KEY_BYTES) == 0)
            return conf_fail(authority->node, key, err,
                             "is the %s of `%s` too; each authority needs its own", key,
                             other->name.ptr);
    return OK;
}

static enum err_code check_hashes(const struct relay_conf_authority *authority,
                                  const struct conf_texts *texts, const char *key,
                                  struct arena *arena, uint8_t (**out)[RELAY_CONF_KEY_BYTES],
                                  struct err *err)
{
    *out = arena_alloc_array(arena, texts->count, sizeof **out);
    for (size_t i = 0; i < texts->count; i++)
        if (!conf_fingerprint(texts->items[i], (*out)[i]))
            return conf_fail(authority->node, key, err, "`%s` is no SHA-256; 64 hex digits",
                             texts->items[i].ptr);
    return OK;
}

static enum err_code read_authority(struct relay_conf_authority *authority, struct arena *arena,
                                    struct err *err)
{
    authority->has_key = authority->key_hex.ptr != NULL;
    if (!authority->has_key && !authority->token_hex.count && !authority->certificate_hex.count)
        return conf_fail(authority->node, NULL, err,
                         "`%s` has no way to prove who it is; give it a key, token_sha256 or "
                         "certificate_sha256",
                         authority->name.ptr);
    if (authority->has_key &&
        !hex_decode(authority->key_hex, authority->key, sizeof authority->key))
        return conf_fail(authority->node, "key", err, "is no public key");
    enum err_code code = check_hashes(authority, &authority->token_hex, "token_sha256", arena,
                                      &authority->tokens, err);
    if (code == OK)
        code = check_hashes(authority, &authority->certificate_hex, "certificate_sha256", arena,
                            &authority->certificates, err);
    return code;
}

static enum err_code check_own(const struct relay_conf_authority *a,
                               const struct relay_conf_authority *b, struct err *err)
{
    enum err_code code = OK;
    if (a->has_key && b->has_key)
        code = check_taken(a, a->key, b, b->key, 1, "key", err);
    for (size_t i = 0; code == OK && i < a->token_hex.count; i++)
        code = check_taken(a, a->tokens[i], b, b->tokens, b->token_hex.count, "token_sha256", err);
    for (size_t i = 0; code == OK && i < a->certificate_hex.count; i++)
        code = check_taken(a, a->certificates[i], b, b->certificates, b->certificate_hex.count,
                           "certificate_sha256", err);
    return code;
}

static enum err_code check_authorities(struct relay_conf *conf, struct arena *arena,
                                       const struct conf_node *root, struct err *err)
{
    struct relay_conf_authority *all = conf->authorities.items;
    enum err_code code = check_unique(&conf->authorities, sizeof *all, root, "authorities", err);
    for (size_t i = 0; code == OK && i < conf->authorities.count; i++) {
        code = read_authority(&all[i], arena, err);
        for (size_t j = 0; code == OK && j < i; j++)
            code = check_own(&all[i], &all[j], err);
    }
    return code;
}

static enum err_code check_inject_http(struct relay_conf *conf, const struct conf_node *root,
                                       struct err *err)
{
    struct conf_http_listen listen;
    const struct conf_node *node = conf_child(root, SLICE("inject_http"));
    if (!conf->listen.inject_http.ptr || !conf_http_listen(conf->listen.inject_http, &listen))
        return OK;
    if (listen.tls && !conf->inject_http.certificate.ptr)
        return conf_fail(node ? node : root, node ? "certificate" : "inject_http", err,
                         "listen.inject_http is https, which needs a certificate; name its file "
                         "in inject_http.certificate");
    if (!listen.tls && conf->inject_http.certificate.ptr)
        return conf_fail(node, "certificate", err,
                         "says nothing where listen.inject_http is http://; write https:// there, "
                         "or leave the certificate out");
    if (!conf->inject_http.key.ptr)
        conf->inject_http.key = conf->inject_http.certificate;
    return OK;
}

/* What a pin says of its key is for who reads the files (origin_trust_create). */
static enum err_code check_signature(struct relay_conf_source *source, struct err *err)
{
    struct relay_conf_pin *pins = source->signature.pins.items;
    bool checked = source->signature.policy != CONF_SIGNATURE_IGNORE;
    if (checked && source->class_max == CONF_CLASS_EXERCISE)
        return conf_fail(source->node, "signature", err,
                         "what a source of class exercise sends is rewritten and bears no "
                         "signature; leave the policy at ignore");
    if (source->signature.policy == CONF_SIGNATURE_REQUIRE && !source->signature.pins.count)
        return conf_fail(source->node, "signature", err,
                         "requires signatures and names no pins, so that every alert would be "
                         "refused");
    for (size_t i = 0; i < source->signature.pins.count; i++) {
        conf_day(pins[i].not_before, &pins[i].not_before_s);
        if (conf_day(pins[i].not_after, &pins[i].not_after_s))
            pins[i].not_after_s += 86400;
    }
    return OK;
}

static enum err_code check_sources(struct relay_conf *conf, const struct conf_node *root,
                                   struct err *err)
{
    struct relay_conf_source *all = conf->sources.items;
    enum err_code code = check_unique(&conf->sources, sizeof *all, root, "sources", err);
    for (size_t i = 0; code == OK && i < conf->sources.count; i++) {
        all[i].digest = conf_node_digest(all[i].node);
        if (slice_eq_cstr(all[i].name, "inject") || slice_eq_cstr(all[i].name, "inject-http"))
            return conf_fail(all[i].node, "name", err,
                             "`%s` is the name of what authorities hand in; choose another",
                             all[i].name.ptr);
        if (all[i].country != CONF_SIDE_NONE && conf_has(all[i].node, "country_else"))
            return conf_fail(all[i].node, "country_else", err,
                             "only says something with `country: auto`");
        code = check_signature(&all[i], err);
    }
    return code;
}

static enum err_code check_outlets(struct relay_conf *conf, const struct conf_node *root,
                                   struct err *err)
{
    struct relay_conf_outlet *all = conf->outlets.items;
    enum err_code code = check_unique(&conf->outlets, sizeof *all, root, "outlets", err);
    for (size_t i = 0; code == OK && i < conf->outlets.count; i++) {
        all[i].digest = conf_node_digest(all[i].node);
        if (all[i].retry_max_us < all[i].retry_first_us)
            return conf_fail(all[i].node, "retry_max", err, "is shorter than retry_first");
    }
    return code;
}

static enum err_code check_whole(struct relay_conf *conf, struct arena *arena,
                                 const struct conf_node *root, struct err *err)
{
    set_defaults(conf, arena);
    enum err_code code = check_access(conf, arena, root, err);
    if (code == OK)
        code = check_sources(conf, root, err);
    if (code == OK)
        code = check_outlets(conf, root, err);
    if (code == OK)
        code = check_authorities(conf, arena, root, err);
    if (code == OK)
        code = check_inject_http(conf, root, err);
    if (code == OK)
        code = check_rules(conf, root, err);
    return code;
}

/* --- life --- */

/* Takes the document. */
static enum err_code from_doc(struct conf_doc *doc, const struct relay_conf **out, struct err *err)
{
    struct held_conf *held = mem_alloc(sizeof *held);
    held->doc = doc;
    held->holds = 1;
    held->conf.file = doc->path;
    enum err_code code = conf_read(doc->root, relay_conf_rows, &held->conf, err);
    if (code == OK)
        code = check_whole(&held->conf, doc->arena, doc->root, err);
    if (code != OK) {
        relay_conf_release(&held->conf);
        return code;
    }
    *out = &held->conf;
    return OK;
}

enum err_code relay_conf_load(const char *path, const struct relay_conf **out, struct err *err)
{
    struct conf_doc *doc = NULL;
    *out = NULL;
    enum err_code code = conf_doc_load(path, &doc, err);
    return code == OK ? from_doc(doc, out, err) : code;
}

enum err_code relay_conf_parse(const char *path, struct slice text, const struct relay_conf **out,
                               struct err *err)
{
    struct conf_doc *doc = NULL;
    *out = NULL;
    enum err_code code = conf_doc_parse(path, text, &doc, err);
    return code == OK ? from_doc(doc, out, err) : code;
}

static struct held_conf *held_of(const struct relay_conf *conf)
{
    return (struct held_conf *)(uintptr_t)conf;
}

const struct relay_conf *relay_conf_hold(const struct relay_conf *conf)
{
    held_of(conf)->holds++;
    return conf;
}

void relay_conf_release(const struct relay_conf *conf)
{
    if (!conf || --held_of(conf)->holds > 0)
        return;
    conf_doc_destroy(held_of(conf)->doc);
    free(held_of(conf));
}

const struct relay_conf_authority *relay_conf_authority_find(const struct relay_conf *conf,
                                                             struct slice name)
{
    for (size_t i = 0; i < conf->authorities.count; i++)
        if (slice_eq(relay_conf_authority_at(conf, i)->name, name))
            return relay_conf_authority_at(conf, i);
    return NULL;
}

void relay_conf_reference(struct buf *out)
{
    conf_reference_rows(out, "caprelay.yaml", relay_conf_rows);
}
