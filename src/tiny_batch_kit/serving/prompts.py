"""Sample prompts for the demo: short chats whose answers differ much in length, as real ones do."""

from dataclasses import dataclass

from tiny_batch_kit.base.errors import KitError


@dataclass(frozen=True)
class Prompt:
    """One question to the model and the most tokens that its answer may have."""

    name: str
    text: str
    max_tokens: int


PROMPTS = (
    Prompt("capital", "What is the capital of France?", 12),
    Prompt("story", "Write the opening of a story about a lighthouse keeper.", 64),
    Prompt("list", "List three fruits.", 24),
    Prompt("sky", "Why is the sky blue? Answer in one sentence.", 48),
    Prompt("opposite", "What is the opposite of hot? One word.", 8),
    Prompt("code", "Write a Python function that adds two numbers.", 56),
    Prompt("translation", "Translate to French: Good morning.", 16),
    Prompt("poem", "Write a short poem about the sea.", 60),
    Prompt("arithmetic", "What is 2 + 3?", 12),
    Prompt("advice", "Give me one tip for sleeping better.", 40),
    Prompt("planet", "Which planet is the largest in the solar system?", 20),
    Prompt("email", "Write a two-sentence email to thank a colleague for help.", 52),
    Prompt("colours", "Name the three primary colours.", 24),
    Prompt("definition", "What is a library?", 36),
    Prompt("haiku", "Write a haiku about autumn.", 32),
    Prompt("days", "How many days are in a week?", 14),
    Prompt("recipe", "How do I boil an egg?", 64),
    Prompt("animal", "Name an animal that can fly.", 10),
    Prompt("water", "At what temperature does water boil?", 28),
    Prompt("title", "Suggest a title for a book about mountains.", 18),
)


def sample(count: int) -> list[Prompt]:
    """Return the first `count` prompts; beyond the last they start again. KitError when `count` is under 1."""
    if count < 1:
        raise KitError(f"{count} prompts were asked for: ask for 1 or more.")
    return [PROMPTS[index % len(PROMPTS)] for index in range(count)]
