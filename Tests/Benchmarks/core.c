// The same work two ways, in turn: createFunction, run and getRun through dh-sidecar's stdin and stdout, and the four
// HTTP requests that they come to, made with libcurl over one kept-alive connection. Prints the medians in microseconds.
//
//   core ENDPOINT ROUNDS SIDECAR [ARGUMENT...]
#include <curl/curl.h>
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

static double by_curl(CURL *curl, struct curl_slist *headers, const char *endpoint, const char *name) {
  char function[33], task[33], run[33], url[512], body[4096];
  make_id(function), make_id(task), make_id(run);
  double begin = now();
  snprintf(url, sizeof url, "%s/api/v1/-/" PROJECT "/functions", endpoint);
  snprintf(body, sizeof body,
    "{\"kind\":\"container\"," METADATA("%s") ",\"spec\":{\"image\":\"hello-world:latest\",\"source\":{}},"
    "\"status\":{\"state\":\"CREATED\"},\"name\":\"%s\",\"id\":\"%s\",\"project\":\"" PROJECT "\","
    "\"key\":\"store://" PROJECT "/function/container/%s:%s\"}", name, name, function, name, function);
  http(curl, headers, "POST", url, body);
  snprintf(url, sizeof url, "%s/api/v1/-/" PROJECT "/tasks", endpoint);
  snprintf(body, sizeof body,
    "{\"kind\":\"container+job\"," METADATA("%s") ",\"spec\":{\"function\":\"container://" PROJECT "/%s:%s\"},"
    "\"status\":{\"state\":\"CREATED\"},\"name\":\"%s\",\"id\":\"%s\",\"project\":\"" PROJECT "\","
    "\"key\":\"store://" PROJECT "/task/container+job/%s\"}", task, name, function, task, task, task);
  http(curl, headers, "POST", url, body);
  snprintf(url, sizeof url, "%s/api/v1/-/" PROJECT "/runs", endpoint);
  snprintf(body, sizeof body,
    "{\"kind\":\"container+job:run\"," METADATA("%s") ",\"spec\":{\"task\":\"container+job://" PROJECT "/%s\","
    "\"function\":\"container://" PROJECT "/%s:%s\",\"args\":[\"a\",\"b\"]},\"status\":{\"state\":\"CREATED\"},"
    "\"name\":\"%s\",\"id\":\"%s\",\"project\":\"" PROJECT "\",\"key\":\"store://" PROJECT "/run/container+job:run/%s\"}",
    run, task, name, function, run, run, run);
  http(curl, headers, "POST", url, body);
  snprintf(url, sizeof url, "%s/api/v1/-/" PROJECT "/runs/%s", endpoint, run);
  http(curl, headers, "GET", url, NULL);
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

int main(int count, char **arguments) {
  if (count < 4) fail("usage: core ENDPOINT ROUNDS SIDECAR [ARGUMENT...]");
  const char *endpoint = arguments[1];
  int rounds = atoi(arguments[2]), in[2], out[2];
  if (pipe(in) || pipe(out)) fail("no pipes");
  pid_t child = fork();
  if (!child) {
    dup2(in[0], 0), dup2(out[1], 1);
    close(in[0]), close(in[1]), close(out[0]), close(out[1]);
    execvp(arguments[3], arguments + 3);
    _exit(127);
  }
  close(in[0]), close(out[1]);
  to = fdopen(in[1], "w"), from = fdopen(out[0], "r");
  srand((unsigned)getpid());
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL *curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Expect:");
  call("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"getOrCreateProject\",\"params\":{\"name\":\"" PROJECT "\"}}\n");
  double *curls = calloc(rounds, sizeof(double)), *sidecars = calloc(rounds, sizeof(double));
  for (int i = -5; i < rounds; i++) {
    char name[32];
    snprintf(name, sizeof name, "c%d", i + 5);
    double c = by_curl(curl, headers, endpoint, name);
    snprintf(name, sizeof name, "s%d", i + 5);
    double s = by_sidecar(name);
    // The first rounds warm up.
    if (i >= 0) curls[i] = c, sidecars[i] = s;
  }
  fclose(to);
  waitpid(child, NULL, 0);
  qsort(curls, rounds, sizeof(double), by_size), qsort(sidecars, rounds, sizeof(double), by_size);
  printf("%.1f %.1f\n", curls[rounds / 2], sidecars[rounds / 2]);
  return 0;
}
