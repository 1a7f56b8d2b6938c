#include "outlets/body.h"

#include "base/sha1.h"
#include "seal/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct conf_choice outlet_body_choices[] = {{"json", OUTLET_BODY_JSON},
                                                  {"derived", OUTLET_BODY_DERIVED},
                                                  {"bulletin", OUTLET_BODY_BULLETIN},
                                                  {NULL, 0}};

/* Absent where the original travels by its digest alone. */
static struct slice original_text(struct arena *arena, struct slice original)
{
    if (!original.len)
        return (struct slice){NULL, 0};
    char *text = arena_alloc(arena, BASE64_MAX(original.len));
    base64_encode(original, text);
    return slice_from_cstr(text);
}

static struct slice make_json(struct arena *arena, const struct outlet_bulletin *bulletin)
{
    json_t *object = json_object();
    struct err err;

    json_put_number(object, "v", 1);
    json_put_text(object, "id", bulletin->id);
    json_put_cstr(object, "class", alert_class_name(bulletin->class));
    json_put_number(object, "number", bulletin->number);
    json_put(object, "header", json_read(bulletin->header, &err));
    json_put_text(object, "derived", bulletin->derived);
    json_put_text(object, "original", original_text(arena, bulletin->original));
    return json_take_text(arena, object);
}

struct slice outlet_body_make(struct arena *arena, enum outlet_body body,
                              const struct outlet_bulletin *bulletin, const char **content_type)
{
    switch (body) {
    case OUTLET_BODY_DERIVED:
        *content_type = "application/cap+xml";
        return bulletin->derived;
    case OUTLET_BODY_BULLETIN:
        *content_type = "application/vnd.caprelay.bulletin";
        return bulletin->frame;
    case OUTLET_BODY_JSON:
        break;
    }
    *content_type = "application/json";
    return make_json(arena, bulletin);
}

static enum err_code read_file(int fd, const char *path, char *out, size_t *len, struct err *err)
{
    struct stat found;
    ssize_t got = 0;

    if (fstat(fd, &found) != 0)
        return err_errno(err, errno, "%s", path);
    if (!S_ISREG(found.st_mode))
        return err_set(err, ERR_INVALID, "%s is no file", path);
    if (found.st_mode & S_IRWXO)
        return err_set(err, ERR_INVALID,
                       "%s may be read by everybody; take that away (chmod o= %s)", path, path);
    if (found.st_size > OUTLET_SECRET_BYTES)
        return err_set(err, ERR_LIMIT, "%s is larger than %d bytes", path, OUTLET_SECRET_BYTES);
    for (*len = 0; *len < OUTLET_SECRET_BYTES; *len += (size_t)got) {
        got = read(fd, out + *len, OUTLET_SECRET_BYTES - *len);
        if (got < 0)
            return err_errno(err, errno, "%s", path);
        if (got == 0)
            break;
    }
    return OK;
}

enum err_code outlet_secret_read(struct slice path, size_t min, char out[OUTLET_SECRET_BYTES + 1],
                                 struct err *err)
{
    size_t len = 0;
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return err_errno(err, errno, "%s", path.ptr);
    enum err_code code = read_file(fd, path.ptr, out, &len, err);
    close(fd);
    if (code)
        return code;
    struct slice text = slice_trim(slice_of(out, len));
    if (text.len < min)
        return err_set(err, ERR_INVALID, "%s holds %zu characters; at least %zu are wanted",
                       path.ptr, text.len, min);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f)
            return err_set(err, ERR_INVALID,
                           "%s: only printable ASCII without blanks makes a secret; `openssl rand "
                           "-hex 32` makes a good one",
                           path.ptr);
    memmove(out, text.ptr, text.len);
    out[text.len] = '\0';
    return OK;
}
