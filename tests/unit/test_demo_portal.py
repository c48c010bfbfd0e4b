"""The account in use: which contacts others have made, and which switches are flipped."""

from __future__ import annotations

from random import Random

from deploy.demo import dirt, portal
from deploy.demo.found import Shop
from deploy.demo.switches import FLIPPED
from tests.support.hand_made_sandbox import person, small_shop


def many(count: int) -> Shop:
    people = tuple(person(f"c{n}", f"p{n}@example.com" if n % 5 else None, None, n) for n in range(count))
    return Shop("demo", people, {}, frozenset(), (), {})


def test_a_part_of_the_people_is_there_in_every_state() -> None:
    """Some three in ten of those with an address, most living, some merged, some archived, and one erased."""
    seeds = portal.seeds([many(1000)], 0.3, Random(1))
    states = [seed["state"] for seed in seeds]
    assert 200 < len(seeds) < 280
    assert 1 == states.count("erased")
    assert all(states.count(state) >= 5 for state in ("merged", "archived"))
    assert states.count("living") > 150
    assert {"email": dirt.FORGOTTEN, "state": "erased"} == seeds[-1]


def test_each_address_is_seeded_once_and_no_bad_one() -> None:
    """A person of two shops is one contact, and what HubSpot refuses cannot have been there."""
    seeds = portal.seeds([small_shop(), small_shop()], 1.0, Random(1))
    assert ["ann@example.com", dirt.FORGOTTEN] == [seed["email"].strip().lower() for seed in seeds]


def test_an_address_that_a_change_gave_is_not_seeded() -> None:
    """Its row's first version had another one: the record made of that could not have the address of a stranger."""
    people = (person("a", "x.1000000@example.org", None, 1), person("b", "x.999999@example.org", None, 2))
    seeds = portal.seeds([Shop("demo", people, {}, frozenset(), (), {})], 1.0, Random(1))
    assert ["x.999999@example.org", dirt.FORGOTTEN] == [seed["email"].strip().lower() for seed in seeds]


def test_switches_are_read_as_the_stand_in_takes_them() -> None:
    """Words stay words, truth values are such; each of the eight questions is answered otherwise once."""
    assert {"a": True, "b": False, "c": "item"} == portal.switched(["a=true", "b=false", "c=item"])
    assert [str(number) for number in range(1, 9)] == [question[0] for question in FLIPPED]
