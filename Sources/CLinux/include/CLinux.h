// What Swift can't see of Linux.
#ifndef CLINUX_H
#define CLINUX_H

// pidfd_open(2): a file descriptor that becomes readable when the process ends; -1 and errno on failure.
int clinux_pidfd_open(int pid);

// eventfd(2), close-on-exec and non-blocking: a counter that poll(2) can wait on; -1 and errno on failure.
int clinux_eventfd(void);

// dup(2) to a descriptor of at least 3 that is closed on exec; -1 and errno on failure.
int clinux_dup_cloexec(int fd);

// environ(7): NAME=VALUE each, with a null pointer behind the last; null where there are none. Not to be kept while
// somebody calls setenv(3).
char **clinux_environment(void);

// Names the calling thread, as `ps -L` shows it; at most 15 bytes of it.
void clinux_name_thread(const char *name);

#endif
