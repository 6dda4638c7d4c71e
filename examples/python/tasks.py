"""What the web program hands off and the worker runs: one definition, imported by both."""

from typing import TypedDict

import tss


class Text(TypedDict):
    text: str


class Count(TypedDict):
    words: int


count_words = tss.TaskType[Text, Count]("text.count-words")
find_primes = tss.TaskType[int, int]("math.find-primes")
