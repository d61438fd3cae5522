// One stream of finished exchanges for the whole page. It breaks off when a worker goes away, says
// so, and comes back; it is closed while nobody looks at the page, as browsers allow few of them.

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 8000;

export class Live extends EventTarget {
  #source = null;
  #timer = null;
  #waitMs = FIRST_WAIT_MS;
  #wasOpen = false;
  state = "connecting";

  /** Begin; again is harmless. Events: exchange, missed, state, back. */
  open() {
    if (this.#source !== null) return;
    clearTimeout(this.#timer);
    const source = new EventSource("/api/v1/live");
    this.#source = source;
    source.addEventListener("open", () => this.#opened());
    source.addEventListener("exchange", (event) => this.#tell("exchange", JSON.parse(event.data)));
    source.addEventListener("missed", (event) => this.#tell("missed", JSON.parse(event.data)));
    source.addEventListener("worker_away", (event) => this.#tell("worker_away", JSON.parse(event.data)));
    source.addEventListener("error", () => this.#failed(source));
  }

  /** End, until `open`. */
  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #opened() {
    this.#waitMs = FIRST_WAIT_MS;
    this.#say("live");
    if (this.#wasOpen) this.#tell("back", null);
    this.#wasOpen = true;
  }

  #failed(source) {
    if (source !== this.#source) return;
    this.#say("away");
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    this.#source = null;
    this.#timer = setTimeout(() => this.open(), this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }

  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.#tell("state", state);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
