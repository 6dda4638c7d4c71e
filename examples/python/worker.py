import asyncio

import tss
from tasks import Count, Text, count_words, find_primes

worker = tss.Worker(slots=4)


@worker.task(count_words)
async def count(input: Text, task: tss.TaskContext) -> Count:
    if input["text"] == "":
        raise tss.Fatal("There is nothing to count.")
    lines = input["text"].split("\n")
    words = 0
    for number, line in enumerate(lines, start=1):
        await asyncio.sleep(0.01)  # A cancel is raised at an await.
        words += len(line.split())
        task.progress(100 * number / len(lines), f"line {number} of {len(lines)}")
    return {"words": words}


@worker.task(find_primes, process=True)
def primes(limit: int) -> int:
    return sum(all(number % divisor for divisor in range(2, int(number**0.5) + 1)) for number in range(2, limit))


if __name__ == "__main__":
    worker.run(grace=10)
