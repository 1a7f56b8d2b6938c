/*
 * err: why a call failed, on the caller's stack.
 *
 * Fallible functions return the code and take `struct err *` last (NULL is accepted). Low layers
 * report, the layer that decides logs, once. A duplicate, an expired or a test alert is no error
 * but a verdict.
 */
#ifndef CAPRELAY_BASE_ERR_H
#define CAPRELAY_BASE_ERR_H

enum err_code {
    OK = 0,
    ERR_INVALID,   /* what was given breaks a rule that the text names */
    ERR_LIMIT,     /* larger or deeper than allowed */
    ERR_NOT_FOUND, /* no such thing */
    ERR_EXISTS,    /* there already is one */
    ERR_IO,        /* the system refused; the text has its reason */
    ERR_FULL,      /* no room on the disk or in the queue: try again later */
    ERR_CRYPTO,    /* a signature, digest or key is not good */
    ERR_STATE,     /* not possible now */
    ERR_TIMEOUT    /* no answer within the time given */
};

struct err {
    enum err_code code;
    char text[400];
};

const char *err_code_name(enum err_code code);
/* Sets code and text and returns the code, so that a failure is one line. */
enum err_code err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with ": " and strerror(errno_value) behind. */
enum err_code err_errno(struct err *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "prefix: " before the text and returns the code as it is. */
enum err_code err_wrap(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
