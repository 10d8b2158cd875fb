"""The pages where a person edits as the bookkeeper, signs in and gives an app access."""

from .pages import Desk

__all__ = ["Desk"]
