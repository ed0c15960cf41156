// The ledger as bars: full when every frame is accounted for.
import { el, keyed, setAttribute, setText } from './dom.js';
import { count, reason, sum } from './words.js';

/** A bar whose parts have to fill it, with their numbers. */
class Bar {
  constructor(label, swatch) {
    this.label = el('span', { class: 'bar-label' });
    this.total = el('b');
    this.verdict = el('span', { class: 'verdict' });
    this.track = el('div', { class: 'track', role: 'img' });
    this.legend = el('ul', { class: 'legend' });
    if (swatch) {
      this.label.append(el('i', { class: `swatch ${swatch}`, 'aria-hidden': 'true' }));
    }
    this.label.append(el('span', { text: label }));
    this.root = el(
      'div', { class: 'bar' }, el('p', { class: 'bar-head' }, this.label, this.total, this.verdict), this.track, this.legend);
  }

  /** `parts` have `name`, `frames` and `kind`, which is the colour. */
  update(total, totalName, parts, imbalance) {
    setText(this.total, `${count(total)} ${totalName}`);
    const isOut = imbalance !== 0;
    setText(this.verdict, isOut ? `${count(imbalance)} frames are not accounted for` : 'balances');
    this.root.classList.toggle('out', isOut);
    const there = parts.filter(part => part.frames > 0);
    const shown = isOut && imbalance > 0 ? [...there, { name: 'not accounted for', frames: imbalance, kind: 'lost' }] : there;
    keyed(this.track, shown, part => part.name, part => new Part(part));
    setAttribute(
      this.track, 'aria-label', `${totalName} ${total}: ${shown.map(part => `${part.name} ${part.frames}`).join(', ')}`);
    keyed(this.legend, parts.filter(part => part.frames > 0 || part.always), part => part.name, part => new Entry(part));
  }
}

class Part {
  constructor(part) {
    this.root = el('span', { class: `part ${part.kind}` });
  }

  update(part) {
    this.root.style.flexGrow = part.frames;
    setAttribute(this.root, 'title', `${part.name}: ${count(part.frames)}`);
  }
}

class Entry {
  constructor(part) {
    this.number = el('b');
    this.root = el('li', {}, el('i', { class: `swatch ${part.kind}`, 'aria-hidden': 'true' }), this.number, ` ${part.name}`);
  }

  update(part) {
    setText(this.number, count(part.frames));
  }
}

const byReason = (counts, kind) =>
  Object.entries(counts).map(([name, frames]) => ({ name: `${kind}: ${reason(name)}`, frames, kind }));

/** Sums ledgers, so that several cameras have one. */
const added = (all, counts) => {
  for (const [name, frames] of Object.entries(counts)) {
    all[name] = (all[name] ?? 0) + frames;
  }
  return all;
};

/** The balance of streams together, and of each of their groups. */
export class Ledger {
  constructor(swatchOf) {
    this.swatchOf = swatchOf;
    this.offered = new Bar('Came in');
    this.groups = el('div');
    this.root = el('div', { class: 'ledger' }, this.offered.root, this.groups);
  }

  update(streams) {
    const ledgers = streams.filter(stream => !stream.unknown).map(stream => stream.ledger);
    const total = { offered: 0, stored: 0, appending: 0, imbalance: 0, dropped: {}, reported: {} };
    for (const ledger of ledgers) {
      total.offered += ledger.offered;
      total.stored += ledger.stored;
      total.appending += ledger.appending;
      // One too many here and one too few there are two that are wrong.
      total.imbalance += Math.abs(ledger.imbalance);
      added(total.dropped, ledger.dropped);
      added(total.reported, ledger.reported);
    }
    this.offered.update(
      total.offered,
      'offered',
      [
        { name: 'stored', frames: total.stored, kind: 'stored', always: true },
        { name: 'on their way to the store', frames: total.appending, kind: 'appending' },
        ...byReason(total.dropped, 'dropped'),
        ...byReason(total.reported, 'reported'),
      ],
      total.imbalance);
    const groups = new Map();
    for (const stream of streams.filter(each => !each.unknown)) {
      for (const group of stream.groups.filter(each => each.ledger)) {
        const all = groups.get(group.name) ?? { name: group.name, stored: 0, waiting: 0, pending: 0, acked: 0, deadLettered: 0, imbalance: 0, skipped: {} };
        for (const name of ['stored', 'waiting', 'pending', 'acked', 'deadLettered']) {
          all[name] += group.ledger[name];
        }
        all.imbalance += Math.abs(group.ledger.imbalance);
        added(all.skipped, group.ledger.skipped);
        groups.set(group.name, all);
      }
    }
    const list = [...groups.values()].sort((a, b) => b.imbalance - a.imbalance || (a.name < b.name ? -1 : 1));
    keyed(this.groups, list, group => group.name, group => new GroupBar(group.name, this.swatchOf(group.name)));
    return total.imbalance === 0 && list.every(group => group.imbalance === 0);
  }
}

class GroupBar {
  constructor(name, swatch) {
    this.bar = new Bar(name, swatch);
    this.root = this.bar.root;
  }

  update(group) {
    this.bar.update(
      group.stored,
      'stored',
      [
        { name: 'acked', frames: group.acked, kind: 'acked', always: true },
        { name: 'pending', frames: group.pending, kind: 'pending', always: true },
        { name: 'waiting', frames: group.waiting, kind: 'waiting', always: true },
        { name: 'dead-lettered', frames: group.deadLettered, kind: 'dead' },
        ...byReason(group.skipped, 'skipped'),
      ],
      group.imbalance);
  }
}

/** Frames of a stream that were lost on their way in. */
export const lost = stream => sum(stream.ledger.dropped) + sum(stream.ledger.reported);
