import asyncio

import tss
from tasks import count_words


async def main() -> None:
    async with tss.AsyncClient() as client:
        texts = ["to be", "or not", "to be or not to be"]
        # Submitted in one turn of the event loop, they travel as one message.
        tasks = await asyncio.gather(*[client.submit(count_words.task({"text": text})) for text in texts])
        results = await asyncio.gather(*[task.result() for task in tasks])
        print([result["words"] for result in results])


asyncio.run(main())
