// Moving pictures: one request brings what is new of all cameras shown.
import * as api from './api.js';
import { el, setText } from './dom.js';
import { bytes, duration } from './words.js';

const STALE_MILLIS = 3_000;
const AGAIN_MILLIS = 1_000;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** Where one camera is seen. */
export class Screen {
  constructor(name) {
    this.canvas = el('canvas', { role: 'img', 'aria-label': `Picture of ${name}` });
    this.note = el('p', { class: 'screen-note', text: 'waiting for a picture' });
    this.caption = el('span', { class: 'screen-caption' });
    this.age = el('span', { class: 'screen-age' });
    this.root = el('div', { class: 'screen' }, this.canvas, this.note, this.caption, this.age);
    this.seen = 0;
  }

  show(bitmap, told) {
    const width = Math.min(bitmap.width, Math.ceil((this.canvas.clientWidth || 320) * (window.devicePixelRatio || 1)));
    const height = Math.max(1, Math.round((bitmap.height * width) / bitmap.width));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.canvas.getContext('2d').drawImage(bitmap, 0, 0, width, height);
    this.tell(told, '');
  }

  /** What is known of a frame that has no picture here. */
  tell(told, note) {
    this.told = told;
    this.seen = performance.now();
    const size = told.width && told.height ? ` ${told.width}×${told.height}` : '';
    setText(this.caption, `${told.pixels || told.codec || 'frame'}${size} · ${bytes(told.frameBytes)}`);
    setText(this.note, note);
    this.root.classList.toggle('dark', note !== '');
    this.tick('');
  }

  /** Says how old the picture is where it does not move. */
  tick(off) {
    if (off) {
      setText(this.age, off);
      this.root.classList.add('stale');
      return;
    }
    const still = this.told ? performance.now() - this.seen + this.told.ageMillis : 0;
    const isStale = still > STALE_MILLIS;
    setText(this.age, isStale ? `${duration(still)} old` : '');
    this.root.classList.toggle('stale', isStale);
  }
}

export class PictureLoop {
  constructor() {
    this.screens = new Map();
    this.cursor = 0;
    this.isOn = true;
    this.trouble = '';
    document.addEventListener('visibilitychange', () => this.run());
  }

  /** Shows a camera on a screen until the function it returns is called. */
  add(name, screen) {
    this.screens.set(name, [...(this.screens.get(name) ?? []), screen]);
    // What has come before is wanted again.
    this.cursor = 0;
    return () => {
      const left = this.screens.get(name).filter(each => each !== screen);
      if (left.length) {
        this.screens.set(name, left);
      } else {
        this.screens.delete(name);
      }
    };
  }

  look(view) {
    this.view = view;
    this.cursor = 0;
    this.run();
  }

  turn(isOn) {
    this.isOn = isOn;
    this.cursor = 0;
    this.run();
  }

  tick() {
    for (const screens of this.screens.values()) {
      screens.forEach(screen => screen.tick(this.isOn ? '' : 'pictures are off'));
    }
  }

  async run() {
    if (this.isRunning) {
      return;
    }
    this.isRunning = true;
    while (this.isOn && this.view && !document.hidden) {
      const start = performance.now();
      let wait = AGAIN_MILLIS;
      try {
        wait = await this.turnOnce();
      } catch {
        // The state is asked for beside this, and says when the broker is away.
      }
      await new Promise(resolve => setTimeout(resolve, Math.max(20, wait - (performance.now() - start))));
    }
    this.isRunning = false;
  }

  async turnOnce() {
    const view = this.view;
    const bundle = await api.bytes(`/live/pictures?${api.query(view, { after: this.cursor })}`);
    const length = new DataView(bundle).getUint32(0);
    const text = JSON.parse(new TextDecoder().decode(new Uint8Array(bundle, 4, length)));
    if (view === this.view) {
      let at = 4 + length;
      const shown = [];
      for (const told of text.pictures) {
        shown.push(this.show(told, new Uint8Array(bundle, at, told.bytes)));
        at += told.bytes;
      }
      await Promise.all(shown);
      this.cursor = text.cursor;
      this.trouble = text.trouble;
    }
    return calm.matches ? AGAIN_MILLIS : 1000 / text.fps;
  }

  async show(told, picture) {
    const screens = this.screens.get(told.stream) ?? [];
    if (!told.type) {
      screens.forEach(screen => screen.tell(told, told.note));
      return;
    }
    try {
      const bitmap = await createImageBitmap(new Blob([picture], { type: told.type }));
      screens.forEach(screen => screen.show(bitmap, told));
      bitmap.close();
    } catch {
      screens.forEach(screen => screen.tell(told, 'the browser cannot decode this picture'));
    }
  }
}
