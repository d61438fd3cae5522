// Work that many events ask for and that is done once, a while later; never twice at a time.

export class Paced {
  #timer = null;
  #running = false;
  #again = false;

  /** `work` is async; what it throws goes to `failed`. */
  constructor(work, waitMs, failed) {
    this.work = work;
    this.waitMs = waitMs;
    this.failed = failed;
    this.ended = false;
  }

  /** Do it soon. */
  ask() {
    if (this.ended || this.#timer !== null) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#timer = setTimeout(() => this.#run(), this.waitMs);
  }

  /** Never again. */
  stop() {
    this.ended = true;
    clearTimeout(this.#timer);
  }

  async #run() {
    this.#timer = null;
    this.#running = true;
    try {
      await this.work();
    } catch (error) {
      if (!this.ended) this.failed(error);
    } finally {
      this.#running = false;
    }
    if (this.#again) {
      this.#again = false;
      this.ask();
    }
  }
}

const LOOKS_MS = [2500, 7000];

/** Look again twice: analytics is a few seconds behind what was called just before. Returns: stop. */
export function afterwards(work, failed) {
  const timers = LOOKS_MS.map((waitMs) => setTimeout(() => work().catch(failed), waitMs));
  return () => timers.forEach(clearTimeout);
}
