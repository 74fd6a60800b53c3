// Running an exercise: a hidden fault is switched on, requests are sent, the reader says what it was, the page says whether.
//
// Invariant: a fault is on only while its exercise runs; it ends with the right answer, by giving up, or with another exercise.
// The state is kept for the tab, so that following a trace and coming back changes nothing.

import { statusClass } from './answer.js';
import { make, shownDuration } from './dom.js';
import { EXERCISES } from './exercises.js';
import { allOff, writeFaults } from './faults.js';
import { send, untraced } from './request.js';
import { exportSpan } from './trace.js';

const KEY = 'tracechain.exercise';
/** An outbox tries again after some seconds, with back-off. */
const LATE_TIMEOUT_MS = 60_000;
const LATE_EVERY_MS = 1000;

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

const draw = (list) => list[crypto.getRandomValues(new Uint32Array(1))[0] % list.length];

/** Makes the exercises in `place`; `showing` gives what shows traces now. */
export function wireExercises(place, { settings, showing, changed }) {
  /** `running`: {id, variant, traces}; `solved`: ids. */
  let state = { solved: [], ...kept() };
  /** Of what begins and ends; what another one has overtaken goes no further. */
  let turn = 0;
  let writing = Promise.resolve();
  const cards = new Map(EXERCISES.map((exercise) => [exercise.id, card(exercise)]));
  place.replaceChildren(...[...cards.values()].map((one) => one.element));

  function keep(next) {
    state = { ...state, ...next };
    try {
      sessionStorage.setItem(KEY, JSON.stringify(state));
    } catch {
      // Then a reload forgets it; the banner still says what is on.
    }
    for (const [id, one] of cards) one.mark(state.running?.id === id, state.solved.includes(id));
  }

  /** Faults are written by one after the other: what is on in the end is what the last one wanted. */
  function inTurn(write) {
    writing = writing.catch(() => {}).then(write);
    return writing;
  }

  function card(exercise) {
    const start = make('button', { type: 'button', class: 'quiet', click: () => begin(exercise) }, 'Start');
    const mark = make('span', { class: 'badge ok', hidden: true }, 'solved');
    const body = make('div', { class: 'body' });
    const said = make('p', { class: 'said', role: 'status' });
    const head = make('div', { class: 'head' }, make('h4', { id: `exercise-${exercise.id}` }, exercise.title), mark, start);
    const element = make('section', { class: 'exercise', 'data-exercise': exercise.id, 'aria-labelledby': `exercise-${exercise.id}` }, head, body, said);
    return {
      element,
      body,
      say: (text, kind) => {
        said.className = text ? `said notice ${kind}` : 'said';
        // What is said already is not said again.
        if (said.textContent !== text) said.textContent = text;
      },
      said: () => said.textContent,
      mark: (isRunning, isSolved) => {
        mark.hidden = !isSolved;
        start.textContent = isRunning ? 'Start again' : 'Start';
        element.classList.toggle('running', isRunning);
        if (!isRunning) body.replaceChildren();
      },
    };
  }

  async function begin(exercise) {
    turn += 1;
    const mine = turn;
    const { say, body } = cards.get(exercise.id);
    for (const one of cards.values()) one.say('', '');
    keep({ running: null });
    say('Breaking something, and sending requests …', 'note');
    try {
      const variant = Math.max(0, exercise.variants.indexOf(draw(exercise.variants)));
      await inTurn(() => mine === turn && breakOne(exercise, variant, mine));
      if (mine !== turn) return;
      const traces = await sendAll(exercise.requests);
      // Another one may have been started meanwhile, or all been switched off.
      if (mine !== turn) return;
      keep({ running: { id: exercise.id, variant, traces } });
      say('', '');
      ask(exercise);
      body.querySelector('a, input')?.focus();
    } catch (error) {
      if (mine !== turn) return;
      keep({ running: null });
      say(`The exercise could not begin: ${error.message}`, 'bad');
      await inTurn(allOff).catch(() => {});
    }
    await changed();
  }

  async function breakOne({ id, variants }, variant, mine) {
    await allOff();
    if (mine !== turn) return;
    keep({ running: { id, variant, traces: [] } });
    await writeFaults(variants[variant].service, variants[variant].faults);
  }

  async function sendAll(count) {
    const one = async (_, at) => {
      const request = await send('POST', '/api/v1/process', { user_id: 1001 + at, action: 'purchase', items: [{ sku: 'keyboard', quantity: 1 }] });
      const failure = await exportSpan(request, settings);
      return { traceId: request.traceId, status: request.status, duration: request.duration, failure };
    };
    return Promise.all(Array.from({ length: count }, one));
  }

  function ask(exercise) {
    const { traces } = state.running;
    const { body } = cards.get(exercise.id);
    const links = [...traces].sort((a, b) => a.duration - b.duration).map((trace) => make('li', {}, make('span', { class: statusClass(trace.status) }, trace.status || 'none'), ' ', traceLink(trace), ' ', shownDuration(trace.duration)));
    const choices = exercise.choices.map(([value, text]) => make('label', { class: 'choice' }, make('input', { type: 'radio', name: `answer-${exercise.id}`, value }), text));
    const form = make(
      'form',
      { submit: (event) => check(event, exercise) },
      make('fieldset', {}, make('legend', {}, exercise.question), choices),
      make('button', { type: 'submit', class: 'main' }, 'Check my answer'),
      ' ',
      make('button', { type: 'button', class: 'quiet', click: () => giveUp(exercise) }, 'Give up'),
    );
    const unsent = traces.find((trace) => trace.failure);
    const warning = unsent ? make('p', { class: 'notice warn' }, `This page’s own span is missing: ${unsent.failure}.`) : null;
    body.replaceChildren(make('p', {}, exercise.task), make('p', {}, traces.length > 1 ? 'The traces, fastest first:' : 'The trace:'), make('ul', { class: 'traces' }, links), ...(warning ? [warning] : []), form);
  }

  function traceLink({ traceId }) {
    const id = make('code', {}, `${traceId.slice(0, 12)}…`);
    const away = make('span', { class: 'unseen' }, ', in a new tab');
    const shownBy = showing();
    return shownBy ? make('a', { href: shownBy.link(traceId), target: '_blank', rel: 'noopener', title: traceId }, id, away) : id;
  }

  async function check(event, exercise) {
    event.preventDefault();
    const { say } = cards.get(exercise.id);
    const chosen = new FormData(event.target).get(`answer-${exercise.id}`);
    if (!chosen) return say('Choose one first.', 'warn');
    const { answer } = exercise.variants[state.running.variant];
    if (chosen !== answer) return say(`No, that is not it. ${exercise.hint}`, 'bad');
    await over(exercise, `Right. ${exercise.solution(answer)}`, 'good', true);
  }

  async function giveUp(exercise) {
    const { answer } = exercise.variants[state.running.variant];
    await over(exercise, `It was this. ${exercise.solution(answer)}`, 'note', false);
  }

  async function over(exercise, text, kind, isSolved) {
    turn += 1;
    const { traces } = state.running;
    keep({ running: null, solved: isSolved ? [...new Set([...state.solved, exercise.id])] : state.solved });
    const { say, element } = cards.get(exercise.id);
    say(text, kind);
    element.querySelector('.head button').focus();
    const isOff = await inTurn(allOff).then(() => true, (error) => say(`${text} But a fault could not be switched off: ${error.message}`, 'bad'));
    await changed();
    if (isOff && exercise.late) await followLate(exercise, traces, text, kind);
  }

  /** Tells of what comes late, unless the reader has gone on to something else. */
  async function followLate({ id, late }, [{ traceId }], text, kind) {
    const { say, said, body } = cards.get(id);
    const began = performance.now();
    const tell = (more) => {
      const isOthers = !said().startsWith(text);
      if (!isOthers) say(`${text} ${more}`, kind);
      return !isOthers;
    };
    while (performance.now() - began < LATE_TIMEOUT_MS) {
      if (!tell(late.waiting)) return;
      if (late.hasCome(await untraced(late.path(traceId)))) {
        if (tell(late.come(Math.round((performance.now() - began) / 1000)))) body.replaceChildren(make('p', {}, 'The trace: ', traceLink({ traceId })));
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LATE_EVERY_MS));
    }
    tell(late.missing);
  }

  keep({});
  if (state.running?.traces?.length) {
    const exercise = EXERCISES.find(({ id }) => id === state.running.id);
    if (exercise) ask(exercise);
  }
  return {
    isRunning: () => Boolean(state.running),
    /** Ends what runs, without an answer, and switches all off. */
    end: () => {
      turn += 1;
      for (const one of cards.values()) one.say('', '');
      keep({ running: null });
      return inTurn(allOff);
    },
  };
}
