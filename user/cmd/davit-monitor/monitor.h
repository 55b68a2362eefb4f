/* SPDX-License-Identifier: Apache-2.0 */
/* One container's monitor: its parts and who calls whom. */
#ifndef DAVIT_MONITOR_MONITOR_H
#define DAVIT_MONITOR_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "kern/attach_socket.h"
#include "kern/monitor_args.h"
#include "log_writer.h"

#define CLIENTS_MAX  16
#define READ_SIZE    65536u
#define QUEUE_SIZE   (2 * (READ_SIZE + 64)) /* what the container leaves at its end may be more */
#define DRAIN_MAX    (1u << 20)	     /* that is taken from one output after the container's end */
#define READS_IN_ROW 8
#define IDLE_MS	     1000 /* after which used buffers are given back */

struct monitor;

/* queue_item - in front of every piece of output in a queue; read by memcpy, so not aligned */
struct queue_item {
	uint32_t n;
	uint8_t type; /* enum attach_type */
};

/**
 * struct queue - output that some client has not taken yet
 * @p:   items and their bytes, one behind the other; @fixed or heap
 * @n, @size: used, available
 *
 * Emptied when every client has taken all of it; while it is full no output is read, which is how
 * a slow client slows the container down.
 */
struct queue {
	uint8_t *p;
	size_t n, size;
	uint8_t fixed[QUEUE_SIZE];
};

/**
 * struct client - one attached peer
 * @src:    its socket
 * @pos:    offset of the item it takes next
 * @taken:  bytes of that item it has
 * @progress_ms: when it took something last
 * @has_input: it is one that may end the container's input (--stdin-once)
 * @is_deaf: takes nothing any more; what it has sent still counts
 * @is_parked: hung up while its last input is still to be delivered; not in the loop
 */
struct client {
	struct monitor *m;
	struct loop_source src;
	size_t pos, taken;
	int64_t progress_ms;
	bool is_used, is_initial, has_input, is_deaf, is_parked;
	int fd;
};

/* output: one pipe, or the terminal */
struct output {
	struct monitor *m;
	struct loop_source src;
	int fd;
	enum log_stream stream;
};

/**
 * struct input - the container's stdin
 * @fd:      write end of its pipe, or a duplicate of the terminal's master (one epoll entry each)
 * @packet:  the client packet being delivered; @n bytes, @done of them written
 * @is_ending: close @fd when @packet is delivered
 */
struct input {
	struct loop_source src;
	int fd;
	size_t n, done;
	bool is_ending;
	uint8_t packet[ATTACH_PACKET_MAX];
};

struct monitor {
	struct monitor_args args;
	struct loop loop;
	struct loop_source exit_src, listen_src;
	int run_dirfd, dirfd;
	int pty_slave; /* kept open, so that the master never hangs up while the container lives */
	bool has_ended, is_warm;
	int64_t blocked_ms; /* since when the queue is full; 0 = it is not */
	struct output outputs[2];
	struct input input;
	struct client clients[CLIENTS_MAX];
	struct queue queue;
	struct log_writer log;
};

int64_t now_ms(void);

/* output.c */
void output_init(struct output *o, struct monitor *m, int fd, enum log_stream stream);
void output_resume(struct monitor *m); /* read or rest, as the queue has room */
void output_shut(struct monitor *m, enum log_stream stream); /* its reader is gone */
void output_drain(struct monitor *m);  /* the container has ended: read what is left */
void queue_init(struct queue *q);
/* queue_add() - one more item for all clients, whatever its size. Return: false: no memory. */
bool queue_add(struct queue *q, enum attach_type type, const void *p, uint32_t n);

/* client.c */
void client_add(struct monitor *m, int fd, bool is_initial);
void client_accept(struct loop_source *s, uint32_t events);
void clients_pump(struct monitor *m);	     /* send; forget the queue when all have all of it */
bool clients_pending(const struct monitor *m);
void clients_listen(struct monitor *m);	     /* take packets, unless input is still pending */
int clients_drop_stalled(struct monitor *m); /* Return: ms until the next check, -1 = none */

/* input.c */
void input_init(struct monitor *m);
bool input_is_open(const struct monitor *m);
void input_deliver(struct monitor *m);	/* m->input.packet holds a new ATTACH_STDIN packet */
void input_end(struct monitor *m);	/* after what is pending */
void input_resize(struct monitor *m, const struct attach_size *size);

#endif
