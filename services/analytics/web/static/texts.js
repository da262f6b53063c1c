/** What the page says, in Russian and English, and how it writes numbers, shares and times. */

/** @typedef {keyof typeof TEXTS} Text */

const LANGUAGES = ["ru", "en"];

/** Russian, English; a text with a number has a form for each kind of number. \u00ad is where a long word may break. */
const TEXTS = {
  brand: ["Билет", "Bilet"],
  tagline: ["Профориентация школьников", "Career guidance for school pupils"],
  otherLanguage: ["English", "Русский"],

  accessTitle: ["Ход сезона в регионе", "A region’s season, live"],
  accessHow: [
    "Страница открывается по токену оператора региона. Его выдаёт команда:",
    "The page opens with a token of the region’s operator. This command issues one:",
  ],
  region: ["Код региона", "Region code"],
  season: ["Сезон", "Season"],
  token: ["Токен", "Token"],
  open: ["Открыть", "Open"],
  leave: ["Выйти", "Sign out"],
  401: [
    "Токен недействителен или срок его действия истёк. Получите новый и введите его ниже.",
    "The token is invalid or has expired. Get a new one and enter it below.",
  ],
  403: [
    "Этот токен не даёт доступа к региону {region}. Нужен токен оператора этого региона.",
    "This token gives no access to region {region}. A token of that region’s operator is needed.",
  ],
  404: [
    "Данных о сезоне {season} в регионе {region} пока нет. Проверьте код региона и сезон; " +
      "если они верны, данные появятся здесь сами.",
    "There are no figures yet for season {season} in region {region}. Check the region code and the season; " +
      "if they are right, the figures will appear here by themselves.",
  ],

  place: ["Сезон {season} · {within}", "Season {season} · {within}"],
  connecting: ["Устанавливаем связь", "Connecting"],
  waiting: ["Ждём данных", "Waiting for figures"],
  live: ["Обновляется", "Live"],
  reconnecting: ["Восстанавливаем связь", "Reconnecting"],
  answeredAt: ["ответ в {time}", "answered at {time}"],
  lastAnswer: ["последний ответ {ago}", "last answer {ago}"],

  funnel: ["Путь школьников", "The pupils’ path"],
  stage: ["Этап", "Stage"],
  pupils: ["Школьников", "Pupils"],
  ofPrevious: ["От преды\u00adдущего этапа", "Of the previous stage"],
  ofRegistered: ["От зарегистри\u00adрованных", "Of the registered"],
  registered: ["Зарегистри\u00adрованы", "Registered"],
  participated: ["Участвовали", "Participated"],
  tested: ["Прошли диагностику", "Tested"],
  attended: ["Посетили профпробу", "Attended a trial"],
  completed: ["Завершили все этапы", "Completed all stages"],
  recommended: ["Получили рекомен\u00adдацию", "Received a recommen\u00addation"],
  ofParticipants: ["{share} участников", "{share} of participants"],
  completedShare: ["Завершили все этапы", "Completed all stages"],
  ofTested: ["прошедших диагностику", "of the tested"],
  guardians: ["Родители с личным кабинетом", "Guardians with a cabinet"],

  ranking: ["Рейтинг муниципалитетов", "Ranking of municipalities"],
  rankingMeaning: [
    "Доля завершивших все этапы среди прошедших диагностику",
    "Share of the tested who completed all stages",
  ],
  rank: ["Место", "Rank"],
  municipality: ["Муниципалитет", "Municipality"],
  share: ["Доля", "Share"],
  completedCount: ["Завершили", "Completed"],
  outOf: ["{completed} из {tested}", "{completed} of {tested}"],
  tie: ["место общее", "shared rank"],
  ties: ["Знак «=» у места: доли равны, место общее.", "“=” beside a rank: equal shares, a shared rank."],
  minimum: [
    { one: "Где диагностику прошли менее {n} школьника, место не присваивается.", other: "Где диагностику прошли менее {n} школьников, место не присваивается." },
    { one: "Where fewer than {n} pupil was tested, no rank is given.", other: "Where fewer than {n} pupils were tested, no rank is given." },
  ],
  more: ["Показать все: {n}", "Show all {n}"],
  fewer: ["Показать первые десять", "Show the first ten"],

  competencies: ["Самые востребованные компетенции", "Most demanded competencies"],
  competenciesMeaning: ["По числу посещений профпроб", "By attendances of trials"],
  competency: ["Компетенция", "Competency"],
  visits: ["Посе\u00adщений", "Attend\u00adances"],
  bookings: ["Записей", "Bookings"],
  approved: [
    { one: "В каталоге {n} компетенция", few: "В каталоге {n} компетенции", other: "В каталоге {n} компетенций" },
    { one: "{n} competency in the catalogue", other: "{n} competencies in the catalogue" },
  ],

  byMunicipality: ["Все этапы по муниципалитетам", "All stages by municipality"],
  byMunicipalityMeaning: ["Школьников на каждом этапе", "Pupils at each stage"],

  played: [
    "Демонстрация: школьники вымышлены, сезон проигран по сценарию, все показатели вычислены из событий.",
    "A demonstration: the pupils are made up, a scenario plays the season, all figures are computed from the events.",
  ],
  reported: ["сообщено регионом", "reported by the region"],
  reportedTotal: ["сообщено регионом: {total}", "reported by the region: {total}"],
  reportedMeaning: [
    "— итог, о котором сообщил регион; остальные числа подобраны к нему.",
    "is a total that the region reported; the other numbers were made to agree with these.",
  ],

  times: [
    "Данные на {as_of} · известно системе на {known_at} · метод {method}",
    "Figures as of {as_of} · known to the system at {known_at} · method {method}",
  ],
  closed: ["сезон закрыт", "the season is closed"],
  revision: ["сезон закрыт, ревизия {n}", "the season is closed, revision {n}"],
  position: ["Позиция журнала", "Log position"],
  records: [
    { one: "Позиция журнала: {n} запись", few: "Позиция журнала: {n} записи", other: "Позиция журнала: {n} записей" },
    { one: "Log position: {n} record", other: "Log position: {n} records" },
  ],
  spoken: [
    "Участвовали {participated}, прошли диагностику {tested}, завершили все этапы {completed}.",
    "{participated} participated, {tested} tested, {completed} completed all stages.",
  ],
};

const FORMATS = LANGUAGES.map((code) => ({
  plural: new Intl.PluralRules(code),
  number: new Intl.NumberFormat(code),
  share: new Intl.NumberFormat(code, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  ago: new Intl.RelativeTimeFormat(code, { style: "short" }),
  clock: new Intl.DateTimeFormat(code, { timeStyle: "medium" }),
  day: new Intl.DateTimeFormat(code, { dateStyle: "long", timeZone: "UTC" }),
  moment: new Intl.DateTimeFormat(code, { dateStyle: "long", timeStyle: "medium", timeZone: "UTC" }),
}));

let chosen = Math.max(0, LANGUAGES.indexOf(localStorage.getItem("bilet.language") ?? ""));

export const language = () => LANGUAGES[chosen];

export function switchLanguage() {
  chosen = 1 - chosen;
  localStorage.setItem("bilet.language", language());
}

/** @param {Text} name @param {Record<string, string>} [values] The text's {places}; an absent one is a dash. */
export const text = (name, values = {}) => filled(TEXTS[name][chosen], values);

/** A text with a number in its place {n} and in the form that goes with it. @param {Text} name @param {number} n */
export function counted(name, n) {
  const forms = /** @type {Record<string, string>} */ (TEXTS[name][chosen]);
  return filled(forms[FORMATS[chosen].plural.select(n)] ?? forms.other, { n: number(n) });
}

/** @param {number?} revision That of a closed season, 0 for its closing; null while it is open. */
export function standing(revision) {
  if (revision === null) return "";
  return revision === 0 ? text("closed") : text("revision", { n: number(revision) });
}

/** @param {unknown} written @param {Record<string, string>} values */
const filled = (written, values) => String(written).replace(/\{(\w+)\}/g, (_, place) => values[place] ?? "—");

/** @param {number} value */
export const number = (value) => FORMATS[chosen].number.format(value);

/** @param {number} part @param {number} whole @returns {string} A percentage, or a dash of nothing. */
export const share = (part, whole) => (whole > 0 ? FORMATS[chosen].share.format(part / whole) : "—");

/** @param {number} milliseconds Since the epoch; shown in the reader's own time zone. */
export const clock = (milliseconds) => FORMATS[chosen].clock.format(milliseconds);

/** @param {number} milliseconds */
export function ago(milliseconds) {
  const seconds = Math.floor(milliseconds / 1_000);
  const format = FORMATS[chosen].ago;
  return seconds < 120 ? format.format(-seconds, "second") : format.format(-Math.floor(seconds / 60), "minute");
}

/** Keeps the offset that the time itself carries: a region's evening stays evening. @param {string?} time RFC 3339 or a date */
export function moment(time) {
  if (!time) return "—";
  if (time.length === 10) return FORMATS[chosen].day.format(new Date(time));
  const offset = time.match(/[+-]\d\d:\d\d$/)?.[0] ?? "";
  return `${FORMATS[chosen].moment.format(new Date(`${time.slice(0, 19)}Z`))} UTC${offset.replace("+00:00", "")}`;
}
