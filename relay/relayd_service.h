/*
 * relayd_service: what the service manager is told (sd_notify), and its watchdog. Without a service
 * manager nothing happens.
 */
#ifndef CAPRELAY_RELAYD_SERVICE_H
#define CAPRELAY_RELAYD_SERVICE_H

#include "publish/health.h"

void service_ready(void);
void service_reloading(void);
void service_stopping(void);
/* One line for `systemctl status`, and the watchdog's food unless the relay hangs. */
void service_alive(const struct health *health, const char *status);

#endif
