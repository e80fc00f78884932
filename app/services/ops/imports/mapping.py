"""What the columns of a file mean: read from TOML, from options, or from both, and checked before a row is."""

from __future__ import annotations

import codecs
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from app import money
from app.errors import DomainError
from app.periods import Plan
from app.services.identity import contacts
from app.services.ops.imports.schema import MappingSchema, sentences

#: Parts of a mapping that say what a history is evaluated on; the same import, whatever they say.
NOT_OF_IMPORTS = ("evaluation", "groups")
SHIPPED = Path(__file__).parent.parent / "mappings"


@dataclass(frozen=True, slots=True)
class TypeRule:
    """Rows whose columns hold one of the given values each are of ``type``, if the amount has the ``sign``."""

    type: str
    sign: str
    when: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How one kind of file is read. ``target`` and ``installment`` in minor units of the installation's currency.

    ``amount`` names a column, or ``credit`` and ``debit`` do. ``facts`` is all of it as plain values: what ``digest``
    covers and what is stored with the run.
    """

    name: str
    currency: str
    delimiter: str
    encoding: str
    account: str
    time: str
    amount: str | None
    credit: str | None
    debit: str | None
    balance: str | None
    formats: tuple[str, ...]
    zone: str
    credits_first: bool
    decimal: str
    thousands: str
    rules: tuple[TypeRule, ...]
    plan: str
    jar_name: str
    target: int | None
    installment: int | None
    saver_name: str
    email: str
    facts: Mapping[str, Any]

    @property
    def columns(self) -> list[str]:
        """Every column that a file must have, each once."""
        named = [self.account, self.time, self.amount, self.credit, self.debit, self.balance]
        named += [column for rule in self.rules for column, _ in rule.when]
        return list(dict.fromkeys(column for column in named if column))

    @property
    def digest(self) -> bytes:
        """SHA-256 of the facts: the same file read in another way is another import."""
        return sha256(json.dumps(self.facts, sort_keys=True, separators=(",", ":")).encode()).digest()


def read_toml(name_or_path: str) -> dict[str, Any]:
    """The values of a shipped mapping (by its name) or of a TOML file. Raises DomainError ``mapping_unreadable``."""
    shipped = SHIPPED / f"{name_or_path}.toml"
    path = shipped if name_or_path.isidentifier() and shipped.is_file() else Path(name_or_path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(sorted(each.stem for each in SHIPPED.glob("*.toml")))
        raise _unreadable(
            f"{path} cannot be read ({error.strerror}). Mappings that come with Chhota: {known}."
        ) from error
    except ValueError as error:  # TOML, or not UTF-8
        raise _unreadable(f"{path} is not TOML: {error}.") from error


def make_mapping(values: Mapping[str, Any], *, currency: str) -> ColumnMapping:
    """A checked mapping. ``currency`` is the installation's.

    Raises DomainError ``mapping_invalid`` with one sentence for each value that cannot be used.
    """
    try:
        facts = MappingSchema().load({key: value for key, value in values.items() if key not in NOT_OF_IMPORTS})
    except ValidationError as error:
        raise _invalid(list(sentences(error.normalized_messages()))) from error
    problems = []
    try:
        own = money.exponent(currency)
        if money.exponent(facts["currency"]) > own:
            problems.append(f"currency: {facts['currency']} has more decimals than {currency}, the installation's.")
    except ValueError as error:
        problems.append(f"currency: {error}")
    try:
        codecs.lookup(facts["file"]["encoding"])
    except LookupError:
        problems.append(f"file.encoding: {facts['file']['encoding']} is not an encoding.")
    if facts["amount"]["decimal"] == facts["amount"]["thousands"]:
        problems.append("amount.thousands: this is the decimal sign too.")
    facts["saver"]["email"] = facts["saver"]["email"] or f"{facts['name']}-{{account}}@import.invalid"
    problems += _saver_problems(facts["saver"])
    sums = {}
    for field in ("target", "installment"):
        try:
            sums[field] = money.parse_typed(facts["jar"][field], maximum=None) if field in facts["jar"] else None
        except ValueError as error:
            problems.append(f"jar.{field}: {error}")
    if "installment" in facts["jar"] and facts["jar"]["plan"] == Plan.FLEXIBLE:
        problems.append("jar.installment: a flexible plan has none.")
    if problems:
        raise _invalid(problems)
    columns = facts["columns"]
    return ColumnMapping(
        name=facts["name"],
        currency=facts["currency"],
        delimiter=facts["file"]["delimiter"],
        encoding=facts["file"]["encoding"],
        account=columns["account"],
        time=columns["time"],
        amount=columns.get("amount"),
        credit=columns.get("credit"),
        debit=columns.get("debit"),
        balance=columns.get("balance"),
        formats=tuple(facts["time"]["formats"]),
        zone=facts["time"]["zone"],
        credits_first=facts["time"]["same_day"] == "credits_first",
        decimal=facts["amount"]["decimal"],
        thousands=facts["amount"]["thousands"],
        rules=tuple(_rule(each) for each in facts["types"]),
        plan=facts["jar"]["plan"],
        jar_name=facts["jar"]["name"],
        target=sums["target"],
        installment=sums["installment"],
        saver_name=facts["saver"]["name"],
        email=facts["saver"]["email"],
        facts=facts,
    )


def _rule(values: Mapping[str, Any]) -> TypeRule:
    when = ((column, (each,) if isinstance(each, str) else tuple(each)) for column, each in values["when"].items())
    return TypeRule(values["type"], values["sign"], tuple(when))


def _saver_problems(saver: Mapping[str, str]) -> Iterator[str]:
    if "{account}" not in saver["email"]:
        yield "saver.email: {account} must be in it, so that each saver has an address of their own."
    address, reserved, rest = saver["email"].rpartition(".invalid")
    # No letter ever gets there (RFC 2606): the person behind an imported account has no account here.
    if not reserved or rest:
        yield "saver.email: use a domain that ends in .invalid, so that nobody is ever written to."
        return
    try:
        # The reserved ending is refused for people who sign up; the rest must hold for them all the same.
        contacts.email(address.replace("{account}", "0" * 24) + ".com")
    except ValueError:
        yield "saver.email: this makes no e-mail addresses."


def _unreadable(sentence: str) -> DomainError:
    return DomainError("mapping_unreadable", sentence)


def _invalid(problems: list[str]) -> DomainError:
    return DomainError("mapping_invalid", "\n".join(["This mapping cannot be used:", *(f"  - {p}" for p in problems)]))
