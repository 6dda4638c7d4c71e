#!/bin/bash
# Adds the numbers of its input, a JSON list: the contract of docs/agent.md in bash.
set -euo pipefail
mapfile -t numbers < <(grep -oE -- '-?[0-9]+' "${TSS_INPUT:-/dev/null}" || true)
if [ "${#numbers[@]}" -eq 0 ]; then
  echo "sum: there is nothing to add" >&2
  exit 2 # the task names 2 as an exit code after which it is not tried again
fi
sum=0
for at in "${!numbers[@]}"; do
  sum=$((sum + numbers[at]))
  echo "{\"progress\":$((100 * (at + 1) / ${#numbers[@]})),\"message\":\"added ${numbers[at]}\"}" >&3
done
echo "{\"message\":\"attempt $TSS_ATTEMPT of $TSS_TASK_NAME\"}" >&3
echo "{\"sum\":$sum,\"count\":${#numbers[@]}}" > "$TSS_OUTPUT"
