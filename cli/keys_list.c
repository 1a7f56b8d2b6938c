/* caprelay keys sign and show. */
#include "cli/keys.h"

#include "base/clock.h"
#include "seal/json.h"
#include "seal/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 20 };

bool keys_time(const char *text, int64_t *out)
{
    char full[40];
    size_t len = strlen(text);

    if (time_us_from_text(slice_from_cstr(text), out))
        return true;
    if (len != 20 || text[19] != 'Z')
        return false;
    snprintf(full, sizeof full, "%.19s.000000Z", text);
    return time_us_from_text(slice_from_cstr(full), out);
}

static enum err_code write_bytes(int fd, struct slice bytes)
{
    while (bytes.len) {
        ssize_t done = write(fd, bytes.ptr, bytes.len);
        if (done < 0 && errno != EINTR)
            return ERR_IO;
        bytes = slice_sub(bytes, done > 0 ? (size_t)done : 0, bytes.len);
    }
    return fsync(fd) == 0 ? OK : ERR_IO;
}

enum err_code keys_write(const char *path, struct slice bytes, struct err *err)
{
    char temporary[4096];
    int fd;
    enum err_code code;

    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", path);
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, errno, "cannot make %s", temporary);
    code = write_bytes(fd, bytes);
    if (code != OK)
        err_errno(err, errno, "cannot write %s", temporary);
    close(fd);
    if (code == OK && rename(temporary, path) != 0)
        code = err_errno(err, errno, "cannot replace %s", path);
    if (code != OK)
        (void)unlink(temporary);
    return code;
}

static enum err_code load_list(const char *path, const uint8_t *root, struct arena *arena,
                               struct keylist *out, struct err *err)
{
    char *bytes;
    size_t len;
    enum err_code code;

    if (!common_load(path, FILE_BYTES_MAX, &bytes, &len))
        return err_set(err, ERR_IO, "no key list %s", path);
    code = keylist_open(arena, root, arena_copy(arena, slice_of(bytes, len)), out, err);
    free(bytes);
    return code;
}

/* NAME=KEYFILE for an authority, KEYFILE for the relay's own. */
static enum err_code add_key(const struct keys_options *options, const char *argument,
                             struct keylist *list, struct err *err)
{
    const char *equals = strchr(argument, '=');
    struct keylist_key *added = &list->keys[list->count];
    struct key key;

    if (list->count == KEYLIST_KEYS_MAX)
        return err_set(err, ERR_LIMIT, "at most %d keys", KEYLIST_KEYS_MAX);
    if (key_load(equals ? equals + 1 : argument, &key, err) != OK)
        return err->code;
    if ((key.purpose == KEY_AUTHORITY) != (equals != NULL) || key.purpose == KEY_ROOT ||
        key.purpose == KEY_CURVE) {
        err_set(err, ERR_INVALID,
                "%s: a key for %s; listed are actual, exercise, and NAME=authority", argument,
                key_purpose_name(key.purpose));
        key_wipe(&key);
        return err->code;
    }
    *added = (struct keylist_key){.purpose = key.purpose,
                                  .not_before_us = options->not_before_us,
                                  .not_after_us = options->not_after_us};
    memcpy(added->public_key, key.public_key, sizeof added->public_key);
    memcpy(added->id, key.id, sizeof added->id);
    if (equals)
        added->name = slice_of(argument, (size_t)(equals - argument));
    key_wipe(&key);
    if (keylist_find(list, slice_from_cstr(added->id)))
        return err_set(err, ERR_EXISTS, "key %s is on the list already", added->id);
    list->count++;
    return OK;
}

static enum err_code revoke_key(struct keylist *list, const char *id, struct err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->keys[i].id, id) != 0)
            continue;
        list->keys[i].revoked = true;
        return OK;
    }
    return err_set(err, ERR_NOT_FOUND, "key %s is not on the list", id);
}

static enum err_code make_list(const struct keys_options *options, const struct key *root,
                               struct arena *arena, char **files, int count, struct keylist *list,
                               struct err *err)
{
    struct keylist_key *keys = arena_alloc_array(arena, KEYLIST_KEYS_MAX + 1, sizeof *keys);
    enum err_code code = OK;

    *list = (struct keylist){0};
    if (options->from)
        code = load_list(options->from, root->public_key, arena, list, err);
    if (list->count)
        memcpy(keys, list->keys, list->count * sizeof *keys);
    list->keys = keys;
    list->relay = slice_from_cstr(options->relay);
    list->issued_us = clock_now_us(&clock_system);
    for (size_t i = 0; code == OK && i < options->revoked_count; i++)
        code = revoke_key(list, options->revoked[i], err);
    for (int i = 0; code == OK && i < count; i++)
        code = add_key(options, files[i], list, err);
    return code;
}

int keys_sign(const struct keys_options *options, int argc, char **argv)
{
    struct arena *arena;
    struct keylist list;
    struct err err = {0};
    struct key root;
    struct buf packet;
    enum err_code code;

    if (!options->root || !options->relay || !options->out || (!argc && !options->from))
        return common_usage(&options->common, "sign wants --root, --relay, --out and key files");
    if (key_load(options->root, &root, &err) != OK)
        return keys_fail(&err);
    arena = arena_create();
    buf_init(&packet, FILE_BYTES_MAX);
    code = make_list(options, &root, arena, argv, argc, &list, &err);
    if (code == OK)
        code = keylist_seal(&root, &list, &packet, &err);
    if (code == OK)
        code = keys_write(options->out, buf_slice(&packet), &err);
    if (code == OK)
        printf("%zu keys, signed by %s: %s\n", list.count, root.id, options->out);
    key_wipe(&root);
    buf_fini(&packet);
    arena_destroy(arena);
    return code == OK ? EXIT_DONE : keys_fail(&err);
}

static void print_when(const char *name, int64_t instant_us)
{
    char text[CLOCK_TEXT_MAX];

    if (instant_us)
        printf("  %s %s", name, clock_format_us(instant_us, text));
}

static void print_list(const struct keylist *list)
{
    print_when("issued", list->issued_us);
    printf("\n");
    for (size_t i = 0; i < list->count; i++) {
        const struct keylist_key *key = &list->keys[i];
        printf("  %s  %-9s  ", key->id, key_purpose_name(key->purpose));
        common_print(stdout, key->name);
        print_when("from", key->not_before_us);
        print_when("until", key->not_after_us);
        printf("%s\n", key->revoked ? "  REVOKED" : "");
    }
}

/* Without the root it can be read, but nobody vouches for it. */
static enum err_code show_list(const struct keys_options *options, const char *path,
                               struct slice bytes, struct err *err)
{
    struct arena *arena;
    struct keylist list;
    struct key root;
    uint8_t public_key[KEY_PUBLIC_BYTES];
    enum err_code code;

    if (!options->root)
        return err_set(err, ERR_INVALID, "%s: a key list is shown with --root KEY", path);
    if (!hex_decode(slice_from_cstr(options->root), public_key, sizeof public_key)) {
        if (key_load(options->root, &root, err) != OK)
            return err->code;
        memcpy(public_key, root.public_key, sizeof public_key);
        key_wipe(&root);
    }
    arena = arena_create();
    code = keylist_open(arena, public_key, bytes, &list, err);
    if (code == OK) {
        printf("%s: key list of %.*s, signature good,", path, SLICE_ARG(list.relay));
        print_list(&list);
    }
    arena_destroy(arena);
    return code;
}

static void show_card(const char *path, const struct card *card)
{
    struct key root;

    key_from_public(&root, KEY_ROOT, card->root);
    printf("%s: contact card of %s\n  feed %s\n  query %s\n  inject %s\n  %s\n  root %s\n", path,
           card->relay, card->feed, card->query, card->inject ? card->inject : "-",
           card->has_curve ? "CURVE" : "PLAIN: loopback only", root.id);
}

static enum err_code show_file(const struct keys_options *options, const char *path,
                               struct err *err)
{
    struct arena *arena = arena_create();
    struct card card;
    struct key key;
    char *bytes;
    size_t len;
    enum err_code code = ERR_INVALID;

    if (key_load(path, &key, err) == OK) {
        char hex[2 * KEY_PUBLIC_BYTES + 1];
        hex_encode(key.public_key, sizeof key.public_key, hex);
        printf("%s: key %s for %s, %s\n  public %s\n", path, key.id, key_purpose_name(key.purpose),
               key.has_secret ? "with its secret" : "public half only", hex);
        key_wipe(&key);
        code = OK;
    } else if (err->code == ERR_CRYPTO) {
        code = err->code;
    } else if (common_load(path, FILE_BYTES_MAX, &bytes, &len)) {
        if (card_read(arena, slice_of(bytes, len), &card, NULL) == OK) {
            show_card(path, &card);
            code = OK;
        } else {
            code = show_list(options, path, slice_of(bytes, len), err);
        }
        free(bytes);
    }
    arena_destroy(arena);
    return code;
}

int keys_show(const struct keys_options *options, int argc, char **argv)
{
    int code = EXIT_DONE;

    if (!argc)
        return common_usage(&options->common, "show wants files");
    for (int i = 0; i < argc; i++) {
        struct err err = {0};
        if (show_file(options, argv[i], &err) != OK)
            code = keys_fail(&err);
    }
    return code;
}
