// Asks the broker once a second how things are, and shows it.
import * as api from './api.js';
import { Camera } from './camera.js';
import { byId, el, keyed, setAttribute, setText } from './dom.js';
import { History } from './history.js';
import { PictureLoop } from './pictures.js';
import { count, duration, plural, rate } from './words.js';
import { Wall } from './wall.js';

const EVERY_MILLIS = 1_000;
const HIDDEN_EVERY_MILLIS = 5_000;
const HEALTH_EVERY_MILLIS = 2_000;
const SHOWN_PROBLEMS = 2;

const history = new History();
const pictures = new PictureLoop();
const view = { filter: '', most: 24, camera: '' };
let shown = null;
let started = null;
let timer = 0;
let healthMillis = 0;
let allProblems = false;

/** A view is compared by being the same one. */
const current = () => Object.freeze({ ...view });
let asked = current();

function route() {
  const match = location.hash.match(/^#camera\/(.+)$/);
  let camera = '';
  try {
    camera = match ? decodeURIComponent(match[1]) : '';
  } catch {
    // No name is written like this.
  }
  if (camera !== view.camera || !shown) {
    view.camera = camera;
    shown?.end();
    shown = camera ? new Camera(camera, pictures) : new Wall(pictures, () => look({ most: 48 }));
    byId('main').replaceChildren(shown.root);
    document.title = camera ? `${camera} · Frame Broker` : 'Frame Broker';
    byId('filter').hidden = Boolean(camera);
    scrollTo(0, 0);
    look({});
  }
}

function look(change) {
  Object.assign(view, change);
  asked = current();
  pictures.look(asked);
  soon(0);
}

function soon(millis) {
  clearTimeout(timer);
  timer = setTimeout(update, millis);
}

async function update() {
  const start = performance.now();
  const of = asked;
  try {
    const state = await api.json(`/live/state?${api.query(of)}`);
    if (of === asked) {
      if (started !== null && started !== state.broker.startSeconds) {
        history.clear();
      }
      started = state.broker.startSeconds;
      history.add(state);
      shown.update(state, of, history);
      tellTotals(state);
      tellBroker(state.broker);
      pictures.tick();
      away('');
    }
    if (performance.now() - healthMillis > HEALTH_EVERY_MILLIS) {
      healthMillis = performance.now();
      tellHealth(await api.json('/health'));
    }
  } catch (failure) {
    away(failure instanceof api.Refused
      ? `The broker refuses: ${failure.message} Trying again.`
      : 'The broker does not answer. What is shown is from before; trying again until it is back.');
  }
  if (of === asked) {
    soon(Math.max(0, (document.hidden ? HIDDEN_EVERY_MILLIS : EVERY_MILLIS) - (performance.now() - start)));
  }
}

function away(words) {
  byId('away').hidden = !words;
  setText(byId('away'), words);
  document.body.classList.toggle('is-away', Boolean(words));
  if (words) {
    setText(byId('status'), 'away');
    setAttribute(byId('status'), 'class', 'pill bad');
  }
}

class Total {
  constructor([name, , , link]) {
    this.value = el('dd');
    this.root = el('div', {}, el('dt', {}, link ? el('a', { href: link, text: name }) : name), this.value);
  }

  update([, value, level]) {
    setText(this.value, value);
    setAttribute(this.value, 'class', level);
  }
}

function tellTotals(state) {
  const known = state.shown.filter(stream => !stream.unknown);
  const groups = known.flatMap(stream => stream.groups);
  const open = groups.reduce((frames, group) => frames + group.waiting + group.pending, 0);
  const dead = groups.reduce((frames, group) => frames + (group.ledger?.deadLettered ?? 0), 0);
  const all = history.series('all');
  keyed(
    byId('totals'),
    [
      [known.length === state.streams ? 'cameras' : `of ${count(state.streams)} cameras`, count(known.length)],
      ['fps in', rate(all.last('rateIn')), 'in'],
      ['fps acked', rate(all.last('rateOut')), 'acked'],
      ['unsettled', count(open)],
      ['dead letters', count(dead), dead ? 'dead' : '', '#letters'],
    ],
    each => each[0],
    each => new Total(each));
}

function tellBroker(broker) {
  const up = Date.now() / 1000 - broker.startSeconds;
  setText(
    byId('about'),
    `Version ${broker.version} · store ${broker.store}: ${broker.durability} · up ${duration(Math.max(0, up) * 1000)}`
      + ' · While it shows pictures, this page is one consumer more of each camera, in no group: it holds no frame back and hides no group without consumers.');
}

const STATUS = { healthy: ['Healthy', 'ok'], degraded: ['Degraded', 'warn'], unhealthy: ['Unhealthy', 'bad'] };

class ProblemRow {
  constructor(problem) {
    this.message = el('span');
    this.root = el('p', { class: `problem ${problem.severity === 'unhealthy' ? 'bad' : 'warn'}` }, el('b', { text: problem.reason.toLowerCase().replaceAll('_', ' ') }), ' ', this.message);
    if (problem.stream) {
      this.root.append(' ', el('a', { href: `#camera/${encodeURIComponent(problem.stream)}`, text: 'look', 'aria-label': `Look at ${problem.stream}` }));
    }
  }

  update(problem) {
    setText(this.message, problem.message);
  }
}

function tellHealth(health) {
  const problems = health.problems ?? [];
  const many = health.details?.problems ?? problems.length;
  const [word, level] = STATUS[health.status] ?? [String(health.status), 'warn'];
  setText(byId('status'), many ? `${word} · ${plural(many, 'problem')}` : word);
  setAttribute(byId('status'), 'class', `pill ${level}`);
  const where = byId('problems');
  where.hidden = !problems.length;
  const rows = problems.slice(0, allProblems ? 100 : SHOWN_PROBLEMS);
  if (problems.length > SHOWN_PROBLEMS) {
    rows.push({ isMore: true });
  }
  keyed(
    where,
    rows,
    each => (each.isMore ? 'more' : `${each.reason}\n${each.stream ?? ''}\n${each.group ?? ''}`),
    each => (each.isMore ? new More(many) : new ProblemRow(each)));
}

class More {
  constructor() {
    this.root = el('button', { type: 'button', class: 'small quiet', on: { click: () => { allProblems = !allProblems; healthMillis = 0; soon(0); } } });
  }

  update() {
    setText(this.root, allProblems ? 'Show fewer' : 'Show all problems');
  }
}

byId('filter').addEventListener('input', event => look({ filter: event.target.value.trim() }));
byId('pictures').addEventListener('click', event => {
  const isOn = event.currentTarget.getAttribute('aria-pressed') !== 'true';
  setAttribute(event.currentTarget, 'aria-pressed', String(isOn));
  pictures.turn(isOn);
  pictures.tick();
});
addEventListener('hashchange', route);
addEventListener('resize', () => soon(50));
document.addEventListener('visibilitychange', () => soon(0));
document.addEventListener('keydown', event => {
  const isTyping = event.target instanceof HTMLInputElement || document.querySelector('dialog[open]');
  if (event.key === '/' && !isTyping && !byId('filter').hidden) {
    event.preventDefault();
    byId('filter').focus();
  } else if (event.key === 'Escape' && !isTyping && view.camera) {
    location.hash = '';
  }
});
route();
