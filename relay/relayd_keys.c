#include "relayd_keys.h"

#include "base/mem.h"
#include "log/log.h"
#include "seal/json.h"
#include "seal/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_US (24 * 3600 * INT64_C(1000000))
enum { KEY_WARN_DAYS = 42, LIST_BYTES_MAX = PACKET_HEADER_BYTES_MAX + 4096 };

/* --- the keys --- */

static enum err_code load_key(const char *conf_key, struct slice path, enum key_purpose purpose,
                              struct key *out, struct err *err)
{
    enum err_code code;

    if (access(path.ptr, F_OK) != 0)
        return err_set(err, ERR_NOT_FOUND,
                       "keys.%s: there is no %s; `caprelay keys new %s %s` makes one", conf_key,
                       path.ptr, key_purpose_name(purpose), path.ptr);
    code = key_load(path.ptr, out, err);
    if (code)
        return err_wrap(err, "keys.%s", conf_key);
    if (out->purpose != purpose || !out->has_secret)
        return err_set(err, ERR_CRYPTO,
                       "keys.%s: %s is a key for `%s`%s, and a secret one for `%s` is needed",
                       conf_key, path.ptr, key_purpose_name(out->purpose),
                       out->has_secret ? "" : " without its secret", key_purpose_name(purpose));
    return OK;
}

enum err_code relayd_keys_load_one(const struct relay_conf *conf, size_t index,
                                   struct relayd_keys *out, struct err *err)
{
    switch (index) {
    case 0:
        return load_key("actual", conf->keys.actual, KEY_ACTUAL, &out->actual, err);
    case 1:
        return load_key("exercise", conf->keys.exercise, KEY_EXERCISE, &out->exercise, err);
    default:
        out->has_curve = conf->access.mode == CONF_ACCESS_CURVE;
        return out->has_curve ? load_key("curve", conf->keys.curve, KEY_CURVE, &out->curve, err)
                              : OK;
    }
}

enum err_code relayd_keys_load(const struct relay_conf *conf, struct relayd_keys *out,
                               struct err *err)
{
    enum err_code code = OK;

    for (size_t i = 0; i < RELAYD_KEYS && !code; i++)
        code = relayd_keys_load_one(conf, i, out, err);
    if (code)
        relayd_keys_wipe(out);
    return code;
}

void relayd_keys_wipe(struct relayd_keys *keys)
{
    key_wipe(&keys->actual);
    key_wipe(&keys->exercise);
    key_wipe(&keys->curve);
}

/* --- the list --- */

static enum err_code read_list_file(const char *path, struct relayd_key_list *out, struct err *err)
{
    /* O_NONBLOCK: to open a FIFO is to wait for its writer, and a reload runs on the loop. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat found;
    ssize_t got = 0;

    if (fd < 0)
        return err_errno(err, errno,
                         "keys.list: %s (`caprelay keys sign` makes it with the root key)", path);
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) {
        close(fd);
        return err_set(err, ERR_INVALID, "keys.list: %s is no file", path);
    }
    out->bytes = mem_alloc(LIST_BYTES_MAX);
    while (out->len < LIST_BYTES_MAX &&
           (got = read(fd, out->bytes + out->len, LIST_BYTES_MAX - out->len)) > 0)
        out->len += (size_t)got;
    close(fd);
    if (got < 0)
        return err_errno(err, errno, "keys.list: %s", path);
    if (out->len == LIST_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "keys.list: %s is too large", path);
    return OK;
}

static const json_t *find_listed(const json_t *keys, const struct key *key)
{
    char hex[2 * KEY_PUBLIC_BYTES + 1];
    size_t index;
    const json_t *item;

    hex_encode(key->public_key, KEY_PUBLIC_BYTES, hex);
    json_array_foreach(keys, index, item)
    {
        const char *listed = json_string_value(json_object_get(item, "key"));

        if (listed && strcmp(listed, hex) == 0)
            return item;
    }
    return NULL;
}

/* What the list says of one key. A clock that nobody disciplines may stand years behind (no
 * battery), and then only time will tell. */
static enum err_code check_listed(const json_t *keys, const struct key *key, const char *name,
                                  const struct clock *clock, int64_t *not_after_us,
                                  struct json_fields *fields)
{
    const json_t *listed = find_listed(keys, key);
    int64_t now_us = clock_now_us(clock), not_before_us;

    if (!listed)
        return err_set(fields->err, ERR_CRYPTO, "the %s key %s is not on it", name, key->id);
    if (!slice_eq_cstr(json_get_text(fields, listed, "purpose"), key_purpose_name(key->purpose)))
        return err_set(fields->err, ERR_CRYPTO, "the %s key %s is listed for another purpose", name,
                       key->id);
    if (json_is_true(json_object_get(listed, "revoked")))
        return err_set(fields->err, ERR_CRYPTO, "the %s key %s is revoked", name, key->id);
    not_before_us = json_get_time_us_maybe(fields, listed, "not_before");
    *not_after_us = json_get_time_us_maybe(fields, listed, "not_after");
    if (json_failed(fields))
        return fields->code;
    if (*not_after_us && now_us >= *not_after_us)
        return err_set(fields->err, ERR_CRYPTO,
                       "the %s key %s has ended; sign a new list with `caprelay keys sign`", name,
                       key->id);
    if (now_us < not_before_us && clock_synchronised(clock))
        return err_set(fields->err, ERR_CRYPTO, "the %s key %s is not valid yet", name, key->id);
    if (now_us < not_before_us)
        log_write(LOG_LEVEL_ERROR, "keys.early",
                  "key=%s purpose=%s text=\"not valid yet by a clock that is not synchronised\"",
                  key->id, name);
    return OK;
}

static enum err_code check_list(const struct relay_conf *conf, const struct relayd_keys *keys,
                                const struct clock *clock, struct arena *arena,
                                struct relayd_key_list *out, struct err *err)
{
    struct json_fields fields = {.arena = arena, .err = err};
    struct packet packet;
    json_t *header = NULL;
    const json_t *listed;
    struct slice relay;
    enum err_code code = packet_split(slice_of(out->bytes, out->len), &packet, err);

    if (code)
        return code;
    if (packet.count != 2 || !(header = json_read(packet.parts[0], err)))
        return err_set(err, ERR_INVALID, "is no key list");
    relay = json_get_text(&fields, header, "relay");
    out->issued_us = json_get_time_us(&fields, header, "issued");
    listed = json_get_array(&fields, header, "keys");
    code = fields.code;
    if (!code && !slice_eq(relay, conf->relay.name))
        code = err_set(err, ERR_CRYPTO, "is the list of relay `%.*s`, not of `%s`",
                       SLICE_ARG(relay), conf->relay.name.ptr);
    if (!code)
        code = check_listed(listed, &keys->actual, "actual", clock, &out->actual_not_after_us,
                            &fields);
    if (!code)
        code = check_listed(listed, &keys->exercise, "exercise", clock, &out->exercise_not_after_us,
                            &fields);
    json_decref(header);
    return code;
}

enum err_code relayd_key_list_load(const struct relay_conf *conf, const struct relayd_keys *keys,
                                   const struct clock *clock, struct relayd_key_list *out,
                                   struct err *err)
{
    struct arena *arena;
    enum err_code code;

    *out = (struct relayd_key_list){0};
    if (!conf->keys.list.ptr) {
        log_write(LOG_LEVEL_WARNING, "keys.no-list",
                  "text=\"keys.list is not set: clients cannot verify anything\"");
        return OK;
    }
    code = read_list_file(conf->keys.list.ptr, out, err);
    if (!code) {
        arena = arena_create();
        code = check_list(conf, keys, clock, arena, out, err);
        arena_destroy(arena);
        if (code)
            code = err_wrap(err, "keys.list: %s", conf->keys.list.ptr);
    }
    if (code)
        relayd_key_list_fini(out);
    else
        relayd_key_list_warn(out, clock_now_us(clock));
    return code;
}

void relayd_key_list_fini(struct relayd_key_list *list)
{
    free(list->bytes);
    *list = (struct relayd_key_list){0};
}

static void warn_of_end(const char *name, int64_t not_after_us, int64_t now_us)
{
    char text[CLOCK_TEXT_MAX];

    if (not_after_us && not_after_us - now_us < KEY_WARN_DAYS * DAY_US)
        log_write(LOG_LEVEL_WARNING, "keys.end",
                  "purpose=%s end=%s days=%lld text=\"clients will refuse everything from then on; "
                  "sign a new list with caprelay keys sign and send SIGHUP\"",
                  name, clock_format_us(not_after_us, text),
                  (long long)((not_after_us - now_us) / DAY_US));
}

void relayd_key_list_warn(const struct relayd_key_list *list, int64_t now_us)
{
    warn_of_end("actual", list->actual_not_after_us, now_us);
    warn_of_end("exercise", list->exercise_not_after_us, now_us);
}
