/** The live page of a region's season: whose season, with which token, and asking again about once a second. */
import { all, at, drawFigures, put } from "./figures.js";
import { ago, clock, language, number, switchLanguage, text } from "./texts.js";

/** @typedef {import("./figures.js").Answers} Answers @typedef {import("./figures.js").Scenario} Scenario
 * @typedef {import("./figures.js").Funnel} Funnel */

const PERIOD_MS = 1_000;
const STALE_MS = 5_000;
const TIMEOUT_MS = 10_000;
const LONGEST_BACKOFF_MS = 15_000;
const SPEAK_EVERY_MS = 60_000;
const DENIED = [401, 403];

const form = /** @type {HTMLFormElement} */ (at("access"));
let token = sessionStorage.getItem("bilet.token") ?? "";
let place = { region: "", season: "" };
/** @type {Answers?} */ let answers = null;
/** @type {Scenario?} */ let scenario = null;
/** @type {Map<string, {etag: string, body: unknown}>} */ const remembered = new Map();
let following = new AbortController();
/** @type {401 | 403 | 404 | null} */ let refusal = null;
let answeredAt = 0;
let spokenAt = 0;
let failures = 0;

class Refused extends Error {
  /** @param {Response} response */
  constructor(response) {
    super(`HTTP ${response.status}`);
    this.status = response.status;
    this.retryAfterMs = 1_000 * (Number(response.headers.get("Retry-After")) || 0);
  }
}

/** @param {string} path @param {AbortSignal} signal Raises Refused, or what fetch raises. */
async function get(path, signal) {
  const known = remembered.get(path);
  /** @type {Record<string, string>} */ const headers = { Authorization: `Bearer ${token}` };
  if (known?.etag) headers["If-None-Match"] = known.etag;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const response = await fetch(path, { headers, cache: "no-store", signal: deadline });
  if (known && response.status === 304) return known.body;
  if (!response.ok) throw new Refused(response);
  const body = await response.json();
  remembered.set(path, { etag: response.headers.get("ETag") ?? "", body });
  return body;
}

/** All three are waited for, also when one fails, so that rounds never overlap. @param {AbortSignal} signal */
async function ask(signal) {
  const region = `/analytics/regions/${encodeURIComponent(place.region)}`;
  const season = `season=${encodeURIComponent(place.season)}`;
  const paths = [`funnel?${season}&by=municipality`, `ranking?${season}`, `competencies?${season}&top=10`];
  const results = await Promise.allSettled(paths.map((path) => get(`${region}/${path}`, signal)));
  const [funnel, ranking, competencies] = results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
  return { funnel, ranking, competencies };
}

/** @param {AbortSignal} signal Asks until it is aborted or access is denied. */
async function follow(signal) {
  while (!signal.aborted) {
    await shown();
    let wait = PERIOD_MS;
    try {
      const answered = await ask(signal);
      if (signal.aborted) return;
      [answers, answeredAt, failures, refusal] = [answered, Date.now(), 0, null];
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      wait = backoff(error);
      refuse(error instanceof Refused ? error.status : 0);
    }
    draw();
    if (refusal !== null && DENIED.includes(refusal)) return;
    await new Promise((resume) => setTimeout(resume, wait));
  }
}

/** @param {unknown} error @returns {number} Milliseconds, at random so that many pages do not return at once. */
function backoff(error) {
  const longest = Math.min(LONGEST_BACKOFF_MS, PERIOD_MS * 2 ** failures);
  return Math.max(longest * (0.5 + Math.random() / 2), error instanceof Refused ? error.retryAfterMs : 0);
}

/** @param {number} status What only a person can mend is explained, and its figures are no longer shown. */
function refuse(status) {
  refusal = status === 401 || status === 403 || status === 404 ? status : null;
  if (refusal) [answers, answeredAt] = [null, 0];
  if (refusal && DENIED.includes(refusal)) forgetToken();
}

/** @returns {Promise<void>} */
function shown() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resume) => document.addEventListener("visibilitychange", () => resume(), { once: true }));
}

function draw() {
  document.documentElement.lang = language();
  const whose = titleOf(answers?.funnel);
  document.title = answers ? `${whose.name} · ${text("brand")}` : text("brand");
  all("[data-text]").forEach((element) => put(element, text(/** @type {any} */ (element.dataset.text))));
  put(at("language"), text("otherLanguage"));
  at("language").lang = language() === "ru" ? "en" : "ru";
  put(at("command"), `bilet token --grant regional-operator:${form.region.value || "RU-ROS"}`);
  at("notice").hidden = refusal === null;
  put(at("notice"), refusal === null ? "" : text(refusal, place));
  form.hidden = token !== "" && place.region !== "" && place.season !== "";
  at("watch").hidden = at("leave").hidden = !form.hidden;
  at("figures").hidden = at("origin").hidden = answers === null;
  put(at("name"), whose.name);
  put(at("place"), text("place", { season: place.season, within: whose.within }));
  const played = scenario?.region === place.region && scenario?.season === place.season ? scenario : null;
  if (answers) drawFigures(answers, played);
  if (answers) speak(answers);
  drawFreshness();
}

/** Whose figures these are: those of a region, or of the municipalities of it that the token reaches. @param {Funnel} [funnel] */
function titleOf(funnel) {
  if (!funnel) return { name: place.region, within: place.region };
  const names = funnel.municipalities.map(({ name }) => name);
  return names.length
    ? { name: names.join(", "), within: `${funnel.name} (${place.region})` }
    : { name: funnel.name, within: place.region };
}

/** Told at most once a minute: a changing page must not talk without end. @param {Answers} answers */
function speak({ funnel }) {
  if (Date.now() - spokenAt < SPEAK_EVERY_MS) return;
  spokenAt = Date.now();
  const { participated, tested, completed } = funnel;
  const counts = { participated: number(participated), tested: number(tested), completed: number(completed) };
  put(at("spoken"), text("spoken", counts));
}

function drawFreshness() {
  const age = Date.now() - answeredAt;
  const stale = failures > 0 || age > STALE_MS;
  const first = refusal ? "waiting" : "connecting";
  const state = !answeredAt ? first : stale ? "reconnecting" : "live";
  const answered = stale ? text("lastAnswer", { ago: ago(age) }) : text("answeredAt", { time: clock(answeredAt) });
  at("freshness").dataset.state = state;
  put(at("state"), text(state));
  put(at("age"), answeredAt ? answered : "");
}

function forgetToken() {
  token = "";
  sessionStorage.removeItem("bilet.token");
}

/** Takes the region, the season and the token from the address, and leaves no token in it. */
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  place = { region: given.get("region") ?? "", season: given.get("season") ?? "" };
  keepToken(given.get("token") ?? token);
  given.delete("token");
  history.replaceState(null, "", given.size ? `#${given}` : location.pathname);
}

/** @param {string} given */
function keepToken(given) {
  token = given.trim();
  sessionStorage.setItem("bilet.token", token);
}

function start() {
  following.abort();
  following = new AbortController();
  remembered.clear();
  [answers, refusal, answeredAt, spokenAt, failures] = [null, null, 0, 0, 0];
  form.region.value = place.region || form.region.value;
  form.season.value = place.season || form.season.value;
  draw();
  if (form.hidden) follow(following.signal);
}

/** The demo says which scenario it plays; elsewhere there is none. */
async function loadScenario() {
  const response = await fetch("/scenario.json").catch(() => null);
  if (!response?.ok) return;
  /** @type {Scenario} */ const played = await response.json();
  scenario = played;
  form.region.value ||= played.region;
  form.season.value ||= played.season;
  draw();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  place = { region: form.region.value.trim(), season: form.season.value.trim() };
  keepToken(form.token.value);
  form.token.value = "";
  history.replaceState(null, "", `#${new URLSearchParams(place)}`);
  start();
});
form.region.addEventListener("input", draw);
at("language").addEventListener("click", () => {
  switchLanguage();
  draw();
});
at("more").addEventListener("click", () => {
  at("more").ariaExpanded = String(at("more").ariaExpanded !== "true");
  draw();
});
at("leave").addEventListener("click", () => {
  forgetToken();
  start();
});
addEventListener("hashchange", () => {
  readAddress();
  start();
});
setInterval(drawFreshness, PERIOD_MS);

readAddress();
start();
loadScenario();
