"""The regions that come with the package: each once, with a name and a clock that a definition takes."""

import re

from services.registration.domain.definitions import Definition, define
from services.registration.regions import REGIONS
from shared.identity.grants import REGION
from tests.builders.registration import NOW


def test_the_standard_s_83_regions_are_there_each_once_and_by_code() -> None:
    codes = [region.code for region in REGIONS]
    assert (len(codes), codes) == (83, sorted(set(codes)))
    assert all(map(REGION.fullmatch, codes))
    assert len({region.name for region in REGIONS}) == 83
    assert all(re.fullmatch(r"[А-Я][А-Яа-яё()— -]+", region.name) for region in REGIONS)


def test_each_is_a_definition_and_clocks_go_from_west_to_east() -> None:
    for region in REGIONS:
        definition = Definition(kind="region", name=region.name, utc_offset=region.utc_offset)
        assert define(None, region.code, definition, None, NOW).state.name == region.name
    clocks = {region.code: region.utc_offset for region in REGIONS}
    known = {"RU-KGD": "+02:00", "RU-MOW": "+03:00", "RU-SAM": "+04:00", "RU-SVE": "+05:00", "RU-OMS": "+06:00"}
    known |= {"RU-NVS": "+07:00", "RU-IRK": "+08:00", "RU-SA": "+09:00", "RU-PRI": "+10:00", "RU-SAK": "+11:00"}
    assert known | {"RU-KAM": "+12:00"} == {code: clocks[code] for code in (*known, "RU-KAM")}
    assert len(set(clocks.values())) == 11
