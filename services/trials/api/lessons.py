"""Trials over HTTP: lessons that schools hold."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.trials.answers.lessons import LessonAnswer, LessonAnswers
from services.trials.api.items import noted, wanted
from services.trials.domain.presence.lessons import HeldLesson
from services.trials.handlers import lessons
from services.trials.handlers.lessons import MOST_PUPILS, LessonRequest, Told, WholeClass, Withdrawal
from services.trials.repository import Repository
from shared.base.models import Count, Input
from shared.contracts.codes import Code, ExceptionReason, OrganisationCode, SeasonCode
from shared.http.authorisation import SchoolStaff
from shared.http.batch import ReadAs
from shared.http.openapi import problems
from shared.http.routes import KIB, router_of
from shared.programme.moments import Moment
from shared.programme.texts import ClassName, Id, Reason, Ref
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

LessonId = Annotated[Id, Path(description="Id of the lesson.")]


class LessonBody(Input):
    """A lesson that a school held, and who was in it: a class but for those who were absent, or pupils one by one."""

    ref: Ref
    """The school's own name of the lesson; the same again is the same lesson."""
    season: SeasonCode
    school: OrganisationCode
    """Code of the school."""
    theme: Code
    """Code or number of the theme."""
    school_class: Annotated[ClassName | None, Field(alias="class")] = None
    """The class that was in it, as it is when the lesson is recorded."""
    absent: Annotated[tuple[Id, ...], Count(0, MOST_PUPILS)] = ()
    """Ids of the pupils of the class who were not."""
    participants: Annotated[list[Annotated[Any, ReadAs(Id)]], Count(1, MOST_PUPILS)] | None = None
    """Ids of the pupils, instead of a class."""
    occurred_at: Moment | None = None
    exception: ExceptionReason | None = None
    """The reason why an operator records it outside the season's dates."""

    @model_validator(mode="after")
    def _of_one_of_both(self) -> Self:
        if (self.school_class is None) is (self.participants is None):
            raise PydanticCustomError("class_or_participants", "names either a class or participants")
        if self.absent and self.school_class is None:
            raise PydanticCustomError("absent_of_no_class", "only of a class somebody is absent")
        return self

    @property
    def held(self) -> HeldLesson:
        """The lesson without its pupils."""
        return HeldLesson(self.season, self.school, self.ref, self.theme, self.occurred_at, self.exception)


class LessonRevocationBody(Input):
    """The reason why a lesson is taken back, for all who were in it or for some."""

    reason: Reason
    """In the school's words; it is kept with the lesson and must name nobody."""
    participants: Annotated[list[Id], Count(1, MOST_PUPILS)] | None = None
    """Ids of the pupils who were not in it; left out, it was not held."""
    occurred_at: Moment | None = None


def routes(repository: Repository, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes by which lessons are recorded and taken back."""
    router = router_of("trials")

    @router.post(
        "/lessons",
        max_body_size=128 * KIB,
        response_model_exclude_none=True,
        responses=problems({409: ["too-many-pupils"]}),
    )
    async def record_lesson(body: LessonBody, who: SchoolStaff) -> LessonAnswers:
        """A lesson of a class in one call, answered pupil by pupil; again, it changes nothing.

        It counts as taking part, and as no trial. Pupils of the class who are in the archive are left out.
        """
        sent = body.participants or []
        items = [wanted(id, f"/participants/{index}") for index, id in enumerate(sent)]
        whole = None if body.school_class is None else WholeClass(body.school_class, body.absent)
        request = LessonRequest(items=items, who=who, now=clock(), held=body.held, whole=whole)
        return _answered(await lessons.record(repository, request, sent, new_id), "attended")

    @router.post(
        "/lessons/{id}/revocation",
        response_model_exclude_none=True,
        responses=problems({404: ["not-found"]}),
    )
    async def revoke_lesson(id: LessonId, body: LessonRevocationBody, who: SchoolStaff) -> LessonAnswers:
        """Takes a lesson back, for all in the scope who were in it or for some; again, it changes nothing."""
        said = Withdrawal(id, body.reason, body.participants, body.occurred_at, who, clock())
        return _answered(await lessons.revoke(repository, said), "revoked")

    return router


def _answered(told: Told, done: Literal["attended", "revoked"]) -> LessonAnswers:
    pairs = zip(told.named, told.outcomes, strict=True)
    items = [LessonAnswer.of(named, outcome, done) for named, outcome in pairs]
    answers = LessonAnswers(lesson=told.lesson, items=items)
    noted(answers)
    return answers
