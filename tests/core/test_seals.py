"""The keys of a house: made once, kept encrypted, changed by those who may, never lost for old papers."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from propdesk.core import seals
from propdesk.core.models import Property, SealKey
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PropertyFactory, member
from tests.incidents.test_races import at_once

pytestmark = pytest.mark.django_db


def rows():
    return list(
        SealKey.objects.order_by("pk").values_list("pk", "kind", "issuer", "retired_at", "private")
    )


def test_first_use_makes_an_authority_and_its_seal_once():
    prop = PropertyFactory(name="蓝湾公寓")

    first, second = seals.current(prop), seals.current(prop)

    assert first == second
    authority, seal = SealKey.objects.order_by("pk")
    assert [(row.kind, row.issuer) for row in (authority, seal)] == [
        ("authority", None),
        ("seal", authority),
    ]
    assert first.row == seal
    above = x509.load_der_x509_certificate(bytes(authority.certificate))
    own = x509.load_der_x509_certificate(bytes(seal.certificate))
    own.verify_directly_issued_by(above)
    assert own.subject.rfc4514_string() == f"OU=PropDesk {prop.code},CN=蓝湾公寓 封存章"
    assert isinstance(own.public_key().curve, ec.SECP256R1)
    assert own.not_valid_after_utc > timezone.now() + timedelta(days=365 * 19)


def test_house_gets_its_seal_when_it_is_started(capsys):
    call_command("start_house", "neu", "新公寓", admin="a1", admin_name="何平")

    prop = Property.objects.get(code="neu")
    assert SealKey.objects.filter(property=prop).count() == 2
    assert seals.current(prop).row == SealKey.objects.get(kind="seal")


def test_key_is_stored_encrypted_and_bound_to_its_house():
    one, other = PropertyFactory(), PropertyFactory()
    mine, theirs = seals.current(one), seals.current(other)
    plain = mine.signer.private_key

    key = serialization.load_der_private_key(plain, None)
    certificate = x509.load_der_x509_certificate(mine.signer.certificate)
    assert key.public_key() == certificate.public_key()
    assert plain not in bytes(mine.row.private)
    theirs.row.private = mine.row.private
    assert seals._opened(theirs.row) is None


def test_history_of_keys_never_holds_a_private_one():
    seals.current(PropertyFactory())

    columns = {field.name for field in SealKey.history.model._meta.concrete_fields}
    assert "private" not in columns
    assert SealKey.history.count() == 2


def test_key_that_cannot_be_opened_is_replaced_and_its_certificate_stays(settings):
    prop = PropertyFactory()
    old = seals.current(prop).row
    settings.SECRET_KEY = "another-" + "z" * 60

    new = seals.current(prop).row

    assert new != old
    assert len(seals.roots(prop)) == 2
    old.refresh_from_db()
    assert (bytes(old.private), old.retired_reason) == (b"", "密钥已到期或不能打开，自动换新")


@pytest.mark.parametrize("life", ["SEAL_DAYS", "AUTHORITY_DAYS"])
def test_seal_that_ran_out_is_renewed(monkeypatch, life):
    prop = PropertyFactory()
    monkeypatch.setattr(seals, life, 0)
    old = seals.current(prop).row
    monkeypatch.undo()

    new = seals.current(prop).row

    assert (new != old, new == seals.current(prop).row) == (True, True)
    assert new.issuer != old.issuer


def test_rotation_keeps_the_authority_a_reader_trusts():
    prop = PropertyFactory()
    gm = member(prop, Role.GENERAL_MANAGER)
    old = seals.current(prop).row

    new = seals.rotate(prop, by=gm, reason="例行更换")

    old.refresh_from_db()
    assert (new.issuer, len(seals.roots(prop)), seals.current(prop).row) == (old.issuer, 1, new)
    assert (bytes(old.private), old.retired_by, old.retired_reason) == (b"", gm, "例行更换")
    assert [row.pk for row in seals.history(prop)] == [new.pk, old.pk, old.issuer_id]


def test_rotation_of_everything_makes_a_new_authority_too():
    prop = PropertyFactory()
    old = seals.current(prop).row

    new = seals.rotate(prop, by=member(prop, Role.ADMIN), reason="私钥外泄", everything=True)

    assert new.issuer != old.issuer
    assert len(seals.roots(prop)) == 2


@pytest.mark.parametrize("role", [Role.PROPERTY_MANAGER, Role.DUTY_MANAGER, Role.STAFF])
def test_rotation_is_refused_to_others_and_changes_nothing(role):
    prop = PropertyFactory()
    seals.current(prop)
    before = rows()

    with pytest.raises(PermissionDenied):
        seals.rotate(prop, by=member(prop, role), reason="例行更换")

    assert rows() == before


@pytest.mark.parametrize("reason", ["", " ", "x"])
def test_rotation_without_a_reason_changes_nothing(reason):
    prop = PropertyFactory()
    seals.current(prop)
    before = rows()

    with pytest.raises(RefusedInput):
        seals.rotate(prop, by=member(prop, Role.ADMIN), reason=reason)

    assert rows() == before


def test_rotation_before_the_first_seal_is_a_conflict():
    prop = PropertyFactory()

    with pytest.raises(ConflictError):
        seals.rotate(prop, by=member(prop, Role.ADMIN), reason="例行更换")

    assert rows() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE core_sealkey SET certificate = '\\x00' WHERE kind = 'seal'",
        "UPDATE core_sealkey SET private = '\\x00' WHERE kind = 'seal'",
        "UPDATE core_sealkey SET created_at = now() WHERE kind = 'seal'",
        "DELETE FROM core_sealkey WHERE kind = 'seal'",
    ],
)
def test_guard_refuses_to_change_a_key_by_sql(change):
    seals.current(PropertyFactory())
    before = rows()

    with pytest.raises(IntegrityError, match="core_sealkey"), transaction.atomic():
        connection.cursor().execute(change)

    assert rows() == before


def test_guard_refuses_to_take_a_retired_key_back():
    prop = PropertyFactory()
    seals.current(prop)
    seals.rotate(prop, by=member(prop, Role.ADMIN), reason="例行更换")

    with pytest.raises(IntegrityError, match="core_sealkey"), transaction.atomic():
        connection.cursor().execute("UPDATE core_sealkey SET retired_reason = 'x'")


def test_certificate_reads_as_text_and_has_a_fingerprint_to_compare():
    prop = PropertyFactory()
    assert seals.authority(prop) is None
    seals.current(prop)
    row = seals.authority(prop)

    loaded = x509.load_pem_x509_certificate(seals.pem(row))
    assert loaded.public_bytes(serialization.Encoding.DER) == bytes(row.certificate)
    digits = seals.fingerprint(row)
    assert (len(digits), digits.count(" ")) == (79, 15)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_first_uses_at_once_make_one_seal():
    prop = PropertyFactory()

    found = at_once(8, lambda _i: seals.current(Property.objects.get(pk=prop.pk)))

    assert found == ["done"] * 8
    assert [row.kind for row in SealKey.objects.order_by("pk")] == ["authority", "seal"]
