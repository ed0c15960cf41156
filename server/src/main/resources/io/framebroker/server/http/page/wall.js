// The wall of cameras, and what holds for all of them.
import { el, keyed, setAttribute, setText } from './dom.js';
import { Ledger, lost } from './ledger.js';
import { Letters } from './letters.js';
import { Screen } from './pictures.js';
import { groupColour, plot, spark } from './plot.js';
import { count, groupState, plural, rate, streamState } from './words.js';

/** A row of a card: a group, how it is, and what it does. */
class GroupRow {
  constructor(stream, group) {
    this.dot = el('i', { class: 'dot', 'aria-hidden': 'true' });
    this.state = el('span', { class: 'state' });
    this.out = el('span', { class: 'number' });
    this.canvas = el('canvas', { class: 'spark', 'aria-hidden': 'true' });
    this.root = el(
      'li',
      { class: 'group' },
      this.dot,
      el('span', { class: 'group-name', text: group.name, title: group.name }),
      this.state,
      this.canvas,
      this.out);
  }

  update({ group, stream, history }) {
    const state = groupState(group);
    setAttribute(this.dot, 'class', `dot ${state.level}`);
    setAttribute(this.state, 'class', `state ${state.level}`);
    setText(this.state, state.text);
    setAttribute(this.root, 'title', `${state.text}: ${state.why}`);
    const series = history.series('group', stream.name, group.name);
    setText(this.out, `${rate(series.last('rateOut'))} fps`);
    spark(this.canvas, series.points('lag', history.now), groupColour(group.name), 20);
  }
}

class Card {
  constructor(stream, pictures) {
    const name = stream.name;
    this.screen = new Screen(name);
    this.leave = pictures.add(name, this.screen);
    this.dot = el('i', { class: 'dot', 'aria-hidden': 'true' });
    this.input = el('b');
    this.backlog = el('span', { class: 'backlog-words' });
    this.fill = el('span', { class: 'part' });
    this.groups = el('ul', { class: 'groups', 'aria-label': `Groups of ${name}` });
    this.word = el('p', { class: 'card-word' });
    this.root = el(
      'article',
      { class: 'card', 'data-camera': name, 'aria-label': `Camera ${name}` },
      el('a', { class: 'card-picture', href: `#camera/${encodeURIComponent(name)}`, 'aria-label': `Open ${name}` }, this.screen.root),
      el(
        'div',
        { class: 'card-body' },
        el(
          'p',
          { class: 'card-title' },
          this.dot,
          el('a', { href: `#camera/${encodeURIComponent(name)}`, text: name, title: name }),
          this.input),
        el('p', { class: 'backlog' }, el('span', { class: 'track thin', 'aria-hidden': 'true' }, this.fill), this.backlog),
        this.groups,
        this.word));
  }

  update({ stream, history }) {
    const state = streamState(stream);
    setAttribute(this.dot, 'class', `dot ${state.level}`);
    if (stream.unknown) {
      setText(this.word, `Its broker does not tell: ${stream.unknown}`);
      return;
    }
    setText(this.input, `${rate(history.series('stream', stream.name).last('rateIn'))} fps in`);
    const full = Math.max(stream.backlogFrames / (stream.limitFrames || 1), stream.backlogBytes / (stream.limitBytes || 1));
    this.fill.style.width = `${Math.min(100, full * 100)}%`;
    setAttribute(this.fill, 'class', `part ${full > 0.8 ? 'bad' : full > 0.5 ? 'waiting' : 'in'}`);
    setText(this.backlog, `backlog ${count(stream.backlogFrames)} of ${count(stream.limitFrames)}`);
    keyed(
      this.groups, stream.groups.map(group => ({ group, stream, history })), each => each.group.name,
      each => new GroupRow(each.stream, each.group));
    const words = [];
    if (state.text) {
      words.push(state.text);
    }
    if (!stream.groups.length) {
      words.push(stream.lookers.length ? `no group; ${plural(stream.lookers.length, 'other')} looking` : 'no group takes its frames: they are history only');
    }
    if (stream.groupsLeftOut) {
      words.push(`${plural(stream.groupsLeftOut, 'more group')}`);
    }
    if (lost(stream)) {
      words.push(`${plural(lost(stream), 'frame')} dropped or reported lost`);
    }
    setText(this.word, words.join(' · '));
  }

  end() {
    this.leave();
  }
}

/** A plot with a title and its lines named beside it. */
export class Figure {
  constructor(title) {
    this.canvas = el('canvas', { class: 'plot', role: 'img', 'aria-label': title });
    this.names = el('ul', { class: 'legend' });
    this.root = el('figure', {}, el('figcaption', {}, el('span', { text: title }), this.names), this.canvas);
  }

  /** Lines as in `plot`, with `name` and `value`. */
  update(lines, least) {
    keyed(this.names, lines.filter(line => line.name), line => line.name, line => new LineName(line));
    plot(this.canvas, lines, least);
  }
}

class LineName {
  constructor(line) {
    this.value = el('b');
    this.root = el('li', {}, el('i', { class: `swatch ${line.colour}`, 'aria-hidden': 'true' }), `${line.name} `, this.value);
  }

  update(line) {
    setText(this.value, line.value ?? '');
  }
}

const COMMAND =
  'java -jar client-sdk/examples/target/frame-broker-examples.jar rtsp-capture --camera cam1=synthetic:640x360@15';

function empty() {
  return el(
    'div',
    { class: 'empty-wall' },
    el('h2', { text: 'No camera publishes yet' }),
    el('p', { text: 'This one needs no camera: it draws its pictures. Run it beside the broker, and it appears here.' }),
    el('pre', {}, el('code', { text: COMMAND })),
    el('p', {}, 'A real one: ', el('code', { text: '--camera gate=rtsp://user:password@10.0.0.7/stream' }), '. It needs ffmpeg.'),
    el('p', { text: 'And a processor that takes its frames:' }),
    el('pre', {}, el('code', { text: 'java -jar client-sdk/examples/target/frame-broker-examples.jar sample-processor --streams cam1' })));
}

export class Wall {
  constructor(pictures, onMore) {
    this.pictures = pictures;
    this.cards = el('div', { class: 'cards' });
    this.none = el('div', {});
    this.rest = el('p', { class: 'rest', hidden: true });
    this.more = el('button', { type: 'button', class: 'small', text: 'Show more', on: { click: onMore } });
    this.restWords = el('span');
    this.rest.append(this.restWords, ' ', this.more);
    this.flow = new Figure('Frames a second');
    this.lag = new Figure('Oldest unsettled frame, seconds');
    this.ledger = new Ledger(groupColour);
    this.balance = el('span', { class: 'verdict-pill' });
    this.letters = new Letters();
    this.aside = el(
      'aside',
      { 'aria-label': 'All cameras shown' },
      el('section', { class: 'panel' }, this.flow.root, this.lag.root),
      el('section', { class: 'panel', 'aria-label': 'Ledger' }, el('h2', {}, 'Where every frame is ', this.balance), this.ledger.root));
    this.left = el(
      'div', { class: 'cameras' },
      el('section', { 'aria-label': 'Cameras' }, this.none, this.cards, this.rest),
      this.letters.root);
    this.root = el('div', { class: 'wall' }, this.left, this.aside);
  }

  update(state, view, history) {
    const streams = state.shown;
    keyed(
      this.cards, streams.map(stream => ({ stream, history })), each => each.stream.name,
      each => new Card(each.stream, this.pictures));
    setAttribute(this.cards, 'data-count', streams.length);
    this.tellNone(state, view);
    this.rest.hidden = state.matching <= streams.length && !state.more;
    setText(
      this.restWords,
      `${plural(streams.length, 'camera')} of ${count(state.matching)}${state.more ? ' or more' : ''} shown, by name. The filter finds others.`);
    this.more.hidden = streams.length < view.most || view.most >= 48;
    this.aside.hidden = streams.length === 0;
    this.letters.root.hidden = streams.length === 0;
    this.root.classList.toggle('none', streams.length === 0);
    const all = history.series('all');
    this.flow.update(
      [
        { name: 'in', colour: 'in', points: all.points('rateIn', history.now), value: rate(all.last('rateIn')), filled: true },
        { name: 'acked, all groups', colour: 'acked', points: all.points('rateOut', history.now), value: rate(all.last('rateOut')) },
      ],
      10);
    const groups = [...new Set(streams.filter(each => !each.unknown).flatMap(each => each.groups.map(group => group.name)))].sort().slice(0, 6);
    this.lag.update(
      groups.map(group => {
        const series = history.series('age', group);
        return { name: group, colour: groupColour(group), points: series.points('age', history.now), value: `${rate(series.last('age'))} s` };
      }),
      5);
    const balances = this.ledger.update(streams);
    setText(this.balance, balances ? 'balances' : 'DOES NOT BALANCE');
    setAttribute(this.balance, 'class', `verdict-pill ${balances ? 'ok' : 'bad'}`);
    this.letters.update(view, streams);
  }

  tellNone(state, view) {
    const what = state.shown.length ? '' : state.streams ? `filter ${view.filter}` : 'empty';
    if (what !== this.saidNone) {
      this.saidNone = what;
      this.none.replaceChildren();
      if (what === 'empty') {
        this.none.append(empty());
      } else if (what) {
        this.none.append(el('div', { class: 'empty-wall' }, el('h2', { text: `No camera's name has “${view.filter}” in it` }), el('p', { text: `There are ${plural(state.streams, 'camera')}.` })));
      }
    }
  }

  end() {
    keyed(this.cards, [], () => '', () => null);
  }
}
