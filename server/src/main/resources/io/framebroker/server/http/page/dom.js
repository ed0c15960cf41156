// Making and changing elements. What comes from cameras and consumers goes in as text, never as HTML.

/** An element with attributes and children; strings become text. `on` has listeners, `text` the content. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'text') {
      element.textContent = value;
    } else if (name === 'on') {
      for (const [event, listener] of Object.entries(value)) {
        element.addEventListener(event, listener);
      }
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== false && value !== undefined && value !== null) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children);
  return element;
}

/** Changes a text only where it differs, so that nothing is laid out, or read out, for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) {
    element.setAttribute(name, value);
  }
}

/**
 * Makes the children of an element those of a list, in its order: made once for each key, then brought up to date. What `make`
 * gives has `root`, and `update(item)`.
 */
export function keyed(parent, items, keyOf, make) {
  parent.keyed ??= new Map();
  const before = parent.keyed;
  const now = new Map();
  let place = null;
  for (const item of items) {
    const key = keyOf(item);
    if (now.has(key)) {
      continue;
    }
    const one = before.get(key) ?? make(item);
    before.delete(key);
    now.set(key, one);
    const next = place === null ? parent.firstChild : place.nextSibling;
    if (one.root !== next) {
      parent.insertBefore(one.root, next);
    }
    place = one.root;
    one.update(item);
  }
  for (const gone of before.values()) {
    gone.root.remove();
    gone.end?.();
  }
  parent.keyed = now;
}

export const byId = id => document.getElementById(id);

/** Says something for a moment, also to who cannot see. */
export function toast(text, isBad = false) {
  const where = byId('toast');
  where.textContent = text;
  where.className = isBad ? 'toast shown bad' : 'toast shown';
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => where.classList.remove('shown'), 8000);
}

/** Asks before something that cannot be undone. */
export function confirmed(title, text, verb) {
  const dialog = byId('confirm');
  byId('confirm-title').textContent = title;
  byId('confirm-text').textContent = text;
  byId('confirm-ok').textContent = verb;
  return answered(dialog);
}

/** Shows a dialog; true where it was answered with `ok`. */
export function answered(dialog) {
  return new Promise(resolve => {
    dialog.returnValue = 'cancel';
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'ok'), { once: true });
    dialog.showModal();
  });
}
