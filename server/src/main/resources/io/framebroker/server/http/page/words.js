// Numbers and states in words.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const count = number => whole.format(number);
export const rate = number => (number === null || number === undefined ? '–' : tenth.format(Math.max(0, number)));
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

export function bytes(number) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (number >= 1000 && unit < units.length - 1) {
    number /= 1000;
    unit++;
  }
  return `${unit === 0 || number >= 100 ? whole.format(number) : tenth.format(number)} ${units[unit]}`;
}

export function duration(millis) {
  if (millis < 1000) {
    return `${count(millis)} ms`;
  }
  if (millis < 60_000) {
    return `${(millis < 10_000 ? tenth : whole).format(millis / 1000)} s`;
  }
  if (millis < 3_600_000) {
    return `${whole.format(Math.floor(millis / 60_000))} min ${whole.format(Math.floor((millis % 60_000) / 1000))} s`;
  }
  if (millis < 86_400_000) {
    return `${whole.format(Math.floor(millis / 3_600_000))} h ${whole.format(Math.floor((millis % 3_600_000) / 60_000))} min`;
  }
  return plural(Math.floor(millis / 86_400_000), 'day');
}

export const sum = counts => Object.values(counts).reduce((all, each) => all + each, 0);

/** A reason as people say it, and as the ledger does. */
export const reason = name => name.toLowerCase().replaceAll('_', ' ');

const LATE_MILLIS = 2_000;
const BEHIND_MILLIS = 30_000;
const RANK = { idle: 0, ok: 1, warn: 2, bad: 3 };
export const worse = (a, b) => (RANK[b] > RANK[a] ? b : a);

/** How a group is, in one word and in a sentence. */
export function groupState(group) {
  const open = group.waiting + group.pending;
  if (group.paused) {
    return { level: open ? 'warn' : 'idle', text: 'paused', why: `keeps ${plural(open, 'frame')} until it is resumed` };
  }
  if (group.consumers === 0) {
    return open
      ? { level: 'bad', text: 'no consumer', why: `${plural(open, 'frame')} wait, and nobody takes them` }
      : { level: 'idle', text: 'no consumer', why: 'nothing waits' };
  }
  if (group.ageMillis > LATE_MILLIS) {
    return {
      level: group.ageMillis > BEHIND_MILLIS ? 'bad' : 'warn',
      text: `${duration(group.ageMillis)} behind`,
      why: whyBehind(group),
    };
  }
  return { level: 'ok', text: 'keeps up', why: plural(group.consumers, 'consumer') };
}

function whyBehind(group) {
  const here = (group.members ?? []).filter(member => member.graceMillis === undefined);
  if (here.length && here.every(member => member.idle === 'WINDOW_FULL')) {
    const frames = here.reduce((all, each) => all + each.pendingFrames, 0);
    return `window full: its ${here.length === 1 ? 'consumer holds' : 'consumers hold'} ${plural(frames, 'frame')} unsettled`;
  }
  if (here.some(member => member.idle === 'CLIENT_NOT_READING')) {
    return 'a consumer does not read fast enough';
  }
  if (here.some(member => member.idle === 'PAUSED')) {
    return 'a consumer has paused';
  }
  return `${plural(group.consumers, 'consumer')}, ${plural(group.pending, 'frame')} in hand`;
}

const IDLE = {
  NO_FRAMES: 'nothing waits for it',
  WINDOW_FULL: 'window full: has to settle something first',
  PAUSED: 'paused',
  CLIENT_NOT_READING: 'does not read fast enough',
};

/** Why a consumer gets nothing, if it gets nothing. */
export function consumerState(member) {
  return member.graceMillis === undefined
    ? (IDLE[member.idle] ?? 'takes frames')
    : `away; may come back for ${duration(member.graceMillis)}`;
}

/** How a camera's stream is. */
export function streamState(stream) {
  if (stream.unknown) {
    return { level: 'bad', text: stream.unknown };
  }
  let level = stream.publisher ? 'ok' : 'idle';
  for (const group of stream.groups) {
    level = worse(level, groupState(group).level);
  }
  if (isOut(stream)) {
    level = 'bad';
  }
  if (stream.wait) {
    return { level: worse(level, 'warn'), text: `publisher waits: ${stream.wait}` };
  }
  return { level, text: stream.publisher ? '' : 'no publisher' };
}

/** Whether frames of it, or of one of its groups, are not accounted for. */
export const isOut = stream =>
  stream.ledger.imbalance !== 0 || stream.groups.some(group => group.ledger && group.ledger.imbalance !== 0);
