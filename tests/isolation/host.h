/* SPDX-License-Identifier: Apache-2.0 */
/* The side that makes the container. */
#ifndef DAVIT_ISOLATION_HOST_H
#define DAVIT_ISOLATION_HOST_H

#define HOST_FAILED 125 /* exit status: no container could be started, or no result printed */

/* host_main() - `davit-probe host [OPTIONS]`. Return: exit status. */
int host_main(int argc, char *argv[]);

#endif
