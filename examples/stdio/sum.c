/*
 * Adds the numbers of its input, a JSON list: the contract of docs/agent.md in C. A cancel or a timeout is SIGTERM: this
 * program then takes away what it has half written, and ends. Given a file's name, it waits after the first number until
 * that file is there.
 *
 *   cc -o sum sum.c
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t stopped = 0;

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

static const char *given(const char *name) {
  const char *value = getenv(name);
  return value == NULL ? "" : value;
}

/* Moves on to the next number; 0: there is none. */
static int next(FILE *input, long *number) {
  while (fscanf(input, "%ld", number) != 1)
    if (fgetc(input) == EOF) return 0;
  return 1;
}

int main(int argc, char **argv) {
  struct sigaction action = {.sa_handler = stop};
  sigaction(SIGTERM, &action, NULL);
  FILE *tell = fdopen(atoi(given("TSS_PROGRESS_FD")), "w");
  FILE *input = fopen(given("TSS_INPUT"), "r");
  if (tell == NULL) {
    fprintf(stderr, "sum: this is no task\n");
    return 64;
  }
  setvbuf(tell, NULL, _IOLBF, 0);
  long number, sum = 0, count = 0, total = 0;
  while (input != NULL && next(input, &number)) total++;
  if (total == 0) {
    fprintf(stderr, "sum: there is nothing to add\n");
    return 2; /* the task names 2 as an exit code after which it is not tried again */
  }
  rewind(input);
  while (next(input, &number)) {
    sum += number;
    fprintf(tell, "{\"progress\":%ld,\"message\":\"added %ld\"}\n", 100 * ++count / total, number);
    while (!stopped && argc > 1 && access(argv[1], F_OK) != 0) usleep(10000);
    if (stopped) {
      fprintf(tell, "{\"message\":\"stopped after %ld\"}\n", number);
      return 143;
    }
  }
  fprintf(tell, "{\"message\":\"attempt %s of %s\"}\n", given("TSS_ATTEMPT"), given("TSS_TASK_NAME"));
  FILE *output = fopen(given("TSS_OUTPUT"), "w");
  if (output == NULL || fprintf(output, "{\"sum\":%ld,\"count\":%ld}\n", sum, count) < 0 || fclose(output) != 0) {
    perror("sum: TSS_OUTPUT");
    return 1;
  }
  return 0;
}
