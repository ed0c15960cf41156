// One camera: its picture, its groups and who is in them, over time.
import { el, keyed, setAttribute, setText } from './dom.js';
import { Ledger } from './ledger.js';
import { Letters } from './letters.js';
import { Screen } from './pictures.js';
import { groupColour } from './plot.js';
import { bytes, consumerState, count, duration, groupState, plural, rate, streamState } from './words.js';
import { Figure } from './wall.js';

const AT_LIMIT = {
  BLOCK: 'then the publisher waits',
  DROP_OLDEST: 'then groups that lag skip their oldest frames',
  DROP_NEWEST: 'then new frames are dropped',
  THIN: 'thinned out on the way there, then new frames are dropped',
};

/** Names and values in two columns. */
class Facts {
  constructor() {
    this.root = el('dl', { class: 'facts' });
  }

  update(facts) {
    keyed(this.root, facts.filter(fact => fact[1]), fact => fact[0], fact => new Fact(fact));
  }
}

class Fact {
  constructor([name]) {
    this.value = el('dd');
    this.root = el('div', {}, el('dt', { text: name }), this.value);
  }

  update([, value]) {
    setText(this.value, value);
  }
}

class Member {
  constructor() {
    this.cells = Array.from({ length: 4 }, () => el('td'));
    this.root = el('tr', {}, ...this.cells);
  }

  update(member) {
    const words = [
      member.id,
      `${count(member.pendingFrames)} of ${count(member.windowFrames)} frames`,
      `${bytes(member.pendingBytes)}${member.windowBytes ? ` of ${bytes(member.windowBytes)}` : ''}`,
      consumerState(member),
    ];
    words.forEach((text, i) => setText(this.cells[i], text));
  }
}

class GroupPanel {
  constructor({ group }) {
    this.state = el('span', { class: 'state' });
    this.why = el('span', { class: 'muted' });
    this.out = new Figure('Acked a second');
    this.lag = new Figure('Unsettled frames');
    this.age = new Figure('Oldest, seconds');
    this.members = el('tbody');
    this.table = el(
      'table',
      {},
      el('thead', {}, el('tr', {}, ...['Consumer', 'In hand, of its window', 'Bytes', 'Now'].map(text => el('th', { scope: 'col', text })))),
      this.members);
    this.facts = el('p', { class: 'muted' });
    this.root = el(
      'section',
      { class: 'panel', 'data-group': group.name, 'aria-label': `Group ${group.name}` },
      el('h3', {}, el('i', { class: `swatch ${groupColour(group.name)}`, 'aria-hidden': 'true' }), `${group.name} `, this.state, this.why),
      el('div', { class: 'figures' }, this.out.root, this.lag.root, this.age.root),
      el('div', { class: 'scroll' }, this.table),
      this.facts);
  }

  update({ group, stream, history }) {
    const state = groupState(group);
    setText(this.state, state.text);
    setAttribute(this.state, 'class', `state chip ${state.level}`);
    setText(this.why, state.why);
    const series = history.series('group', stream.name, group.name);
    const line = (name, filled) => ({ colour: groupColour(group.name), points: series.points(name, history.now), filled });
    this.out.update([{ ...line('rateOut', true), name: 'now', value: rate(series.last('rateOut')) }], 5);
    this.lag.update([{ ...line('lag', true), name: 'now', value: count(group.waiting + group.pending) }], 10);
    this.age.update([{ ...line('age', true), name: 'now', value: duration(group.ageMillis) }], 2);
    const members = group.members ?? [];
    keyed(this.members, members, member => member.id, () => new Member());
    this.table.hidden = !members.length;
    const more = group.consumers - members.filter(member => member.graceMillis === undefined).length;
    setText(
      this.facts,
      [
        `lease ${duration(group.leaseMillis)}`,
        group.maxAttempts ? `${plural(group.maxAttempts, 'attempt')} until a frame is a dead letter` : 'attempts without end',
        group.maxAgeMillis ? `frames older than ${duration(group.maxAgeMillis)} are skipped` : '',
        more > 0 ? `${plural(more, 'more consumer')}` : '',
      ].filter(Boolean).join(' · '));
  }
}

export class Camera {
  constructor(name, pictures) {
    this.name = name;
    this.screen = new Screen(name);
    this.leave = pictures.add(name, this.screen);
    this.state = el('span', { class: 'state chip' });
    this.facts = new Facts();
    this.flow = new Figure('Frames a second');
    this.depth = new Figure('Backlog, frames');
    this.groups = el('div', { class: 'group-panels' });
    this.ledger = new Ledger(groupColour);
    this.letters = new Letters();
    this.gone = el('p', { class: 'empty-wall', hidden: true, text: `There is no camera ${name} now. It is shown as soon as there is one.` });
    this.body = el(
      'div',
      { class: 'camera' },
      el(
        'div',
        { class: 'camera-left' },
        this.screen.root,
        el('section', { class: 'panel', 'aria-label': 'Stream' }, this.facts.root),
        el('section', { class: 'panel', 'aria-label': 'Ledger' }, el('h2', { text: 'Where every frame is' }), this.ledger.root),
        this.letters.root),
      el(
        'div',
        { class: 'camera-right' },
        el('section', { class: 'panel' }, el('div', { class: 'figures' }, this.flow.root, this.depth.root)),
        this.groups));
    this.root = el(
      'div',
      {},
      el('p', { class: 'back' }, el('a', { href: '#', class: 'button', text: '← All cameras' }), el('h1', { text: name }), this.state),
      this.gone,
      this.body);
  }

  update(state, view, history) {
    const stream = state.shown[0];
    const isGone = !stream || stream.unknown;
    this.gone.hidden = !isGone;
    this.body.hidden = Boolean(isGone);
    if (isGone) {
      if (stream) {
        setText(this.gone, `The broker of ${this.name} does not tell: ${stream.unknown}`);
      }
      return;
    }
    const now = streamState(stream);
    setText(this.state, now.text || (now.level === 'ok' ? 'all well' : 'see its groups'));
    setAttribute(this.state, 'class', `state chip ${now.level}`);
    this.facts.update([
      ['Published by', stream.publisher || 'nobody now'],
      ['Publisher', stream.wait ? `waits: ${stream.wait}` : stream.publisher ? 'sends freely' : ''],
      ['Backlog', `${plural(stream.backlogFrames, 'frame')}, ${bytes(stream.backlogBytes)}`],
      ['Limit', `${count(stream.limitFrames)} frames${stream.isAdaptive ? ' (adapts)' : ''} or ${bytes(stream.limitBytes)}; ${AT_LIMIT[stream.policy] ?? ''}`],
      ['Kept', `${plural(stream.frames, 'frame')}, ${bytes(stream.bytes)}`],
      ['Wanted', stream.wantedFps ? `${rate(stream.wantedFps)} fps are enough for all who take it` : stream.groups.length ? 'every frame' : ''],
      ['Taken by', this.takers(stream)],
      ['Came again', stream.ledger.duplicates ? `${plural(stream.ledger.duplicates, 'frame')}, not stored again` : ''],
    ]);
    const series = history.series('stream', stream.name);
    this.flow.update(
      [
        { name: 'in', colour: 'in', points: series.points('rateIn', history.now), value: rate(series.last('rateIn')), filled: true },
        ...stream.groups.slice(0, 5).map(group => {
          const out = history.series('group', stream.name, group.name);
          return { name: group.name, colour: groupColour(group.name), points: out.points('rateOut', history.now), value: rate(out.last('rateOut')) };
        }),
      ],
      10);
    const points = series.points('depth', history.now);
    // The limit is drawn where it is near; else it would press the line to the floor.
    const isNear = points.some(point => point[1] > stream.limitFrames / 4);
    this.depth.update(
      [
        { name: 'now', colour: 'in', points, value: count(stream.backlogFrames), filled: true },
        ...(isNear ? [{ name: 'limit', colour: 'dead', points: series.points('limit', history.now), value: count(stream.limitFrames), dashed: true }] : []),
      ],
      10);
    keyed(this.groups, stream.groups.map(group => ({ group, stream, history })), each => each.group.name, each => new GroupPanel(each));
    this.ledger.update([stream]);
    this.letters.update(view, [stream]);
  }

  takers(stream) {
    const words = [plural(stream.groups.length + stream.groupsLeftOut, 'group')];
    if (stream.lookers.length) {
      words.push(`${plural(stream.lookers.length, 'call')} without a group (${stream.lookers.map(each => each.id).join(', ')})`);
    }
    if (stream.pages) {
      words.push(`${plural(stream.pages, 'live page')}, which ${stream.pages === 1 ? 'looks' : 'look'} on and settle${stream.pages === 1 ? 's' : ''} nothing`);
    }
    return words.join(', ');
  }

  end() {
    this.leave();
  }
}
