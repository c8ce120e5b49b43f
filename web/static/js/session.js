// @ts-check
// The session page: joins player, transcript, evidence, corrections and keys.

import * as copying from "./copy.js";
import { all, make, one, showScripted } from "./dom.js";
import * as evidence from "./evidence.js";
import * as fixing from "./fix.js";
import * as keys from "./keys.js";
import * as live from "./live.js";
import { keepBehindLock } from "./lock.js";
import { Player } from "./player.js";
import { merged } from "./ranges.js";
import { text } from "./texts.js";
import { Transcript } from "./transcript.js";

// Between two turns a shorter pause is heard too.
const SHORT_PAUSE = 0.6;

showScripted();
live.sayWhy();
copying.install();
one("[data-print]")?.addEventListener("click", () => print());
followSession();
const dock = one(".player");
const audio = /** @type {HTMLAudioElement | null} */ (one(".player audio"));
const list = one(".turns");
if (list) fixing.install(list);
if (dock && audio) start(dock, audio);

function start(/** @type {HTMLElement} */ dock, /** @type {HTMLAudioElement} */ audio) {
  const player = new Player(dock, audio, voices());
  const transcript = list ? new Transcript(list, player) : null;
  evidence.install(player);
  keepBehindLock(() => player.playing || one("form.fixing") !== null);
  const help = make("button", { type: "button", class: "keys-button" }, "?");
  help.setAttribute("aria-label", text("Keys"));
  help.addEventListener("click", () => /** @type {HTMLDialogElement} */ (one("#keys")).showModal());
  dock.append(help);
  keys.install(actions(player, transcript));
}

function actions(/** @type {Player} */ player, /** @type {Transcript | null} */ transcript) {
  return {
    toggle: () => player.toggle(),
    back10: () => player.move(-10),
    forward10: () => player.move(10),
    back5: () => player.move(-5),
    forward5: () => player.move(5),
    previousTurn: () => transcript && player.seek(transcript.neighbour(-1)),
    nextTurn: () => transcript && player.seek(transcript.neighbour(1)),
    slower: () => player.changeSpeed(-1),
    faster: () => player.changeSpeed(1),
    again: (/** @type {KeyboardEvent} */ event) => again(player, event),
    edit: () => {
      const turn = transcript?.at(player.at);
      player.audio.pause();
      if (turn && list) fixing.edit(turn.element, list.dataset.session ?? "");
    },
    nextDoubt: () => toDoubt(player, transcript, 1),
    previousDoubt: () => toDoubt(player, transcript, -1),
    follow: () => transcript?.follow(!transcript.follows),
    alerts: () => one(".risk")?.scrollIntoView(),
  };
}

/** Three seconds back and slower for as long as the key is held. */
function again(/** @type {Player} */ player, /** @type {KeyboardEvent} */ event) {
  if (event.repeat) return;
  const speed = player.audio.playbackRate;
  player.move(-3);
  player.setSpeed(0.75, true);
  player.play();
  addEventListener("keyup", () => player.setSpeed(speed, true), { once: true });
}

let doubt = -1;
function toDoubt(/** @type {Player} */ player, /** @type {Transcript | null} */ transcript, /** @type {number} */ step) {
  const marks = all(".doubt");
  if (!marks.length || !transcript) return;
  doubt = (doubt + step + marks.length) % marks.length;
  const mark = marks[doubt];
  mark.scrollIntoView({ block: "center" });
  for (const other of marks) other.classList.toggle("chosen", other === mark);
  const turn = transcript.turns.find((one) => one.element.contains(mark));
  if (turn) player.playOnly([[turn.start, turn.end]]);
}

/** What can be heard alone: each speaker, and all of them without the silences between. */
function voices() {
  /** @type {Map<string, {name: string, ranges: [number, number][]}>} */
  const found = new Map();
  /** @type {[number, number][]} */
  const everything = [];
  for (const turn of all(".turn")) {
    const name = one(".speaker", turn)?.textContent ?? "";
    const range = /** @type {[number, number]} */ ([Number(turn.dataset.from), Number(turn.dataset.to)]);
    everything.push([...range]);
    if (!found.has(name)) found.set(name, { name: text("Only {name}", { name }), ranges: [] });
    found.get(name)?.ranges.push(range);
  }
  for (const voice of found.values()) voice.ranges = merged(voice.ranges, SHORT_PAUSE);
  if (everything.length) found.set(" ", { name: text("Without silences"), ranges: merged(everything, SHORT_PAUSE) });
  return found;
}

/** While the session is worked on, its bar moves, and the page is read again when it is done. */
function followSession() {
  const status = one("[data-status-of]");
  if (!status || !one("[data-progress-of]")) return;
  live.follow((news) => {
    if (news.session_id !== status.dataset.statusOf) return;
    live.showProgress(news);
    const isStep = ["transcribed", "processed", "failed", "cancelled"].includes(news.status ?? "");
    if (isStep && live.isNew(news)) live.reload(text("The session has changed."));
  });
}
