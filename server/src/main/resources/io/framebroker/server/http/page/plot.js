// Lines over the last minutes, with axes.
import { SPAN_SECONDS } from './history.js';

/** A page that has just been opened shows as much as there is. */
const LEAST_SECONDS = 30;
const LEFT = 34;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 18;

const styles = new Map();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => styles.clear());

/** A colour of the style sheet, by its name. */
export function colour(name) {
  if (!styles.has(name)) {
    styles.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  }
  return styles.get(name);
}

const GROUPS = ['group-1', 'group-2', 'group-3', 'group-4', 'group-5', 'group-6'];
const given = new Map();

/** The colour of a group, the same everywhere on the page. */
export function groupColour(name) {
  if (!given.has(name)) {
    given.set(name, GROUPS[given.size % GROUPS.length]);
  }
  return given.get(name);
}

/** The next larger of 1, 2, 5, 10, 20, ... */
function nice(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map(step => step * power).find(step => step >= most * 0.999);
}

/** Seconds that are shown, of lines that may have just begun. */
function spanOf(all) {
  const oldest = Math.max(0, ...all.map(points => (points.length ? -points[0][0] : 0)));
  return Math.min(SPAN_SECONDS, Math.max(LEAST_SECONDS, Math.ceil(oldest / 10) * 10));
}

const ago = seconds => (seconds === 0 ? 'now' : seconds % 60 ? `−${seconds} s` : `−${seconds / 60} min`);

const short = value =>
  value >= 1e6 ? `${value / 1e6}M` : value >= 10_000 ? `${value / 1000}k` : value >= 1 || value === 0 ? String(value) : value.toFixed(1);

/** Fits a canvas to its place and gives what to draw with, in the page's own pixels; null while it is not shown. */
function prepared(canvas) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width || !height) {
    return null;
  }
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext('2d');
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/**
 * Draws lines, each with `points` (pairs of seconds before now, and value), `colour`, and `dashed` or `filled`.
 *
 * @param least what the upper end of the axis is at the least
 */
export function plot(canvas, lines, least = 1) {
  const place = prepared(canvas);
  if (!place) {
    return;
  }
  const { pen, width, height } = place;
  const most = nice(Math.max(least, ...lines.flatMap(line => line.points.map(point => point[1]))) * 1.02);
  const span = spanOf(lines.map(line => line.points));
  const x = seconds => LEFT + (1 + seconds / span) * (width - LEFT - RIGHT);
  const y = value => TOP + (1 - value / most) * (height - TOP - BOTTOM);
  pen.font = '11px system-ui, sans-serif';
  pen.lineWidth = 1;
  pen.fillStyle = colour('muted');
  pen.strokeStyle = colour('line');
  pen.textBaseline = 'middle';
  pen.textAlign = 'right';
  for (const value of [0, most / 2, most]) {
    pen.beginPath();
    pen.moveTo(LEFT, Math.round(y(value)) + 0.5);
    pen.lineTo(width - RIGHT, Math.round(y(value)) + 0.5);
    pen.stroke();
    pen.fillText(short(value), LEFT - 6, y(value));
  }
  pen.textBaseline = 'alphabetic';
  const step = span > 120 ? 60 : span > 60 ? 30 : 10;
  for (let seconds = 0; seconds <= span; seconds += step) {
    pen.textAlign = seconds === 0 ? 'right' : x(-seconds) < LEFT + 20 ? 'left' : 'center';
    pen.fillText(ago(seconds), x(-seconds), height - 4);
  }
  for (const line of lines) {
    draw(pen, line, x, y);
  }
}

function draw(pen, line, x, y) {
  if (!line.points.length) {
    return;
  }
  pen.strokeStyle = colour(line.colour);
  pen.lineWidth = line.dashed ? 1 : 1.75;
  pen.lineJoin = 'round';
  pen.setLineDash(line.dashed ? [4, 4] : []);
  pen.beginPath();
  let before = null;
  for (const [seconds, value] of line.points) {
    // While nobody asked, or nobody answered, there is no line.
    if (before === null || seconds - before > 12) {
      pen.moveTo(x(seconds), y(value));
    } else {
      pen.lineTo(x(seconds), y(value));
    }
    before = seconds;
  }
  pen.stroke();
  pen.setLineDash([]);
  if (line.filled) {
    pen.lineTo(x(before), y(0));
    pen.lineTo(x(line.points[0][0]), y(0));
    pen.closePath();
    pen.globalAlpha = 0.12;
    pen.fillStyle = colour(line.colour);
    pen.fill();
    pen.globalAlpha = 1;
  }
  if (!line.dashed) {
    const [seconds, value] = line.points.at(-1);
    pen.fillStyle = colour(line.colour);
    pen.beginPath();
    pen.arc(x(seconds), y(value), 2.5, 0, 7);
    pen.fill();
  }
}

/** A line without axes, for a row of a list. */
export function spark(canvas, points, name, least = 1) {
  const place = prepared(canvas);
  if (!place) {
    return;
  }
  const { pen, width, height } = place;
  const most = Math.max(least, ...points.map(point => point[1]));
  const span = spanOf([points]);
  const x = seconds => 1 + (1 + seconds / span) * (width - 4);
  const y = value => height - 2 - (value / most) * (height - 4);
  draw(pen, { points, colour: name, filled: true }, x, y);
}
