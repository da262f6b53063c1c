"""A valid request of each row of the table of authorisation: what is refused is refused for who asks alone."""

from tests.e2e import authorisation_trials
from tests.e2e.authorisation_calendar import DAYS
from tests.e2e.authorisation_request import Request, Requests
from tests.e2e.authorisation_scene import DOCUMENT, Scene


def requests(scene: Scene) -> Requests:
    """By row."""
    return {**_figures(scene), **_register(scene), **_persons(scene), **authorisation_trials.requests(scene)}


def _figures(scene: Scene) -> Requests:
    below, own = f"/analytics/regions/{scene.here.region}", scene.pupils["own"].id
    season, town = f"?season={scene.here.season}", f"Организация {scene.here.municipality}"
    sibling = f"Организация {scene.here.region}-002"
    route = "GET /analytics/regions/{code}"
    return {
        "GET /analytics/figures": Request("/analytics/figures"),
        "GET /analytics/regions": Request(f"/analytics/regions{season}", sign=f'"region":"{scene.here.region}"'),
        f"{route}/funnel": Request(f"{below}/funnel{season}&by=municipality", sign=town, beyond=sibling),
        f"{route}/ranking": Request(f"{below}/ranking{season}", sign=town, beyond=sibling),
        f"{route}/competencies": Request(f"{below}/competencies{season}", sign=scene.competency),
        f"{route}/quotas": Request(f"{below}/quotas{season}", sign=town),
        f"{route}/export": Request(f"{below}/export{season}", sign=town, beyond=sibling),
        **{
            f"GET /analytics/public/regions/{{code}}/{figure}": Request(
                f"/analytics/public/regions/{scene.here.region}/{figure}{season}"
            )
            for figure in ("funnel", "ranking", "competencies")
        },
        f"{route}/feed": Request(f"{below}/feed?limit=1000", sign=town),
        "GET /notifications/inbox": Request("/notifications/inbox", sign=own),
        "GET /notifications/stream": Request("/notifications/stream"),
        **_contacts(scene),
    }


def _contacts(scene: Scene) -> Requests:
    path, name = "/notifications/contacts", scene.navigator["name"]
    return {
        f"PUT {path}/{{code}}/{{ref}}": Request(f"{path}/{scene.here.school}/n1", scene.navigator, name),
        f"GET {path}": Request(f"{path}?organisation={scene.here.school}", sign=name),
        f"DELETE {path}/{{contact}}": Request(f"{path}/{scene.erased_contact}"),
        "GET /notifications/me/contacts": Request("/notifications/me/contacts", sign=name),
    }


def _register(scene: Scene) -> Requests:
    here, register, documents = scene.here, "/registration/organisations", "/registration/consent-documents"
    put = f"PUT {register}/{{code}}"
    region = {"kind": "region", "name": "Область", "parent": "RU", "utc_offset": "+03:00"}
    town = {"kind": "municipality", "name": f"Организация {here.municipality}", "parent": here.region}
    school = {"kind": "school", "name": f"Организация {here.school}", "parent": here.municipality}
    return {
        f"GET {register}": Request(register),
        f"GET {register}/{{code}}": Request(f"{register}/{here.school}"),
        f"{put} region": Request(f"{register}/{here.region}", region),
        f"{put} municipality": Request(f"{register}/{here.municipality}", town),
        f"{put} school": Request(f"{register}/{here.school}", school),
        **_years(scene),
        "POST /registration/regions/{code}/directory": Request(
            f"/registration/regions/{here.region}/directory",
            f"Код;Наименование;Район\r\n{here.school};{school['name']};{here.municipality}\r\n".encode(),
            '"known":1',
            media_type="text/csv",
        ),
        "POST /registration/regions/{code}/numbers": Request(
            f"/registration/regions/{here.region}/numbers?year=2019",
            f"Код школы;Класс;Всего учащихся\r\n{here.school};7;25\r\n".encode(),
            '"lines":1',
            media_type="text/csv",
        ),
        "POST /registration/regions": Request("/registration/regions", {"codes": ["RU-TY"]}, "entered"),
        f"POST {register}/{{code}}/moves": Request(
            f"{register}/{here.school}/moves", {"parent": here.municipality}, town["name"]
        ),
        f"POST {register}/{{code}}/closing": Request(f"{register}/{here.municipality}-C09/closing", {}, town["name"]),
        f"PUT {documents}/{{version}}": Request(f"{documents}/{scene.version}", DOCUMENT),
        f"GET {documents}": Request(documents),
        **_templates(scene),
    }


def _templates(scene: Scene) -> Requests:
    all_of_them, path = "/registration/consent-templates", "/registration/consent-templates/{season}/{region}"
    return {
        f"PUT {path}": Request(scene.templates, scene.template, '"digest"'),
        f"GET {all_of_them}": Request(all_of_them),
        f"GET {path}/{{version}}": Request(f"{scene.templates}/{scene.version}"),
    }


def _years(scene: Scene) -> Requests:
    register, schools, here = "/registration/organisations", "/registration/schools", scene.here
    level = {"level": "main", "pupils": [{"grade": 7, "total": 25, "disabled": 1}]}
    return {
        f"PUT {register}/{{code}}/targets/{{year}}": Request(
            f"{register}/{here.municipality}/targets/2020", {"pupils": 4321}, "4321"
        ),
        f"GET {register}/{{code}}/targets": Request(f"{register}/{here.municipality}/targets", sign='"pupils":1234'),
        f"PUT {schools}/{{code}}/years/{{year}}": Request(f"{schools}/{here.school}/years/2020", level, '"total":25'),
        f"GET {schools}/{{code}}/years": Request(f"{schools}/{here.school}/years", sign='"total":77'),
    }


def _persons(scene: Scene) -> Requests:
    own, second, persons = scene.pupils["own"], scene.pupils["second"], "/registration/participants"
    listed = f"/registration/schools/{scene.here.school}/participants?season={scene.here.season}"
    consents, agreed = f"{persons}/{second.id}/consents", {"version": scene.version, "channel": "cabinet"}
    name, one = scene.line("own")["name"], f"{persons}/{{participant}}"
    return {
        "POST /registration/rosters": Request("/registration/rosters", scene.roster("own"), own.id),
        **{
            f"POST /registration/links {role}": Request("/registration/links", {"code": code}, own.id)
            for role, code in own.codes.items()
        },
        "GET /registration/me": Request("/registration/me", sign=name),
        f"GET {persons}/{{participant}}": Request(f"{persons}/{own.id}", sign=name),
        f"PATCH {persons}/{{participant}}": Request(f"{persons}/{own.id}", {"name": name}, own.id),
        "GET /registration/schools/{code}/participants": Request(listed, sign=name),
        **_files(scene),
        **_trips(scene, name),
        "GET /registration/slots/{slot}/participants": Request(
            f"/registration/slots/{scene.slots['near']}/participants", sign=own.id, tells=(own.id, name)
        ),
        f"POST {one}/moves": Request(f"{persons}/{own.id}/moves", {"school": scene.here.school, "class": "7А"}, own.id),
        "POST /registration/schools/{code}/promotions": Request(
            f"/registration/schools/{scene.here.school}/promotions",
            {"year": "2020", "occurred_at": "2020-06-01T09:00:00+03:00"},  # before anybody was placed
            '"settled":',
        ),
        f"GET {one}/codes": Request(f"{persons}/{second.id}/codes", sign=second.codes["pupil"]),
        f"POST {one}/codes/{{owner}}": Request(f"{persons}/{second.id}/codes/self", sign=second.id),
        f"DELETE {one}/codes/{{owner}}": Request(f"{persons}/{second.id}/codes/self", sign=second.id),
        f"PUT {one}/guardians/{{owner}}/keeping": Request(
            f"{persons}/{own.id}/guardians/{own.guardian}/keeping", {"kept": True}, '"kept":true'
        ),
        f"DELETE {one}/links/{{owner}}": Request(f"{persons}/{second.id}/links/self", sign=second.id),
        **_transfers(scene),
        "GET /registration/duplicates": Request(
            f"/registration/duplicates?region={scene.here.region}", sign='"items":'
        ),
        "POST /registration/duplicates/dismissals": Request(
            "/registration/duplicates/dismissals", {"participants": [own.id, second.id], "reason": "Разные дети"}
        ),
        "DELETE /registration/duplicates/dismissals/{dismissal}": Request("/registration/duplicates/dismissals/none"),
        **_staff(scene),
        "POST /registration/merges": Request(
            "/registration/merges",
            {"survivor": scene.pupils["one"].id, "duplicate": scene.pupils["again"].id},
            '"merged"',
        ),
        "DELETE /registration/merges/{duplicate}": Request(f"/registration/merges/{own.id}"),
        **_places(scene),
        **_imports(scene),
        f"DELETE {one}": Request(f"{persons}/{scene.pupils['gone'].id}", sign=scene.act),
        **_guardians(scene),
        **_retention(scene),
        "GET /registration/acts": Request("/registration/acts", sign=scene.act),
        "GET /registration/acts/{number}": Request(f"/registration/acts/{scene.act}", sign=scene.here.school),
        "GET /registration/losses": Request("/registration/losses"),
        f"POST {one}/archive": Request(f"{persons}/{second.id}/archive", {"reason": "left"}, second.id),
        f"DELETE {one}/archive": Request(f"{persons}/{second.id}/archive", sign=second.id),
        f"POST {persons}/{{participant}}/consents": Request(consents, agreed, "given_at"),
        f"DELETE {persons}/{{participant}}/consents/current": Request(f"{consents}/current", sign="consent"),
    }


def _staff(scene: Scene) -> Requests:
    path, school = "/registration/staff", scene.here.school
    return {
        f"GET {path}": Request(f"{path}?org={school}", sign='"items":'),
        f"GET {path}/exclusions": Request(f"{path}/exclusions?org={school}", sign='"items":'),
        f"POST {path}/exclusions": Request(f"{path}/exclusions", {"org": school, "account": "another"}, '"exclusion"'),
        f"DELETE {path}/exclusions/{{exclusion}}": Request(f"{path}/exclusions/{scene.exclusion}", sign=school),
    }


def _guardians(scene: Scene) -> Requests:
    guardians = "/registration/guardians"
    erased = f"{guardians}/{scene.pupils['school'].guardian}"
    return {
        f"DELETE {guardians}/me": Request(f"{guardians}/me"),
        f"DELETE {guardians}/{{guardian}}": Request(erased, sign=scene.act_of_guardian),
    }


def _retention(scene: Scene) -> Requests:
    path, here = "/registration/retention", scene.here
    terms = f"{path}/{here.region}"
    return {
        f"GET {path}": Request(f"{path}?organisation={here.school}", sign=scene.line("one")["name"]),
        f"PUT {path}/{{region}}": Request(terms, {"left_days": 365}, '"left_days":365'),
        f"GET {path}/{{region}}": Request(terms),
    }


def _files(scene: Scene) -> Requests:
    path, here, name = "/registration/schools/{code}", scene.here, scene.line("own")["name"]
    below = f"/registration/schools/{here.school}"
    code = scene.pupils["form"].codes["guardian"]
    printed = "-".join((code[:4], code[4:8], code[8:]))
    return {
        f"GET {path}/class-form": Request(f"{below}/class-form?season={here.season}&class=7А", sign=name),
        f"GET {path}/class-codes": Request(f"{below}/class-codes?season={here.season}&class=7Б", sign=printed),
        f"POST {path}/door-codes/printout": Request(
            f"{below}/door-codes/printout?season={here.season}&class=7А", {"codes": [scene.code]}, name
        ),
        f"GET {path}/summary": Request(f"{below}/summary?year=2020", sign=name),
        "GET /registration/participants/{participant}/certificate": Request(
            f"/registration/participants/{scene.pupils['own'].id}/certificate?season={here.season}", sign=name
        ),
        "GET /registration/certificates/{number}": Request("/registration/certificates/of-nobody"),
        "GET /registration/certificates/{number}/page": Request("/registration/certificates/of-nobody/page"),
    }


def _transfers(scene: Scene) -> Requests:
    path, here = "/registration/transfers", scene.here
    refused = f"{path}/{scene.transfer}"
    return {
        f"POST {path}": Request(path, scene.wanted("town", here.school), here.school),
        f"GET {path}": Request(f"{path}?organisation={here.school}", sign=scene.transfer),
        f"POST {path}/{{transfer}}/confirmation": Request(f"{refused}/confirmation"),
        f"DELETE {path}/{{transfer}}": Request(refused, sign=scene.transfer),
    }


def _places(scene: Scene) -> Requests:
    path, here = "/registration/requests", scene.here
    answered = f"{path}/{scene.request}"
    taken = {"season": here.season, "external_ref": "asked", "guardian": {"ref": "asked"}}
    return {
        "GET /registration/me/requests": Request("/registration/me/requests", sign=scene.request),
        f"GET {path}": Request(f"{path}?organisation={here.school}", sign=scene.request),
        f"POST {path}": Request(path, scene.asked("Другой Ребёнок")),
        f"POST {path}/{{request}}/confirmation": Request(f"{answered}/confirmation", taken),
        f"POST {path}/{{request}}/refusal": Request(f"{answered}/refusal", {"reason": "other"}, scene.request),
        f"DELETE {path}/{{request}}": Request(answered, sign=scene.request),
    }


def _imports(scene: Scene) -> Requests:
    path, here = "/registration/imports", scene.here
    query = f"?season={here.season}&school={here.school}&class=7А&occurred_at=2020-09-14T10:00:00%2B03:00"
    line = scene.line("own")
    file = f"Ключ;ФИО;Дата рождения\r\nown;{line['name']};{line['birth_date']}\r\n".encode()
    return {
        f"POST {path}": Request(path + query, file, here.school, media_type="text/csv"),
        f"GET {path}": Request(f"{path}?limit=1000", sign=scene.imported),
        f"DELETE {path}/{{import}}": Request(f"{path}/{scene.imported}", sign=here.school),
        f"GET {path}/{{import}}": Request(f"{path}/{scene.imported}", sign=here.school),
        f"GET {path}/{{import}}/refused": Request(f"{path}/{scene.imported}/refused", sign="Отказ Анна"),
    }


def _trips(scene: Scene, name: str) -> Requests:
    """Of the class on the day of the slot that is near."""
    here, path = scene.here, "/registration/schools/{code}/trips/{venue}/{day}"
    below, of_class = f"/registration/schools/{here.school}/trips/{here.venue}/{DAYS['near']}", "?class=7А"
    return {
        f"PUT {path}": Request(below + of_class, {"name": "Сопровождающая Анна"}, '"accompanied_by"'),
        f"GET {path}/workbook": Request(f"{below}/workbook{of_class}", sign=name),
        f"GET {path}/printout": Request(f"{below}/printout{of_class}", sign=name),
        f"POST {path}/printout": Request(f"{below}/printout{of_class}", {"needs": []}, name),
    }
