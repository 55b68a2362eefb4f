/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advisory locks: flock(2) on the object itself, released by closing.
 *
 * Order, outermost first; a process that holds a later lock never waits for an earlier one:
 *   1. store lock        <root>/lock                 shared by readers of images and layers that are
 *                                                    about to use one, exclusive for rmi and gc
 *   2. container lock    <root>/containers/<id>      (the directory)
 *   3. pins              <root>/layers/<key>, blobs  shared by a load that will use them; nobody waits
 *                                                    for a pin: gc tries, and leaves alone what is held
 *   4. bpf load lock     <state>/bpf.lock
 */
#ifndef DAVIT_BASE_LOCK_H
#define DAVIT_BASE_LOCK_H

struct err;

/**
 * lock_open() - open @path in @dirfd (created 0600 when it is not there) and lock it
 * @operation: LOCK_SH or LOCK_EX, | LOCK_NB for -EWOULDBLOCK instead of waiting
 *
 * Return: descriptor that holds the lock until closed; -errno.
 */
int lock_open(int dirfd, const char *path, int operation, struct err *e);

/* lock_dir() - the same for an existing directory. -ENOENT if it is gone, also when it went while
 * we waited. */
int lock_dir(int dirfd, const char *path, int operation, struct err *e);

#endif
