import tss
from tasks import count_words, find_primes

with tss.Client() as client:
    task = client.submit(count_words.task({"text": "to be\nor not to be"}, retry=tss.Retry(limit=3)))
    print("submitted", task.id)
    for view in task.watch():
        print(view.status, view.progress.message if view.progress else "")
    print(task.result()["words"], "words")
    print(client.submit(find_primes.task(1000)).result(), "primes")
