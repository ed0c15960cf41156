// Dead letters as pictures, with what can be done about them.
import * as api from './api.js';
import { confirmed, el, keyed, setText, toast } from './dom.js';
import { duration, plural } from './words.js';

const AGAIN_MILLIS = 10_000;
const THUMB_PIXELS = 320;

const WHY = {
  MAX_ATTEMPTS: letter => `given up after ${plural(letter.attempts, 'attempt')}`,
  NACK_DEAD_LETTER: letter => `put aside at attempt ${letter.attempts}`,
};

const keyOf = letter => `${letter.stream}\n${letter.group}\n${letter.generation}-${letter.ordinal}`;

class Letter {
  constructor(letter, panel) {
    this.letter = letter;
    this.canvas = el('canvas', { role: 'img', 'aria-label': `Dead letter of ${letter.stream}` });
    this.none = el('p', { class: 'screen-note', text: '' });
    this.why = el('p', { class: 'letter-why' });
    this.replay = el('button', { type: 'button', class: 'small primary', text: 'Replay', on: { click: () => panel.replay(this.letter) } });
    this.root = el(
      'li',
      { class: 'letter' },
      el('div', { class: 'screen thumb' }, this.canvas, this.none),
      el(
        'div',
        { class: 'letter-words' },
        el(
          'p',
          { class: 'letter-title' },
          el('a', { href: `#camera/${encodeURIComponent(letter.stream)}`, text: letter.stream }),
          ` frame ${letter.ordinal}`),
        this.why,
        el('p', { class: 'letter-error', text: letter.error, title: letter.error }),
        el('p', { class: 'muted', text: letter.consumer ? `${letter.group}, last with ${letter.consumer}` : letter.group }),
        this.replay));
    this.draw();
  }

  update(letter) {
    this.letter = letter;
    const why = WHY[letter.reason]?.(letter) ?? `${letter.reason}, ${plural(letter.attempts, 'attempt')}`;
    setText(this.why, `${why} · ${duration(letter.ageMillis)} ago`);
  }

  async draw() {
    const { stream, group, generation, ordinal } = this.letter;
    try {
      const picture = await api.blob(`/live/letter?${new URLSearchParams({ stream, group, generation, ordinal })}`);
      const bitmap = await createImageBitmap(picture);
      const width = Math.min(bitmap.width, THUMB_PIXELS);
      this.canvas.width = width;
      this.canvas.height = Math.max(1, Math.round((bitmap.height * width) / bitmap.width));
      const pen = this.canvas.getContext('2d');
      pen.imageSmoothingQuality = 'high';
      pen.drawImage(bitmap, 0, 0, width, this.canvas.height);
      bitmap.close();
    } catch (refused) {
      this.none.textContent = refused instanceof api.Refused ? 'no picture' : 'not a picture';
      this.none.title = refused.message;
    }
  }
}

/** The dead letters of what is shown. */
export class Letters {
  constructor() {
    this.head = el('h2', { text: 'Dead letters' });
    this.tools = el('div', { class: 'letter-groups' });
    this.list = el('ul', { class: 'letters' });
    this.rest = el('p', { class: 'muted', hidden: true });
    this.root = el(
      'section',
      { class: 'panel', id: 'letters', 'aria-label': 'Dead letters' },
      el('div', { class: 'letters-head' }, this.head, this.tools),
      this.list,
      this.rest);
    this.counts = '';
    this.askedMillis = 0;
  }

  /** Asks for them where their number has changed, or it is long since. */
  update(view, streams) {
    this.view = view;
    const groups = streams
      .filter(stream => !stream.unknown)
      .flatMap(stream => stream.groups.map(group => ({ stream: stream.name, group: group.name, dead: group.ledger?.deadLettered ?? 0 })))
      .filter(each => each.dead > 0);
    const all = groups.reduce((frames, each) => frames + each.dead, 0);
    setText(this.head, all ? `Dead letters · ${all}` : 'Dead letters');
    keyed(this.tools, groups, each => `${each.stream}\n${each.group}`, each => new Tools(each, this));
    const counts = JSON.stringify([view, groups]);
    if (counts !== this.counts || (all && performance.now() - this.askedMillis > AGAIN_MILLIS)) {
      this.counts = counts;
      this.ask();
    }
    this.root.classList.toggle('empty', all === 0 && !this.list.childElementCount);
    if (all === 0 && !this.list.childElementCount) {
      this.rest.hidden = false;
      setText(this.rest, 'None. A frame that no consumer manages ends here, with its picture and the last error.');
    }
  }

  async ask() {
    this.askedMillis = performance.now();
    const view = this.view;
    try {
      const told = await api.json(`/live/letters?${api.query(view)}`);
      if (view === this.view) {
        keyed(this.list, told.letters, keyOf, letter => new Letter(letter, this));
        this.rest.hidden = !told.more;
        setText(this.rest, told.more ? 'There are more; these are the oldest.' : '');
      }
    } catch {
      // Asked again soon.
      this.counts = '';
    }
  }

  async replay({ stream, group, deadMicros }) {
    await this.change('/live/replay', { stream, group, deadMicros }, told =>
      told.replayed
        ? `${plural(told.replayed, 'frame')} of ${stream} in line to be tried again by ${group}.`
        : `Nothing to replay: it is being tried already, or has gone.`);
  }

  async purge({ stream, group, dead }) {
    const sure = await confirmed(
      `Remove ${plural(dead, 'dead letter')} for good?`,
      `Those of group ${group} on ${stream}. Their pictures are gone then; the ledger goes on to count them, as skipped: dead letter purged.`,
      'Remove for good');
    if (sure) {
      await this.change('/live/purge', { stream, group }, told => `${plural(told.purged, 'dead letter')} of ${stream} removed.`);
    }
  }

  async change(path, what, words) {
    try {
      toast(words(await api.change(path, what)));
      this.counts = '';
      this.ask();
    } catch (refused) {
      toast(refused.message, true);
    }
  }
}

/** What can be done with all of one group. */
class Tools {
  constructor(each, panel) {
    this.each = each;
    this.words = el('span');
    this.root = el(
      'p',
      {},
      this.words,
      el('button', { type: 'button', class: 'small', text: 'Replay all', on: { click: () => panel.replay({ stream: each.stream, group: each.group }) } }),
      el('button', { type: 'button', class: 'small quiet', text: 'Purge', on: { click: () => panel.purge(this.each) } }));
  }

  update(each) {
    this.each = each;
    setText(this.words, `${each.dead} of ${each.stream} · ${each.group}`);
  }
}
