#include "cli/hook.h"

#include "base/buf.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS_MAX = 60 };

/* A file in memory instead of a pipe: a command that reads nothing, or late, blocks nobody. */
static int input_of(const struct caprelay_bulletin *bulletin)
{
    int fd = memfd_create("caprelay-bulletin", MFD_CLOEXEC);
    size_t done = 0;

    while (fd >= 0 && done < bulletin->derived_len) {
        ssize_t written = write(fd, bulletin->derived + done, bulletin->derived_len - done);
        if (written < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        done += written > 0 ? (size_t)written : 0;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static void set_environment(const struct caprelay_bulletin *bulletin)
{
    char number[24];
    struct buf regions;

    buf_init(&regions, 4096);
    for (size_t i = 0; i < bulletin->region_count; i++)
        buf_printf(&regions, "%s%s", i ? " " : "", bulletin->regions[i]);
    buf_put_char(&regions, '\0');
    snprintf(number, sizeof number, "%llu", (unsigned long long)bulletin->seq);
    setenv("CAPRELAY_SEQ", number, 1);
    setenv("CAPRELAY_CLASS", bulletin->class_name, 1);
    setenv("CAPRELAY_SIDE", bulletin->side, 1);
    setenv("CAPRELAY_REGIONS", buf_slice(&regions).ptr, 1);
    setenv("CAPRELAY_SENDER", bulletin->sender, 1);
    setenv("CAPRELAY_IDENTIFIER", bulletin->identifier, 1);
    setenv("CAPRELAY_DERIVED", bulletin->derived_identifier, 1);
}

static void run_child(const char *command, const struct caprelay_bulletin *bulletin, int input)
{
    setpgid(0, 0); /* so that what it started can be ended with it */
    set_environment(bulletin);
    signal(SIGPIPE, SIG_DFL);
    if (dup2(input, STDIN_FILENO) >= 0)
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static int wait_at_most(pid_t child)
{
    int status = 0;
    int handle = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd watched = {.fd = handle, .events = POLLIN};

    if (handle >= 0 && poll(&watched, 1, SECONDS_MAX * 1000) == 0) {
        kill(-child, SIGKILL);
        fprintf(stderr, "caprelay watch: the command took more than %d s and was ended\n",
                SECONDS_MAX);
    }
    if (handle >= 0)
        close(handle);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

bool hook_run(const char *command, const struct caprelay_bulletin *bulletin)
{
    int input = input_of(bulletin);
    int status;
    pid_t child;

    fflush(stdout);
    child = input >= 0 ? fork() : -1;
    if (child < 0) {
        fprintf(stderr, "caprelay watch: cannot run the command: %s\n", strerror(errno));
        if (input >= 0)
            close(input);
        return false;
    }
    if (child == 0)
        run_child(command, bulletin, input);
    close(input);
    status = wait_at_most(child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    fprintf(stderr, "caprelay watch: the command failed for number %llu: %s %d\n",
            (unsigned long long)bulletin->seq, WIFEXITED(status) ? "exit" : "signal",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return false;
}
