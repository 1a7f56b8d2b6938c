/*
 * rows: options that whoever connects to a broker has in common, for tables of `struct conf_row`.
 *
 * For a `struct of` with the members broker and vhost (struct slice), port (int64_t) and tls
 * (bool).
 */
#ifndef CAPRELAY_AMQP_ROWS_H
#define CAPRELAY_AMQP_ROWS_H

#define AMQP_BROKER_ROWS(of)                                                                       \
    {.name = "broker",                                                                             \
     .type = CONF_TEXT,                                                                            \
     .offset = offsetof(struct of, broker),                                                        \
     .required = true,                                                                             \
     .help = "Host name of the broker; with TLS the one in its certificate."},                     \
        {.name = "port",                                                                           \
         .type = CONF_INT,                                                                         \
         .offset = offsetof(struct of, port),                                                      \
         .fallback = "5671",                                                                       \
         .min = 1,                                                                                 \
         .max = 65535,                                                                             \
         .help = "Its port."},                                                                     \
        {.name = "tls",                                                                            \
         .type = CONF_BOOL,                                                                        \
         .offset = offsetof(struct of, tls),                                                       \
         .fallback = "true",                                                                       \
         .help = "false: in clear, for a broker on this machine."},                                \
    {                                                                                              \
        .name = "vhost", .type = CONF_TEXT, .offset = offsetof(struct of, vhost), .fallback = "/", \
        .help = "Virtual host of the broker."                                                      \
    }

#endif
