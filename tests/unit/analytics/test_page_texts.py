"""What the page writes, in both languages: numbers in their form, and dates that end a sentence once."""

import json
import subprocess
import sys
from pathlib import Path

TEXTS = Path(__file__).parents[3] / "services/analytics/web/static/texts.js"
NODE = Path(sys.executable).parent / "node"
ASK = """
globalThis.localStorage = { getItem: () => null, setItem: () => {} };
const { counted, language, moment, standing, switchLanguage, text } = await import(process.argv[1]);
const said = {};
for (let round = 0; round < 2; round += 1) {
  said[language()] = {
    approved: [0, 1, 2, 5, 11, 21, 1000].map((n) => counted("approved", n)),
    records: [1, 3, 12].map((n) => counted("records", n)),
    standing: [null, 0, 3].map((revision) => standing(revision)),
    minimum: [2, 21].map((n) => counted("minimum", n)),
    times: text("times", {
      as_of: moment("2020-12-16"), known_at: moment("2020-12-16T23:59:59+03:00"), method: "funnel/1",
    }),
  };
  switchLanguage();
}
console.log(JSON.stringify(said));
"""


def test_numbers_have_their_form_and_dates_end_once() -> None:
    run = subprocess.run(
        [NODE, "--input-type=module", "--no-warnings", "-e", ASK, TEXTS.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    said = json.loads(run.stdout.replace("\\u00a0", " "))
    assert said["en"]["approved"] == [
        *("0 competencies in the catalogue", "1 competency in the catalogue", "2 competencies in the catalogue"),
        *("5 competencies in the catalogue", "11 competencies in the catalogue"),
        *("21 competencies in the catalogue", "1,000 competencies in the catalogue"),
    ]
    assert [text.split()[-1] for text in said["ru"]["approved"]] == [
        *("компетенций", "компетенция", "компетенции", "компетенций", "компетенций", "компетенция", "компетенций")
    ]
    assert [text.split()[-1] for text in said["ru"]["records"]] == ["запись", "записи", "записей"]
    assert [text.split()[4] for text in said["ru"]["minimum"]] == ["2", "21"]
    assert [text.split()[5] for text in said["ru"]["minimum"]] == ["школьников,", "школьника,"]
    assert said["en"]["standing"] == ["", "the season is closed", "the season is closed, revision 3"]
    assert said["ru"]["standing"] == ["", "сезон закрыт", "сезон закрыт, ревизия 3"]
    for texts in said.values():
        assert ".." not in texts["times"]
    assert said["ru"]["times"].startswith("Данные на 16 декабря 2020 г. · известно системе на 16 декабря 2020 г.")
    assert "UTC+03:00" in said["en"]["times"]
