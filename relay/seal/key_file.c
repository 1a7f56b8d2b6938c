/* Key files: JSON, one key each. Written once with O_EXCL, since an overwritten key is a silenced
 * relay. */
#include "base/buf.h"
#include "base/digest.h"
#include "seal/json.h"
#include "seal/key.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_BYTES_MAX = 4096, SEED_BYTES = 32 };

static enum err_code read_all(int fd, const char *path, char *out, size_t *len, struct err *err)
{
    *len = 0;
    while (*len < KEY_FILE_BYTES_MAX) {
        ssize_t got = read(fd, out + *len, KEY_FILE_BYTES_MAX - *len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, errno, "cannot read %s", path);
        if (got == 0)
            return OK;
        *len += (size_t)got;
    }
    return err_set(err, ERR_INVALID, "%s is no key file: more than %d bytes", path,
                   KEY_FILE_BYTES_MAX);
}

/* The parsed text is jansson's copy; it is overwritten before it is freed. */
static void wipe_text(const json_t *value)
{
    if (json_is_string(value))
        sodium_memzero((char *)(uintptr_t)json_string_value(value), json_string_length(value));
}

static enum err_code key_from_json(const json_t *root, const char *path, struct key *out,
                                   struct err *err)
{
    const char *purpose_text = json_string_value(json_object_get(root, "purpose"));
    const char *public_text = json_string_value(json_object_get(root, "public"));
    const json_t *secret_value = json_object_get(root, "secret");
    const char *secret_text = json_string_value(secret_value);
    enum key_purpose purpose = key_purpose_from_name(slice_from_cstr(purpose_text));
    uint8_t public_key[KEY_PUBLIC_BYTES], seed[SEED_BYTES];

    if (!slice_eq_cstr(slice_from_cstr(json_string_value(json_object_get(root, "type"))),
                       "caprelay-key"))
        return err_set(err, ERR_INVALID, "%s is no key file: its \"type\" is not \"caprelay-key\"",
                       path);
    if (!purpose)
        return err_set(err, ERR_INVALID, "%s: unknown purpose '%s'", path,
                       purpose_text ? purpose_text : "");
    if (!hex_decode(slice_from_cstr(public_text), public_key, sizeof public_key))
        return err_set(err, ERR_INVALID, "%s: \"public\" must be 64 hex digits", path);
    key_from_public(out, purpose, public_key);
    if (!secret_value || json_is_null(secret_value))
        return OK;
    if (!hex_decode(slice_from_cstr(secret_text), seed, sizeof seed))
        return err_set(err, ERR_INVALID, "%s: \"secret\" must be 64 hex digits", path);
    key_from_seed(out, purpose, seed);
    sodium_memzero(seed, sizeof seed);
    if (memcmp(out->public_key, public_key, sizeof public_key) != 0)
        return err_set(err, ERR_CRYPTO, "%s: \"public\" does not belong to \"secret\"", path);
    return OK;
}

static enum err_code check_mode(const char *path, const struct stat *status, struct err *err)
{
    if (status->st_mode & (S_IRWXG | S_IRWXO))
        return err_set(err, ERR_CRYPTO,
                       "%s holds a secret key and others may use it (mode %04o): chmod 600 it, and "
                       "make a new key if it may have been read",
                       path, (unsigned)(status->st_mode & 07777));
    return OK;
}

static enum err_code key_read(int fd, const char *path, char *text, struct key *out,
                              struct err *err)
{
    struct stat status;
    struct err why = {0};
    size_t len = 0;
    json_t *root;
    enum err_code code;

    if (fstat(fd, &status) != 0)
        return err_errno(err, errno, "cannot read %s", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_INVALID, "%s is no file", path);
    if (read_all(fd, path, text, &len, err) != OK)
        return err->code;
    root = json_read(slice_of(text, len), &why);
    if (!root)
        return err_set(err, ERR_INVALID, "%s is no key file: %s", path, why.text);
    code = key_from_json(root, path, out, err);
    if (code == OK && out->has_secret)
        code = check_mode(path, &status, err);
    wipe_text(json_object_get(root, "secret"));
    json_decref(root);
    return code;
}

enum err_code key_load(const char *path, struct key *out, struct err *err)
{
    struct err own = {0};
    char text[KEY_FILE_BYTES_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    enum err_code code;

    *out = (struct key){0};
    if (fd < 0)
        return err_errno(err, errno, "cannot open the key file %s", path);
    code = key_read(fd, path, text, out, &own);
    close(fd);
    sodium_memzero(text, sizeof text);
    if (code != OK) {
        key_wipe(out);
        err_set(err, code, "%s", own.text);
    }
    return code;
}

static void key_text(const struct key *key, struct buf *out)
{
    char public_hex[2 * KEY_PUBLIC_BYTES + 1], secret_hex[2 * SEED_BYTES + 1];

    hex_encode(key->public_key, sizeof key->public_key, public_hex);
    hex_encode(key->secret_key, SEED_BYTES, secret_hex);
    buf_printf(out,
               "{\"v\":1,\"type\":\"caprelay-key\",\"purpose\":\"%s\",\"id\":\"%s\",\"public\":"
               "\"%s\",\"secret\":",
               key_purpose_name(key->purpose), key->id, public_hex);
    if (key->has_secret)
        buf_printf(out, "\"%s\"}\n", secret_hex);
    else
        buf_put_cstr(out, "null}\n");
    sodium_memzero(secret_hex, sizeof secret_hex);
}

static enum err_code write_synced(int fd, const char *path, struct slice text, struct err *err)
{
    while (text.len) {
        ssize_t done = write(fd, text.ptr, text.len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_errno(err, errno, "cannot write %s", path);
        text = slice_sub(text, (size_t)done, text.len);
    }
    if (fsync(fd) != 0)
        return err_errno(err, errno, "cannot sync %s", path);
    return OK;
}

/* So that the name survives a power cut as well. */
static enum err_code sync_folder(const char *path, struct err *err)
{
    char copy[PATH_MAX];
    int fd, result;

    if (strlen(path) >= sizeof copy)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", path);
    memcpy(copy, path, strlen(path) + 1);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "cannot open the folder of %s", path);
    result = fsync(fd);
    close(fd);
    return result == 0 ? OK : err_errno(err, errno, "cannot sync the folder of %s", path);
}

enum err_code key_save(const char *path, const struct key *key, struct err *err)
{
    struct buf text;
    enum err_code code;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_EXISTS, "%s exists; a key is never overwritten", path);
    if (fd < 0)
        return err_errno(err, errno, "cannot make %s", path);
    buf_init(&text, KEY_FILE_BYTES_MAX);
    key_text(key, &text);
    code = write_synced(fd, path, buf_slice(&text), err);
    sodium_memzero(text.ptr, text.len);
    buf_fini(&text);
    close(fd);
    if (code == OK)
        code = sync_folder(path, err);
    if (code != OK)
        (void)unlink(path);
    return code;
}
