// The same work three ways, in turn: the four HTTP requests that createFunction, run and getRun come to, made with
// libcurl over one kept-alive connection; the same by a C child that does nothing but pass them on, asked three times
// through its stdin and stdout, which is the least that any process beside its client can take; and through dh-sidecar's
// stdin and stdout. Prints the medians in microseconds.
//
//   core ENDPOINT ROUNDS SIDECAR [ARGUMENT...]
#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROJECT "bench"
#define LINE (1 << 20)

static FILE *to, *from;
static char answer[LINE];
static size_t answered;

static void fail(const char *what) {
  fprintf(stderr, "core: %s\n", what);
  exit(2);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void make_id(char *id) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < 32; i++) id[i] = digits[rand() & 15];
  id[32] = 0;
}

// MARK: libcurl

static size_t take(char *data, size_t size, size_t count, void *unused) {
  (void)unused;
  size_t bytes = size * count;
  if (answered + bytes < LINE) memcpy(answer + answered, data, bytes), answered += bytes;
  return bytes;
}

static void http(CURL *curl, struct curl_slist *headers, const char *method, const char *url, const char *body) {
  long status = 0;
  answered = 0;
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  if (body) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
  } else {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  }
  if (curl_easy_perform(curl) != CURLE_OK) fail("the server does not answer");
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) {
    answer[answered < LINE ? answered : LINE - 1] = 0;
    fprintf(stderr, "core: %s %s: %ld %s\n", method, url, status, answer);
    exit(2);
  }
}

#define METADATA(name) "\"metadata\":{\"project\":\"" PROJECT "\",\"name\":\"" name "\"," \
  "\"created\":\"2026-01-01T00:00:00Z\",\"updated\":\"2026-01-01T00:00:00Z\",\"embedded\":false}"

// The ids of one round.
struct round {
  const char *endpoint, *name;
  char function[33], task[33], run[33];
};

static CURL *curl;
static struct curl_slist *headers;

static void post(const struct round *round, const char *what, const char *body) {
  char url[512];
  snprintf(url, sizeof url, "%s/api/v1/-/" PROJECT "/%s", round->endpoint, what);
  http(curl, headers, "POST", url, body);
}

static void create_function(const struct round *round) {
  char body[4096];
  snprintf(body, sizeof body,
    "{\"kind\":\"container\"," METADATA("%s") ",\"spec\":{\"image\":\"hello-world:latest\",\"source\":{}},"
    "\"status\":{\"state\":\"CREATED\"},\"name\":\"%s\",\"id\":\"%s\",\"project\":\"" PROJECT "\","
    "\"key\":\"store://" PROJECT "/function/container/%s:%s\"}", round->name, round->name, round->function, round->name,
    round->function);
  post(round, "functions", body);
}

static void create_run(const struct round *round) {
  const char *function = round->function, *task = round->task, *run = round->run;
  char body[4096];
  snprintf(body, sizeof body,
    "{\"kind\":\"container+job\"," METADATA("%s") ",\"spec\":{\"function\":\"container://" PROJECT "/%s:%s\"},"
    "\"status\":{\"state\":\"CREATED\"},\"name\":\"%s\",\"id\":\"%s\",\"project\":\"" PROJECT "\","
    "\"key\":\"store://" PROJECT "/task/container+job/%s\"}", task, round->name, function, task, task, task);
  post(round, "tasks", body);
  snprintf(body, sizeof body,
    "{\"kind\":\"container+job:run\"," METADATA("%s") ",\"spec\":{\"task\":\"container+job://" PROJECT "/%s\","
    "\"function\":\"container://" PROJECT "/%s:%s\",\"args\":[\"a\",\"b\"]},\"status\":{\"state\":\"CREATED\"},"
    "\"name\":\"%s\",\"id\":\"%s\",\"project\":\"" PROJECT "\",\"key\":\"store://" PROJECT "/run/container+job:run/%s\"}",
    run, task, round->name, function, run, run, run);
  post(round, "runs", body);
}

static void get_run(const struct round *round) {
  char url[512];
  snprintf(url, sizeof url, "%s/api/v1/-/" PROJECT "/runs/%s", round->endpoint, round->run);
  http(curl, headers, "GET", url, NULL);
}

static void (*const steps[])(const struct round *) = {create_function, create_run, get_run};
#define STEPS (int)(sizeof steps / sizeof *steps)

static void start_curl(void) {
  curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  headers = curl_slist_append(NULL, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Expect:");
}

static double by_curl(struct round *round) {
  make_id(round->function), make_id(round->task), make_id(round->run);
  double begin = now();
  for (int step = 0; step < STEPS; step++) steps[step](round);
  return now() - begin;
}

// MARK: A child that passes the requests on

struct child {
  pid_t pid;
  FILE *to, *from;
};

// Forks, with pipes as the child's stdin and stdout; in the child it returns with pid 0.
static struct child start_child(void) {
  struct child child = {0};
  int in[2], out[2];
  if (pipe(in) || pipe(out)) fail("no pipes");
  child.pid = fork();
  if (!child.pid) {
    dup2(in[0], 0), dup2(out[1], 1);
    close(in[0]), close(in[1]), close(out[0]), close(out[1]);
    return child;
  }
  close(in[0]), close(out[1]);
  fcntl(in[1], F_SETFD, FD_CLOEXEC), fcntl(out[0], F_SETFD, FD_CLOEXEC);
  child.to = fdopen(in[1], "w"), child.from = fdopen(out[0], "r");
  return child;
}

static void end_child(struct child child) {
  fclose(child.to);
  waitpid(child.pid, NULL, 0);
}

// The child's whole life: a line names the step, the round's name and its ids; the answer is Core's, as a line.
static void pass_on(const char *endpoint) {
  char line[256], name[32];
  start_curl();
  while (fgets(line, sizeof line, stdin)) {
    struct round round = {.endpoint = endpoint, .name = name};
    int step;
    if (sscanf(line, "%d %31s %32s %32s %32s", &step, name, round.function, round.task, round.run) != 5) fail("bad line");
    steps[step](&round);
    fwrite(answer, 1, answered, stdout);
    putchar('\n');
    fflush(stdout);
  }
}

static double by_relay(struct child relay, struct round *round) {
  make_id(round->function), make_id(round->task), make_id(round->run);
  double begin = now();
  for (int step = 0; step < STEPS; step++) {
    fprintf(relay.to, "%d %s %s %s %s\n", step, round->name, round->function, round->task, round->run);
    fflush(relay.to);
    if (!fgets(answer, LINE, relay.from)) fail("the C child has gone");
  }
  return now() - begin;
}

// MARK: dh-sidecar

static void call(const char *line) {
  fputs(line, to);
  fflush(to);
  if (!fgets(answer, LINE, from)) fail("dh-sidecar has gone");
  if (strstr(answer, "\"error\":{")) {
    fprintf(stderr, "core: %s%s", line, answer);
    exit(2);
  }
}

// The text of the first member "NAME":"…" in the answer.
static void member(const char *name, char *text, size_t size) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "\"%s\":\"", name);
  char *begin = strstr(answer, wanted);
  if (!begin) fail("an answer is not as expected");
  begin += strlen(wanted);
  size_t length = strcspn(begin, "\"");
  if (length >= size) fail("an answer is not as expected");
  memcpy(text, begin, length);
  text[length] = 0;
}

static double by_sidecar(const char *name) {
  char line[1024], key[256], id[64];
  double begin = now();
  snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"createFunction\",\"params\":{\"name\":\"%s\","
    "\"kind\":\"container\",\"image\":\"hello-world:latest\"}}\n", name);
  call(line);
  member("key", key, sizeof key);
  snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"run\",\"params\":{\"function\":\"%s\","
    "\"action\":\"job\",\"args\":[\"a\",\"b\"]}}\n", key);
  call(line);
  member("id", id, sizeof id);
  snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"getRun\",\"params\":{\"id\":\"%s\"}}\n", id);
  call(line);
  return now() - begin;
}

static int by_size(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static double median(double *times, int count) {
  qsort(times, count, sizeof *times, by_size);
  return times[count / 2];
}

int main(int count, char **arguments) {
  if (count < 4) fail("usage: core ENDPOINT ROUNDS SIDECAR [ARGUMENT...]");
  const char *endpoint = arguments[1];
  int rounds = atoi(arguments[2]);
  srand((unsigned)getpid());
  curl_global_init(CURL_GLOBAL_DEFAULT);
  struct child relay = start_child();
  if (!relay.pid) return pass_on(endpoint), 0;
  struct child sidecar = start_child();
  if (!sidecar.pid) {
    execvp(arguments[3], arguments + 3);
    _exit(127);
  }
  to = sidecar.to, from = sidecar.from;
  start_curl();
  call("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"getOrCreateProject\",\"params\":{\"name\":\"" PROJECT "\"}}\n");
  double *curls = calloc(rounds, sizeof *curls), *relays = calloc(rounds, sizeof *relays);
  double *sidecars = calloc(rounds, sizeof *sidecars);
  for (int i = -5; i < rounds; i++) {
    char name[32];
    struct round round = {.endpoint = endpoint, .name = name};
    snprintf(name, sizeof name, "c%d", i + 5);
    double c = by_curl(&round);
    snprintf(name, sizeof name, "r%d", i + 5);
    double r = by_relay(relay, &round);
    snprintf(name, sizeof name, "s%d", i + 5);
    double s = by_sidecar(name);
    // The first rounds warm up.
    if (i >= 0) curls[i] = c, relays[i] = r, sidecars[i] = s;
  }
  end_child(sidecar), end_child(relay);
  printf("%.1f %.1f %.1f\n", median(curls, rounds), median(relays, rounds), median(sidecars, rounds));
  return 0;
}
