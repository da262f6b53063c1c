"""Who may do what, as it is meant: every route of the four services against everybody who may call it.

It is written by hand and knows nothing of the code, so that it can say that the code is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.e2e.authorisation_open import open_routes

POSITIONS: Mapping[str, Sequence[str]] = {
    "nobody": ("nobody",),
    "national": ("nation", "nation held in a region"),
    "regional": ("region", "other region"),
    "municipal": ("municipality", "sibling municipality", "other municipality"),
    "navigator": ("school", "class", "other class", "other school"),
    "venue": ("venue", "other venue"),
    "mentor": ("mentor", "other mentor"),
    "guardian": ("guardian", "other guardian"),
    "pupil": ("pupil", "other pupil"),
    "service": ("service of the nation", "service", "other service"),
}
"""The columns of the table, and who stands in each: a mark a position. Inside comes before outside."""

UNCHANGED = "0-?i9"
"""The marks of those whose request changes nothing: `0` 401, `-` 403, `?` 404 as if it did not exist, `9` 409, `i` 200
where every item is refused as if it did not exist.

The others are answered: `+` is told of the inside, `~` of nothing inside, `*` as everybody is.
"""

TABLE = """
                                                            none nat reg mun nav  ven men gua pup ser
GET    /analytics/figures                                   0    *-  **  *** **** **  **  **  **  ***
GET    /analytics/regions                                   0    +-  +~  ~~~ ---- --  --  --  --  ---
GET    /analytics/regions/{code}/funnel                     0    +-  +-  +~- ---- --  --  --  --  ---
GET    /analytics/regions/{code}/ranking                    0    +-  +-  +~- ---- --  --  --  --  ---
GET    /analytics/regions/{code}/competencies               0    +-  +-  +~- ---- --  --  --  --  ---
GET    /analytics/regions/{code}/quotas                     0    +-  +-  +~- ---- --  --  --  --  ---
GET    /analytics/regions/{code}/export                     0    +-  +-  +~- ---- --  --  --  --  ---
GET    /analytics/public/regions/{code}/funnel              *    **  **  *** **** **  **  **  **  ***
GET    /analytics/public/regions/{code}/ranking             *    **  **  *** **** **  **  **  **  ***
GET    /analytics/public/regions/{code}/competencies        *    **  **  *** **** **  **  **  **  ***
GET    /analytics/regions/{code}/feed                       0    +-  +?  --- ---- --  --  --  --  ++?

GET    /notifications/inbox                                 0    --  --  --- ---- --  --  +~  +~  ---
GET    /notifications/stream                                0    --  --  --- ---- --  --  **  **  ---
PUT    /notifications/contacts/{code}/{ref}                 0    +-  +-  +-- +--- --  --  --  --  ---
GET    /notifications/contacts                              0    +-  +-  +-- +++- --  --  --  --  ---
DELETE /notifications/contacts/{contact}                    0    ?-  ??  ??? ???? --  --  --  --  ---
GET    /notifications/me/contacts                           0    --  --  --- ---- --  --  +*  +*  ---

GET    /registration/organisations                          0    *-  **  *** **** **  **  **  **  ***
GET    /registration/organisations/{code}                   0    *-  **  *** **** **  **  **  **  ***
PUT    /registration/organisations/{code} region            0    +-  --  --- ---- --  --  --  --  ---
PUT    /registration/organisations/{code} municipality      0    +-  +-  --- ---- --  --  --  --  ---
PUT    /registration/organisations/{code} school            0    +-  +-  --- ---- --  --  --  --  ---
PUT    /registration/organisations/{code}/targets/{year}    0    +-  +-  --- ---- --  --  --  --  ---
GET    /registration/organisations/{code}/targets           0    +-  +-  +-- ---- --  --  --  --  ---
PUT    /registration/schools/{code}/years/{year}            0    +-  +-  +-- +--- --  --  --  --  ---
GET    /registration/schools/{code}/years                   0    +-  +-  +-- +--- --  --  --  --  ---
POST   /registration/regions/{code}/directory               0    +-  +-  --- ---- --  --  --  --  ---
POST   /registration/regions/{code}/numbers                 0    +-  +-  --- ---- --  --  --  --  ---
POST   /registration/regions                                0    +-  --  --- ---- --  --  --  --  ---
POST   /registration/organisations/{code}/moves             0    +-  +-  --- ---- --  --  --  --  ---
POST   /registration/organisations/{code}/closing           0    +-  +-  --- ---- --  --  --  --  ---
POST   /registration/rosters                                0    +-  +-  +-- ++-- --  --  --  --  ---
POST   /registration/links guardian                         0    --  --  --- ---- --  --  +9  --  ---
POST   /registration/links pupil                            0    --  --  --- ---- --  --  --  +9  ---
GET    /registration/me                                     0    ~-  ~~  ~~~ ~~~~ ~~  ~~  +~  +~  ~~~
GET    /registration/participants/{participant}             0    +-  +?  +?? ++?? --  --  +?  +?  ---
PATCH  /registration/participants/{participant}             0    +-  +?  +?? ++?? --  --  --  --  ---
GET    /registration/schools/{code}/participants            0    +-  +-  +-- ++~- --  --  --  --  ---
GET    /registration/schools/{code}/class-form              0    +-  +?  +?? ++?? --  --  --  --  ---
GET    /registration/schools/{code}/class-codes             0    +-  +?  +?? +?+? --  --  --  --  ---
POST   /registration/schools/{code}/door-codes/printout     0    +-  +?  +?? ++?? --  --  --  --  ---
GET    /registration/participants/{participant}/certificate 0    --  --  --- ++?? --  --  +?  +?  ---
GET    /registration/certificates/{number}                  ?    ??  ??  ??? ???? ??  ??  ??  ??  ???
GET    /registration/certificates/{number}/page             ?    ??  ??  ??? ???? ??  ??  ??  ??  ???
GET    /registration/schools/{code}/summary                 0    +-  +?  +?? ++~? --  --  --  --  ---
PUT    /registration/schools/{code}/trips/{venue}/{day}     0    +-  +-  +-- ++-- --  --  --  --  ---
GET    /registration/schools/{code}/trips/{venue}/{day}/workbook 0 +- +? +?? ++?? --  --  --  --  ---
GET    /registration/schools/{code}/trips/{venue}/{day}/printout 0 +- +? +?? ++?? --  --  --  --  ---
POST   /registration/schools/{code}/trips/{venue}/{day}/printout 0 -- -- --- ++?? --  --  --  --  ---
GET    /registration/slots/{slot}/participants              0    --  --  --- ---- +?  +?  --  --  ---
GET    /registration/payment-acts/{act}/workbook            0    +-  +?  --- ---- +?  --  --  --  ---
GET    /registration/payment-acts/{act}/printout            0    +-  +?  --- ---- +?  --  --  --  ---
POST   /registration/participants/{participant}/consents    0    +-  +?  +?? ++?? --  --  +?  ??  ---
DELETE /registration/participants/{participant}/consents/current 0 +- +? +?? ++?? --  --  +?  ??  ---
PUT    /registration/participants/{participant}/guardians/{owner}/keeping 0 -- -- --- ---- -- -- -- +? ---
POST   /registration/participants/{participant}/moves       0    +-  +?  +?? ++?? --  --  --  --  ---
GET    /registration/participants/{participant}/codes       0    +-  +?  +?? ++?? --  --  --  --  ---
POST   /registration/participants/{participant}/codes/{owner} 0  +-  +?  +?? ++?? --  --  --  --  ---
DELETE /registration/participants/{participant}/codes/{owner} 0  +-  +?  +?? ++?? --  --  --  --  ---
DELETE /registration/participants/{participant}/links/{owner} 0  +-  +?  +?? ++?? --  --  ??  ??  ---
POST   /registration/participants/{participant}/archive     0    +-  +?  +?? ++?? --  --  --  --  ---
DELETE /registration/participants/{participant}/archive     0    +-  +?  +?? ++?? --  --  --  --  ---
DELETE /registration/participants/{participant}             0    +-  +?  +?? ---- --  --  --  --  ---
GET    /registration/acts                                   0    +-  +~  +~~ ---- --  --  --  --  ---
GET    /registration/acts/{number}                          0    +-  +?  +?? ---- --  --  --  --  ---
DELETE /registration/guardians/{guardian}                   0    +-  +?  +?? ---- --  --  --  --  ---
GET    /registration/retention                              0    +-  +-  +-- ++~- --  --  --  --  ---
PUT    /registration/retention/{region}                     0    +-  +-  --- ---- --  --  --  --  ---
GET    /registration/retention/{region}                     0    *-  **  *** **** **  **  **  **  ***
GET    /registration/losses                                 0    ~-  ~~  ~~~ ---- --  --  --  --  ---
POST   /registration/transfers                              0    +-  +-  +-- ++-- --  --  --  --  ---
GET    /registration/transfers                              0    +-  +-  +-- ++~- --  --  --  --  ---
POST   /registration/transfers/{transfer}/confirmation      0    9-  9?  9?? 99?? --  --  --  --  ---
DELETE /registration/transfers/{transfer}                   0    +-  +?  ++? ++?? --  --  --  --  ---
POST   /registration/schools/{code}/promotions              0    +-  +-  +-- +--- --  --  --  --  ---
GET    /registration/duplicates                             0    +-  +-  --- ---- --  --  --  --  ---
POST   /registration/duplicates/dismissals                  0    9-  9?  --- ---- --  --  --  --  ---
DELETE /registration/duplicates/dismissals/{dismissal}      0    ?-  ??  --- ---- --  --  --  --  ---
POST   /registration/merges                                 0    +-  +?  +?? ++?? --  --  --  --  ---
DELETE /registration/merges/{duplicate}                     0    ?-  ??  ??? ???? --  --  --  --  ---
GET    /registration/me/requests                            0    --  --  --- ---- --  --  +~  --  ---
GET    /registration/requests                               0    +-  +-  +-- ++~- --  --  --  --  ---
POST   /registration/requests                               0    --  --  --- ---- --  --  **  --  ---
POST   /registration/requests/{request}/confirmation        0    9-  9?  9?? 99?? --  --  --  --  ---
POST   /registration/requests/{request}/refusal             0    +-  +?  +?? ++?? --  --  --  --  ---
DELETE /registration/requests/{request}                     0    --  --  --- ---- --  --  +?  --  ---
POST   /registration/imports                                0    +-  +-  +-- ++-- --  --  --  --  ---
GET    /registration/imports                                0    +-  +~  +~~ +~~~ --  --  --  --  ---
DELETE /registration/imports/{import}                       0    +-  +?  +?? +??? --  --  --  --  ---
GET    /registration/imports/{import}                       0    +-  +?  +?? +??? --  --  --  --  ---
GET    /registration/imports/{import}/refused               0    +-  +?  +?? +??? --  --  --  --  ---
GET    /registration/staff                                  0    +-  +-  +-- +--- --  --  --  --  ---
GET    /registration/staff/exclusions                       0    +-  +-  +-- +--- --  --  --  --  ---
POST   /registration/staff/exclusions                       0    +-  +-  +-- +--- --  --  --  --  ---
DELETE /registration/staff/exclusions/{exclusion}           0    +-  +?  +?? +??? --  --  --  --  ---
PUT    /registration/consent-documents/{version}            0    +-  --  --- ---- --  --  --  --  ---
GET    /registration/consent-documents                      0    *-  **  *** **** **  **  **  **  ***
PUT    /registration/consent-templates/{season}/{region}    0    +-  +-  --- ---- --  --  --  --  ---
GET    /registration/consent-templates                      0    *-  **  *** **** **  **  **  **  ***
GET    /registration/consent-templates/{season}/{region}/{version} 0 *- ** *** **** ** ** ** ** ***

PUT    /trials/seasons/{season}                             0    +-  --  --- ---- --  --  --  --  ---
POST   /trials/seasons/{season}/closing                     0    +-  --  --- ---- --  --  --  --  ---
PUT    /trials/seasons/{season}/revisions/{revision}        0    +-  --  --- ---- --  --  --  --  ---
PUT    /trials/diagnostics/{code}                           0    +-  --  --- ---- --  --  --  --  ---
PUT    /trials/competencies/{code}                          0    +-  --  --- ---- --  --  --  --  ---
PUT    /trials/venues/{code}                                0    +-  +-  --- ---- --  --  --  --  ---
POST   /trials/venues/{code}/applications                   0    +-  +-  --- ---- +-  --  --  --  ---
GET    /trials/venues/{code}/applications                   0    +-  +-  --- ---- +-  --  --  --  ---
POST   /trials/venues/{code}/applications/{season}/decision 0    +-  +?  --- ---- --  --  --  --  ---
POST   /trials/venues/{code}/applications/{season}/withdrawal 0  +-  +?  --- ---- +?  --  --  --  ---
GET    /trials/applications                                 0    +-  +-  --- ---- --  --  --  --  ---
PUT    /trials/seasons/{season}/advice                      0    +-  --  --- ---- --  --  --  --  ---
GET    /trials/seasons/{season}/advice                      0    *-  **  *** **** **  **  **  **  ***
PUT    /trials/regions/{region}/education                   0    +-  +-  --- ---- --  --  --  --  ---
GET    /trials/regions/{region}/education                   0    *-  **  *** **** **  **  **  **  ***
POST   /trials/rates                                        0    +-  +-  --- ---- --  --  --  --  ---
GET    /trials/rates                                        0    *-  **  --- ---- **  --  --  --  ---
GET    /trials/venues/{code}/payment-acts/draft             0    +-  +-  --- ---- +-  --  --  --  ---
POST   /trials/venues/{code}/payment-acts                   0    +-  +-  --- ---- --  --  --  --  ---
GET    /trials/venues/{code}/payment-acts                   0    +-  +-  --- ---- +-  --  --  --  ---
GET    /trials/payment-acts                                 0    +-  +-  --- ---- --  --  --  --  ---
GET    /trials/payment-acts/{act}                           0    +-  +?  --- ---- +?  --  --  --  ---
GET    /trials/payment-acts/{act}/lines                     0    +-  +?  --- ---- +?  --  --  --  ---
POST   /trials/payment-acts/{act}/payment                   0    +-  +?  --- ---- --  --  --  --  ---
PUT    /trials/quotas/{season}                              0    +-  --  --- ---- --  --  --  --  ---
POST   /trials/quotas/{season}/transfers                    0    +-  +-  +-- ---- --  --  --  --  ---
GET    /trials/quotas/{season} organisation                 0    +-  +-  +-- +++- --  --  --  --  ---
GET    /trials/quotas/{season} venue                        0    +-  +-  +-- ---- +-  --  --  --  ---
GET    /trials/quotas/{season}/entries                      0    +-  +-  +-- +++- --  --  --  --  ---
PUT    /trials/programmes/{code}                            0    +-  +-  --- ---- +-  --  --  --  ---
POST   /trials/slots                                        0    +-  +-  --- ---- +-  --  --  --  ---
POST   /trials/slots/batch                                  0    +-  +-  --- ---- +-  --  --  --  ---
POST   /trials/venues/{venue}/timetables                    0    +-  +-  --- ---- +-  --  --  --  ---
POST   /trials/slots/{id}/move                              0    +-  +-  --- ---- +-  --  --  --  ---
POST   /trials/slots/{id}/seats                             0    +-  +-  --- ---- +-  --  --  --  ---
POST   /trials/slots/{id}/closing                           0    +-  +-  --- ---- +-  --  --  --  ---
POST   /trials/closings venue                               0    +-  +-  +-- ---- +-  --  --  --  ---
POST   /trials/closings municipality                        0    +-  +-  +-- ---- --  --  --  --  ---
POST   /trials/closings region                              0    +-  +-  --- ---- --  --  --  --  ---
GET    /trials/seasons                                      0    *-  **  *** **** **  **  **  **  ***
GET    /trials/seasons/{code}                               0    *-  **  *** **** **  **  **  **  ***
PUT    /trials/seasons/{season}/terms/{since}                0    +-  --  --- ---- --  --  --  --  ---
GET    /trials/seasons/{season}/terms                       0    *-  **  *** **** **  **  **  **  ***
GET    /trials/diagnostics                                  0    *-  **  *** **** **  **  **  **  ***
GET    /trials/pictures/{code}                              *    **  **  *** **** **  **  **  **  ***
GET    /trials/diagnostics/{code}                           0    *-  **  *** **** **  **  **  **  ***
GET    /trials/competencies                                 0    *-  **  *** **** **  **  **  **  ***
GET    /trials/competencies/{code}                          0    *-  **  *** **** **  **  **  **  ***
GET    /trials/programmes                                   0    *-  **  *** **** **  **  **  **  ***
GET    /trials/programmes/{code}                            0    *-  **  *** **** **  **  **  **  ***
GET    /trials/venues                                       0    *-  **  *** **** **  **  **  **  ***
GET    /trials/venues/{code}                                0    *-  **  *** **** **  **  **  **  ***
GET    /trials/slots                                        0    *-  **  *** **** **  **  **  **  ***
GET    /trials/slots/{id}                                   0    *-  **  *** **** **  **  **  **  ***
POST   /trials/attempts                                     0    +-  +?  +?? ++?? --  --  --  +?  ---
POST   /trials/attempts/batch                               0    +-  +i  +ii ++ii --  --  --  --  ---
PUT    /trials/participants/{participant}/drafts/{diagnostic} 0  --  --  --- ++?? --  --  --  +?  ---
GET    /trials/participants/{participant}/drafts/{diagnostic} 0  --  --  --- ++?? --  --  --  +?  ---
DELETE /trials/participants/{participant}/drafts/{diagnostic} 0  --  --  --- ++?? --  --  --  +?  ---
POST   /trials/participants/{participant}/repeats           0    --  --  --- ++?? --  --  --  --  ---
PUT    /trials/participants/{participant}/needs             0    --  --  --- ++?? --  --  +?  --  ---
GET    /trials/participants/{participant}/needs             0    --  --  --- ++?? --  --  +?  +?  ---
DELETE /trials/participants/{participant}/needs             0    --  --  --- ++?? --  --  +?  +?  ---
GET    /trials/participants/{participant}/suggestions       0    --  --  --- ++?? --  --  +?  +?  ---
GET    /trials/schools/{school}/trips/{venue}/{day}/needs   0    --  --  --- ++?? --  --  --  --  ---
GET    /trials/schools/{school}/door-codes                  0    +-  +?  +?? ++?? --  --  --  --  ---
GET    /trials/slots/{id}/needs                             0    --  --  --- ---- +?  +?  --  --  ---
POST   /trials/slots/{id}/bookings                          0    +-  +?  +?? ++?? --  --  +?  +?  ---
POST   /trials/slots/{id}/bookings/batch                    0    +-  +i  +ii ++ii --  --  --  --  ---
POST   /trials/placements pupils                            0    +-  +i  +ii ++ii --  --  --  --  ---
POST   /trials/placements class                             0    +-  +-  +-- +-+- --  --  --  --  ---
GET    /trials/slots/{id}/link                              0    --  --  --- ---- +?  +?  --  --  ---
GET    /trials/bookings/{id}/link                           0    --  --  --- ---- --  --  +?  +?  ---
POST   /trials/slots/{id}/waiting                           0    +-  +?  +?? ++?? --  --  +?  +?  ---
DELETE /trials/slots/{id}/waiting/{participant}             0    +-  +?  +?? ++?? --  --  +?  +?  ---
GET    /trials/participants/{participant}/waiting           0    +-  +?  +?? ++?? --  --  +?  +?  ---
POST   /trials/bookings/{id}/confirmation                   0    +-  +?  +?? ++?? --  --  +?  +?  ---
DELETE /trials/bookings/{id}                                0    +-  +?  +?? ++?? --  --  +?  +?  ---
POST   /trials/slots/{id}/attendance                        0    +-  +-  --- ---- +-  +-  --  --  ---
GET    /trials/bookings/{id}/pass                           0    +-  +?  +?? ++?? --  --  +?  +?  ---
GET    /trials/participants/{participant}/code              0    +-  +?  +?? ++?? --  --  +?  +?  ---
GET    /trials/pass-keys                                    0    *-  **  *** **** **  **  **  **  ***
POST   /trials/checkins/file                                0    +-  +i  --- ---- +i  +i  --  --  ---
POST   /trials/checkins                                     0    +-  +i  --- ---- +i  +i  --  --  ---
POST   /trials/slots/{id}/absences                          0    +-  +-  --- ---- +-  +-  --  --  ---
PUT    /trials/attendance/{id}/feedback                     0    +-  +?  --- ---- +?  +?  --  --  ---
PUT    /trials/attendance/{id}/review                       0    --  --  --- ---- --  --  +?  +?  ---
GET    /trials/attendance/{id}/review                       0    --  --  --- ---- --  --  +?  +?  ---
GET    /trials/reviews                                      0    +-  +~  --- ---- +~  --  --  --  ---
GET    /trials/slots/{id}/reviews                           0    +-  +?  --- ---- +?  +?  --  --  ---
POST   /trials/attendance/{id}/revocation                   0    +-  +?  --- ---- +?  +?  --  --  ---
POST   /trials/lessons                                      0    +-  +i  +ii ++ii --  --  --  --  ---
POST   /trials/lessons/{id}/revocation                      0    +-  +?  +?? ++?? --  --  --  --  ---
GET    /trials/participants/{participant}/path              0    +-  +?  +?? ++?? --  --  +?  +?  ---
GET    /trials/participants/{participant}/bookings          0    +-  +?  +?? ++?? --  --  +?  +?  ---

DELETE /registration/guardians/me                           0    --  --  --- ---- --  --  **  --  ---
GET    /trials/losses                                       0    ~-  ~~  ~~~ ---- --  --  --  --  ---
"""


@dataclass(frozen=True)
class Row:
    """One route, in one of the cases in which it is asked; the marks by position."""

    route: str
    """Method and path, as the service declares them."""
    case: str
    """Tells several rows of one route apart; mostly empty."""
    marks: Mapping[str, str]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.route, self.case)))

    def marked(self, among: str) -> Iterator[tuple[str, str]]:
        """Positions whose mark is among these, and their marks."""
        return ((position, mark) for position, mark in self.marks.items() if mark in among)


def _row(line: str) -> Row:
    """A line of the table."""
    words = line.split()
    method, path, *case = words[: -len(POSITIONS)]
    columns = dict(zip(POSITIONS, words[-len(POSITIONS) :], strict=True))
    marks = {p: m for column, said in columns.items() for p, m in zip(POSITIONS[column], said, strict=True)}
    return Row(f"{method} {path}", " ".join(case), marks)


# The last row ends the cabinets that the others ask from.
ROWS = [_row(line) for line in TABLE.splitlines()[2:] if line]


def routes(service: str) -> set[str]:
    """Method and path of every route of a service that the table knows."""
    own = {row.route for row in ROWS if row.route.split("/")[1] == service}
    return own | open_routes(service)
