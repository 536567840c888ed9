// driver ROUNDS REQUESTS PROGRAM...: spawns a program and times it over pipes, without an interpreter's jitter.
// Prints one line: first reply (us, median of ROUNDS spawns), round trip (us, median of REQUESTS), requests per second
// when pipelined, resident memory when idle (KiB).
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{}}\n";

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static double median(double *values, int count) {
  qsort(values, count, sizeof *values, compare);
  return values[count / 2];
}

static int to, from;

static pid_t start(char **program) {
  int in[2], out[2];
  if (pipe2(in, 02000000) || pipe2(out, 02000000)) exit(2);
  pid_t pid = vfork();
  if (pid == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    execv(program[0], program);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  to = in[1];
  from = out[0];
  return pid;
}

static void end(pid_t pid) {
  close(to);
  close(from);
  waitpid(pid, NULL, 0);
}

// Reads until `lines` line feeds came.
static void await_lines(long lines) {
  static char buffer[1 << 16];
  while (lines > 0) {
    struct pollfd entry = {from, POLLIN, 0};
    ssize_t count = poll(&entry, 1, 10000) > 0 ? read(from, buffer, sizeof buffer) : 0;
    if (count <= 0) {
      fprintf(stderr, "driver: no answer\n");
      exit(1);
    }
    for (ssize_t i = 0; i < count; i++) lines -= buffer[i] == '\n';
  }
}

static void ask(void) {
  if (write(to, request, sizeof request - 1) < 0) exit(1);
}

static void *ask_many(void *count) {
  for (long i = 0; i < (long)count; i++) ask();
  return NULL;
}

static long resident(pid_t pid) {
  char path[64], line[256];
  long kib = -1;
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file)) sscanf(line, "VmRSS: %ld", &kib);
  if (file) fclose(file);
  return kib;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int rounds = atoi(argv[1]), requests = atoi(argv[2]);
  double *times = calloc(rounds > requests ? rounds : requests, sizeof *times);
  for (int i = 0; i < rounds; i++) {
    double begin = now();
    pid_t pid = start(argv + 3);
    ask();
    await_lines(1);
    times[i] = now() - begin;
    end(pid);
  }
  double first = median(times, rounds);
  pid_t pid = start(argv + 3);
  ask();
  await_lines(1);
  usleep(200000);
  long kib = resident(pid);
  for (int i = 0; i < requests; i++) {
    double begin = now();
    ask();
    await_lines(1);
    times[i] = now() - begin;
  }
  double trip = median(times, requests);
  pthread_t thread;
  double begin = now();
  pthread_create(&thread, NULL, ask_many, (void *)(long)requests);
  await_lines(requests);
  double rate = requests / ((now() - begin) / 1e6);
  pthread_join(thread, NULL);
  end(pid);
  printf("%.1f %.2f %.0f %ld\n", first, trip, rate, kib);
  return 0;
}
