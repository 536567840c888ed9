// What Swift can't see of Linux.
#ifndef CLINUX_H
#define CLINUX_H

// pidfd_open(2): a file descriptor that becomes readable when the process ends; -1 and errno on failure.
int clinux_pidfd_open(int pid);

#endif
