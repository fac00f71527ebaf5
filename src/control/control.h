/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

/*
 * What ranks and their supervisor, `troupe run`, say to each other, and commands to the
 * supervisor. The supervisor listens; each rank connects, says hello and then that it
 * lives. A frame is a 32 bit length, a 32 bit kind, and the kind's fields. Nothing here
 * allocates: a rank's helper thread must work when its memory is gone.
 */

#include "troupe/base.h"

enum {
    CONTROL_VERSION = 3,
    CONTROL_NAME_BYTES = 64,
    CONTROL_TEXT_BYTES = 1024,
    CONTROL_FRAME_BYTES = 1400, /* no frame is longer */
    CONTROL_PATH_BYTES = 108,   /* as struct sockaddr_un has it */
    CONTROL_TOKEN_BYTES = 33,   /* 32 digits */
    CONTROL_HOSTS_BYTES = 512,
    CONTROL_ADDRESS_BYTES = 600 /* all of it */
};

/* ---- messages
 * ------------------------------------------------------------------------ */

enum control_kind {
    CONTROL_HELLO = 1, /* rank: who it is */
    CONTROL_BEAT,      /* rank: that it lives, and how far it is */
    CONTROL_SAVED,     /* rank 0: a checkpoint was published */
    CONTROL_GAVE_UP,   /* rank 0: one was given up, and why; another is tried later */
    CONTROL_CANNOT,    /* rank 0: there will be none, and why */
    CONTROL_LINE,      /* rank: a line of what it was doing */
    CONTROL_DUMPED,    /* rank: that was all of it */
    CONTROL_COMPLETED, /* rank: the job has come to its end, with this exit code */
    CONTROL_DUMP,      /* to a rank: say what you are doing */
    CONTROL_SAVE,      /* to rank 0: take a checkpoint */
    CONTROL_WISH,      /* command: take a checkpoint, and answer when it is there */
    CONTROL_ANSWER     /* to a command: exit code, words, what was saved */
};

enum control_activity {
    CONTROL_STARTS,  /* has not come to its first turn */
    CONTROL_BUSY,    /* in a turn, since n_turns last changed */
    CONTROL_WAITING, /* idle, but something will happen by itself: a timer */
    CONTROL_IDLE,    /* idle until a message comes */
    CONTROL_N_ACTIVITIES
};

struct control_saved {
    uint64_t epoch;
    uint32_t attempt;
    uint32_t n_answered; /* it holds what so many of the first SAVEs asked for */
    uint64_t size_bytes;
    uint32_t frozen_ms, waited_ms;
};

struct control_message {
    enum control_kind kind;
    char token[CONTROL_TOKEN_BYTES];    /* HELLO */
    uint32_t rank, n_ranks, process_id; /* HELLO */
    char host[CONTROL_NAME_BYTES];      /* HELLO */
    enum control_activity activity;     /* BEAT */
    uint64_t n_turns, n_messages;       /* BEAT */
    struct control_saved saved;         /* SAVED, ANSWER (epoch 0: nothing) */
    int32_t exit_code;                  /* COMPLETED, ANSWER */
    char text[CONTROL_TEXT_BYTES];      /* GAVE_UP, CANNOT, LINE, ANSWER */
};

/* The bytes of its frame; texts that are too long are cut. */
size_t control_encode(const struct control_message *message,
                      unsigned char frame[CONTROL_FRAME_BYTES]);

enum control_progress {
    CONTROL_PART, /* more bytes are needed */
    CONTROL_WHOLE,
    CONTROL_BROKEN /* not one of ours: nothing after it can be read */
};

/* Reads the frame at the begin of `data`; *n_used are its bytes when it is whole. */
enum control_progress control_decode(const void *data,
                                     size_t size_bytes,
                                     struct control_message *message,
                                     size_t *n_used);

/* ---- connections
 * ---------------------------------------------------------------------- */

struct control_stream {
    int descriptor;
    size_t n_bytes; /* that were read and not yet taken */
    unsigned char bytes[2 * CONTROL_FRAME_BYTES];
};

/* Reads what there is, once. False: the other side is gone, or errno says why. */
bool control_stream_fill(struct control_stream *stream);
/* The next message of what was read. */
enum control_progress control_stream_take(struct control_stream *stream,
                                          struct control_message *message);
/* All of it or false; who writes without blocking loses the connection when full. */
bool control_stream_send(const struct control_stream *stream,
                         const struct control_message *message);

/* ---- addresses
 * ----------------------------------------------------------------------- */

/*
 * "unix:TOKEN:PATH", or "tcp:TOKEN:PORT:HOST,HOST..." where the hosts are numeric
 * addresses of one machine. The token shows that a rank belongs to the present attempt.
 */
struct control_address {
    bool is_tcp;
    char token[CONTROL_TOKEN_BYTES];
    char path[CONTROL_PATH_BYTES];
    uint16_t port;
    char hosts[CONTROL_HOSTS_BYTES];
};

/* False: it is not one. */
bool control_address_parse(const char *text, struct control_address *address);
void control_address_print(const struct control_address *address,
                           char text[CONTROL_ADDRESS_BYTES]);
/* A descriptor, or -1 and errno. Waits at most `limit_ms` for each host. */
int control_connect(const struct control_address *address, int limit_ms);
/* Has a silent peer noticed in about ten seconds. */
void control_keep_alive(int descriptor);

#endif
