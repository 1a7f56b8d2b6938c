#include "relayd_options.h"

#include <getopt.h>
#include <stdio.h>

#define DEFAULT_CONFIG "/etc/caprelay/caprelay.yaml"

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check-config", required_argument, NULL, 'k'},
    {"check-reload", required_argument, NULL, 'l'},
    {"config-reference", no_argument, NULL, 'r'},
    {"version", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static enum relayd_task task_of(int option)
{
    switch (option) {
    case 'c':
        return RELAYD_RUN;
    case 'k':
        return RELAYD_CHECK;
    case 'l':
        return RELAYD_CHECK_RELOAD;
    case 'r':
        return RELAYD_REFERENCE;
    case 'v':
        return RELAYD_VERSION;
    case 'h':
        return RELAYD_HELP;
    default:
        return RELAYD_USAGE;
    }
}

struct relayd_options relayd_options_read(int argc, char **argv)
{
    struct relayd_options options = {.task = RELAYD_RUN, .config_path = DEFAULT_CONFIG};
    int option;

    while ((option = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1) {
        options.task = task_of(option);
        if (option == 'c' || option == 'k' || option == 'l')
            options.config_path = optarg;
        if (options.task == RELAYD_USAGE)
            return options;
    }
    if (optind < argc) {
        fprintf(stderr, "caprelayd: there is no argument `%s`; see caprelayd --help\n",
                argv[optind]);
        options.task = RELAYD_USAGE;
    }
    return options;
}

void relayd_print_help(void)
{
    puts("usage: caprelayd [--config FILE]        run the relay (" DEFAULT_CONFIG ")\n"
         "       caprelayd --check-config FILE    check a configuration and each file that it "
         "names;\n"
         "                                        exit 0 where all is good\n"
         "       caprelayd --check-reload FILE    the configuration alone, as a reload checks it\n"
         "       caprelayd --config-reference     every key of the configuration, explained\n"
         "       caprelayd --version\n"
         "\n"
         "SIGHUP reads the configuration again, SIGTERM stops.");
}
