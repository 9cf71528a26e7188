"""Talks in real text: questions on a report, an agent with its tools, a chat, and one conversation that branches."""

from __future__ import annotations

from collections.abc import Sequence

from tiny_batch_kit.model.tokenizer import Tokenizer
from tiny_batch_kit.serving.talks import Talk, Turn

REPORT = """Report of the harbour office on the lighthouse at Cape Merrow.
The tower was built in 1868 of grey granite and is 41 metres high. Its lamp first burned rape oil, from 1884 paraffin,
and since
1931 it has been electric. The lens was made in Birmingham, weighs two tonnes and floats on mercury, so that a child
can turn it
with one finger. In clear weather the light is seen from 22 sea miles; it flashes twice every fifteen seconds.
Three keepers lived at the cape with their families until 1979. They kept a cow, a garden behind a wall, and a school
with four
pupils. The last head keeper, Ada Quill, served for twenty-six years and wrote down the weather every day, even on the
day when her
daughter was born in the watch room. Her books are kept in the county archive and are used today by people who study
storms.
In the winter of 1953 the sea broke the door and carried off the coal. For nine days no boat could land. The keepers
burned their
furniture to keep the signal going, and no ship was lost. A plate beside the stairs tells of it.
Since 1980 the light has been run from the harbour office. A technician visits twice a year, in April and in October.
The
battery lasts for six days if the cable fails. In 2014 the office wished to replace the lens by a small lamp, but the
people of the
village collected nine thousand signatures, and the lens was kept. It is cleaned with water and a little vinegar.
Visitors may climb the 196 steps on Sundays from May to September. Dogs are not allowed in the tower. The garden is
looked after by
the school of the village, and the old stable is now a tea room that sells a good plum cake."""

QUESTIONS = (
    "When was the tower built?",
    "How high is the tower?",
    "Who was the last head keeper?",
    "What happened in the winter of 1953?",
    "How often does the light flash?",
    "Why was the lens kept in 2014?",
    "When may visitors climb the steps?",
    "What does the tea room sell?",
)

AGENT = """You are the assistant of a small shop. You answer by calling one tool at a time, and you never
invent a result.
Tools:
find_order(number): the state of an order: open, packed, sent or returned, with its date and its items.
find_item(name): the price of an item, how many are in stock, and when more will come.
send_message(customer, text): sends a short message to a customer. Be polite, and sign with the name of the shop.
refund(number, amount): pays money back for an order. Only for orders that were returned, and never more than was
paid.
note(text): writes a line into the book of the day, for the people who work tomorrow.
Rules: ask for the number of an order if it is missing. Do not promise a day of delivery. If a tool says no, tell the
customer why.
If somebody is angry, say that you understand it, and offer to let a person call back. Finish each task with a note."""

RESULTS = (
    ("Order 512: where is it?", "find_order: sent on Monday, two lamps and a shade."),
    ("I want my money back for order 377.", "find_order: returned on Friday, 24.50 were paid.", "refund: done."),
    ("Do you have the blue kettle?", "find_item: 39.00, none in stock, four will come next week."),
)

CHAT = (
    "What is a good soup for a cold day?",
    "How long does it take?",
    "Can I make it without onions?",
    "What bread goes with it?",
    "And for six people?",
)

ENDINGS = (
    "Now say it in one sentence.",
    "Now say it to a child.",
    "Now write it as a list.",
    "Now name only the things to buy.",
    "Now say what may go wrong.",
)


def questions(tokenizer: Tokenizer, limit: int = 24) -> list[Talk]:
    """Questions on one report, all at once."""
    return [
        Talk(f"q{n}", (Turn(_ids(tokenizer.chat(f"{REPORT}\n\n{question}")), limit),))
        for n, question in enumerate(QUESTIONS)
    ]


def agents(tokenizer: Tokenizer, limit: int = 24) -> list[Talk]:
    """An agent's three tasks: the same system prompt, and a turn for the result of each tool."""
    return [
        _talk(f"a{n}", tokenizer, tokenizer.chat(task, system=AGENT), results, limit, arrival=0.5 * n)
        for n, (task, *results) in enumerate(RESULTS)
    ]


def chat(tokenizer: Tokenizer, limit: int = 24) -> list[Talk]:
    """One user who asks on and on."""
    return [_talk("u", tokenizer, tokenizer.chat(CHAT[0]), CHAT[1:], limit)]


def branches(tokenizer: Tokenizer, limit: int = 24) -> list[Talk]:
    """A report that was talked about, and five ways to go on, all at once."""
    history = tokenizer.chat(f"{REPORT}\n\nTell me the story of this place.")
    return [Talk(f"b{n}", (Turn(_ids([*history, *tokenizer.turn(last)]), limit),)) for n, last in enumerate(ENDINGS)]


def _talk(
    name: str, tokenizer: Tokenizer, first: Sequence[int], rest: Sequence[str], limit: int, arrival: float = 0.0
) -> Talk:
    turns = [Turn(_ids(first), limit), *(Turn(_ids(tokenizer.turn(text)), limit) for text in rest)]
    return Talk(name, tuple(turns), arrival)


def _ids(ids: Sequence[int]) -> tuple[int, ...]:
    return tuple(ids)
