// The random numbers of numpy.random.RandomState: the Mersenne Twister MT19937 and what numpy makes of its words.

const STATE_WORDS = 624;
const SHIFT_WORDS = 397;

/** The generator that numpy.random.RandomState(seed) is. */
export class RandomState {
  constructor(seed) {
    this.words = new Uint32Array(STATE_WORDS);
    this.words[0] = seed;
    for (let i = 1; i < STATE_WORDS; i++) {
      const previous = this.words[i - 1];
      this.words[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
    this.position = STATE_WORDS;
    this.spareNormal = null;
  }

  /** Returns the next 32 random bits. */
  word() {
    if (this.position === STATE_WORDS) this.twist();
    let word = this.words[this.position++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** Replaces the words that are used up. */
  twist() {
    const words = this.words;
    for (let i = 0; i < STATE_WORDS; i++) {
      const mixed = (words[i] & 0x80000000) | (words[(i + 1) % STATE_WORDS] & 0x7fffffff);
      words[i] = words[(i + SHIFT_WORDS) % STATE_WORDS] ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }

  /** Returns a number from 0 up to, but not including, 1. */
  randomSample() {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Returns a standard normal number, by the polar method; every other one is left from the one before. */
  standardNormal() {
    if (this.spareNormal !== null) {
      const spare = this.spareNormal;
      this.spareNormal = null;
      return spare;
    }
    let x, y, square;
    do {
      x = 2 * this.randomSample() - 1;
      y = 2 * this.randomSample() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    this.spareNormal = factor * x;
    return factor * y;
  }

  /** Returns `count` standard normal numbers. */
  standardNormals(count) {
    return Float64Array.from({ length: count }, () => this.standardNormal());
  }

  /** Returns a whole number from 0 up to, but not including, `bound`, which is at most 2 ** 32. */
  below(bound) {
    if (bound === 1) return 0;
    const mask = 2 ** (32 - Math.clz32(bound - 1)) - 1;
    let value;
    do {
      value = (this.word() & mask) >>> 0;
    } while (value >= bound);
    return value;
  }
}
