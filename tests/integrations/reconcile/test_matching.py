"""What belongs together on the first sync, and what only looks like it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.reconcile.matching import CLOSEST, Candidate, Matching, Suggestion, match
from tests.integrations.reconcile.cases import fixed


def ours(number: int, label: str, **fields) -> Candidate[int]:
    return Candidate(id=number, key=fields.pop("key", label.casefold()), label=label, **fields)


def theirs(number: int, label: str, **fields) -> Candidate[str]:
    return Candidate(id=str(number), key=fields.pop("key", label.casefold()), label=label, **fields)


def reason(one: Candidate[int], other: Candidate[str]) -> str | None:
    """The suggestion between two records that are alone; None: there is none."""
    ((_, suggestion),) = match([one], [other]).unmatched
    return suggestion and suggestion.reason


# -- lists ----------------------------------------------------------------------------------------


def test_one_and_one_of_a_key_are_a_pair():
    found = match([ours(1, "Ada")], [theirs(9, "ADA")])

    assert (found.pairs, found.unmatched, found.duplicates, found.new) == ([(1, "9")], [], [], [])


@pytest.mark.parametrize(
    ("here", "there"),
    [
        # Two of ours, one of theirs; and the other way about.
        ([ours(1, "Ada"), ours(2, "Ada")], [theirs(9, "Ada")]),
        ([ours(1, "Ada")], [theirs(8, "Ada"), theirs(9, "Ada")]),
        # A name twice on one side is not decided by the other side having none.
        ([ours(1, "Ada"), ours(2, "Ada")], []),
        ([], [theirs(8, "Ada"), theirs(9, "Ada")]),
        # Two inactive ones: neither stands out.
        ([ours(1, "Ada")], [theirs(8, "Ada", is_active=False), theirs(9, "Ada", is_active=False)]),
    ],
)
def test_a_key_that_more_than_one_of_a_side_has_is_a_duplicate(here, there):
    found = match(here, there)

    expected = [("ada", [each.id for each in here], [each.id for each in there])]
    assert found == Matching(duplicates=expected)


def test_an_inactive_namesake_makes_no_duplicate():
    gone, active = theirs(8, "Ada", is_active=False), theirs(9, "Ada")

    found = match([ours(1, "Ada")], [gone, active])

    assert (found.pairs, found.new, found.duplicates) == ([(1, "9")], ["8"], [])


def test_an_inactive_customer_alone_of_its_name_is_a_pair():
    assert match([ours(1, "Ada")], [theirs(8, "Ada", is_active=False)]).pairs == [(1, "8")]


def test_an_archived_contact_counts_like_any_other():
    found = match([ours(1, "Ada"), ours(2, "Ada", is_active=False)], [theirs(9, "Ada")])

    assert found.duplicates == [("ada", [1, 2], ["9"])]


def test_a_blank_key_matches_nothing():
    found = match([ours(1, "", key="")], [theirs(8, "", key=""), theirs(9, "", key="")])

    assert (found.unmatched, found.new) == ([(1, None)], ["8", "9"])


def test_the_same_name_below_another_parent_is_not_the_same_key():
    one = ours(1, "Kitchen", key="mark cho:kitchen")
    other = theirs(9, "Kitchen", key="ada:kitchen")

    found = match([one], [other])

    assert found.pairs == []
    assert found.unmatched == [(1, Suggestion("9", "Same name, other parent"))]
    assert found.new == ["9"]  # a suggestion links nothing


# -- suggestions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "other", "said"),
    [
        ("Garnet Roofing Company", "Garnet Roofing Co", "Similar name"),
        ("The Garnet Roof, Inc.", "Garnet Roof LLC", "Similar name"),
        ("Smith & Sons", "Smith and Sons", "Similar name"),
        ("Birchwood Wind Surf Co", "Birchwood Windsurf Shop", "Similar name"),
        ("Nadia Petrov CPA", "Nadia Petrov", "Similar name"),
        ("José Ibáñez", "Jose Ibanez", "Similar name"),
        ("Jonson Brothers", "Johnson Brothers", "Similar name"),
        ("O'Neill Farms", "O\N{RIGHT SINGLE QUOTATION MARK}Neill Farm", "Similar name"),
        ("Ada Lovelace", "Lovelace, Ada", "Same words, other order"),
        # Too little in common.
        ("Smith Plumbing", "Jones Plumbing", None),
        ("Ada Lovelace", "Grace Hopper", None),
        # Near, but the number is what tells them apart.
        ("Harbour View Unit 12", "Harbour View Unit 13", None),
        # Nothing but a legal form.
        ("The Company", "Inc", None),
    ],
)
def test_names_that_are_near(mine, other, said):
    assert reason(ours(1, mine), theirs(9, other)) == said


@pytest.mark.parametrize(
    ("mine", "other", "said"),
    [
        ({"email": "ADA@x.org"}, {"email": "ada@x.org"}, "Same email"),
        ({"email": "a@x.org, ada@x.org"}, {"email": "ada@x.org"}, "Same email"),
        ({"phones": ("+1 (555) 010-0199",)}, {"phones": ("555.010.0199",)}, "Same phone"),
        (
            {"email": "a@x.org", "phones": ("555 010 0199",)},
            {"email": "a@x.org", "phones": ("5550100199",)},
            "Same email, same phone",
        ),
        # Too few digits to tell anybody apart, or none.
        ({"phones": ("911",)}, {"phones": ("911",)}, None),
        ({"phones": ("",)}, {"phones": ("",)}, None),
        ({"email": ""}, {"email": ""}, None),
        # A common domain alone says nothing.
        ({"email": "a@x.org"}, {"email": "b@x.org"}, None),
    ],
)
def test_addresses_that_are_the_same(mine, other, said):
    assert reason(ours(1, "Ada", **mine), theirs(9, "Grace", **other)) == said


@pytest.mark.parametrize(
    ("mine", "other", "said"),
    [
        ("office@surf.example", "office@surf.example", "Similar name, same email"),
        ("office@surf.example", "ann@surf.example", "Similar name, same email domain"),
        # Everybody has that domain.
        ("surf@gmail.com", "windsurf@gmail.com", "Similar name"),
    ],
)
def test_a_near_name_and_an_email_are_said_together(mine, other, said):
    one = ours(1, "Birchwood Wind Surf", email=mine)

    assert reason(one, theirs(9, "Birchwood Windsurf Shop", email=other)) == said


def test_the_company_and_the_person_behind_a_name_are_suggested():
    by_company = ours(1, "Ada Lovelace", company="Engine Works")
    by_person = ours(1, "Engine Works", person="Ada Lovelace")

    assert reason(by_company, theirs(9, "Engine Works Ltd")) == "Company name"
    assert reason(by_person, theirs(9, "Ada Lovelace")) == "First and last name"


def test_the_closest_is_suggested_and_none_twice():
    mine = [ours(1, "Garnet Roofing Company", email="ap@g.example"), ours(2, "Garnet Roofing Ltd")]
    other = [theirs(8, "Garnet Roofing Co"), theirs(9, "Garnet Roofing", email="ap@g.example")]

    assert match(mine, other).unmatched == [
        (1, Suggestion("9", "Similar name, same email")),
        (2, Suggestion("8", "Similar name")),
    ]


def test_what_has_a_partner_is_suggested_to_nobody():
    mine = [ours(1, "Garnet Roofing"), ours(2, "Garnet Roofing Co")]

    assert match(mine, [theirs(9, "Garnet Roofing")]).unmatched == [(2, None)]


# -- any input ------------------------------------------------------------------------------------

WORDS = ["ada", "Ada", "lovelace", "garnet", "roofing", "co", "inc", "&", "12", "13", "josé", ""]


def crowd(random: Random, make, most: int) -> list:
    found = []
    for number in range(random.randint(0, most)):
        label = " ".join(random.choices(WORDS, k=random.randint(1, 3))).strip()
        email = random.choice(["", "", "a@x.org", "b@x.org", "b@y.org, a@x.org"])
        phones = (random.choice(["", "555 0100", "5550199"]),)
        is_active = random.random() < 0.8
        found.append(make(number, label, email=email, phones=phones, is_active=is_active))
    return found


@fixed(400)
@given(st.integers(0, 2**64 - 1))
def test_every_record_is_in_exactly_one_list_whatever_the_order(seed):
    random = Random(seed)
    here, there = crowd(random, ours, 12), crowd(random, theirs, 12)

    found = match(here, there)

    local_ids = [mine for mine, _ in found.pairs + found.unmatched]
    local_ids += [mine for _, ids, _ in found.duplicates for mine in ids]
    remote_ids = [other for _, other in found.pairs] + found.new
    remote_ids += [other for _, _, ids in found.duplicates for other in ids]
    assert sorted(local_ids) == sorted(each.id for each in here)
    assert sorted(remote_ids) == sorted(each.id for each in there)
    suggested = [suggestion.remote_id for _, suggestion in found.unmatched if suggestion]
    assert set(suggested) <= set(found.new)
    assert len(suggested) == len(set(suggested))

    random.shuffle(here)
    random.shuffle(there)
    assert match(here, there) == found


@pytest.mark.parametrize(
    "name",
    [
        "Customer {}",  # one word that all have
        "{} Roofing Company of Springfield",
        "Garnet Roofing {}",
    ],
)
def test_the_work_grows_with_the_records_not_with_their_square(name):
    here = [ours(number, name.format(f"{number}a")) for number in range(3000)]
    there = [theirs(number, name.format(f"{number}b"), email="a@x.org") for number in range(3000)]

    assert match(here, there).compared <= CLOSEST * len(here)
    assert match(here, there).compared < 3000  # crowds are left out altogether
