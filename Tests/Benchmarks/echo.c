// The floor: answers each line with one fixed JSON-RPC reply.
#include <string.h>
#include <unistd.h>

int main(void) {
  static const char reply[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n";
  char buffer[65536];
  for (;;) {
    ssize_t count = read(0, buffer, sizeof buffer);
    if (count <= 0) return 0;
    for (ssize_t i = 0; i < count; i++)
      if (buffer[i] == '\n' && write(1, reply, sizeof reply - 1) < 0) return 1;
  }
}
