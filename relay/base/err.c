#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *err_code_name(enum err_code code)
{
    static const char *const names[] = {
        [OK] = "ok",
        [ERR_INVALID] = "invalid",
        [ERR_LIMIT] = "limit",
        [ERR_NOT_FOUND] = "not-found",
        [ERR_EXISTS] = "exists",
        [ERR_IO] = "io",
        [ERR_FULL] = "full",
        [ERR_CRYPTO] = "crypto",
        [ERR_STATE] = "state",
        [ERR_TIMEOUT] = "timeout",
    };
    size_t index = (size_t)code;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

enum err_code err_set(struct err *err, enum err_code code, const char *format, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    char text[sizeof err->text];
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err->code = code;
    memcpy(err->text, text, sizeof text);
    return code;
}

enum err_code err_errno(struct err *err, int errno_value, const char *format, ...)
{
    if (!err)
        return ERR_IO;
    char what[sizeof err->text], reason[128];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    enum err_code code = errno_value == ENOSPC || errno_value == EDQUOT ? ERR_FULL : ERR_IO;
    return err_set(err, code, "%s: %s", what, strerror_r(errno_value, reason, sizeof reason));
}

enum err_code err_wrap(struct err *err, const char *format, ...)
{
    if (!err)
        return ERR_INVALID;
    char prefix[sizeof err->text];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    return err_set(err, err->code, "%s: %s", prefix, err->text);
}
