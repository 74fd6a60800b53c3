// The part of a trace's time that is shown, in milliseconds from its first moment.

/** No part is smaller than this share of the whole, nor than a microsecond. */
const SMALLEST_SHARE = 1e-6;
const SMALLEST_MS = 0.001;

export class TimeView {
  #from = 0;
  #to;
  total = 0;

  get from() {
    return this.#to === undefined ? 0 : this.#from;
  }

  get to() {
    return this.#to ?? this.total;
  }

  get span() {
    return this.to - this.from;
  }

  get isWhole() {
    return this.#to === undefined;
  }

  /** The part from one moment to another, wherever within the whole they are; all of it is the whole, which grows with the trace. */
  show(from, to) {
    const span = Math.min(Math.max(to - from, this.total * SMALLEST_SHARE, SMALLEST_MS), this.total);
    if (!Number.isFinite(span) || span >= this.total) return this.whole();
    this.#from = Math.min(Math.max(from, 0), this.total - span);
    this.#to = this.#from + span;
  }

  whole() {
    this.#to = undefined;
  }

  /** Shows less (a factor below 1) or more, with `around` where it was. */
  zoom(factor, around = this.from + this.span / 2) {
    const share = this.span > 0 ? (around - this.from) / this.span : 0;
    const span = this.span * factor;
    this.show(around - span * share, around - span * share + span);
  }

  /** Moves by this share of what is shown. */
  move(share) {
    if (this.isWhole) return;
    const from = Math.min(Math.max(this.from + share * this.span, 0), this.total - this.span);
    this.show(from, from + this.span);
  }

  /** Percent of what is shown. */
  at(moment) {
    return this.span > 0 ? (100 * (moment - this.from)) / this.span : 0;
  }
}
