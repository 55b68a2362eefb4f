/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of the host that a container must not find. They live as long as the probes run. */
#ifndef DAVIT_ISOLATION_CANARY_H
#define DAVIT_ISOLATION_CANARY_H

#include <sys/types.h>

struct facts;

/**
 * struct canaries - what was made; ids and descriptors are -1 where the host has no such thing
 * @word: random word that all names are made of
 * @dir:  directory for files, removed by the caller
 */
struct canaries {
	char word[32], dir[4096];
	int shm, sem, msg;
	int abstract, tcp, leak;
	char mqueue[64], shm_file[64];
	pid_t process; /* 0 = none */
};

/* canaries_make() - each as far as the host can, its fact in @f; a missing one leaves no fact.
 * The session keyring of this process is a new one from here on. */
void canaries_make(struct canaries *c, const char *word, const char *dir, struct facts *f);
void canaries_remove(struct canaries *c);

/* canary_main() - a process of the host, `davit-probe CANARY_VERB WORD`: waits for its end */
#define CANARY_VERB "canary"
int canary_main(void);

#endif
