/* fair.h - the processor shared fairly between teams, however many of their machines compute.
 *
 * Three ways, the best that the host allows: a control group for each team (cgroup v2, cpu
 * controller, delegated to this user); else the scheduler's automatic groups, of which each QEMU
 * has its own, weighed anew every second by how many of a team's machines compute; else the nice
 * values of processes, once. The engine always weighs more than any machine.
 * sched(7), "The autogroup feature"; the kernel's Documentation/admin-guide/cgroup-v2.rst.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

enum fair_way { FAIR_CGROUP, FAIR_AUTOGROUP, FAIR_NICE };

struct fair;

/* The way this host allows, and why in words for people (the caller's; may be NULL). */
enum fair_way fair_way(char **ret_why);

/* Never fails: without any way it does nothing. */
struct fair *fair_new(int teams);
/* Accepts NULL. Leaves the processes as they are; groups of ours are removed when they are empty.
 */
void fair_free(struct fair *fair);

/* A machine's process, in a session of its own, belongs to team. A second call is no matter. */
void fair_add(struct fair *fair, int team, pid_t pid);

/* Looks at what the machines computed since the last call and weighs the teams; once a second. */
void fair_tick(struct fair *fair);

/* How many steps of nice make k machines together weigh as much as one: a step is a fifth less
 * (sched_prio_to_weight[] in the kernel). */
int fair_steps(int k);

/* ---- fair_cgroup.c ------------------------------------------------------------------------- */

/* The folder of this process's cgroup v2 when it is ours, empty but for this process, and has the
 * cpu controller; NULL otherwise, with the reason. mount is /sys/fs/cgroup, self /proc/self/cgroup.
 */
char *fair_cgroup_find(const char *mount, const char *self, char **ret_why);
/* Why the scheduler makes no automatic groups of this process and its children, or NULL: it does so
 * only of what is in the root group of the cpu controller, whatever /proc/PID/autogroup says. */
const char *fair_why_no_autogroup(const char *mount, const char *self);
/* Folders DIR/engine and DIR/teamN with weights; moves this process to the former. */
bool fair_cgroup_make(const char *dir, int teams);
bool fair_cgroup_move(const char *dir, int team, pid_t pid);
void fair_cgroup_remove(const char *dir, int teams);
