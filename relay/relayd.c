/*
 * caprelayd: the relay as a daemon. Reads the command line and the configuration, and runs the
 * house.
 */
#include "log/log.h"
#include "loop/thread.h"
#include "relayd_check.h"
#include "relayd_house.h"
#include "relayd_options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Exit codes: 1 the relay cannot run or the configuration is not good, 2 the command line is wrong.
 */
enum { EXIT_BROKEN = 1, EXIT_USAGE = 2 };

static int fail(const struct err *err)
{
    fprintf(stderr, "caprelayd: %s\n", err->text);
    return EXIT_BROKEN;
}

/* Each subscriber is a descriptor, and 1,024 is the usual soft limit. Not being given more is no
 * reason not to run. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            log_write(LOG_LEVEL_WARNING, "relay.descriptors", "error=\"%s\"", strerror(errno));
    }
}

/* A thread may hang in a library for as long as somebody far away says nothing. All that has to
 * last is on the disk by now. */
static void end(void)
{
    fflush(NULL);
    if (thread_count() > 0)
        _exit(0);
}

static int run(const char *path)
{
    const struct relay_conf *conf = NULL;
    struct house house;
    struct err err = {0};

    signal(SIGPIPE, SIG_IGN);
    if (!relayd_inspect(path, false, &conf))
        return EXIT_BROKEN;
    log_set_level((enum log_level)conf->log.level);
    raise_descriptor_limit();
    if (house_build(&house, path, conf, &err))
        return fail(&err);
    house_run(&house);
    house_tear_down(&house);
    log_write(LOG_LEVEL_NOTICE, "relay.stopped", "exit=0");
    end();
    return 0;
}

static int check(const char *path, bool files)
{
    const struct relay_conf *conf = NULL;

    if (!relayd_inspect(path, files, &conf))
        return EXIT_BROKEN;
    printf("%s: good\n", path);
    relay_conf_release(conf);
    return 0;
}

static int reference(void)
{
    struct buf page;

    buf_init(&page, 1024 * 1024);
    relay_conf_reference(&page);
    hosts_reference(&page);
    outlets_reference(&page);
    fwrite(page.ptr, 1, page.len, stdout);
    buf_fini(&page);
    return 0;
}

int main(int argc, char **argv)
{
    struct relayd_options options = relayd_options_read(argc, argv);

    switch (options.task) {
    case RELAYD_RUN:
        return run(options.config_path);
    case RELAYD_CHECK:
        return check(options.config_path, true);
    case RELAYD_CHECK_RELOAD:
        return check(options.config_path, false);
    case RELAYD_REFERENCE:
        return reference();
    case RELAYD_VERSION:
        puts("caprelayd " CAPRELAY_VERSION);
        return 0;
    case RELAYD_HELP:
        relayd_print_help();
        return 0;
    case RELAYD_USAGE:
        break;
    }
    return EXIT_USAGE;
}
