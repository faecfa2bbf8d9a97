// Proof of work: the browser spends a moment of the visitor's processor, which a flood of forms would have to spend many times.
// The page and its worker load this same file. Without it, or when anything here fails, the server has a slower way.
"use strict";

// SHA-256 (FIPS 180-4). Its constants are the first 32 bits of the fractional parts of square and cube roots of primes.
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
const fraction = (x) => ((x % 1) * 2 ** 32) | 0;
const initial = Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)));
const constants = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)));
const schedule = new Int32Array(64);

const compress = (state, bytes, at) => {
  const w = schedule;
  for (let i = 0; i < 16; i++, at += 4) w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = w[i - 16] + low + w[i - 7] + high;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const up = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + up + ((e & f) ^ (~e & g)) + constants[i] + w[i]) | 0;
    const down = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (down + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
};

// solve finds a number that makes the hash of "puzzle:number" begin with as many zero bits as the puzzle says first.
const solve = (puzzle) => {
  const zeros = parseInt(puzzle, 10);
  const text = new TextEncoder().encode(puzzle + ":");
  const whole = text.length & ~63;
  const head = initial.slice();
  for (let at = 0; at < whole; at += 64) compress(head, text, at);
  const block = new Uint8Array(128);
  const view = new DataView(block.buffer);
  const state = new Int32Array(8);
  for (let n = 0; ; n++) {
    const number = String(n);
    block.fill(0);
    block.set(text.subarray(whole));
    let at = text.length - whole;
    for (let i = 0; i < number.length; i++) block[at++] = number.charCodeAt(i);
    block[at] = 128;
    const end = at < 56 ? 64 : 128;
    view.setUint32(end - 4, (whole + at) * 8);
    state.set(head);
    for (let i = 0; i < end; i += 64) compress(state, block, i);
    if (Math.clz32(state[0]) >= zeros) return puzzle + ":" + number;
  }
};

// check makes a form wait for its answer, at most from the moment it is sent.
const check = (form) => {
  const source = document.currentScript.src;
  const answer = form.elements.work;
  const status = form.querySelector("[data-check-status]");
  const old = 4 * 60 * 1000; // a puzzle is good for five minutes
  let work, begun, sending, ready;

  const ask = async () => {
    if (form.dataset.puzzle) return form.dataset.puzzle;
    const reply = await fetch(form.dataset.check);
    return reply.status === 200 ? reply.text() : ""; // 204: nothing is asked
  };
  const labour = (puzzle) => puzzle && new Promise((done, fail) => {
    const worker = new Worker(source);
    worker.onmessage = ({ data }) => { worker.terminate(); done(data); };
    worker.onerror = fail;
    worker.postMessage(puzzle);
  });
  const begin = () => {
    if (work && Date.now() - begun < old) return work;
    begun = Date.now();
    return (work = ask().then(labour).catch(() => ""));
  };
  const fresh = () => {
    work = sending = undefined;
    ready = false;
    answer.value = status.textContent = "";
  };
  const send = async (button) => {
    sending = true;
    const label = button?.textContent;
    const say = (text) => {
      status.textContent = text;
      if (button) button.textContent = text;
    };
    const soon = setTimeout(say, 150, form.dataset.busy); // most are done by then, and nothing flickers
    const later = setTimeout(say, 4000, form.dataset.long);
    answer.value = await begin();
    clearTimeout(soon);
    clearTimeout(later);
    if (button) button.textContent = label;
    ready = true;
    // Later: when the answer was there already, the form is still being told that it is sent, and cannot be sent within that.
    setTimeout(() => form.requestSubmit(button));
  };

  form.addEventListener("input", begin);
  form.addEventListener("submit", (event) => {
    if (ready) return;
    event.preventDefault();
    event.stopPropagation();
    if (!sending) send(event.submitter);
  });
  addEventListener("pageshow", (event) => { if (event.persisted) fresh(); });
  fresh();
  if (!form.dataset.puzzle) return;
  // Nothing is left to type: do it now, and go on when it is done.
  status.textContent = form.dataset.busy;
  begin().then((found) => { if (found && !sending) send(form.querySelector("button")); });
};

if (self.document) document.querySelectorAll("form[data-check], form[data-puzzle]").forEach(check);
else onmessage = ({ data }) => postMessage(solve(data));
