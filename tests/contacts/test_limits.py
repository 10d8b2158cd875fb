"""What QuickBooks would refuse is warned of, with the limit named."""

import pytest

from contacts import limits


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        (
            {"display_name": "Smith: Bob"},
            "display_name",
            'no colon in a display name. Try "Smith - Bob"',
        ),
        (
            {"display_name": "Smith\tBob"},
            "display_name",
            'no tab in a display name. Try "Smith Bob"',
        ),
        ({"given_name": "A\nB"}, "given_name", "no line break in a first name"),
        ({"email": "nobody"}, "email", "an @ and a dot"),
        ({"email": "a@b.c, d@e.f"}, "email", "one address"),
        ({"email": "a" * 95 + "@x.org"}, "email", "at most 100 characters; these are 101"),
    ],
)
def test_a_limit_is_named(values, field, words):
    assert words in limits.warnings(values)[field]


def test_a_name_that_another_contact_has_is_warned_of():
    assert (
        "QuickBooks allows one"
        in limits.warnings({"display_name": "Ada"}, namesakes=1)["display_name"]
    )


@pytest.mark.parametrize("email", ["", "a@b.co", "bob.o'neil+x@mail.example.org", "ü@b.de"])
def test_usual_contacts_are_not_warned_of(email):
    values = {"display_name": "O'Neil, Bob & Söhne (2)", "email": email, "company_name": "A: B"}

    assert limits.warnings(values) == {}
