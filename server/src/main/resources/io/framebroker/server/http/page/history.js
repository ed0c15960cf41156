// The last minutes of each stream and group, as this page has seen them.

export const SPAN_SECONDS = 180;
const MOST_SAMPLES = 240;
const FORGET_MILLIS = 600_000;
/** A rate is taken over this time, so that it does not tremble. */
const RATE_SECONDS = 3;

/** Numbers over time. Time is the broker's, in seconds. */
class Series {
  constructor() {
    this.samples = [];
    this.seen = 0;
  }

  add(time, values, now) {
    this.seen = now;
    const last = this.samples.at(-1);
    if (last && time <= last.time) {
      return;
    }
    const sample = { time, ...values };
    for (const [name, counter] of Object.entries(values)) {
      if (name.startsWith('count')) {
        sample[`rate${name.slice(5)}`] = this.rate(time, name, counter);
      }
    }
    this.samples.push(sample);
    if (this.samples.length > MOST_SAMPLES) {
      this.samples.shift();
    }
  }

  /** Of a counter; null where it is not known. A counter that goes back has begun anew. */
  rate(time, name, counter) {
    let from = null;
    for (let i = this.samples.length - 1; i >= 0; i--) {
      const sample = this.samples[i];
      if (time - sample.time > 3 * RATE_SECONDS || sample[name] > counter) {
        break;
      }
      from = sample;
      if (time - sample.time >= RATE_SECONDS) {
        break;
      }
    }
    return from === null ? null : (counter - from[name]) / (time - from.time);
  }

  last(name) {
    return this.samples.at(-1)?.[name] ?? null;
  }

  /** Pairs of seconds before now, and value. */
  points(name, now) {
    return this.samples
      .filter(sample => sample[name] !== null && sample[name] !== undefined && now - sample.time <= SPAN_SECONDS)
      .map(sample => [sample.time - now, sample[name]]);
  }
}

export class History {
  constructor() {
    this.all = new Map();
    this.now = 0;
  }

  series(...key) {
    const name = key.join('\n');
    if (!this.all.has(name)) {
      this.all.set(name, new Series());
    }
    return this.all.get(name);
  }

  /** Takes in what the broker has told. */
  add(state) {
    const wall = Date.now();
    this.now = state.nanos / 1e9;
    let offered = 0;
    let acked = 0;
    const ages = new Map();
    for (const stream of state.shown) {
      if (stream.unknown) {
        continue;
      }
      const time = stream.nanos / 1e9;
      const reported = Object.values(stream.ledger.reported).reduce((all, each) => all + each, 0);
      offered += stream.ledger.offered - reported;
      this.series('stream', stream.name).add(
        time, { countIn: stream.ledger.offered - reported, depth: stream.backlogFrames, limit: stream.limitFrames }, wall);
      for (const group of stream.groups) {
        acked += group.ledger?.acked ?? 0;
        ages.set(group.name, Math.max(ages.get(group.name) ?? 0, group.ageMillis / 1000));
        this.series('group', stream.name, group.name).add(
          time,
          { countOut: group.ledger?.acked ?? 0, lag: group.waiting + group.pending, age: group.ageMillis / 1000 },
          wall);
      }
    }
    const view = state.shown.map(stream => stream.name).join(',');
    if (view !== this.view) {
      // Sums of other cameras are no line of these.
      this.view = view;
      this.all.delete('all');
    }
    this.series('all').add(this.now, { countIn: offered, countOut: acked }, wall);
    for (const [group, age] of ages) {
      this.series('age', group).add(this.now, { age }, wall);
    }
    for (const [key, series] of this.all) {
      if (wall - series.seen > FORGET_MILLIS) {
        this.all.delete(key);
      }
    }
  }

  clear() {
    this.all.clear();
  }
}
