/*
 * relayd_options: the daemon's command line.
 */
#ifndef CAPRELAY_RELAYD_OPTIONS_H
#define CAPRELAY_RELAYD_OPTIONS_H

enum relayd_task {
    RELAYD_RUN = 0,
    RELAYD_CHECK,        /* --check-config */
    RELAYD_CHECK_RELOAD, /* --check-reload */
    RELAYD_REFERENCE,    /* --config-reference */
    RELAYD_VERSION,
    RELAYD_HELP,
    RELAYD_USAGE /* the line was wrong; a message is on stderr */
};

struct relayd_options {
    enum relayd_task task;
    const char *config_path;
};

struct relayd_options relayd_options_read(int argc, char **argv);
void relayd_print_help(void);

#endif
