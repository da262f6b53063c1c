"""What checked rosters change, decided line by line without a read: one transaction writes it all."""

from collections.abc import Mapping

from services.registration.codes import Codes
from services.registration.domain import Consent, Enrolment, NewId, Participant, enrol
from services.registration.pupils import Key, Pupils
from services.registration.roster import GuardianEntry, Lines, PupilEntry, RosterItem, Setting, refusal
from services.registration.vault import Identity
from shared.base.errors import FieldError, Forbidden, ServiceError
from shared.identity.acting import Actor
from shared.programme.moments import zone
from shared.programme.texts import ref_key
from shared.storage.decision import Decision


class Admission:
    """All that a group of rosters writes: each line finds those whom the lines and rosters before it entered.

    `guardians` are those known by the schools' keys, in every spelling that the rosters have: one for a guardian of
    several children of the same school.
    """

    def __init__(self, pupils: Pupils, guardians: Mapping[Key, str], codes: Codes, new_id: NewId) -> None:
        self.pupils = pupils
        self.guardians: dict[Key, str] = {}
        """Ids of the new ones."""
        self.entered_by: dict[str, Actor | None] = {}
        """Who entered each of them."""
        self._entered: dict[Key, str] = {}
        """These by the folds of their keys."""
        self.identities: dict[str, Identity] = {}
        """Of new pupils and guardians, by id."""
        self._known_guardians = guardians
        self._codes = codes
        self._new_id = new_id

    def admit(self, lines: Lines) -> list[RosterItem]:
        """What became of each line; the guardian of a pupil who is in the season already is not entered."""
        items = dict(lines.refused)
        for index, entry in lines.entries.items():
            try:
                self._must_be_reached(entry, index, lines.setting)
                items[index] = self._admit(entry, lines.setting)
            except ServiceError as error:
                items[index] = refusal(entry.external_ref, error)
        return [items[index] for index in sorted(items)]

    def _admit(self, entry: PupilEntry, setting: Setting) -> RosterItem:
        guardian = self._guardian(entry.guardian, setting)
        before = self.pupils.of_school(setting.place.school, entry.external_ref)
        decision = enrol(before, _enrolment(entry, setting, guardian), self._new_id)
        if decision.happened:
            decision = self._with_codes(decision)
            self.pupils.take(decision, setting.by)
            if before is None:
                self.identities[decision.state.id] = {"name": entry.name, "birth_date": entry.birth_date.isoformat()}
            self._enter_guardian(entry.guardian, setting, guardian)
        return self._item(entry, decision, guardian)

    def _must_be_reached(self, entry: PupilEntry, index: int, setting: Setting) -> None:
        """Raises Forbidden where the school knows the pupil or the guardian from classes of others than the sender.

        The answer would hold their ids and codes, and a code of a made-up sibling would bind the guardian's account.
        """
        before = self.pupils.of_school(setting.place.school, entry.external_ref)
        if before is not None and not setting.reaches([before.place.school_class]):
            raise _foreign(f"/pupils/{index}/external_ref", "this pupil")
        known = self._known_as(entry.guardian, setting)
        if known is not None and not setting.reaches(self.pupils.classes_of(known)):
            raise _foreign(f"/pupils/{index}/guardian/ref", "this guardian")

    def _guardian(self, entry: GuardianEntry | None, setting: Setting) -> str | None:
        """The id of the line's guardian: known, new by an earlier line, or new by this one."""
        if entry is None:
            return None
        return self._known_as(entry, setting) or self._new_id()

    def _known_as(self, entry: GuardianEntry | None, setting: Setting) -> str | None:
        """The id of a guardian who was known before, or is by an earlier line."""
        if entry is None:
            return None
        school = setting.place.school
        return self._known_guardians.get((school, entry.ref)) or self._entered.get((school, ref_key(entry.ref)))

    def _enter_guardian(self, entry: GuardianEntry | None, setting: Setting, id: str | None) -> None:
        if entry is None or id is None or self._known_as(entry, setting) is not None:
            return
        school = setting.place.school
        self.guardians[school, entry.ref] = self._entered[school, ref_key(entry.ref)] = id
        self.entered_by[id] = setting.by
        self.identities[id] = {"name": entry.name}

    def _with_codes(self, decision: Decision[Participant]) -> Decision[Participant]:
        pupil = decision.state
        return Decision(pupil.model_copy(update={"codes": self._codes.of(pupil)}), decision.happened)

    def _item(self, entry: PupilEntry, decision: Decision[Participant], guardian: str | None) -> RosterItem:
        """The answer; a code that was redeemed is not shown again."""
        pupil = decision.state
        shown = guardian if guardian in pupil.guardians else None
        open_to_guardian = shown is not None and shown not in pupil.linked
        return RosterItem(
            external_ref=entry.external_ref,
            status="created" if decision.happened else "known",
            participant=pupil.id,
            guardian=shown,
            link_code=self._codes.text(pupil.id, shown) if open_to_guardian else None,
            account_code=self._codes.text(pupil.id) if pupil.account is None else None,
        )


def _foreign(pointer: str, whom: str) -> Forbidden:
    why = (
        f"another class's roster knows {whom}, and the token's grants do not cover that class: "
        "the school's navigator for the whole school or an operator enters such a pupil"
    )
    return Forbidden(f"{pointer}: {why}", slug="another-class", errors=[FieldError(pointer, why)])


def _enrolment(entry: PupilEntry, setting: Setting, guardian: str | None) -> Enrolment:
    return Enrolment(
        season=setting.season.code,
        external_ref=entry.external_ref,
        place=setting.place,
        disability=entry.disability,
        guardian=guardian,
        consent=_consent(entry, setting, guardian),
        occurred_at=setting.occurred_at,
    )


def _consent(entry: PupilEntry, setting: Setting, guardian: str | None) -> Consent | None:
    if entry.consent is None or guardian is None:
        return None
    return Consent(
        version=entry.consent.version,
        channel=entry.consent.channel,
        given_at=entry.consent.given_at.astimezone(zone(setting.place.utc_offset)),
        guardian=guardian,
    )
