#!/usr/bin/awk -f
# Adds the numbers of its input, a JSON list: the contract of docs/agent.md in awk.
BEGIN {
  tell = "/dev/fd/3"
  text = ""
  if (ENVIRON["TSS_INPUT"] != "") while ((getline line < ENVIRON["TSS_INPUT"]) > 0) text = text " " line
  gsub(/[^-0-9]+/, " ", text)
  count = split(text, numbers, " ")
  if (count == 0) {
    print "sum: there is nothing to add" > "/dev/stderr"
    exit 2 # the task names 2 as an exit code after which it is not tried again
  }
  for (at = 1; at <= count; at++) {
    sum += numbers[at]
    printf "{\"progress\":%d,\"message\":\"added %d\"}\n", 100 * at / count, numbers[at] > tell
    fflush(tell)
  }
  printf "{\"message\":\"attempt %s of %s\"}\n", ENVIRON["TSS_ATTEMPT"], ENVIRON["TSS_TASK_NAME"] > tell
  printf "{\"sum\":%d,\"count\":%d}\n", sum, count > ENVIRON["TSS_OUTPUT"]
}
