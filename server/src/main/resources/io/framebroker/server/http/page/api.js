// What the page asks of the broker. Paths under /live/ are this page's own, and may change with any version.
import { answered, byId } from './dom.js';

const PATIENCE_MILLIS = 8000;
const TOKEN = 'frame-broker-token';

/** The broker says no, and why. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MILLIS), ...options });
  if (!response.ok && !(path === '/health' && response.status === 503)) {
    throw new Refused(response.status, (await response.text()).trim() || `status ${response.status}`);
  }
  return response;
}

export async function json(path) {
  return (await ask(path)).json();
}

export async function bytes(path) {
  return (await ask(path)).arrayBuffer();
}

export async function blob(path) {
  return (await ask(path)).blob();
}

/** Changes something. Asks for the token once where one is needed. */
export async function change(path, what) {
  for (let asked = false; ; asked = true) {
    const token = sessionStorage.getItem(TOKEN);
    try {
      const response = await ask(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) },
        body: JSON.stringify(what),
      });
      return response.json();
    } catch (refused) {
      if (!(refused instanceof Refused) || refused.status !== 401) {
        throw refused;
      }
      sessionStorage.removeItem(TOKEN);
      if (asked) {
        throw new Refused(401, 'The broker does not take this token.');
      }
      if (!(await answered(byId('ask-token')))) {
        throw new Refused(401, 'Nothing was changed: that needs the token.');
      }
      sessionStorage.setItem(TOKEN, byId('token').value);
      byId('token').value = '';
    }
  }
}

/** The query that names what is shown. */
export function query(view, more = {}) {
  const parameters = new URLSearchParams(more);
  if (view.camera) {
    parameters.set('stream', view.camera);
  } else {
    parameters.set('filter', view.filter);
    parameters.set('most', view.most);
  }
  return parameters.toString();
}
