/*
 * rows: options that whoever makes requests has in common, for tables of `struct conf_row`.
 *
 * `place` is the row's `.offset = ...`, of what goes into http_options: a struct slice, for the
 * timeout an int64_t in microseconds.
 */
#ifndef CAPRELAY_HTTP_ROWS_H
#define CAPRELAY_HTTP_ROWS_H

#define HTTP_CA_FILE_ROW(place)                                                                    \
    {                                                                                              \
        .name = "ca_file", .type = CONF_PATH, place, .file = CONF_FILE_CERTIFICATE,                \
        .help = "Certificates (PEM) to trust in place of the system's."                            \
    }
#define HTTP_PROXY_ROW(place)                                                                      \
    {                                                                                              \
        .name = "proxy", .type = CONF_TEXT, place,                                                 \
        .help = "URL of an HTTP proxy. The environment is not looked at."                          \
    }
#define HTTP_TIMEOUT_ROW(place, usual)                                                             \
    {                                                                                              \
        .name = "timeout", .type = CONF_DURATION, place, .fallback = usual, .min = 1, .max = 600,  \
        .help = "For one request."                                                                 \
    }

#endif
