"""How the commands of a page are found and compared."""

from tests.docs.blocks import commands_of
from tests.docs.comparing import comparable, learn

PAGE = """# A page

```console
$ say hello
hello

$ cat > file <<'END'
one
END

$ quiet
```

<!-- run: SECRET=1 -->

```sh
first
second
```
"""
ID = "7cc30df5-e342-4198-9e98-de5300bc0388"


def test_commands_come_in_order_with_what_is_promised() -> None:
    assert [(shown.command, shown.output) for shown in commands_of(PAGE)] == [
        ("say hello", "hello"),
        ("cat > file <<'END'\none\nEND", ""),
        ("quiet", ""),
        ("SECRET=1", None),
        ("first\nsecond\n", None),
    ]


def test_output_can_be_put_in_the_place_of_the_promised_one() -> None:
    hello = next(commands_of(PAGE))
    begin, end = hello.span
    assert PAGE[begin:end] == "hello\n"
    assert PAGE.splitlines()[hello.line - 1] == "$ say hello"


def test_what_differs_from_run_to_run_is_not_compared_and_words_are() -> None:
    promised = f"Done {ID} after 48.1 s on 2026-11-26 06:27\nTranscribing: 7%, about 2 min left\nsaid: no"
    printed = "Done 00000000-0000-4000-8000-000000000000 after 9.9 s on 2027-01-01 10:00\nsaid: no"
    assert comparable(promised) == comparable(printed)
    assert comparable(promised) != comparable(printed.replace("no", "yes"))


def test_ids_of_the_page_are_known_by_those_of_the_run() -> None:
    known: dict[str, str] = {}
    learn(known, f"session {ID}", "session 00000000-0000-4000-8000-000000000000")
    assert known == {ID: "00000000-0000-4000-8000-000000000000"}
