/*
 * faulty_vfs: SQLite's default file system, failing at the calls that a test chooses.
 *
 * Stands between SQLite and the disk for the whole process, so that the journal is tested as it is
 * built, without an option of its own. Plans may be set from any thread.
 */
#ifndef CAPRELAY_TESTS_FAULTS_FAULTY_VFS_H
#define CAPRELAY_TESTS_FAULTS_FAULTY_VFS_H

#include <stdbool.h>

enum fault_call { FAULT_WRITE = 1, FAULT_SYNC = 2, FAULT_OPEN = 4 };
enum fault_file { FAULT_DB = 1, FAULT_WAL = 2 };

/* Once, before the first database is opened. */
void faulty_vfs_install(void);

/* Lets `after` calls of these kinds on these files through, then fails the next `count` with the
 * SQLite code. A write that fails has written half of its bytes. */
void fault_plan(unsigned calls, unsigned files, long after, long count, int code);
void fault_none(void);
/* Calls that failed since the plan was set. */
long fault_hits(void);

#endif
