import asyncio
from pathlib import Path
from typing import Dict

import tss
from report import Month, build_report

worker = tss.Worker(slots=4)


@worker.task(build_report)
async def build(input: Month, task: tss.TaskContext) -> Dict[str, int]:
    # A file that is not there yet is an ordinary error: the task is tried again, as its retry policy says.
    sales = Path("sales", f"{input['month']}.csv").read_text(encoding="utf-8")
    lines = sales.strip().split("\n")
    totals: Dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        product, _, pieces = line.partition(",")
        if not pieces.isdecimal():
            raise tss.Fatal(f'Line {number} of {input["month"]} is "{line}".')
        totals[product] = totals.get(product, 0) + int(pieces)
        task.progress(100 * number / len(lines), f"line {number} of {len(lines)}")
        await asyncio.sleep(0.05)  # Stands for work; a cancel is raised at an await.
    return totals


if __name__ == "__main__":
    print("waiting for tasks; Ctrl-C ends", flush=True)
    worker.run(grace=10)
