"""The 64 pictures of a short authentication string, each with its name.

Standards: Matrix v1.19 CS §SAS method: emoji.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SAS_EMOJI", "Emoji"]


@dataclass(frozen=True, slots=True)
class Emoji:
    """A picture, and the word to say for it."""

    picture: str
    name: str


_ROWS = """
🐶 Dog|🐱 Cat|🦁 Lion|🐎 Horse|🦄 Unicorn|🐷 Pig|🐘 Elephant|🐰 Rabbit
🐼 Panda|🐓 Rooster|🐧 Penguin|🐢 Turtle|🐟 Fish|🐙 Octopus|🦋 Butterfly|🌷 Flower
🌳 Tree|🌵 Cactus|🍄 Mushroom|🌏 Globe|🌙 Moon|☁️ Cloud|🔥 Fire|🍌 Banana
🍎 Apple|🍓 Strawberry|🌽 Corn|🍕 Pizza|🎂 Cake|❤️ Heart|😀 Smiley|🤖 Robot
🎩 Hat|👓 Glasses|🔧 Spanner|🎅 Santa|👍 Thumbs Up|☂️ Umbrella|⌛ Hourglass|⏰ Clock
🎁 Gift|💡 Light Bulb|📕 Book|✏️ Pencil|📎 Paperclip|✂️ Scissors|🔒 Lock|🔑 Key
🔨 Hammer|☎️ Telephone|🏁 Flag|🚂 Train|🚲 Bicycle|✈️ Aeroplane|🚀 Rocket|🏆 Trophy
⚽ Ball|🎸 Guitar|🎺 Trumpet|🔔 Bell|⚓ Anchor|🎧 Headphones|📁 Folder|📌 Pin
"""

SAS_EMOJI = tuple(
    Emoji(*cell.split(" ", 1)) for row in _ROWS.strip().splitlines() for cell in row.split("|")
)  # by number, 0 to 63
