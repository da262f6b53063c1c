/**
 * Draws the answers of analytics into the page, touching only what changed.
 *
 * @typedef {"registered" | "participated" | "tested" | "attended" | "completed"} Stage
 * @typedef {Record<Stage | "recommended", number>} Counts Distinct pupils.
 * @typedef {Counts & {name: string, municipalities: {name: string}[], as_of: string?, known_at: string?, position: unknown, method: string,
 *   revision: number?, guardians: number, rows: (Counts & {municipality: string, name: string})[]}} Funnel
 * @typedef {{rank: number?, municipality: string, name: string, share: number?, completed: number,
 *   tested: number}} Rank A share is a fraction, 0 to 1.
 * @typedef {{min_n: number, rows: Rank[]}} Ranking
 * @typedef {{approved: number, rows: {competency: string, name: string, attended: number,
 *   booked: number}[]}} Competencies
 * @typedef {{funnel: Funnel, ranking: Ranking, competencies: Competencies}} Answers
 * @typedef {Record<string, unknown> & {region: string, season: string, reported: string[],
 *   ranking: {municipality: string, share_percent: number}[]}} Scenario The season.json of a scenario.
 * @typedef {{text: string, note?: string}} Mark That a number of the scenario was reported by the region.
 * @typedef {{key: string, fields: Record<string, string>, bar?: number, mark?: Mark | null}} Row
 */
import { counted, moment, number, share, standing, text } from "./texts.js";

/** @type {Stage[]} */
const STAGES = ["registered", "participated", "tested", "attended", "completed"];
/** @type {Record<Stage, string>} The names of the same totals in a scenario. */
const TOTALS = {
  registered: "registered",
  participated: "participants",
  tested: "tested",
  attended: "trial_attended",
  completed: "completed",
};
const FIRST_ROWS = 10;

/** @param {string} id */
export const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
export const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

/** Leaves an equal text alone: a live region speaks at every change. @param {Element} element @param {string} value */
export function put(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

/** @param {Scenario?} scenario @param {string} total @returns {Mark?} Nothing where the region did not report it. */
function markOf(scenario, total) {
  const entry = scenario?.reported.find((line) => line.split(":")[0] === total);
  if (!scenario || !entry) return null;
  const note = entry.slice(total.length + 1).trim();
  const value = scenario[total];
  if (typeof value !== "number" || note) return { text: text("reported"), note };
  return { text: text("reportedTotal", { total: number(value) }) };
}

/** @param {Scenario?} scenario @param {Rank} row @returns {Mark?} Only the first rows of a ranking were reported. */
function markOfShare(scenario, row) {
  const first = scenario?.ranking.find(({ municipality }) => [row.name, row.municipality].includes(municipality));
  if (!first || !markOf(scenario, "ranking")) return null;
  return { text: text("reportedTotal", { total: share(first.share_percent, 100) }) };
}

/** @param {HTMLElement} element @param {Mark?} [mark] */
function drawMark(element, mark) {
  const words = [mark?.text, mark?.note].filter(Boolean).join(": ");
  element.hidden = !mark;
  element.title = words;
  put(element, words);
}

/** Makes a list hold one element per row, in order; an element stays with its key. @param {string} list @param {Row[]} rows */
function drawRows(list, rows) {
  const parent = at(list);
  const template = /** @type {HTMLTemplateElement} */ (at(`${list}-row`)).content.firstElementChild;
  const known = new Map(all(":scope > *", parent).map((element) => [element.dataset.key, element]));
  rows.forEach((row, index) => {
    const element = known.get(row.key) ?? /** @type {HTMLElement} */ (template?.cloneNode(true));
    known.delete(row.key);
    element.dataset.key = row.key;
    all("[data-field]", element).forEach((field) => put(field, row.fields[field.dataset.field ?? ""] ?? ""));
    all("[data-bar]", element).forEach((bar) => (bar.style.inlineSize = `${100 * Math.min(1, row.bar ?? 0)}%`));
    all("[data-mark]", element).forEach((mark) => drawMark(mark, row.mark));
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
  known.forEach((element) => element.remove());
}

/** @param {Counts} counts @returns {Record<string, string>} */
function written(counts) {
  return Object.fromEntries([...STAGES, /** @type {const} */ ("recommended")].map((key) => [key, number(counts[key])]));
}

/** @param {Funnel} funnel @param {Scenario?} scenario */
function drawFunnel(funnel, scenario) {
  const counts = written(funnel);
  const stages = STAGES.map((stage, index) => ({
    key: stage,
    bar: funnel.registered && funnel[stage] / funnel.registered,
    mark: markOf(scenario, TOTALS[stage]),
    fields: {
      name: text(stage),
      count: counts[stage],
      step: index ? share(funnel[stage], funnel[STAGES[index - 1]]) : "",
      whole: index ? share(funnel[stage], funnel.registered) : "",
    },
  }));
  const recommended = {
    count: counts.recommended,
    note: text("ofParticipants", { share: share(funnel.recommended, funnel.participated) }),
  };
  const completed = { count: share(funnel.completed, funnel.tested), note: text("ofTested") };
  drawRows("stages", stages);
  drawRows("cards", [
    card("recommended", text("recommended"), recommended, markOf(scenario, "recommendations")),
    card("completed", text("completedShare"), completed, markOf(scenario, "completed")),
    card("guardians", text("guardians"), { count: number(funnel.guardians) }, markOf(scenario, "guardians")),
  ]);
  drawRows(
    "municipalities",
    funnel.rows.map((row) => ({ key: row.municipality, fields: { name: row.name, ...written(row) } })),
  );
}

/** @param {string} key @param {string} name @param {Record<string, string>} fields @param {Mark?} mark @returns {Row} */
const card = (key, name, fields, mark) => ({ key, mark, fields: { name, ...fields } });

/** @param {Ranking} ranking @param {Scenario?} scenario */
function drawRanking({ rows, min_n }, scenario) {
  const ranks = rows.map(({ rank }) => rank);
  const tied = (/** @type {number?} */ rank) => rank !== null && ranks.indexOf(rank) !== ranks.lastIndexOf(rank);
  const lines = rows.map((row) => ({
    key: row.municipality,
    bar: row.share ?? 0,
    mark: markOfShare(scenario, row),
    fields: {
      rank: `${row.rank ?? "—"}${tied(row.rank) ? "=" : ""}`,
      tie: tied(row.rank) ? text("tie") : "",
      name: row.name,
      share: row.share === null ? "—" : share(row.share, 1),
      counts: text("outOf", { completed: number(row.completed), tested: number(row.tested) }),
    },
  }));
  const whole = at("more").ariaExpanded === "true";
  drawRows("ranking", whole ? lines : lines.slice(0, FIRST_ROWS));
  at("ties").hidden = !ranks.some(tied);
  at("minimum").hidden = min_n <= 1;
  put(at("minimum"), counted("minimum", min_n));
  at("more").hidden = rows.length <= FIRST_ROWS;
  put(at("more"), whole ? text("fewer") : text("more", { n: number(rows.length) }));
}

/** @param {Competencies} competencies */
function drawCompetencies({ rows, approved }) {
  const most = Math.max(1, ...rows.map((row) => row.attended));
  const lines = rows.map(({ competency, name, attended, booked }, index) => ({
    key: competency,
    bar: attended / most,
    fields: { rank: number(index + 1), name, attended: number(attended), booked: number(booked) },
  }));
  drawRows("demand", lines);
  put(at("approved"), counted("approved", approved));
}

/** @param {Funnel} funnel Its position: a number, a text, or offsets by topic and partition. */
function drawProvenance({ as_of, known_at, method, position, revision }) {
  const offsets = leaves(position);
  const records = offsets.map(Number).reduce((sum, offset) => sum + offset, 0);
  const times = text("times", { as_of: moment(as_of), known_at: moment(known_at), method });
  put(at("times"), [times, standing(revision)].filter(Boolean).join(" · "));
  put(at("records"), Number.isFinite(records) ? counted("records", records) : text("position"));
  put(at("position"), typeof position === "string" ? position : JSON.stringify(position, null, 1));
}

/** @param {unknown} value @returns {unknown[]} Owner topics have no gaps: the sum of their offsets counts the records. */
function leaves(value) {
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(leaves) : [value];
}

/** A region's totals are marked, those of a municipality are its own. @param {Answers} answers @param {Scenario?} played */
export function drawFigures({ funnel, ranking, competencies }, played) {
  const scenario = funnel.municipalities.length ? null : played;
  all("[data-total]").forEach((element) => drawMark(element, markOf(scenario, element.dataset.total ?? "")));
  at("played").hidden = !played;
  at("legend").hidden = !scenario?.reported.length;
  drawFunnel(funnel, scenario);
  drawRanking(ranking, scenario);
  drawCompetencies(competencies);
  drawProvenance(funnel);
}
