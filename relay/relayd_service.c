#include "relayd_service.h"

#include <systemd/sd-daemon.h>
#include <time.h>

void service_ready(void)
{
    sd_notify(0, "READY=1");
}

/* systemd wants the monotonic time of the reload with the word. */
void service_reloading(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
               (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void service_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void service_alive(const struct health *health, const char *status)
{
    sd_notifyf(0, "%sSTATUS=%s", health->hung ? "" : "WATCHDOG=1\n", status);
}
