const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into lines. Cut as bytes, so that a character that two chunks share stays whole; the parts of
 * a long line are joined once, so that 20 MB cost 20 MB.
 */
export class Lines {
  /** @param {(line: string) => void} receive is given each line, without its end */
  constructor(receive) {
    this.receive = receive;
    /** @type {Buffer[]} */
    this.parts = [];
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end);
      start = end + 1;
      const line = this.parts.length ? Buffer.concat([...this.parts, rest]) : rest;
      this.parts = [];
      this.receive(line.toString());
    }
    if (start < chunk.length) this.parts.push(chunk.subarray(start));
  }

  /** What came after the last line's end. */
  rest() {
    return Buffer.concat(this.parts).toString();
  }
}
